from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from demo.wiki.models import Page
from revy.contrib.django.models import ObjectDelta, ObjectSnapshot


def index(request: HttpRequest) -> HttpResponse:
    return render(request, "wiki/index.html", {"pages": Page.objects.only("path")})


@permission_required("wiki.view_page")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a page, deleted ones too, as it is at its last version, or as it was at `?version=`."""
    history = ObjectDelta.objects.filter(content_type=ContentType.objects.get_for_model(Page), content_id=str(pk))
    history = history.select_related("revision").order_by("-version")
    asked = request.GET.get("version", "")
    shown = history.filter(version=asked) if asked.isdecimal() else history
    delta: Any = get_object_or_404(shown.annotate(snapshot=ObjectSnapshot(Page))[:1])
    return render(request, "wiki/page.html", {"page": delta.snapshot, "delta": delta, "history": history})
