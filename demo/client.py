"""A user of the wiki, who does over HTTP what a browser would."""

from __future__ import annotations

import json
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from demo.errors import ServerError

# A first commit may be a whole project.
_TIMEOUT: Final = 600


class Client:
    """A logged-in user, by a session cookie and a CSRF token. Raises ServerError."""

    def __init__(self, address: str, username: str, password: str) -> None:
        self._address = address
        self._cookies = CookieJar()
        # Without the proxies of the environment: the server is on this machine.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self._cookies))
        self._log_in(username, password)

    def execute(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a GraphQL document's result."""
        body = json.dumps({"query": query, "variables": variables}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": self._token()}
        result = json.loads(self._open(Request(f"{self._address}graphql/", body, headers)))
        if result.get("errors"):
            raise ServerError(f"The server refused: {result['errors'][0]['message']}")
        data: dict[str, Any] = result["data"]
        return data

    def _log_in(self, username: str, password: str) -> None:
        url = f"{self._address}login/"
        self._open(Request(url))
        form = {"username": username, "password": password, "csrfmiddlewaretoken": self._token(), "next": "/login/"}
        before = self._token()
        self._open(Request(url, urlencode(form).encode()))
        # Django gives a new token to who logs in.
        if self._token() == before:
            raise ServerError(f"The server did not let {username} log in.")

    def _token(self) -> str:
        return next((cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken"), "")

    def _open(self, request: Request) -> bytes:
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                content: bytes = response.read()
        except HTTPError as error:
            with error:
                raise ServerError(f"The server answered with {error.code}: {_reason(error)}") from error
        except (OSError, HTTPException) as error:
            raise ServerError(f"The server does not answer: {error}.") from error
        return content


def _reason(error: HTTPError) -> str:
    """Return the message of a GraphQL error, which comes with a status of its own, or else that of the status."""
    try:
        message: str = json.loads(error.read())["errors"][0]["message"]
    except (ValueError, LookupError, TypeError):
        return error.reason
    return message
