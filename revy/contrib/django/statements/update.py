"""The rows that an UPDATE changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import models
from django.db.models.expressions import Subquery
from django.db.models.sql import Query, UpdateQuery
from django.db.models.sql.constants import ROW_COUNT

from revy.contrib.django import operation
from revy.contrib.django.batches import Spool
from revy.contrib.django.changes import CREATE, DELETE, RowChange, Values
from revy.contrib.django.errors import ConcurrentWrite
from revy.contrib.django.observation import check_context, is_observed, is_recording
from revy.contrib.django.recorder import changed_row
from revy.contrib.django.relations import execute_on_links
from revy.contrib.django.returning import can_return_from_update, fetch_returned, returning
from revy.contrib.django.rows import Lock, RowReader, has_other_writers, names_one_row, read_rows
from revy.contrib.django.tracking import link_of, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import UNFIT


def make_update(original: Callable[..., Any]) -> Any:
    def execute(self: Any, *args: Any) -> Any:
        # Django 6's UPDATE … RETURNING may run the plain one.
        if vars(self).get("_revy_observed") or not self.query.values:
            return original(self, *args)
        if not is_recording():
            check_context(self)
            return original(self, *args)
        self._revy_observed = True
        returned = args[0] if original.__name__ == "execute_returning_sql" else None
        nothing: Any = 0 if returned is None else []
        link = link_of(self.query.get_meta().concrete_model)
        if link is not None:
            return execute_on_links(self.query, self.using, link, lambda: original(self, *args), nothing)
        if not is_observed(self):
            return original(self, *args)
        with write_transaction(self.using):
            return _Update(self.query, self.using).run(self, lambda: original(self, *args), returned, nothing)

    return execute


class _Update:
    """An UPDATE: the rows that it is about to change, locked, and the values that it is about to set."""

    def __init__(self, query: Any, using: str) -> None:
        self.query = query
        self.using = using
        self.plan = plan_for(query.get_meta().concrete_model)
        self.given: dict[Any, Any] = {}
        # Only the database knows these afterwards: what expressions, generated columns and custom fields give.
        self.computed = [field for field in self.plan.local_fields if field.generated]
        for field, _model, value in query.values:
            codec = self.plan.codecs.get(field.attname)
            if codec is None:
                continue
            if codec.converts or hasattr(value, "resolve_expression"):
                self.computed.append(field)
            elif hasattr(value, "prepare_database_save") and field.remote_field:
                self.given[field] = value.prepare_database_save(field)
            else:
                self.given[field] = value

    def run(self, compiler: Any, execute: Callable[[], Any], returned: Sequence[Any] | None, nothing: Any) -> Any:
        """Execute the statement, and hand over what it changed.

        Returns what `execute` does: the row count, or what the rows hold in the fields `returned`; `nothing` if there
        are no rows.
        """
        if any(field in self.plan.model._meta.pk_fields for field, _model, _value in self.query.values):
            return self._run_on_keys(execute)
        reader = RowReader(self.plan, self._fields(), self.using, Lock.UPDATE)
        if not reader.fields:
            return execute()
        constants = self._constants()
        parts = reader.parts_of(self.query)
        if has_other_writers(self.using) and self._is_rowwise() and not names_one_row(self.query):
            # Exactly the rows that are locked by now.
            return sum(self._execute_on(part, constants) for part in parts)
        with Spool[dict[Any, Values]]() as before:
            counts = []
            for part in parts:
                before.append(part)
                counts.append(len(part))
            if not counts:
                # A row that is there by now, of the same key even, was not when the statement began.
                return nothing
            if len(counts) == 1 and self._has_more_to_return():
                (part,) = before
                result, after = self._execute_returning(compiler, returned)
                self._check_count(result, len(part))
                self._emit(part, constants, after)
                return result
            result = execute()
            self._check_count(result, sum(counts))
            for part in before:
                self._emit(part, constants)
        return result

    def _execute_on(self, before: dict[Any, Values], constants: Values) -> int:
        part: Any = UpdateQuery(self.plan.model)
        part.values = self.query.values
        part.related_updates = self.query.related_updates
        part.add_filter("pk__in", list(before))
        compiler: Any = part.get_compiler(self.using)
        compiler._revy_observed = True
        if self._has_more_to_return():
            count, after = self._execute_returning(compiler)
            self._emit(before, constants, after)
        else:
            count = compiler.execute_sql(ROW_COUNT)
            self._emit(before, constants)
        return count  # type: ignore[no-any-return]

    def _has_more_to_return(self) -> bool:
        """Tell whether the statement is to return what only the database knows, and can."""
        return bool(self.computed) and can_return_from_update(self.using) and not self.query.related_updates

    def _execute_returning(self, compiler: Any, returned: Sequence[Any] | None = None) -> tuple[Any, dict[Any, Values]]:
        keys = self.plan.model._meta.pk_fields
        fields = [*keys, *self.computed, *(returned or ())]
        sql, params = compiler.as_sql()
        rows = fetch_returned(compiler, fields, [(f"{sql} {returning(compiler, fields)}", params)])
        after = {}
        for row in rows:
            values = zip(self.computed, row[len(keys) :], strict=False)
            after[self.plan.key_of(row[: len(keys)])] = {
                field.attname: self.plan.codecs[field.attname].encode(value) for field, value in values
            }
        width = len(keys) + len(self.computed)
        return len(rows) if returned is None else [tuple(row[width:]) for row in rows], after

    def _fields(self) -> Sequence[Any]:
        """Return the columns to read before: what is written, and of many rows all, as some need their whole state."""
        written = [field for field in self.plan.local_fields if field in self.given or field in self.computed]
        if not written or operation.is_save() or self.plan.model._meta.parents:
            return written
        return self.plan.local_fields

    def _emit(self, before: dict[Any, Values], constants: Values, after: dict[Any, Values] | None = None) -> None:
        if after is None:
            reader = RowReader(self.plan, self.computed, self.using, Lock.NONE)
            after = dict(reader.with_keys(list(before))) if self.computed else {}
        changes: list[RowChange] = []
        for pk, old in before.items():
            changes += changed_row(self.plan, pk, old, {**constants, **after.get(pk, {})})
        operation.emit(self.using, changes)

    def _constants(self) -> Values:
        """Return what is set, encoded; what cannot be is for the database to take or refuse, and then read back."""
        constants = {}
        for field, value in list(self.given.items()):
            try:
                constants[field.attname] = self.plan.codecs[field.attname].predict(value)
            except UNFIT:
                self.computed.append(field)
                del self.given[field]
        return constants

    def _is_rowwise(self) -> bool:
        """Tell whether what is set on a row depends on nothing but that row."""
        return not any(
            isinstance(part, Subquery | Query)
            for _field, _model, value in self.query.values
            if hasattr(value, "flatten")
            for part in value.flatten()
        )

    def _check_count(self, result: Any, expected: int) -> None:
        count = len(result) if isinstance(result, list) else result
        if isinstance(count, int) and count > expected:
            raise ConcurrentWrite(
                f"{self.plan.model._meta.label} rows appeared while they were updated: somebody else inserted them in "
                "this moment. Nothing was written; try the transaction again."
            )

    def _run_on_keys(self, execute: Callable[[], Any]) -> Any:
        """A row that gets another primary key is another object: the old one ends, and a new one begins."""
        pks = [pk for part in RowReader(self.plan, (), self.using, Lock.DELETE).parts_of(self.query) for pk in part]
        old = read_rows(self.plan.model, self.using, pks)
        new_keys = self._new_keys(pks)
        result = execute()
        new = read_rows(self.plan.model, self.using, new_keys)
        model = self.plan.model
        changes = [RowChange(model, pk, DELETE, row, {}) for pk, row in old.items() if pk not in new]
        changes += [RowChange(model, pk, CREATE, {}, {}, row) for pk, row in new.items() if pk not in old]
        for pk, row in new.items():
            if pk in old:
                # It kept its key, or another row has taken it over.
                changes += changed_row(self.plan, pk, old[pk], row)
        operation.emit(self.using, changes)
        return result

    def _new_keys(self, pks: Sequence[Any]) -> list[Any]:
        """Return which keys the rows are about to get, as the database computes them."""
        fields = self.plan.model._meta.pk_fields
        expressions = {
            field: value.prepare_database_save(field) if isinstance(value, models.Model) else value
            for field, _model, value in self.query.values
            if field in fields
        }
        select: Any = Query(self.plan.model)
        select.add_filter("pk__in", list(pks))
        alias = select.get_initial_alias()
        columns = [field.get_col(alias) for field in fields]
        computed = [field for field in fields if hasattr(expressions.get(field), "resolve_expression")]
        select.set_select((*columns, *(expressions[field] for field in computed)))
        keys = []
        for row in select.get_compiler(self.using).results_iter():
            old = dict(zip(fields, row[: len(fields)], strict=True))
            new = {
                **old,
                **{field: field.to_python(value) for field, value in expressions.items() if field not in computed},
            }
            new.update(zip(computed, row[len(fields) :], strict=True))
            keys.append(self.plan.key_of(tuple(new.values())))
        return keys
