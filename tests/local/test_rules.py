"""The rules that a site brings along, on local AWS with IAM enforced: redirects, headers, settings,
pages with a status of their own; previews, a canary and a password."""

from __future__ import annotations

from base64 import b64encode

import pytest

from decant.answers import DeploymentAnswer
from tests.local.hands import Hands
from tests.local.stage import Stage

SETTINGS = (
    'dialect = "netlify"\nnot_found = "404-page"\n[cache]\n"/data/*" = "public, max-age=60"\n'
)
REDIRECTS = """
/old            /new/?from=old      301
/blog/*         /posts/:splat       302
/app/*          /app/index.html     200
/gone/*         /gone.html          410
/new/           /elsewhere/         301
/forced         /posts/a.html       302!
/ad  id=:id     /offers/:id         303
"""
HEADERS = "/*\n  X-Whole: site\n/posts/*\n  Content-Security-Policy: default-src 'self'\n"
FILES = {
    "index.html": "rules",
    "404.html": "missing",
    "new/index.html": "new",
    "posts/a.html": "post a",
    "app/index.html": "the application",
    "gone.html": "it is gone",
    "forced.html": "not shown",
    "data/a.json": "{}",
}
RULES = {"decant.toml": SETTINGS, "_redirects": REDIRECTS, "_headers": HEADERS}
PASSWORD = "correct-horse"
PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate"}


@pytest.fixture(scope="module")
def ruled(stage: Stage) -> DeploymentAnswer:
    """Production with rules."""
    return stage.deploy(FILES | RULES)


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/old", 301, "/new/?from=old"),
        ("/old/?a=1", 301, "/new/?from=old"),
        ("/blog/2026/x?a=1", 302, "/posts/2026/x?a=1"),
        ("/forced", 302, "/posts/a.html"),
        ("/ad?id=7", 303, "/offers/7?id=7"),
    ],
)
@pytest.mark.usefixtures("ruled")
def test_a_redirect_leads_where_its_rule_says(
    stage: Stage, path: str, status: int, location: str
) -> None:
    answer = stage.get(path)
    assert (answer.status, answer.headers.get("location")) == (status, location)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, "rules"),
        ("/new/", 200, "new"),  # a file wins over a rule that is not forced
        ("/posts/a", 200, "post a"),
        ("/app/deep/link", 200, "the application"),
        ("/gone/for/good", 410, "it is gone"),
        ("/gone", 200, "it is gone"),  # the file wins here, too
        ("/nothing", 404, "missing"),
        ("/ad", 404, "missing"),
        ("/_redirects", 404, "missing"),
        ("/_headers", 404, "missing"),
        ("/decant.toml", 404, "missing"),
    ],
)
@pytest.mark.usefixtures("ruled")
def test_a_page_is_shown_as_the_rules_say(stage: Stage, path: str, status: int, body: str) -> None:
    answer = stage.get(path, headers=PAGE)
    assert (answer.status, answer.data.decode()) == (status, body)


@pytest.mark.usefixtures("ruled")
def test_a_missing_script_below_an_application_is_no_page(stage: Stage) -> None:
    assert stage.get("/app/missing.js", headers={"accept": "*/*"}).status == 404


@pytest.mark.usefixtures("ruled")
def test_headers_are_those_of_the_file_that_is_shown(stage: Stage) -> None:
    page, start = stage.get("/posts/a"), stage.get("/")
    assert page.headers["content-security-policy"] == "default-src 'self'"
    assert page.headers["x-whole"] == start.headers["x-whole"] == "site"
    assert "content-security-policy" not in start.headers
    assert not [name for name in page.headers if name.lower().startswith("x-amz-meta")]
    assert stage.get("/data/a.json").headers["cache-control"] == "public, max-age=60"


def test_the_deployment_says_which_rules_never_apply(ruled: DeploymentAnswer) -> None:
    (warning,) = [text for text in ruled.warnings if "line 6" in text]
    assert "the site has a file at /new" in warning


