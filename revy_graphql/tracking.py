"""What happens around the resolver of a mutation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from graphql import GraphQLResolveInfo

from revy import Context
from revy.contrib.django.conf import context_class
from revy_graphql import event_loop
from revy_graphql.budget import check_mutation
from revy_graphql.conf import MutationSettings
from revy_graphql.errors import masked_errors
from revy_graphql.message import find_commit_message
from revy_graphql.reading import read
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
        check_mutation(info)
        call = _Call(self.resolve, root, info, args)
        return call.run_on_event_loop() if event_loop.is_running() else call.run()


class PlanningResolver(TrackedResolver):
    """Does the same, unless the argument `dry_run` is true: then the resolver only reads.

    It runs like that of a query, outside of all that surrounds a mutation: transaction, context, commit message.
    """

    __slots__ = ()

    def __call__(self, root: Any, info: GraphQLResolveInfo, /, **args: Any) -> Any:
        if not args.get("dry_run"):
            return super().__call__(root, info, **args)
        check_mutation(info)
        return read(info, self.resolve, root, info, **args)


class _Call:
    __slots__ = ("args", "given_message", "info", "resolve", "root")

    def __init__(self, resolve: Resolver, root: Any, info: GraphQLResolveInfo, args: dict[str, Any]) -> None:
        self.resolve = resolve
        self.root = root
        self.info = info
        self.given_message = args.pop(ADDED_ARGUMENT, None)
        self.args = args

    def run(self) -> Any:
        with masked_errors(self.info):
            settings = MutationSettings()
            message = self._find_message(settings)
            by_actor, for_message = _contexts(settings.get_actor(self.info), message)
            with FieldTransaction(self.info.context, settings.databases) as transaction, by_actor, for_message:
                result = _raised(self.resolve(self.root, self.info, **self.args))
                is_awaitable = self.info.is_awaitable(result)
                if not is_awaitable:
                    self._judge(result, settings.is_failure, transaction)
        return self.run_on_event_loop(lambda: result) if is_awaitable else result

    async def run_on_event_loop(self, start: Callable[[], Any] | None = None) -> Any:
        """Await what `start` returns, by default what the resolver returns."""
        with masked_errors(self.info):
            settings = MutationSettings()
            message = self._find_message(settings)
            async with one_at_a_time():
                by_actor, for_message = _contexts(await event_loop.in_thread(settings.get_actor, self.info), message)
                transaction = FieldTransaction(self.info.context, settings.databases)
                async with event_loop.entered_in_thread(transaction):
                    with by_actor, for_message:
                        result = (start or self._start)()
                        while self.info.is_awaitable(result):
                            result = await result
                        result = _raised(result)
                        if settings.is_failure is not None:
                            await event_loop.in_thread(self._judge, result, settings.is_failure, transaction)
                        return result

    def _start(self) -> Any:
        if event_loop.is_coroutine_function(self.resolve):
            return self.resolve(self.root, self.info, **self.args)
        return event_loop.in_thread(self.resolve, self.root, self.info, **self.args)

    def _find_message(self, settings: MutationSettings) -> str:
        required = settings.requires_commit_message
        return find_commit_message(self.given_message, self.info, self.args, required=required)

    def _judge(self, result: Any, is_failure: Callable[..., Any] | None, transaction: FieldTransaction) -> None:
        if is_failure is not None and is_failure(result, self.info):
            transaction.fail()


def _contexts(actor: Any, message: str) -> tuple[Context, Context]:
    """Return the contexts to run the resolver in, both of them.

    Without a message of its own, too, the field names a revision: else all fields would share an outer one.
    """
    context = context_class()
    return context.via_actor(actor), context.via_revision_description(message)


def _raised(result: Any) -> Any:
    """Raise what a resolver, or a middleware around it, returned in place of raising it."""
    if isinstance(result, Exception):
        raise result
    return result
