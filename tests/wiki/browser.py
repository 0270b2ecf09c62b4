"""A headless Chromium that looks at pages."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
# From this width on, the emulated screen is no phone any more.
_TABLET: Final = 600
_SECONDS_TO_LOAD: Final = 30


def find_program(*names: str) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


class Browser:
    """One window; addresses are relative to that of the site."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self._driver = driver
        self._address = address
        self.show_as("light", 1280)

    def go_to(self, address: str) -> None:
        """Look at another site from now on."""
        self._address = address

    def show_as(self, scheme: str, width: int, height: int = 900) -> None:
        """Set the colour scheme of the system and the size of the window."""
        is_phone = width < _TABLET
        # Without motion: else colours are measured while they change.
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        emulated = [{"name": name, "value": value} for name, value in features.items()]
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": emulated})
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self._look = f"{scheme}-{width}"

    def use_session(self, session: str, cookie: str = "revy_demo_session") -> None:
        """Be the user of a session that somebody has logged in to."""
        self.forget()
        self._driver.add_cookie({"name": cookie, "value": session, "path": "/"})

    def forget(self) -> None:
        self.open("login/")
        self._driver.delete_all_cookies()

    def open(self, path: str) -> None:
        self._driver.get(self._address + path)

    def photograph(self, name: str = "") -> None:
        """Keep a picture of the window under a name, or its address, if REVY_SCREENSHOTS names a folder for them."""
        if folder := os.environ.get("REVY_SCREENSHOTS"):
            name = name or re.sub(r"[^\w]+", "-", self.path).strip("-")[:60] or "index"
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._driver.save_screenshot(str(Path(folder, f"{name}-{self._look}.png")))

    def run(self, script: str) -> Any:
        """Return what a function body of JavaScript returns."""
        return self._driver.execute_script(script)

    def find(self, selector: str) -> WebElement:
        return self._driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, text: str) -> None:
        """Follow the first link, or press the first button, of that text or label."""
        xpath = f'//main//*[self::a or self::button][normalize-space()="{text}" or @aria-label="{text}"]'
        self._driver.find_element(By.XPATH, xpath).click()

    def type(self, *keys: str) -> None:
        webdriver.ActionChains(self._driver).send_keys(*keys).perform()

    def leave(self, *keys: str) -> None:
        """Type what leads to another page, and wait until that is there."""
        with self.leaving():
            self.type(*keys)

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """Wait until the page is there that the block leads to."""
        left = self.find("html")
        yield
        # While a page goes away, Chromium does not always know any more what to call its elements.
        waiting = WebDriverWait(self._driver, _SECONDS_TO_LOAD, ignored_exceptions=[WebDriverException])
        waiting.until(staleness_of(left))
        waiting.until(lambda driver: driver.execute_script("return document.readyState") == "complete")

    def tab(self) -> WebElement:
        """Go to the next element by the keyboard, and return it."""
        self.type(Keys.TAB)
        return self._driver.switch_to.active_element

    @property
    def path(self) -> str:
        return self._driver.current_url.removeprefix(self._address)

    @property
    def title(self) -> str:
        return self._driver.title

    @property
    def text(self) -> str:
        return self.find("body").text

    def complaints(self) -> list[str]:
        """Return what the console said since it was last asked."""
        logged: Any = self._driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in logged]


@contextmanager
def running_browser(address: str) -> Iterator[Browser]:
    """Give a browser; skip the test where there is no Chromium, unless REVY_REQUIRE_BROWSER says that there must be."""
    chromium, chromedriver = find_program(*_NAMES), find_program("chromedriver")
    if chromium is None or chromedriver is None:
        reason = "There is no Chromium with its chromedriver: on Debian, apt-get install chromium chromium-driver."
        if os.environ.get("REVY_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in _FLAGS:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=chromedriver))
    try:
        yield Browser(driver, address)
    finally:
        driver.quit()
