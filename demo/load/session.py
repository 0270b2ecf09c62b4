"""A logged-in user on one connection that stays open."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode

from demo.errors import ServerError

_TIMEOUT: Final = 60


class Session:
    """Raises ServerError where the server does not let the user log in."""

    def __init__(self, host: str, port: int, username: str, password: str) -> None:
        self._connection = HTTPConnection(host, port, timeout=_TIMEOUT)
        self._cookies: dict[str, str] = {}
        self._send("GET", "/login/")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": self._cookies["csrftoken"]}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _ = self._send("POST", "/login/", urlencode(form).encode(), headers)
        if status != 302:  # noqa: PLR2004 - on to the page after the login
            raise ServerError(f"The server did not let {username} log in: it answered with {status}.")

    def execute(self, document: str, variables: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status and the result of a GraphQL document, with its errors."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "X-CSRFToken": self._cookies["csrftoken"]}
        status, content = self._send("POST", "/graphql/", body, headers)
        try:
            result: dict[str, Any] = json.loads(content)
        except ValueError:
            return status, {"errors": [{"message": content[:200].decode(errors="replace")}]}
        return status, result

    def close(self) -> None:
        self._connection.close()

    def _send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._connection.request(method, path, body, {**(headers or {}), "Cookie": cookies})
        response = self._connection.getresponse()
        content = response.read()
        for header in response.headers.get_all("Set-Cookie", []):
            self._cookies.update((name, morsel.value) for name, morsel in SimpleCookie(header).items())
        return response.status, content
