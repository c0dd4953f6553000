"""The admin API's client against a real HTTP server: what it sends, what it makes of answers."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from botocore.credentials import ReadOnlyCredentials

from chalicelib.errors import (
    AccessDenied,
    AwsError,
    Conflict,
    DecantError,
    InvalidRequest,
    NotFound,
    Throttled,
)
from decant.admin_api import Endpoint, HttpAdminApi
from tests.unit.decant.http_fakes import Heard, Reply, serving

SECRET = "wJalrXUtnFEMI"
CREDENTIALS = ReadOnlyCredentials("AKIDEXAMPLE", SECRET, "a-session-token")

DEPLOYMENT = {
    "id": "d1",
    "alias": "production",
    "status": "copying",
    "reason": None,
    "version": 3,
    "source": {"bucket": "b", "key": "k.zip", "version_id": "x", "size_bytes": 10},
    "created_at": "2026-11-23T16:00:00.000Z",
    "updated_at": "2026-11-23T16:00:05.000Z",
    "files": 12,
    "bytes": 3400,
    "shards": 4,
    "shards_done": 1,
    "warnings": ["odd"],
    "pipeline_execution_id": None,
}
ALIAS = {
    "name": "production",
    "version": 3,
    "locked": False,
    "activated_at": "2026-11-23T16:00:00.000Z",
    "activated_by": "arn:aws:iam::1:user/a",
    "previous": [1, 2],
}


def _version(number: int) -> dict[str, object]:
    return {
        "number": number,
        "status": "ready",
        "alias": "production",
        "deployment_id": f"d{number}",
        "source_key": "production/site.zip",
        "files": 1,
        "bytes": 2,
        "created_at": "2026-11-23T16:00:00.000Z",
        "ready_at": None,
        "aliases": [],
    }


@dataclass
class Server:
    """What was asked, and what to answer: the prepared replies in turn, the last one for ever."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    pauses_seconds: list[float] = field(default_factory=list)

    def answer(self, heard: Heard) -> Reply:
        self.heard.append(heard)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def says(self, *contents: object, status: int = 200) -> None:
        self.replies = [Reply(status, json.dumps(content).encode()) for content in contents]

    def api(self) -> HttpAdminApi:
        endpoint = Endpoint(f"{self.url}/api", "eu-central-1", lambda: CREDENTIALS)
        return HttpAdminApi(endpoint, self.pauses_seconds.append, lambda: 0.5)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with serving(made.answer) as made.url:
        yield made


def _expected_signature(heard: Heard) -> str:
    """The SigV4 signature of `heard`, worked out as AWS describes it, without botocore."""
    fields = heard.headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", ")
    given = dict(part.split("=", 1) for part in fields)
    names = given["SignedHeaders"].split(";")
    path, _, query = heard.path.partition("?")
    canonical = "\n".join(
        [
            heard.method,
            path.replace("%", "%25"),
            "&".join(sorted(query.split("&"))),
            *(f"{name}:{heard.headers[name].strip()}" for name in names),
            "",
            given["SignedHeaders"],
            hashlib.sha256(heard.body).hexdigest(),
        ]
    )
    moment = heard.headers["x-amz-date"]
    scope = f"{moment[:8]}/eu-central-1/execute-api/aws4_request"
    assert given["Credential"] == f"AKIDEXAMPLE/{scope}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _signature(heard: Heard) -> str:
    return heard.headers["authorization"].rpartition("Signature=")[2]


def test_signs_a_get_with_its_query_and_session_token(server: Server) -> None:
    server.says({"versions": [_version(9)], "next": "a/b c+d="}, {"versions": [_version(8)]})
    server.api().versions(2)
    assert [heard.path for heard in server.heard] == [
        "/api/versions?limit=2",
        "/api/versions?limit=1&cursor=a%2Fb%20c%2Bd%3D",
    ]
    for heard in server.heard:
        assert heard.headers["x-amz-security-token"] == "a-session-token"
        assert _signature(heard) == _expected_signature(heard)


def test_signs_a_put_with_its_body(server: Server) -> None:
    server.says({"alias": ALIAS, "changed": True})
    server.api().switch("production", 3, lock=None)
    assert _signature(server.heard[0]) == _expected_signature(server.heard[0])


def test_keeps_a_name_from_the_command_line_inside_its_part_of_the_path(server: Server) -> None:
    server.says(DEPLOYMENT)
    server.api().deployment("../x?y#ü")
    assert server.heard[0].path == "/api/deployments/..%2Fx%3Fy%23%C3%BC"
    assert _signature(server.heard[0]) == _expected_signature(server.heard[0])


def test_reads_a_deployment(server: Server) -> None:
    server.says(DEPLOYMENT)
    deployment = server.api().deployment("d1")
    assert (deployment.status, deployment.shards_done, deployment.warnings) == (
        "copying",
        1,
        ("odd",),
    )
    assert deployment.source.version_id == "x"
    assert not deployment.ended


def test_reads_deployments_and_aliases(server: Server) -> None:
    server.says({"deployments": [DEPLOYMENT]}, {"aliases": [ALIAS]})
    api = server.api()
    assert [deployment.id for deployment in api.deployments()] == ["d1"]
    assert [alias.previous for alias in api.aliases()] == [(1, 2)]


