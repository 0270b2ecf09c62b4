"""Contexts, in every way that they are used, and what comes back with which type."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from revy import Context, RevyError
from revy.abc import Revision
from shop.models import Product


class ShopContext(Context):
    pass


@Context()
def view(request: HttpRequest, pk: int) -> HttpResponse:
    Context.set_actor(request.user)
    Context.set_revision_description("Rename a product.")
    product = Product.objects.get(pk=pk)
    with Context.via_actor(None), Context.via_attribute_delta_description("Corrected by the system."):
        product.name = product.name.strip()
    product.save()
    return HttpResponse(product.name)


@Context.via_revision_description("At night.")
async def task(pk: int) -> str:
    with Context.via_object_delta_description("Cheaper at night."):
        await Product.objects.filter(pk=pk).aupdate(price=1)
    return "done"


@ShopContext()
def names() -> Iterator[str]:
    for product in Product.objects.all():
        yield product.name


@ShopContext.via_deletion_description("Sold out.")
async def anames() -> AsyncIterator[str]:
    async for product in Product.objects.all():
        yield product.name


def switch() -> None:
    with Context.as_disabled(), Context.as_enabled():
        assert_type(Context.is_enabled(), bool)
        assert_type(Context.is_disabled(), bool)
    with Context():
        Context.disable()
        Context.enable()


def describe(user: User) -> None:
    with Context.via_actor(user) as context:
        assert_type(context, Context)
        assert_type(Context.get_revision(), Revision | None)
        assert_type(Context.get_revision_description(), str)
        Context.set_object_delta_description("One reason.")
        Context.unset_object_delta_description()
        Context.reset_deletion_description()
        with Context.via_revision(Context.get_revision()):
            pass
    with Context.via_revision(lambda: None):
        pass


async def use_decorated(request: HttpRequest) -> None:
    assert_type(view(request, 1), HttpResponse)
    assert_type(await task(1), str)
    assert_type(list(names()), list[str])
    assert_type([name async for name in anames()], list[str])


def refuse() -> None:
    try:
        Context.set_actor(None)
    except RevyError as error:
        assert_type(error, RevyError)
