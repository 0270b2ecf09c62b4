"""Read-only lists of the history that stay fast however long it is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from revy.contrib.django.admin.viewer import Viewer

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
else:
    _Admin, _Paginator = admin.ModelAdmin, Paginator

# Counting takes as long as there are rows, so nobody counts further.
MOST_COUNTED: Final = 2_000


class BoundedPaginator(_Paginator):
    """Counts no more than `MOST_COUNTED` rows; `is_cut` tells whether there are more."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: MOST_COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_COUNTED)

    @property
    def is_cut(self) -> bool:
        return self._counted > MOST_COUNTED


class HistoryList(ChangeList):
    """A list whose rows know all that its columns show: `ReadOnlyAdmin.prepare` reads it for all of them at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.prepare(request, self.result_list)  # type: ignore[attr-defined]

    @property
    def older_url(self) -> str:
        """Where the list goes on behind what was counted."""
        is_end = self.paginator.is_cut and self.page_num == self.paginator.num_pages
        if not is_end or not self.result_list:
            return ""
        last = list(self.result_list)[-1].pk
        return self.get_query_string({"id__lt": last}, remove=[PAGE_VAR])


class ReadOnlyAdmin(_Admin):
    """Shows rows of the history to who may view them, and lets nobody write any, whatever their permissions are."""

    actions = None
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    # Any other order would sort the whole table.
    ordering: ClassVar = ("-pk",)
    sortable_by: ClassVar = ()
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "revy/admin/history_list.html"
    # Whoever could filter by all columns could find out what is masked.
    allowed_lookups: ClassVar[frozenset[str]] = frozenset(
        {"actor", "model", "action", "created_at__gte", "created_at__lt", "id__lt"}
    )

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        """Have the rows of a page know what the columns show."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its columns show.")

    def viewer(self, request: HttpRequest) -> Viewer:
        return Viewer(request, self.admin_site)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return HistoryList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in self.allowed_lookups

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        return self.show(request, found)

    def show(self, request: HttpRequest, found: Any) -> HttpResponse:
        """Return the page of one row."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its page shows.")

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Go to the page itself: history has no history."""
        return HttpResponseRedirect(self.viewer(request).url(self.model, "change", object_id))
