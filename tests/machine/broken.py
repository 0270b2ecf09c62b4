"""Ways to break revy, as changes of its text: each is a mistake that somebody could make."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    name: str
    file: str
    # What is replaced by what; each must be there exactly once.
    changes: tuple[tuple[str, str], ...]
    # Whether only what is committed can tell.
    is_committing: bool = False


def _broken(name: str, file: str, *changes: str, is_committing: bool = False) -> Mutation:
    """Change each odd text to the even one after it."""
    return Mutation(name, file, tuple(zip(changes[::2], changes[1::2], strict=True)), is_committing)


def _django(name: str, file: str, *changes: str, is_committing: bool = False) -> Mutation:
    return _broken(name, f"contrib/django/{file}", *changes, is_committing=is_committing)


MUTATIONS = [
    # Which objects a row belongs to.
    _django("heirs of a changed row are forgotten", "recorder.py", "for heir in plan.heirs:", "for heir in ():"),
    _django("heirs are looked for after they were deleted", "deleting.py", "with_heirs(using, some)", "some"),
    _django(
        "proxies are taken for other models", "tracking.py",
        "return model._meta.concrete_model or model", "return model",
    ),
    _django(
        "a save forgets the rows of the parents", "saving.py",
        'state.pop("revy_save", None)', '[state.pop("revy_save", None), None][1]',
    ),
    # Old and new values.
    _django(
        "old values are those seen first, not those of the row", "statements/update.py",
        "self.plan, pk, old, {**constants, **after.get(pk, {})}",
        "self.plan, pk, vars(self.plan.model).get(f'seen {pk}') or setattr(self.plan.model, f'seen {pk}', old) or old,"
        " {**constants, **after.get(pk, {})}",
    ),
    _django(
        "old values of an ordinary save are those seen first", "kept.py",
        "changed_row(plan, plan.key_given_by((pk,)), before, new)",
        "changed_row(plan, plan.key_given_by((pk,)), vars(plan.model).get(f'seen {pk}') or setattr(plan.model,"
        " f'seen {pk}', before) or before, new)",
    ),
    _django(
        "a generated column is not read back", "statements/update.py",
        "self.plan.local_fields if field.generated]", "() if field.generated]",
    ),
    _django(
        "an expression is stored as text", "statements/update.py",
        "dict(reader.with_keys(list(before))) if self.computed else {}",
        "{pk: {f.attname: str(v) for f, _m, v in self.query.values if f in self.computed} for pk in before}",
    ),
    _django(
        "True is 1, and 1 is 1.0", "values.py",
        "if type(old) is not type(new):",
        "if not {type(old), type(new)} < {bool, int, float} and type(old) != type(new):",
    ),
    _django(
        "what is created beside its parent's row is taken for changed", "recorder.py",
        "        elif change.action == CREATE:\n", "        elif not change:\n",
    ),
    _django(
        "a deleted state has the references that were set to null before", "recorder.py",
        "replace(change, old={**change.old, **known.old})", "change",
    ),
    # Statements.
    _django(
        "an upsert takes what it updated for created", "statements/insert.py",
        "before = _conflicting_rows(compiler, plan)", "before: dict[Any, Values] = {}",
    ),
    _django(
        "an upsert looks at the primary key only", "statements/insert.py",
        "    if query.unique_fields:\n        yield list(query.unique_fields)\n        return\n",
        "    yield model._meta.pk_fields\n    return\n",
    ),
    _django(
        "a row that gets another key does not end an object", "statements/update.py",
        "for pk, row in old.items() if pk not in new]", "for pk, row in ()]",
    ),
    _django(
        "a row that takes over a key is not looked at", "statements/update.py",
        "            if pk in old:\n", "            if pk in ():\n",
    ),
    _django("fixtures are saved by nobody", "saving.py", "or not (save or is_watched(cls)):", "or raw:"),
    # Many-to-many relations.
    _django("lists are not sorted", "tracking.py", "source: sorted(targets) for", "source: targets[::-1] for"),
    _django(
        "lists belong to the other side", "tracking.py",
        "self.source, self.source_codec = source, Codec(source)",
        "source, target = target, source\n        self.source, self.source_codec = source, Codec(source)",
    ),
    _django(
        "a call on a relation is several changes", "relations.py",
        "with write_transaction(using), tracking_links(is_call=True):", "with write_transaction(using):",
    ),
    _django(
        "a deleted state has lost its relations", "relations.py",
        "lists = tracker.lists(using, link, sources)", "lists: Lists = {}",
    ),
    # Versions, keyframes, revisions.
    _django(
        "versions are counted across models", "versions.py",
        "{self.content_type} = %s AND", "{self.content_type} <> -%s AND",
    ),
    _django(
        "versions of a batch are counted across models", "versions.py",
        "{content_id} = revy_key.value AND {content_type} = %s)", "{content_id} = revy_key.value AND 0 < %s)",
    ),
    _django("keyframes come one version late", "versions.py", "+ 1, %s) = 0", "+ 1, %s) = 1"),
    _django("keyframes of a batch come one version late", "versions.py", "% interval == 0", "% interval == 1"),
    _django("an older object gets no first state", "versions.py", "({last}), 1) = 1", "({last}), 0) = 1"),
    _django("an older object of a batch gets no first state", "versions.py", "not self.version or ", ""),
    _django(
        "a keyframe of a row that is not known stays empty", "outbox.py",
        "if delta.is_update_of_unknown_row and state_stored is not None", "if False",
    ),
    _django(
        "each write gets a revision of its own", "revisions.py",
        "ledger_of(connection).entries[self._frame.revision_key] = entry", "pass",
    ),
    _django(
        "a revision that was given is ignored", "revisions.py", "= _given_revision(key, connection.alias)", "= None"
    ),
    _django(
        "a description that is said later is lost", "revisions.py",
        "for using, entry in _entries(key):\n            _describe(", "for using, entry in ():\n            _describe(",
    ),
    _django(
        "a savepoint's rollback is not noticed", "transactions.py",
        "ledger_of(self).roll_back(int(number) if number.isdigit() else 0)", "pass",
    ),
    _django(
        "a savepoint's rollback takes older revisions too", "transactions.py",
        "int(number) if number.isdigit() else 0", "0",
    ),
    # What waits to be written.
    _django(
        "what waits survives the rollback to its savepoint", "outbox.py",
        "            self.drop()\n            return result", "            return result",
    ),
    _django(
        "what waits survives the rollback of its transaction", "transactions.py",
        "            _drop_held(self)\n            ledger_of(self).roll_back()\n\n    return rollback",
        "            ledger_of(self).roll_back()\n\n    return rollback",
        is_committing=True,
    ),
    _django(
        "versions of one object that wait are the same", "outbox.py",
        "lasts[delta.key] = Last(last.version + 1,", "lasts[delta.key] = Last(last.version,",
    ),
    _django(
        "what waits takes its state from the end", "outbox.py",
        "if using != self._connection.alias or any(delta.is_update_of_unknown_row for delta in deltas):",
        "if using != self._connection.alias:",
    ),
    _django(
        "history lives in the default database", "recorder.py", "        return using\n", "        return 'default'\n"
    ),
    # Who, why, and whether.
    _django("nobody is seen assigning", "journal.py", "    link = Link(_value(", "    return\n    link = Link(_value("),
    _django(
        "the last to assign is taken for all", "journal.py", "chain = chain[:-1] + _closed(", "chain = () and _closed("
    ),
    _django(
        "a save of some fields forgets who assigned the others", "saving.py",
        "journal.forget(self, _saved_attnames(cls, update_fields))", "journal.forget(self)",
    ),
    _django(
        "what fell was done by the actor", "blame.py", "if self.roots.include(change.model, change.pk):", "if True:"
    ),
    _django("what was asked for only fell", "blame.py", "return keys is None or pk in keys", "return False"),
    _django(
        "an update that fell gets the deletion description itself", "blame.py",
        'return SYSTEM, ""\n', "return SYSTEM, self.deletion_description\n",
    ),
    _django(
        "what fell is recorded as whoever writes meanwhile", "deleting.py",
        "operation.acting_as(self.frame)", "operation.acting_as(current.get())",
    ),
    _django(
        "what receivers write falls as well", "deleting.py",
        "            if belongs:\n", "            if True:\n",
    ),
    _django(
        "lists are changed by whoever made the call around it", "relations.py",
        "and outer.frame is current.get() and", "and",
    ),
    _django(
        "disabled is enabled", "observation.py",
        "return frame is not None and frame.enabled", "return frame is not None",
    ),
    _broken("enabled within disabled is disabled", "context.py", "cls._switched(True)", "cls._switched(False)"),
    _broken(
        "the actor of the block around it acts", "frame.py",
        "{**self.cells, key: Cell(", "{key: Cell(value, self.depth, previous, scope), **self.cells, 0: Cell(",
    ),
    _broken(
        "resetting takes only the nearest back", "frame.py",
        "if cell.previous is not None and not wholly:", "if cell.previous is not None:",
    ),
    _broken(
        "a description does not open a revision", "frame.py",
        "frozenset((REVISION, REVISION_DESCRIPTION))", "frozenset((REVISION,))",
    ),
]  # fmt: skip
