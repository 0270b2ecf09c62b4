"""The smallest project that can use revy."""

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
# Not the type that revy's own tables use, which must not ask for a migration because of it.
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "revy.contrib.django", "notes"]
SECRET_KEY = "only for tests"
USE_TZ = True
