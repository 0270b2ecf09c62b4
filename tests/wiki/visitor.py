"""Somebody who looks at the pages without a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener


@dataclass(frozen=True)
class Shown:
    """What came back: `html` as it was sent, `text` as it is read."""

    status: int
    url: str
    html: str

    @property
    def text(self) -> str:
        return " ".join(unescape(re.sub(r"</?[a-z!][^>]*>", " ", self.html)).split())

    def link(self, label: str) -> str:
        """Return where the first link goes that has this text, or is labelled so."""
        for attributes, content in re.findall(r"<a\b([^>]*)>(.*?)</a>", self.html, re.DOTALL):
            if label in unescape(re.sub(r"<[^>]*>", "", content)) or f'aria-label="{label}"' in attributes:
                return unescape(re.search(r'href="([^"]*)"', attributes)[1])  # type: ignore[index]
        raise AssertionError(f"There is no link {label!r}: {self.text}")


class Visitor:
    def __init__(self, address: str) -> None:
        self._address = address
        self._cookies = CookieJar()
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self._cookies))

    @property
    def session(self) -> str:
        return next(cookie.value or "" for cookie in self._cookies if cookie.name == "revy_demo_session")

    def log_in(self, username: str, password: str) -> None:
        self.get("login/")
        shown = self.post("login/", username=username, password=password)
        assert "Log out" in shown.html, shown.text

    def get(self, path: str) -> Shown:
        return self._open(Request(self._url(path)))

    def post(self, path: str, **form: str) -> Shown:
        """Send a form, with the token that its page would have had."""
        token = next((cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken"), "")
        return self.post_without_token(path, csrfmiddlewaretoken=token, **form)

    def post_without_token(self, path: str, **form: str) -> Shown:
        return self._open(Request(self._url(path), urlencode(form).encode()))

    def _url(self, path: str) -> str:
        return f"{self._address}{path.removeprefix('/')}"

    def _open(self, request: Request) -> Shown:
        try:
            with self._opener.open(request, timeout=60) as response:
                return Shown(response.status, response.url, response.read().decode())
        except HTTPError as error:
            with error:
                return Shown(error.code, error.url, error.read().decode())