@pytest.mark.usefixtures("ruled")
def test_rules_with_errors_end_the_deployment_and_change_nothing(stage: Stage) -> None:
    answer = stage.deploy({"index.html": "bad", "decant.toml": 'html_handling = "maybe"'})
    assert answer.status == "failed"
    assert "decant.toml, line 1" in (answer.reason or "")
    assert stage.get("/").data == b"rules"


@pytest.mark.usefixtures("ruled")
def test_a_changed_header_stores_the_file_anew_and_nothing_else(stage: Stage, hands: Hands) -> None:
    changed = RULES | {"_headers": HEADERS.replace("'self'", "'none'")}
    again = stage.deploy(FILES | changed)
    layer = {key.split("/", 1)[1] for key in hands.objects("hosting", f"v{again.version}/")}
    assert layer == {"posts/a.html", "_decant/410/gone.html"}
    assert stage.get("/posts/a").headers["content-security-policy"] == "default-src 'none'"


def test_a_rollback_rolls_back_the_rules_too(stage: Stage, ruled: DeploymentAnswer) -> None:
    before = stage.deploy({"index.html": "plain"})
    assert stage.get("/old").status == 404
    stage.api.switch("production", ruled.version or 0, None)
    assert stage.get("/old").status == 301
    assert before.version != ruled.version


@pytest.mark.usefixtures("ruled")
def test_a_preview_is_seen_by_who_has_chosen_it_and_by_nobody_else(stage: Stage) -> None:
    preview = stage.deploy({"index.html": "preview"}, key="pr-7/site.zip")
    chosen = stage.get(f"/?decant=v{preview.version}&a=1")
    assert (chosen.status, chosen.headers["location"]) == (302, "/?a=1")
    cookie = chosen.headers["set-cookie"].split(";")[0]
    assert cookie == f"decant=v{preview.version}"
    for name in (f"v{preview.version}", "pr-7"):
        seen = stage.get("/", headers={"cookie": f"decant={name}"})
        assert (seen.status, seen.data) == (200, b"preview")
        assert seen.headers["x-robots-tag"] == "noindex"
        assert seen.headers["cache-control"] == "private, no-cache"
    assert "x-robots-tag" not in stage.get("/").headers
    off = stage.get("/?decant=off")
    assert "Max-Age=0" in off.headers["set-cookie"]
    assert stage.get("/", headers={"cookie": "decant=pr-99"}).status == 404


def test_a_password_is_asked_for_and_taken(stage: Stage) -> None:
    stage.deploy({"index.html": "secret"}, key="guarded/site.zip")
    stage.api.set_password("guarded", PASSWORD)
    cookie = {"cookie": "decant=guarded"}
    asked = stage.get("/", headers=cookie)
    assert asked.status == 401
    assert asked.headers["www-authenticate"].startswith("Basic ")
    basic = b64encode(f"ana:{PASSWORD}".encode()).decode()
    shown = stage.get("/", headers=cookie | {"authorization": f"Basic {basic}"})
    assert (shown.status, shown.data) == (200, b"secret")
    assert shown.headers["cache-control"] == "private, no-cache"
    wrong = b64encode(b"ana:wrong").decode()
    assert stage.get("/", headers=cookie | {"authorization": f"Basic {wrong}"}).status == 401
    stage.api.remove_password("guarded")
    assert stage.get("/", headers=cookie).data == b"secret"


def test_a_canary_is_shown_to_its_share_of_viewers_until_it_ends(
    stage: Stage, ruled: DeploymentAnswer
) -> None:
    canary = stage.deploy({"index.html": "canary"}, key="next/site.zip")
    stage.api.switch("production", ruled.version or 0, None)
    stage.api.start_canary("production", canary.version or 0, 30)

    def seen(group: int) -> bytes:
        return stage.get("/", headers={"cookie": f"decant-viewer={group}"}).data

    assert [seen(group) for group in (0, 29, 30, 99)] == [b"canary", b"canary", b"rules", b"rules"]
    stage.api.end_canary("production")
    assert seen(0) == b"rules"
