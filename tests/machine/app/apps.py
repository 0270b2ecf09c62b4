from django.apps import AppConfig


class MachineAppConfig(AppConfig):
    name = "tests.machine.app"
    label = "machineapp"
