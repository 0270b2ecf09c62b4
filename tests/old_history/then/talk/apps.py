from django.apps import AppConfig


class TalkConfig(AppConfig):
    name = "then.talk"
    label = "old_talk"
