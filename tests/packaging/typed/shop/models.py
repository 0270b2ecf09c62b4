from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from revy.contrib.django.models import CASCADE, SET, SET_DEFAULT, SET_NULL


def get_nobody() -> User:
    return User.objects.get_or_create(username="nobody")[0]


class Product(models.Model):
    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)


class Order(models.Model):
    product = models.ForeignKey(Product, on_delete=CASCADE)
    buyer = models.ForeignKey(User, on_delete=SET_NULL, null=True, related_name="orders")
    seller = models.ForeignKey(User, on_delete=SET_DEFAULT, default=1, related_name="sales")
    packer = models.ForeignKey(User, on_delete=SET(get_nobody), related_name="packed")
