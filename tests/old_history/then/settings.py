SECRET_KEY = "only for the fixture"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "revy.contrib.django",
    "then.blog.apps.BlogConfig",
    "then.talk.apps.TalkConfig",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
REVY_KEYFRAME_INTERVAL = 4
