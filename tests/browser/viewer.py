"""A person with Chromium: what their tabs show, what they asked for, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, Request, Response, Route

_WAIT_MS = 10_000  # everything is on this machine: a page takes some 100 ms


@dataclass(frozen=True)
class Whole:
    """The version texts in a home page and in its two scripts, and what the rest shows."""

    page: str
    script: str
    lazy: str
    shared: str
    picture_px: int

    @classmethod
    def of(cls, version: str) -> Whole:
        """The page as it is when all of it is of `version`."""
        return cls(version, version, version, "shared code ran", 64)


class Tab:
    """An open page. `wrong` has a line for each request or script that failed.

    `statuses` and `headers` are those of the last answer to each path, `steps` the (status, path)
    of each answer, redirects first, to what was last opened.
    """

    def __init__(self, page: Page) -> None:
        """Watch `page`, in which nothing has been opened yet."""
        self.page = page
        self.statuses: dict[str, int] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.steps: list[tuple[int, str]] = []
        self.wrong: list[str] = []
        page.set_default_timeout(_WAIT_MS)
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))

    def open(self, path: str) -> None:
        """Open the page at `path`; returns when it and its scripts have loaded."""
        self.steps = []
        self.page.goto(path)

    def keep_nothing(self) -> None:
        """From now on ask the site for every file, as a person does who has never been there."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def press_load(self) -> None:
        """Press the button that loads the lazy chunk; returns when it has, or has failed."""
        self.page.click("#load")
        self.page.wait_for_selector("#lazy:not(:empty)")

    def follow_link_to(self, path: str) -> None:
        """Click the link to `path`; returns when that page and its scripts have loaded."""
        self.page.click(f"a[href='{path}']")
        self.page.wait_for_url(lambda url: urlsplit(url).path == path)

    def wait_for_heading(self, text: str) -> None:
        """Wait until the page shows a heading with this text."""
        self.page.locator("h1", has_text=text).wait_for()

    def text(self, element: str) -> str:
        """What the element with this id shows."""
        return self.page.inner_text(f"#{element}")

    def whole(self) -> Whole:
        """What an open home page shows."""
        width = self.page.evaluate("document.getElementById('logo').naturalWidth")
        return Whole(
            self.text("page"), self.text("script"), self.text("lazy"), self.text("shared"), width
        )

    def before(self, path: str, act: Callable[[], object]) -> None:
        """Call `act` once the page asks for `path`, before the request leaves the browser."""

        def held(route: Route) -> None:
            act()
            route.continue_()

        self.page.route(lambda url: urlsplit(url).path == path, held, times=1)

    def _answered(self, response: Response) -> None:
        path = urlsplit(response.url).path
        self.statuses[path] = response.status
        self.headers[path] = response.headers
        if response.request.is_navigation_request():
            self.steps.append((response.status, path))
        if response.status >= 400:
            self.wrong.append(f"{response.status} {path}")

    def _failed(self, request: Request) -> None:
        path = urlsplit(request.url).path
        if self.statuses.get(path, 0) >= 400:
            return  # Chromium ends the load of a script that was answered so: it is in `wrong`
        self.wrong.append(f"no answer {path}: {request.failure}")


class Viewer:
    """One person's browser: its tabs share a cache, which starts empty."""

    def __init__(self, browser: Browser, site_url: str, pictures: Path) -> None:
        """`site_url` is where the site is, `pictures` the folder that pictures are saved to."""
        self._pictures = pictures
        self._context = browser.new_context(base_url=site_url)
        self.tabs: list[Tab] = []

    def tab(self) -> Tab:
        """A new tab with nothing in it."""
        self.tabs.append(Tab(self._context.new_page()))
        return self.tabs[-1]

    def open(self, path: str) -> Tab:
        """A new tab with the page at `path`; returns when the page and its scripts have loaded."""
        tab = self.tab()
        tab.open(path)
        return tab

    def close(self) -> None:
        """Close all tabs and forget the cache."""
        self._context.close()

    def take_pictures(self) -> str:
        """Save what each tab shows; a line for each: where the picture is and what went wrong.

        Raises nothing: it is called when a test has failed already.
        """
        lines = []
        for number, tab in enumerate(self.tabs, 1):
            path = self._pictures / f"tab-{number}.png"
            try:
                tab.page.screenshot(path=path)
                lines.append(f"{path}: {tab.page.url}, went wrong: {tab.wrong or 'nothing'}")
            except Error as error:
                lines.append(f"tab {number} gave no picture: {error.message.splitlines()[0]}")
        return "\n".join(lines)
