"""Requests through Django's own handlers and test clients, to the rows of their history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.test import AsyncClient, Client
from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from revy import Context
from revy.contrib.django.middleware import MAX_LENGTH, RevyMiddleware
from tests.app.models import Code
from tests.orm.history import ObjectDelta, Revision, actions, deltas_of, recorded

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
REVY = "revy.contrib.django.middleware.RevyMiddleware"


def write(request: HttpRequest) -> HttpResponse:
    Code.objects.create(id="a")
    Code.objects.filter(id="a").update(label="b")
    return HttpResponse("ok")


async def write_async(request: HttpRequest) -> HttpResponse:
    await Code.objects.acreate(id="a")
    await Code.objects.filter(id="a").aupdate(label="b")
    return HttpResponse("ok")


def read(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Code.objects.count()))


def fail(request: HttpRequest) -> HttpResponse:
    write(request)
    raise ValueError("after writing")


def log_in(request: HttpRequest) -> HttpResponse:
    login(request, User.objects.get(username="alice"), "django.contrib.auth.backends.ModelBackend")
    return write(request)


def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return write(request)


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def body() -> Iterator[str]:
        Code.objects.create(id="outside")
        yield str(Context.is_enabled())

    @Context.via_actor(request.user)
    def own() -> Iterator[str]:
        Code.objects.create(id="own")
        yield str(Context.is_enabled())

    write(request)
    return StreamingHttpResponse(own() if "own" in request.GET else body())


async def stream_async(request: HttpRequest) -> StreamingHttpResponse:
    async def body() -> AsyncIterator[str]:
        await Code.objects.acreate(id="outside")
        yield str(Context.is_enabled())

    await Code.objects.acreate(id="a")
    return StreamingHttpResponse(body())


meeting: list[asyncio.Barrier] = []


async def slow(request: HttpRequest, name: str) -> HttpResponse:
    await meeting[0].wait()
    await Code.objects.acreate(id=name)
    await meeting[0].wait()
    return HttpResponse("ok")


def render(request: HttpRequest) -> SimpleTemplateResponse:
    template = engines["django"].from_string("{{ create }}")
    return SimpleTemplateResponse(template, {"create": lambda: Code.objects.create(id="a").pk})


class HeaderAuthentication(BaseAuthentication):
    def authenticate(self, request: Any) -> tuple[User, None]:
        return User.objects.get(username=request.headers["X-User"]), None


class RestView(APIView):
    authentication_classes = (HeaderAuthentication,)
    permission_classes = ()
    renderer_classes = (JSONRenderer,)

    def post(self, request: Any) -> Response:
        Code.objects.create(id="a")
        return Response({})


urlpatterns = [
    path(f"{view.__name__}/", view)
    for view in (write, write_async, read, fail, log_in, log_out, stream, stream_async, render)
]
urlpatterns += [path("rest/", RestView.as_view()), path("slow/<name>/", slow)]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _middleware(settings: Any) -> None:
    settings.MIDDLEWARE = [REVY, SESSIONS, AUTHENTICATION]


@pytest.fixture
def client(alice: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


@pytest.fixture
def async_client(alice: User) -> AsyncClient:
    client = AsyncClient(raise_request_exception=False)
    client.force_login(alice)
    return client


def test_request_is_recorded_as_one_revision_by_its_user(client: Client, alice: User) -> None:
    with recorded(1, 2, 1):
        client.post("/write/", headers={"X-Commit-Message": "Because."})
    assert [delta.actor for delta in deltas_of(Code, "a")] == [alice, alice]
    assert Revision.objects.get().description == "Because."
    assert not Context.is_enabled()


def test_request_without_message_has_an_empty_description(client: Client) -> None:
    client.post("/write/")
    assert Revision.objects.get().description == ""


def test_request_of_nobody_is_recorded_without_actor(db: None) -> None:
    Client().post("/write/")
    assert {delta.actor for delta in ObjectDelta.objects.all()} == {None}


def test_request_without_authentication_is_recorded_without_actor(settings: Any, db: None) -> None:
    settings.MIDDLEWARE = [REVY]
    Client().post("/write/")
    assert actions(Code, "a") == "CU"


@pytest.mark.parametrize("order", [[REVY, SESSIONS, AUTHENTICATION], [SESSIONS, AUTHENTICATION, REVY]])
def test_request_user_is_found_wherever_the_middleware_stands(
    order: list[str], settings: Any, client: Client, alice: User
) -> None:
    settings.MIDDLEWARE = order
    client.post("/write/")
    assert deltas_of(Code, "a").first().actor == alice


def test_request_that_writes_nothing_looks_up_no_user(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        client.get("/read/")
    assert not Revision.objects.exists()


def test_requests_one_after_the_other_share_nothing(client: Client, alice: User, bob: User) -> None:
    client.post("/write/", headers={"X-Commit-Message": "First."})
    Code.objects.all().delete()
    other = Client()
    other.force_login(bob)
    other.post("/write/")
    assert [(delta.actor, delta.revision.description) for delta in deltas_of(Code, "a").filter(action="C")] == [
        (alice, "First."),
        (bob, ""),
    ]


def test_user_who_logs_in_or_out_in_the_view_acts_from_then_on(client: Client, alice: User) -> None:
    Client().post("/log_in/")
    assert deltas_of(Code, "a").last().actor == alice
    assert deltas_of(User, alice.pk).last().actor == alice  # its last_login
    Code.objects.all().delete()
    client.post("/log_out/")
    assert deltas_of(Code, "a").last().actor is None


def test_user_that_rest_framework_authenticates_in_the_view_is_the_actor(alice: User, bob: User) -> None:
    client = Client()
    client.force_login(alice)
    assert client.post("/rest/", headers={"X-User": "bob"}).status_code == 200
    assert deltas_of(Code, "a").get().actor == bob


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Grüße, 世界".encode().decode("latin-1"), "Grüße, 世界"),
        ("Gr\xfc\xdfe", "Grüße"),
        ("世界", "世界"),
        ("", ""),
        ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
        ("ü".encode().decode("latin-1") * MAX_LENGTH, "ü" * MAX_LENGTH),
    ],
)
def test_message_is_decoded(header: str, message: str, client: Client) -> None:
    assert client.post("/write/", HTTP_X_COMMIT_MESSAGE=header).status_code == 200
    assert Revision.objects.get().description == message


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("x" * (MAX_LENGTH + 1), "it is longer than 10,000 characters"),
        ("a\x00b", "it contains characters that cannot be stored"),
        ("a\ud800b", "it contains characters that cannot be stored"),
    ],
)
def test_message_that_cannot_be_kept_is_refused_before_the_view(header: str, reason: str, client: Client) -> None:
    with recorded(0, 0, 0):
        response = client.post("/write/", HTTP_X_COMMIT_MESSAGE=header)
    assert (response.status_code, response.headers["Content-Type"]) == (400, "text/plain")
    assert response.content.decode() == f"The header X-Commit-Message is refused: {reason}.\n"
    assert not Code.objects.exists()


def test_context_class_of_the_settings_is_entered(settings: Any, client: Client) -> None:
    settings.REVY_CONTEXT_CLASS = f"{__name__}.LoudContext"
    client.post("/write/", headers={"X-Commit-Message": "because"})
    assert Revision.objects.get().description == "BECAUSE"


class LoudContext(Context):
    @classmethod
    def via_revision_description(cls, value: str | None) -> Context:
        return super().via_revision_description((value or "").upper())


def test_view_that_fails_leaves_its_history_beside_its_rows(client: Client) -> None:
    assert client.post("/fail/").status_code == 500
    assert (Code.objects.count(), actions(Code, "a")) == (1, "CU")
    assert not Context.is_enabled()


def test_atomic_request_that_fails_leaves_nothing_and_does_not_harm_the_next(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    with recorded(0, 0, 0):
        assert client.post("/fail/", headers={"X-Commit-Message": "Lost."}).status_code == 500
    assert not Code.objects.exists()
    with recorded(1, 2, 1):
        assert client.post("/write/", headers={"X-Commit-Message": "Kept."}).status_code == 200
    assert [(delta.actor, delta.revision.description) for delta in deltas_of(Code, "a")] == [(alice, "Kept.")] * 2


def test_template_response_is_rendered_inside_the_context(client: Client) -> None:
    client.get("/render/")
    assert actions(Code, "a") == "C"


def test_streaming_response_writes_outside_the_context_unless_it_has_its_own(client: Client, alice: User) -> None:
    assert b"".join(client.get("/stream/").streaming_content) == b"False"  # type: ignore[attr-defined]
    assert (actions(Code, "a"), actions(Code, "outside")) == ("CU", "")
    Code.objects.all().delete()
    assert b"".join(client.get("/stream/?own").streaming_content) == b"True"  # type: ignore[attr-defined]
    assert deltas_of(Code, "own").get().actor == alice


@pytest.mark.parametrize("view", ["write_async", "write"])
def test_async_request_is_recorded_by_its_user(view: str, async_client: AsyncClient, alice: User) -> None:
    with recorded(1, 2, 1):
        response = async_to_sync(async_client.post)(f"/{view}/", headers={"X-Commit-Message": "Because."})
    assert response.status_code == 200
    assert [(delta.actor, delta.revision.description) for delta in deltas_of(Code, "a")] == [(alice, "Because.")] * 2
    assert not Context.is_enabled()


def test_async_request_with_refused_message_is_answered_with_400(async_client: AsyncClient) -> None:
    response = async_to_sync(async_client.post)("/write_async/", headers={"X-Commit-Message": "x" * (MAX_LENGTH + 1)})
    assert response.status_code == 400
    assert not Code.objects.exists()


def test_async_requests_at_once_do_not_see_each_other(alice: User, bob: User) -> None:
    async def request(user: User) -> None:
        client = AsyncClient()
        await client.aforce_login(user)
        await client.post(f"/slow/{user.username}/", headers={"X-Commit-Message": f"By {user.username}."})

    async def requests() -> None:
        meeting.append(asyncio.Barrier(2))
        await asyncio.gather(request(alice), request(bob))

    meeting.clear()
    async_to_sync(requests)()
    for user in (alice, bob):
        assert [(delta.actor, delta.revision.description) for delta in deltas_of(Code, user.username)] == [
            (user, f"By {user.username}.")
        ]


def test_async_streaming_response_writes_outside_the_context(async_client: AsyncClient) -> None:
    async def read() -> list[bytes]:
        response: Any = await async_client.get("/stream_async/")
        return [part async for part in response.streaming_content]

    assert async_to_sync(read)() == [b"False"]
    assert [delta.content_id for delta in ObjectDelta.objects.all()] == ["a"]


def test_middleware_is_a_coroutine_function_where_what_it_calls_is_one() -> None:
    async def get_response(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(RevyMiddleware(get_response))
    assert not iscoroutinefunction(RevyMiddleware(lambda request: HttpResponse()))
