"""The links of a site's pages to the site itself, and which of them lead nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from chalicelib.resolution import address_of
from decant.preview.compiling import CompiledSite
from decant.preview.reach import Reach

SHOWN_LINKS = 50
_PAGES = (".html", ".htm")
_LINKING = {"a": "href", "link": "href", "script": "src", "img": "src"}
_ORIGIN = "https://site.invalid"  # a name that no link has


@dataclass(frozen=True, slots=True)
class Link:
    """What `link`, as written in `line` of the file `page`, leads to; `opens`: by going there."""

    page: str
    line: int
    link: str
    opens: bool


@dataclass(frozen=True, slots=True)
class LinkReport:
    """`checked` links of pages to the site, of which `broken` lead nowhere; the `first` of them."""

    checked: int = 0
    broken: int = 0
    first: tuple[Link, ...] = ()


NO_LINKS = LinkReport()


def check_links(
    site: CompiledSite, reach: Reach, progress: Callable[[int], None] = lambda _: None
) -> LinkReport:
    """Follow the links of all pages; `progress` is called with the number of pages read."""
    html = site.read.rules.settings.html
    pages = [path for path in site.folder.sources if path.lower().endswith(_PAGES)]
    checked, broken, first = 0, 0, list[Link]()
    for number, page in enumerate(sorted(pages), 1):
        text = site.folder.sources[page].read_text("utf-8", errors="replace")
        for link, address in _own_links(page, text, address_of(reach.index, html, page)):
            checked += 1
            if reach.leads_nowhere(address, navigation=link.opens):
                broken += 1
                first += [link] if len(first) < SHOWN_LINKS else []
        progress(number)
    return LinkReport(checked, broken, tuple(first))


def _own_links(page: str, text: str, address: str) -> Iterator[tuple[Link, str]]:
    """The links of a page to its own site, each with the address that it means."""
    reader = _Reader()
    with suppress(AssertionError):  # how html.parser gives up on a `<![` that it does not know
        reader.feed(text)
        reader.close()
    base = _joined(_ORIGIN + address, reader.base) if reader.base else _ORIGIN + address
    for tag, line, written in reader.found:
        link = "".join(written.strip().splitlines())
        target = _joined(base or "", link)
        if link and target and target.startswith(_ORIGIN):
            rest = target.removeprefix(_ORIGIN)
            same_page = link.startswith("#")
            if not same_page and rest.partition("?")[0].startswith("/"):
                yield Link(page, line, link, tag == "a"), rest.replace(" ", "%20")


def _joined(base: str, link: str) -> str | None:
    """The URL that `link` means on a page at `base`; None when it is malformed."""
    try:
        url = urljoin(base, link)
        path = urlsplit(url).path
    except ValueError:
        return None
    return url if path else url.replace(_ORIGIN, _ORIGIN + "/", 1)


class _Reader(HTMLParser):
    """Collects (tag, line, link), and what the page says its links are relative to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, int, str]] = []
        self.base: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the link of a tag that has one."""
        if tag == "base" and self.base is None:
            self.base = next((value for name, value in attrs if name == "href"), None)
        wanted = _LINKING.get(tag)
        if wanted is None:
            return
        link = next((value for name, value in attrs if name == wanted), None)
        if link is not None:
            self.found.append((tag, self.getpos()[0], link))
