"""What is measured, and the proof that what was measured did what it should.

Each workload makes the rows that it needs, times what it is about, and checks what was recorded: it raises
`NotRecorded` where a library that was used as documented did not record it.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from benchmarks import databases, texts
from benchmarks.blog.models import Comment, Post
from benchmarks.subjects.base import CREATE, DELETE, UPDATE, Subject

REASON: Final = "why"
PAGE: Final = 20
REPEATS: Final = 5


class NotRecorded(Exception):
    """The library did not record what was done; the message says what is missing."""


@dataclass
class Bench:
    """One subject with its database."""

    subject: Subject
    user: User

    def acting(self) -> AbstractContextManager[Any]:
        return self.subject.acting(self.user, REASON)

    def clear(self) -> None:
        databases.empty([*self.subject.tables(), Comment, Post])

    def posts(self, count: int, text: int = 480) -> list[Post]:
        return [Post(author=self.user, title=f"Post {number}", slug=f"post-{number}", text=texts.text(number, text))
                for number in range(count)]  # fmt: skip

    def stored(self, count: int, text: int = 480) -> list[Post]:
        """Return posts whose creation is recorded, as loaded from the database."""
        with self.acting():
            self.subject.bulk_create(Post, self.posts(count, text), self.user)
        databases.settle()
        return list(Post.objects.order_by("pk"))

    def retitled(self, versions: int) -> Post:
        """Return a post with that many versions; the title of each is its number."""
        with self.acting():
            (post,) = self.posts(1)
            post.title = "1"
            post.save()
        for version in range(2, versions + 1):
            with self.acting():
                post.title = str(version)
                post.save()
        databases.settle()
        return post

    def expect(self, model: Any, action: str, count: int) -> None:
        if self.subject.records:
            found = self.subject.count(model, action)
            if found != count:
                raise NotRecorded(f"recorded {found:,} of {count:,} {action}s of a {model.__name__.lower()}")

    def expect_newest(self, post: Post, action: str, **values: tuple[Any, Any]) -> None:
        if self.subject.records:
            newest = self.subject.page(post, 1)[0]
            self._expect_change(newest, action, values)

    def expect_page(self, page: Any, newest: int) -> None:
        if len(page) != PAGE:
            raise NotRecorded(f"a page has {len(page)} of {PAGE} changes")
        for number, change in enumerate(page):
            self._expect_change(change, UPDATE, {"title": (str(newest - number - 1), str(newest - number))})

    def _expect_change(self, change: Any, action: str, values: dict[str, tuple[Any, Any]]) -> None:
        if (change.action, change.actor) != (action, self.user.username):
            raise NotRecorded(f"recorded a {change.action} by {change.actor} instead of a {action} by the user")
        if action == UPDATE and {name: tuple(map(str, pair)) for name, pair in change.values.items()} != {
            name: tuple(map(str, pair)) for name, pair in values.items()
        }:
            raise NotRecorded(f"recorded {change.values} instead of {values}")


class Timer:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> Timer:
        gc.collect()
        self._begin = time.perf_counter()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.seconds += time.perf_counter() - self._begin


def median_of(read: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of a typical call, for reading, which can be repeated; and what it returned."""
    timings = []
    for _ in range(REPEATS):
        with Timer() as timer:
            found = read()
        timings.append(timer.seconds)
    return statistics.median(timings), found


def create(bench: Bench, count: int) -> float:
    posts, explain = bench.posts(count), bench.subject.explain
    with Timer() as timer:
        for post in posts:
            with bench.acting():
                explain(post, REASON)
                post.save()
    bench.expect(Post, CREATE, count)
    bench.expect_newest(posts[-1], CREATE)
    return timer.seconds / count


def change(bench: Bench, count: int, text: int = 480) -> float:
    keys, explain = [post.pk for post in bench.stored(count, text)], bench.subject.explain
    with Timer() as timer:
        for key in keys:
            with bench.acting():
                post = Post.objects.get(pk=key)
                post.title = "Changed"
                explain(post, REASON)
                post.save()
    bench.expect(Post, UPDATE, count)
    bench.expect_newest(post, UPDATE, title=(f"Post {count - 1}", "Changed"))
    return timer.seconds / count


def block(bench: Bench, count: int) -> float:
    posts, explain = bench.stored(count), bench.subject.explain
    with Timer() as timer, transaction.atomic(), bench.acting():
        for post in posts:
            post.title = "Changed"
            explain(post, REASON)
            post.save()
    bench.expect(Post, UPDATE, count)
    bench.expect_newest(posts[-1], UPDATE, title=(f"Post {count - 1}", "Changed"))
    return timer.seconds / count


