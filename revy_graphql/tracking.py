"""What happens around the resolver of a mutation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLResolveInfo

from revy.contrib.django.conf import context_class
from revy_graphql import conf, event_loop
from revy_graphql.errors import masked_errors
from revy_graphql.message import find_commit_message
from revy_graphql.transaction import FieldTransaction, one_at_a_time

Resolver = Callable[..., Any]

# The Python name of the argument `commitMessage`, where revy added it.
ADDED_ARGUMENT: Final = "_revy_commit_message"


class TrackedResolver:
    """Runs the resolver of a mutation inside one transaction and one context, so that what it writes is one revision.

    On an event loop, resolvers that are no coroutine functions run in the thread of the database, as they are likely to
    use the ORM; what they return is awaited on the loop.
    """

    __slots__ = ("resolve",)

    def __init__(self, resolve: Resolver) -> None:
        self.resolve = resolve

    def __call__(self, root: Any, info: GraphQLResolveInfo, /, **args: Any) -> Any:
        given = args.pop(ADDED_ARGUMENT, None)
        call = _Call(self.resolve, root, info, args, find_commit_message(given, info, args))
        return call.run_on_event_loop() if event_loop.is_running() else call.run()


@dataclass(frozen=True, slots=True)
class _Call:
    resolve: Resolver
    root: Any
    info: GraphQLResolveInfo
    args: dict[str, Any]
    message: str | None

    def run(self) -> Any:
        with masked_errors(self.info):
            actor = conf.find_actor_getter()(self.info)
            with FieldTransaction(self.info.context), self._context(actor):
                result = _raised(self.resolve(self.root, self.info, **self.args))
        return self.run_on_event_loop(lambda: result) if self.info.is_awaitable(result) else result

    async def run_on_event_loop(self, start: Callable[[], Any] | None = None) -> Any:
        """Await what `start` returns, by default what the resolver returns."""
        with masked_errors(self.info):
            async with one_at_a_time():
                actor = await event_loop.in_thread(conf.find_actor_getter(), self.info)
                async with event_loop.entered_in_thread(FieldTransaction(self.info.context)):
                    with self._context(actor):
                        result = (start or self._start)()
                        while self.info.is_awaitable(result):
                            result = await result
                        return _raised(result)

    def _start(self) -> Any:
        if event_loop.is_coroutine_function(self.resolve):
            return self.resolve(self.root, self.info, **self.args)
        return event_loop.in_thread(self.resolve, self.root, self.info, **self.args)

    @contextmanager
    def _context(self, actor: Any) -> Iterator[None]:
        context = context_class()
        # Without a message of its own, too, the field names a revision: else all fields would share an outer one.
        message = (context.get_revision_description() or "") if self.message is None else self.message
        with context.via_actor(actor), context.via_revision_description(message):
            yield


def _raised(result: Any) -> Any:
    """Raise what a resolver, or a middleware around it, returned in place of raising it."""
    if isinstance(result, Exception):
        raise result
    return result
