from django.contrib import admin
from django.urls import path

from tests.admin.site import site

urlpatterns = [path("library/", site.urls), path("admin/", admin.site.urls)]
