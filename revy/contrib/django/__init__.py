"""Revision control for the data of Django projects."""

from revy.contrib.django.conf import get_attribute_delta_model, get_object_delta_model, get_revision_model

__all__ = ["get_attribute_delta_model", "get_object_delta_model", "get_revision_model"]
