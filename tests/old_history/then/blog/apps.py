from django.apps import AppConfig


class BlogConfig(AppConfig):
    name = "then.blog"
    label = "old_history"
