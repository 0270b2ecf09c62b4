"""Operations for migrations: Django's own, which rewrite the recorded history as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.db import migrations, models, router
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState
from django.db.migrations.utils import get_references

from revy.contrib.django.recorder import history_database
from revy.contrib.django.renames import recorded_name
from revy.contrib.django.rewriting import Label, Renames, has_content_types, has_history, relabel, rename_attributes
from revy.contrib.django.tracking import children_of

_REMARK: Final = "-- The recorded history is rewritten too, which cannot be written as SQL."


class RenameTrackedField(migrations.RenameField):
    """Rename a field as Django's `RenameField` does, and in the history of the model and of those that inherit from it.

    What was recorded under the new name before, of a field that is gone, is kept as `<new>__before_<old>`. Reversible.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        old, new = self._recorded_names(app_label, from_state, to_state)
        self._rewrite(app_label, schema_editor, to_state, [*_aside(old, new), (old, new)])

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        super().database_backwards(app_label, schema_editor, from_state, to_state)
        old, new = self._recorded_names(app_label, to_state, from_state)
        self._rewrite(
            app_label, schema_editor, to_state, [(new, old), *((aside, name) for name, aside in _aside(old, new))]
        )

    def _recorded_names(self, app_label: str, before: Any, after: Any) -> tuple[str, str]:
        return (
            recorded_name(before.apps.get_model(app_label, self.model_name)._meta.get_field(self.old_name)),
            recorded_name(after.apps.get_model(app_label, self.model_name)._meta.get_field(self.new_name)),
        )

    def _rewrite(self, app_label: str, schema_editor: Any, state: Any, renames: Renames) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        for using in _histories(schema_editor, model):
            if has_history(using):
                rename_attributes(_labels(model), renames, using)

    def describe(self) -> str:
        return f"{super().describe()}, and in the recorded history"

    def reduce(self, operation: Any, app_label: str) -> Any:
        reduced = super().reduce(operation, app_label)
        return [_as(RenameTrackedField, each) for each in reduced] if isinstance(reduced, list) else reduced


class RenameTrackedModel(migrations.RenameModel):
    """Rename a model as Django's `RenameModel` does, and have its history go by the new name.

    The content type is renamed, so that all history stays with it. If the new name has a content type with a history
    of its own, that history continues the old one. Reversible.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        # Django's `database_backwards` calls this, too, with the names exchanged.
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        model = to_state.apps.get_model(app_label, self.new_name)
        _relabel(schema_editor, model, (app_label, self.old_name_lower), (app_label, self.new_name_lower))

    def describe(self) -> str:
        return f"{super().describe()}, and in the recorded history"

    def reduce(self, operation: Any, app_label: str) -> Any:
        reduced = super().reduce(operation, app_label)
        return [_as(RenameTrackedModel, each) for each in reduced] if isinstance(reduced, list) else reduced


class MoveTrackedModel(Operation):
    """Move a model from another app to that of the migration, with its table, its content type and its history.

    `new_name` is what it is called there, if it is renamed as well. The migration has to depend on the last one of the
    app that the model comes from. If the app has a content type of that name with a history of its own, that history
    continues the old one. Reversible.
    """

    category = OperationCategory.ALTERATION

    def __init__(self, name: str, from_app: str, new_name: str | None = None) -> None:
        self.name = name
        self.from_app = from_app
        self.new_name = name if new_name is None else new_name

    def deconstruct(self) -> Any:
        renamed = {} if self.new_name == self.name else {"new_name": self.new_name}
        return type(self).__name__, [], {"name": self.name, "from_app": self.from_app, **renamed}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        old, new = (self.from_app, self.name.lower()), f"{app_label}.{self.new_name}"
        moved = state.models[old].clone()
        moved.app_label, moved.name = app_label, self.new_name
        state.add_model(moved)
        bases = {".".join(old): new.lower()}
        for model_state in state.models.values():
            model_state.bases = tuple(
                bases.get(base.lower(), base) if isinstance(base, str) else base for base in model_state.bases
            )
        for model_state, name, field, reference in list(get_references(state, old)):
            if (model_state.app_label, model_state.name_lower) == old:
                continue
            changed: Any = field.clone()
            if reference.to:
                changed.remote_field.model = new
            if reference.through:
                changed.remote_field.through = new
            state.alter_field(model_state.app_label, model_state.name_lower, name, changed, preserve_default=True)
        state.remove_model(*old)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._move(schema_editor, from_state, to_state, (self.from_app, self.name), (app_label, self.new_name))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._move(schema_editor, from_state, to_state, (app_label, self.new_name), (self.from_app, self.name))

    def _move(self, schema_editor: Any, from_state: Any, to_state: Any, old: Label, new: Label) -> None:
        (old_app, old_name), (new_app, new_name) = old, new
        before: Any = _Before(from_state.apps.get_model(old_app, old_name))
        migrations.RenameModel(old_name, new_name).database_forwards(new_app, schema_editor, before, to_state)
        model = to_state.apps.get_model(new_app, new_name)
        _relabel(schema_editor, model, (old_app, old_name.lower()), (new_app, new_name.lower()))

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() in (self.name.lower(), self.new_name.lower())

    def describe(self) -> str:
        renamed = "" if self.new_name == self.name else f" as {self.new_name}"
        return f"Move model {self.name} from {self.from_app}{renamed}, and its recorded history"

    @property
    def migration_name_fragment(self) -> str:
        return f"move_{self.name.lower()}_from_{self.from_app}"


class _Before:
    """The state before a move, as far as Django's RenameModel asks it for the one model, in the app of today."""

    def __init__(self, model: type[models.Model]) -> None:
        self.apps = self
        self._model = model

    def get_model(self, _app_label: str, _name: str) -> type[models.Model]:
        return self._model


def _histories(schema_editor: Any, model: type[models.Model]) -> Iterator[str]:
    """Yield the database of the history of the objects that the migration changes, if there is anything to rewrite."""
    using = schema_editor.connection.alias
    if not router.allow_migrate_model(using, model) or not apps.is_installed("revy.contrib.django"):
        return
    if schema_editor.collect_sql:
        schema_editor.collected_sql.append(_REMARK)
        return
    yield history_database(using)


def _relabel(schema_editor: Any, model: type[models.Model], old: Label, new: Label) -> None:
    for using in _histories(schema_editor, model):
        # The database of the objects has content types of its own, if the history is elsewhere.
        for each in {using, schema_editor.connection.alias}:
            if has_content_types(each):
                relabel(old, new, each)


def _labels(model: type[models.Model]) -> Iterator[Label]:
    """Yield the labels of the model and of all that inherit from it: their histories hold its fields."""
    yield model._meta.app_label, model._meta.model_name or ""
    for child in children_of(model):
        yield from _labels(child)


def _aside(old: str, new: str) -> Renames:
    """Return how what was recorded under the new name before is renamed, out of the way."""
    # MySQL and MariaDB take names that differ in case only for the same.
    return [] if old.lower() == new.lower() else [(new, f"{new}__before_{old}")]


def _as(kind: Any, operation: Any) -> Any:
    """Return what two operations were reduced to as one that rewrites the history as well."""
    return kind(**operation.deconstruct()[2]) if type(operation) in kind.__bases__ else operation