def unchanged(bench: Bench, count: int) -> float:
    # What is recorded of it is each library's own affair: some do, some do not.
    posts = bench.stored(count)
    with Timer() as timer:
        for post in posts:
            with bench.acting():
                post.save()
    return timer.seconds / count


def bulk_create(bench: Bench, count: int) -> float:
    posts = bench.posts(count)
    with Timer() as timer, bench.acting():
        bench.subject.bulk_create(Post, posts, bench.user)
    bench.expect(Post, CREATE, count)
    bench.expect_newest(posts[-1], CREATE)
    return timer.seconds / count


def queryset_update(bench: Bench, count: int) -> float:
    posts = bench.stored(count)
    with Timer() as timer, bench.acting():
        bench.subject.update(Post.objects.all(), bench.user, title="Changed")
    assert Post.objects.filter(title="Changed").count() == count
    bench.expect(Post, UPDATE, count)
    bench.expect_newest(posts[-1], UPDATE, title=(f"Post {count - 1}", "Changed"))
    return timer.seconds / count


def delete(bench: Bench, count: int) -> float:
    posts = bench.stored(count)
    comments = [Comment(post=post, text="First!") for post in posts for _ in range(3)]
    with bench.acting():
        bench.subject.bulk_create(Comment, comments, bench.user)
    with Timer() as timer:
        for post in posts:
            with bench.acting():
                post.delete()
    assert not Post.objects.exists()
    bench.expect(Post, DELETE, count)
    bench.expect(Comment, DELETE, 3 * count)
    return timer.seconds / count


def mutation(bench: Bench, count: int) -> float:
    # The environments of the peers have no graphene.
    from benchmarks.blog import schema

    posts, messages = bench.stored(count), [f"{REASON} {number}" for number in range(REPEATS)]
    timings = []
    for message in messages:
        with Timer() as timer:
            schema.save_posts(bench.user, {post.pk: f"Title: {message}" for post in posts}, message)
        timings.append(timer.seconds)
    schema.expect_revisions(bench.user, messages, count)
    bench.expect_newest(posts[-1], UPDATE, title=(f"Title: {messages[-2]}", f"Title: {messages[-1]}"))
    return statistics.median(timings) / count


def load(bench: Bench, count: int) -> float:
    bench.stored(count)
    seconds, posts = median_of(lambda: list(Post.objects.all()))
    assert len(posts) == count
    return seconds / count


def load_inside(bench: Bench, count: int) -> float:
    bench.stored(count)
    with bench.acting():
        seconds, posts = median_of(lambda: list(Post.objects.all()))
    assert len(posts) == count
    return seconds / count


def page(bench: Bench, versions: int) -> float:
    post = bench.retitled(versions)
    seconds, found = median_of(lambda: bench.subject.page(post, PAGE))
    bench.expect_page(found, versions)
    return seconds


def rebuild(bench: Bench, versions: int) -> float:
    post = bench.retitled(versions)
    seconds, found = median_of(lambda: bench.subject.rebuild(Post, post.pk, versions // 2))
    if (found.title, found.text, found.pk) != (str(versions // 2), post.text, post.pk):
        raise NotRecorded(f"rebuilt title {found.title!r} at version {versions // 2}")
    return seconds


def bytes_create(bench: Bench, count: int) -> float:
    before = databases.size(bench.subject.tables())
    create(bench, count)
    return (databases.size(bench.subject.tables()) - before) / count


def bytes_change(bench: Bench, count: int, text: int = 480) -> float:
    # The rows that a block around all of it would share are those of each change here, as they are in a server.
    posts = bench.posts(count, text)
    for post in posts:
        with bench.acting():
            post.save()
    before = databases.size(bench.subject.tables())
    for post in posts:
        with bench.acting():
            post.title = "Changed"
            bench.subject.explain(post, REASON)
            post.save()
    bench.expect(Post, UPDATE, count)
    return (databases.size(bench.subject.tables()) - before) / count


def bytes_change_long(bench: Bench, count: int) -> float:
    return bytes_change(bench, count, 10_000)


RUNS: Final[dict[str, Callable[[Bench, int], float]]] = {
    run.__name__: run
    for run in (
        create, change, block, unchanged, bulk_create, queryset_update, delete, mutation, load_inside, load, page,
        rebuild, bytes_create, bytes_change, bytes_change_long,
    )
}  # fmt: skip
