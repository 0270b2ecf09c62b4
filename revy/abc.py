"""What a revision control system is made of; `revy.contrib.django` implements it with database rows."""

from __future__ import annotations

import abc
from collections.abc import Iterable
from typing import Any


class Revision(abc.ABC):
    """Everything that was changed in one scope, with one description."""

    @abc.abstractmethod
    def get_description(self) -> str: ...

    @abc.abstractmethod
    def get_actors(self) -> Iterable[Any]: ...

    @abc.abstractmethod
    def get_object_deltas(self) -> Iterable[ObjectDelta]: ...


class Delta(abc.ABC):
    """One change inside a revision, made by one actor for one reason."""

    @abc.abstractmethod
    def get_revision(self) -> Revision: ...

    @abc.abstractmethod
    def get_actor(self) -> Any: ...

    @abc.abstractmethod
    def get_action(self) -> str: ...

    @abc.abstractmethod
    def get_description(self) -> str: ...


class ObjectDelta(Delta):
    """One change (Create, Update, Delete) of one object."""

    @abc.abstractmethod
    def get_content(self) -> Any: ...

    @abc.abstractmethod
    def get_actors(self) -> Iterable[Any]: ...

    @abc.abstractmethod
    def get_attribute_deltas(self) -> Iterable[AttributeDelta]: ...


class AttributeDelta(Delta):
    """One change (Set, Unset) of one attribute inside an object delta."""

    @abc.abstractmethod
    def get_object_delta(self) -> ObjectDelta: ...

    @abc.abstractmethod
    def get_attribute_name(self) -> str: ...

    @abc.abstractmethod
    def get_old_value(self) -> Any: ...

    @abc.abstractmethod
    def get_new_value(self) -> Any: ...
