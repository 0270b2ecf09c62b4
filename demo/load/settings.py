"""The demo's settings for several processes on the database of DATABASE_URL."""

import os

import dj_database_url

from demo.settings import *  # noqa: F403

DATABASES = {"default": {**dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=600)}}
# All processes have to know the sessions of all others.
SECRET_KEY = os.environ["REVY_LOAD_SECRET"]
