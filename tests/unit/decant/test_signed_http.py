"""Requests to the admin API over real HTTP: the signature, what is repeated, what errors say."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading

import pytest

from chalicelib.errors import (
    AccessDenied,
    AwsError,
    Conflict,
    DecantError,
    InvalidRequest,
    NotFound,
    Throttled,
)
from tests.unit.decant.admin_server import ALIAS, DEPLOYMENT, SECRET, Server, version
from tests.unit.decant.http_fakes import Heard, Reply


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
    server.says({"versions": [version(9)], "next": "a/b c+d="}, {"versions": [version(8)]})
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
