"""edge/router.js with a route table: every rule of html handling and of what is not found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.records import HtmlHandling
from chalicelib.resolution import Missing, Redirect
from tests.unit.edge.engines import ROUTER, Call, Engine, Outcome
from tests.unit.edge.event_files import request_for
from tests.unit.edge.table_sites import TableSite, live, shown

FILES = {
    "index.html": 1,
    "about.html": 2,
    "guide/index.html": 3,
    "both.html": 4,
    "both/index.html": 5,
    "x/index": 6,
    "CNAME": 7,
    "app.js": 8,
    "docs/logo@2x.png": 9,
    "é/ü.html": 10,
}


def visit(
    engine: Engine,
    site: TableSite | dict[str, str],
    uri: str,
    headers: dict[str, str] | None = None,
    raw_query: str | None = None,
) -> Outcome:
    """What the router does; `headers` replace those of a browser."""
    event = request_for(uri)
    if headers is not None:
        event["request"]["headers"] = {name: {"value": text} for name, text in headers.items()}
    store = site.store if isinstance(site, TableSite) else site
    (outcome,) = engine.run(ROUTER, [Call(event, store, raw_query)])
    assert outcome.error is None
    return outcome


# For each html handling: what is asked, and the file (in its layer), the address or None.
AUTO = {
    "/": "index.html",
    "/index": "> /",
    "/index.html": "> /",
    "/about": "about.html",
    "/about/": "> /about",
    "/about.html": "> /about",
    "/about/index": "> /about",
    "/about/index.html": "> /about",
    "/guide": "> /guide/",
    "/guide/": "guide/index.html",
    "/guide.html": "> /guide/",
    "/guide/index": "> /guide/",
    "/guide/index.html": "> /guide/",
    "/both": "both.html",
    "/both/": "both/index.html",
    "/both.html": "> /both",
    "/both/index": "> /both/",
    "/both/index.html": "> /both/",
    "/x/index": "x/index",
    "/x": None,
    "/CNAME": "CNAME",
    "/CNAME/": None,
    "/CNAME.html": None,
    "/app.js": "app.js",
    "/App.js": None,
    "/docs/": None,
    "/docs/logo@2x.png": "docs/logo@2x.png",
    "/docs/logo%402x.png": "docs/logo@2x.png",
    "/%C3%A9/%C3%BC": "é/ü.html",
    "/%c3%a9/%c3%bc/": "> /%C3%A9/%C3%BC",
}
FORCE = AUTO | {
    "/about": "> /about/",
    "/about/": "about.html",
    "/about.html": "> /about/",
    "/about/index": "> /about/",
    "/about/index.html": "> /about/",
    "/both": "> /both/",
    "/both.html": "both.html",
    "/%C3%A9/%C3%BC": "> /%C3%A9/%C3%BC/",
    "/%c3%a9/%c3%bc/": "é/ü.html",
}
DROP = AUTO | {
    "/guide": "guide/index.html",
    "/guide/": "> /guide",
    "/guide.html": "> /guide",
    "/guide/index": "> /guide",
    "/guide/index.html": "> /guide",
    "/both/": "> /both",
    "/both/index": "> /both",
    "/both/index.html": "both/index.html",
}
NONE = dict.fromkeys(AUTO) | {
    path: path[1:]
    for path in ("/index.html", "/about.html", "/guide/index.html", "/both.html", "/CNAME")
}
NONE |= {
    "/both/index.html": "both/index.html",
    "/x/index": "x/index",
    "/app.js": "app.js",
    "/docs/logo@2x.png": "docs/logo@2x.png",
    "/docs/logo%402x.png": "docs/logo@2x.png",
}


@pytest.mark.parametrize(
    ("html", "answers"),
    [
        ("auto-trailing-slash", AUTO),
        ("force-trailing-slash", FORCE),
        ("drop-trailing-slash", DROP),
        ("none", NONE),
    ],
)
def test_each_html_handling_keeps_to_its_rules(
    engine: Engine, html: HtmlHandling, answers: dict[str, str | None]
) -> None:
    site = live(FILES, html=html, not_found="none")
    wrong = {}
    for asked, answer in answers.items():
        got = shown(visit(engine, site, asked))
        wanted: object = Missing()
        if answer is not None:
            file = answer.replace("é/ü", "%C3%A9/%C3%BC").replace("@", "%40")
            wanted = f"/v{FILES.get(answer)}/{file}"
            wanted = Redirect(answer[2:]) if answer.startswith("> ") else wanted
        if got != wanted:
            wrong[asked] = (got, wanted)
    assert wrong == {}


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("/a.html.html", "> /a.html"),
        ("/a.html", "a.html.html"),
        ("/index.html.html", "> /index.html"),
        ("/index.html", "index.html.html"),
        ("/.html", ".html"),
        ("/b/.html", "b/.html"),
        ("/c/index/", "c/index/index.html"),
        ("/c/index", "> /c/index/"),
        ("/c/index/index", "> /c/index/"),
        ("/c/index/index.html", "> /c/index/"),
        ("/d.html/", "d.html/index.html"),
        ("/d.html", "> /d.html/"),
        ("/" + "e/index" + "/index" * 5, "e/index" + "/index" * 5),
        ("/" + "f" + ".html" * 6, "f" + ".html" * 6),
        ("/" + "f" + ".html" * 5, None),
    ],
)
def test_odd_names_take_no_more_reads(engine: Engine, asked: str, answer: str | None) -> None:
    files = {
        "a.html.html": 1,
        "index.html.html": 2,
        ".html": 3,
        "b/.html": 4,
        "c/index/index.html": 5,
        "d.html/index.html": 6,
        "e/index" + "/index" * 5: 7,
        "f" + ".html" * 6: 8,
    }
    outcome = visit(engine, live(files), asked)
    wanted: object = Missing() if answer is None else f"/v{files.get(answer)}/{answer}"
    if answer is not None and answer.startswith("> "):
        wanted = Redirect(answer[2:])
    assert shown(outcome) == wanted
    assert outcome.reads == 2


def test_a_redirect_never_leads_to_another_file(engine: Engine) -> None:
    # /a.html would be the address of a.html.html, were it not for a/index.html.
    site = live({"a.html.html": 1, "a/index.html": 2})
    assert shown(visit(engine, site, "/a.html.html")) == "/v1/a.html.html"
    assert shown(visit(engine, site, "/a.html")) == Redirect("/a/")


@pytest.mark.parametrize("asked", ["/", "/guide/", "/app.js", "/about.html", "/none", "/none/x.js"])
def test_two_reads_answer_any_address(engine: Engine, asked: str) -> None:
    assert visit(engine, live(FILES), asked).reads == 2
    assert visit(engine, live(FILES | {"404.html": 1}), asked).reads == 2


def test_a_path_that_is_none_takes_no_read(engine: Engine) -> None:
    assert visit(engine, live(FILES), "/%2e%2e/x").reads == 0


def test_slashes_that_meet_lead_to_the_one_address(engine: Engine) -> None:
    site = live(FILES)
    assert shown(visit(engine, site, "//app.js")) == Redirect("/app.js")
    assert shown(visit(engine, site, "//about.html")) == Redirect("/about")
    assert shown(visit(engine, site, "/guide//")) == Redirect("/guide/")
    assert shown(visit(engine, site, "//")) == Redirect("/")
    assert shown(visit(engine, site, "//evil.example/")) == Missing()


def test_a_redirect_keeps_the_query_as_it_was_sent(engine: Engine) -> None:
    outcome = visit(engine, live(FILES), "/guide", raw_query="next=//evil.example/&a=%20+")
    assert shown(outcome) == Redirect("/guide/?next=//evil.example/&a=%20+")


ERRORS = FILES | {"404.html": 20, "guide/404.html": 21, "é/404.html": 22}


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("/none", "/v20/404.html"),
        ("/none/", "/v20/404.html"),
        ("/none.js", "/v20/404.html"),
        ("/guide/none", "/v21/guide/404.html"),
        ("/guide/none/", "/v21/guide/404.html"),
        ("/guide/a/b/c", "/v21/guide/404.html"),
        ("/guidebook/none", "/v20/404.html"),
        ("/%c3%a9/none", "/v22/%C3%A9/404.html"),
        ("//guide//none", "/v21/guide/404.html"),
    ],
)
def test_a_miss_shows_the_nearest_404_page(engine: Engine, asked: str, page: str) -> None:
    assert shown(visit(engine, live(ERRORS), asked)) == page


def test_a_miss_without_a_page_is_a_small_404(engine: Engine) -> None:
    for site in (live(FILES), live(ERRORS, not_found="none"), live({"guide/404.html": 1})):
        outcome = visit(engine, site, "/none")
        assert outcome.result is not None
        assert outcome.result["statusCode"] == 404
        assert outcome.result["headers"]["cache-control"] == {"value": "no-store"}
        assert "There is nothing at this address." in outcome.result["body"]


HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("asked", "headers", "shows_page"),
    [
        ("/users/7", {"sec-fetch-mode": "navigate", "accept": HTML}, True),
        ("/users/7.5", {"sec-fetch-mode": "navigate", "accept": HTML}, True),
        ("/users/7", {"accept": HTML}, True),
        ("/v1.2/", {"accept": HTML}, True),
        ("/users/7", {"sec-fetch-mode": "cors", "accept": "*/*"}, False),
        ("/old-chunk.js", {"sec-fetch-mode": "no-cors", "accept": "*/*"}, False),
        ("/old-chunk.js", {"accept": HTML}, False),
        ("/old-chunk.js", {}, False),
        ("/users/7", {"accept": "*/*"}, True),
        ("/users/7", {}, True),
    ],
)
def test_an_application_shows_its_page_to_who_navigates(
    engine: Engine, asked: str, headers: dict[str, str], shows_page: bool
) -> None:
    site = live(ERRORS, not_found="single-page-application")
    wanted = "/v1/index.html" if shows_page else Missing()
    assert shown(visit(engine, site, asked, headers)) == wanted


def test_an_application_still_serves_its_files(engine: Engine) -> None:
    site = live(FILES, not_found="single-page-application")
    assert shown(visit(engine, site, "/app.js", {})) == "/v8/app.js"


def test_an_absent_path_that_looks_like_a_present_one_is_asked_by_its_own_name(
    engine: Engine,
) -> None:
    site = live({f"{n}.js": 1 for n in range(166)})
    # Found by search: the fingerprint of one of the files.
    assert shown(visit(engine, site, "/n105043")) == "/v1/n105043"


def test_a_fingerprint_across_two_entries_is_no_hit(engine: Engine) -> None:
    site = live({"x.js": 7})
    fingerprint = site.store["t/300/0"][:4]
    shifted = site.store | {"t/300/0": "AA" + fingerprint + "Z" + fingerprint + "B"}
    assert shown(visit(engine, shifted, "/x.js")) == Missing()
    both = site.store | {"t/300/0": "AA" + fingerprint + fingerprint + "AB"}
    assert shown(visit(engine, both, "/x.js")) == "/v7/x.js"


def _status(engine: Engine, store: dict[str, str]) -> object:
    outcome = visit(engine, store, "/x.js")
    assert outcome.reads <= 4
    return shown(outcome)


def test_answers_500_when_the_bucket_cannot_be_read(engine: Engine) -> None:
    store = live({"x.js": 7}).store
    del store["t/300/0"]
    assert _status(engine, store) == "status 500"


@pytest.mark.parametrize(
    "change",
    [
        {"layers": []},
        {"buckets": 1.5},
        {"version": 0},
        {"salt": {"toString": 1, "valueOf": 1}},
        {"patterns": "*"},
    ],
)
def test_answers_500_to_a_record_it_does_not_understand(
    engine: Engine, change: dict[str, Any]
) -> None:
    store = live({"x.js": 7}).store
    record = json.loads(store["a/production"]) | change
    assert _status(engine, store | {"a/production": json.dumps(record)}) == "status 500"


def test_answers_500_to_an_entry_of_a_layer_that_is_not_listed(engine: Engine) -> None:
    store = live({"x.js": 7}).store
    bucket = store["t/300/0"]
    assert _status(engine, store | {"t/300/0": bucket[:4] + "BB"}) == "status 500"
    assert _status(engine, store | {"t/300/0": bucket[:4] + "!B"}) == "status 500"


@pytest.mark.parametrize("index", [None, 1, -1, 0.5, {"toString": 1, "valueOf": 1}])
def test_answers_500_to_an_error_page_in_no_layer(engine: Engine, index: object) -> None:
    store = live({"404.html": 7}).store
    record = json.loads(store["a/production"]) | {"errorFolders": {"": index}}
    assert _status(engine, store | {"a/production": json.dumps(record)}) == "status 500"


@pytest.mark.parametrize("folders", [None, 5, "ab", [], {}, True])
def test_a_list_of_error_pages_that_is_none_has_none(engine: Engine, folders: object) -> None:
    store = live({"404.html": 7}).store
    record = json.loads(store["a/production"]) | {"errorFolders": folders}
    assert _status(engine, store | {"a/production": json.dumps(record)}) == Missing()
