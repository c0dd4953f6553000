"""Two versions, an alias to switch between them, and people who may do more or less with it."""

from __future__ import annotations

import functools
import re
import time
from dataclasses import dataclass

from botocore.credentials import Credentials

from decant.local.state import ACCOUNT_ID
from tests.local.callers import (
    REGION,
    Answer,
    Door,
    Request,
    session_of,
    store_entries,
    table_rows,
)
from tests.local.plugin_server import Statement, make_role, make_user
from tests.local.stage import Stage, zip_of
from tests.zips import Member, forge

ALIAS = "admin-security"
PASSWORD = "correct-horse-battery-1"


@dataclass(frozen=True)
class Route:
    """A route, and a request that works; `{}` of a path or body are facts of the world."""

    method: str
    pattern: str
    path: str
    body: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"


ROUTES = (
    Route("GET", "/versions", "/versions?limit=5"),
    Route("GET", "/versions/{number}", "/versions/%(first)s"),
    Route("GET", "/aliases", "/aliases"),
    Route("PUT", "/aliases/{alias}", f"/aliases/{ALIAS}", '{"version": %(first)s}'),
    Route("POST", "/aliases/{alias}/rollback", f"/aliases/{ALIAS}/rollback", "{}"),
    Route(
        "PUT",
        "/aliases/{alias}/canary",
        f"/aliases/{ALIAS}/canary",
        '{"version": %(first)s, "percent": 10}',
    ),
    Route("DELETE", "/aliases/{alias}/canary", f"/aliases/{ALIAS}/canary", "{}"),
    Route(
        "PUT",
        "/aliases/{alias}/password",
        f"/aliases/{ALIAS}/password",
        f'{{"password": "{PASSWORD}"}}',
    ),
    Route("DELETE", "/aliases/{alias}/password", f"/aliases/{ALIAS}/password", "{}"),
    Route("GET", "/deployments", "/deployments"),
    Route("GET", "/deployments/{deployment_id}", "/deployments/%(deployment)s"),
    Route("GET", "/diff", "/diff?from=%(first)s&to=%(first)s"),
    Route("POST", "/repair", "/repair", "{}"),
    Route("POST", "/prune", "/prune", '{"dry_run": true}'),
)
READING = [route for route in ROUTES if route.method == "GET"]
WRITING = [route for route in ROUTES if route.method != "GET"]
MOVING = [
    route for route in WRITING if route.pattern in ("/aliases/{alias}", "/aliases/{alias}/rollback")
]


@dataclass(frozen=True)
class World:
    """Two versions to switch between, a failed one, and who may do what."""

    stage: Stage
    door: Door
    first: int
    second: int
    failed: int
    deployment: str
    admin: Credentials  # an assumed role that may call every route
    reader: Credentials  # the same, GET only
    stranger: Credentials  # an IAM user who may do nothing

    def request(self, route: Route) -> Request:
        facts = {"first": self.first, "deployment": self.deployment}
        return Request(route.method, route.path % facts, (route.body % facts).encode())

    def ask(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Answer:
        """As an administrator."""
        raw = body.encode() if isinstance(body, str) else body
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.door.ask(Request(method, path, raw, names), self.admin)

    def switch(self, version: int, **headers: str) -> Answer:
        return self.ask("PUT", f"/aliases/{ALIAS}", f'{{"version": {version}}}', **headers)

    def reset(self) -> World:
        """The alias points at the second version and came from the first."""
        for version in (self.first, self.second):
            assert self.switch(version).status == 200
        return self

    def current(self) -> int:
        return next(a.version for a in self.stage.api.aliases() if a.name == ALIAS)

    def state(self) -> object:
        """All that a request could change."""
        return table_rows(self.stage), store_entries(self.stage)


@functools.cache
def world_of(stage: Stage) -> World:
    """The stage's world, made once for all the tests that use it."""
    corrupt = forge([Member("index.html"), Member("a.js", crc32=1)])
    contents = [zip_of({"index.html": "one"}), zip_of({"index.html": "two"}), corrupt]
    # One after the other: at once, each would start Lambda workers of its own.
    first, second, failed = [stage.deploy(content, f"{ALIAS}/site.zip") for content in contents]
    assert [first.status, second.status, failed.status] == ["live", "live", "failed"]
    everything = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api_id(stage)}/api/*"
    reads = everything.replace("/*", "/GET/*")
    made = World(
        stage,
        Door(stage.connection.api_url()),
        first.version or 0,
        second.version or 0,
        failed.version or 0,
        first.id,
        role(stage, everything),
        role(stage, reads),
        make_user(stage.local, []),
    )
    _settle(made)
    return made


def api_id(stage: Stage) -> str:
    """The id that API Gateway gave the admin API."""
    return stage.connection.api_url().split("//", 1)[1].split(".", 1)[0]


def role(stage: Stage, *apis: str) -> Credentials:
    """An assumed role that may invoke these APIs, and list buckets."""
    allowed: list[Statement] = [(["s3:ListAllMyBuckets"], ["*"])]
    if apis:
        allowed.append((["execute-api:Invoke"], apis))
    return session_of(stage, make_role(stage.local, "lambda", allowed))


def _settle(world: World) -> None:
    """Wait for what still runs of earlier deployments: it writes to the table too."""
    deadline = time.monotonic() + 10
    before = None
    while time.monotonic() < deadline:
        now = world.state()
        if now == before:
            return
        before = now
        time.sleep(0.5)


# What nobody outside needs to know: names of resources, code and libraries.
INTERNAL = re.compile(
    rb"Traceback|File \"|site-packages|/var/task|chalice|boto|pydantic|Body\b|Error\(|"
    rb"decant-test|DynamoDB|dynamodb|s3://|:role/decant|:function:",
)


def assert_error(answer: Answer, *statuses: int) -> None:
    """A refusal in the API's own words: a code and a short sentence, and nothing internal."""
    assert answer.status in statuses, answer
    assert set(answer.json) == {"code", "message"}
    assert answer.json["message"].endswith(".")
    assert len(answer.body) < 400
    assert not INTERNAL.search(answer.body), answer.body