def test_passes_on_fields_that_a_newer_api_adds(server: Server) -> None:
    server.says({**DEPLOYMENT, "weather": "fine"})
    assert server.api().deployment("d1").model_dump()["weather"] == "fine"


@pytest.mark.parametrize(
    ("limit", "asked"), [(1, [1]), (99, [99]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_asks_for_at_most_100_versions_at_once(
    limit: int, asked: list[int], server: Server
) -> None:
    server.replies = [
        Reply(
            200,
            json.dumps({"versions": [_version(n + 1) for n in range(count)], "next": "c"}).encode(),
        )
        for count in asked
    ]
    assert len(server.api().versions(limit)) == limit
    limits = [heard.path.partition("limit=")[2].partition("&")[0] for heard in server.heard]
    assert limits == [str(count) for count in asked]


def test_stops_at_the_last_page(server: Server) -> None:
    server.says({"versions": [_version(1)], "next": None})
    assert len(server.api().versions(500)) == 1
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("lock", "body"),
    [
        (None, {"version": 3}),
        (True, {"version": 3, "lock": True}),
        (False, {"version": 3, "lock": False}),
    ],
)
def test_a_switch_says_lock_only_when_asked_to(
    lock: bool | None, body: dict[str, object], server: Server
) -> None:
    server.says({"alias": ALIAS, "changed": True})
    assert server.api().switch("production", 3, lock).changed
    assert (server.heard[0].method, server.heard[0].path) == ("PUT", "/api/aliases/production")
    assert json.loads(server.heard[0].body) == body
    assert server.heard[0].headers["content-type"] == "application/json"


def test_a_rollback_says_what_it_starts_from(server: Server) -> None:
    server.says({"alias": ALIAS, "changed": False})
    assert not server.api().rollback("pr-12", 4).changed
    assert (server.heard[0].method, server.heard[0].path) == ("POST", "/api/aliases/pr-12/rollback")
    assert json.loads(server.heard[0].body) == {"from": 4}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, InvalidRequest), (404, NotFound), (409, Conflict), (418, AwsError)],
)
def test_turns_a_refusal_into_our_error_with_the_api_s_sentence(
    status: int, kind: type[DecantError], server: Server
) -> None:
    server.says({"code": "X", "message": "The alias is locked."}, status=status)
    with pytest.raises(kind, match="The alias is locked"):
        server.api().switch("production", 3, None)
    assert len(server.heard) == 1


def test_names_the_permission_that_is_missing(server: Server) -> None:
    said = "User: u is not authorized to perform: execute-api:Invoke on resource: r"
    server.replies = [
        Reply(
            403,
            json.dumps({"Message": said}).encode(),
            {"x-amzn-errortype": "AccessDeniedException"},
        )
    ]
    with pytest.raises(
        AccessDenied, match=r"not authorized.*need the permission execute-api:Invoke"
    ):
        server.api().aliases()
    assert len(server.heard) == 1


def test_a_route_that_the_gateway_does_not_have_is_no_missing_permission(server: Server) -> None:
    server.replies = [
        Reply(
            403,
            b'{"message":"Missing Authentication Token"}',
            {"x-amzn-errortype": "MissingAuthenticationTokenException"},
        )
    ]
    with pytest.raises(AwsError, match="correct api_url") as caught:
        server.api().aliases()
    assert not isinstance(caught.value, AccessDenied)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_asks_again_for_a_fault_that_may_pass(status: int, server: Server) -> None:
    server.replies = [Reply(status), Reply(status), Reply(status), Reply(200, b'{"aliases": []}')]
    assert server.api().aliases() == ()
    assert len(server.heard) == 4
    assert server.pauses_seconds == [0.5, 1.0, 2.0]  # half, as the random number says, of 1, 2, 4


@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (500, AwsError)])
def test_gives_up_after_the_fourth_try(
    status: int, kind: type[DecantError], server: Server
) -> None:
    server.says({"message": "Busy."}, status=status)
    with pytest.raises(kind, match="Busy"):
        server.api().aliases()
    assert len(server.heard) == 4


@pytest.mark.parametrize("status", [429, 500])
def test_never_repeats_what_changes_something(status: int, server: Server) -> None:
    server.says({"message": "Busy."}, status=status)
    with pytest.raises(AwsError, match="Busy"):
        server.api().rollback("production", 4)
    assert len(server.heard) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"aliases": [{}]}'])
def test_says_that_what_answers_is_no_admin_api(body: bytes, server: Server) -> None:
    server.replies = [Reply(200, body)]
    with pytest.raises(AwsError, match="does not speak this admin API"):
        server.api().aliases()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"message": 5}'])
def test_an_error_without_a_readable_body_still_makes_a_sentence(
    body: bytes, server: Server
) -> None:
    server.replies = [Reply(404, body)]
    with pytest.raises(NotFound):
        server.api().aliases()


def test_a_refused_connection_is_a_sentence_after_some_tries() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        server = Server(url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(AwsError, match=r"cannot be reached.*`decant local` is running"):
            server.api().aliases()
    assert len(server.pauses_seconds) == 3


def test_a_server_that_hangs_up_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        server = Server(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(AwsError, match="cannot be reached"):
            server.api().switch("production", 1, None)
        thread.join()
