"""PUTs over kept connections: what is sent, what is asked again, what is an error.

The server is a socket on this machine that answers what each test tells it to.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.httpsession import get_cert_path
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.backoff import Backoff
from chalicelib.errors import AccessDenied, AwsError, Throttled
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.puts import (
    ATTEMPTS,
    BASE_DELAY_SECONDS,
    MAX_DELAY_SECONDS,
    Identity,
    Puts,
)

Style = Literal["auto", "path", "virtual"]
NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)
HEADERS = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
STORED = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 0\r\n\r\n'
HANG_UP = b""


def refusal(status: int, code: str, *, headers: bytes = b"") -> bytes:
    content = f"<Error><Code>{code}</Code><Message>no.</Message></Error>".encode()
    length = f"Content-Length: {len(content)}\r\n".encode()
    return f"HTTP/1.1 {status} No\r\n".encode() + headers + length + b"\r\n" + content


@dataclass
class Server:
    """Answers request after request from `answers`, then STORED; keeps what it was sent."""

    answers: list[bytes] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    read_bodies: bool = True
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        scheme = "https" if self.tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self._answer(connection)
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as sent:
            while line := sent.readline():
                headers = {}
                while (text := sent.readline().decode().strip()) != "":
                    name, _, value = text.partition(": ")
                    headers[name] = value
                body = sent.read(int(headers["content-length"])) if self.read_bodies else b""
                self.requests.append((line.decode().strip(), headers, body))
                answer = self.answers.pop(0) if self.answers else STORED
                connection.sendall(answer)
                if answer == HANG_UP or b"Connection: close" in answer:
                    return

    def hang_up(self) -> None:
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.hang_up()
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


class Clock:
    """Keeps what it was asked to wait."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for 127.0.0.1, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + certificate.public_bytes(pem))
    return file


@pytest.fixture
def tls_server(authority: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    started = Server(tls=context)
    yield started
    started.close()


class Made:
    """Makes Puts for a test, and closes them after it."""

    def __init__(self) -> None:
        self.made: list[Puts] = []

    def __call__(
        self,
        url: str | None,
        clock: Clock,
        *,
        region: str = "eu-central-1",
        style: Style = "auto",
        ca_bundle: str = "",
    ) -> Puts:
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name=region,
            aws_access_key_id="AKIA",
            aws_secret_access_key="secret",
            config=Config(s3={"addressing_style": style}),
        )
        made = Puts(
            client,
            lambda: Identity("AKIA", "secret", "token"),
            ca_bundle=ca_bundle,
            now=lambda: NOW,
            backoff=Backoff(clock.sleep, lambda: 1.0, BASE_DELAY_SECONDS, MAX_DELAY_SECONDS),
        )
        self.made.append(made)
        return made


@pytest.fixture
def puts() -> Iterator[Made]:
    made = Made()
    yield made
    for each in made.made:
        each.close()


def put(through: Puts, key: str = "v1/index.html", body: bytes = b"page") -> None:
    through.put("bucket", key, body, HEADERS, hashlib.sha256(body).digest())


def test_sends_content_headers_and_a_signed_hash(puts: Made, server: Server) -> None:
    put(puts(server.url, Clock()), "v1/a b+ü.html")
    line, headers, body = server.requests[0]
    assert line == "PUT /bucket/v1/a%20b%2B%C3%BC.html HTTP/1.1"
    assert body == b"page"
    assert headers["host"] == server.url.removeprefix("http://")
    assert headers["content-type"] == HEADERS["content-type"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-amz-content-sha256"] == hashlib.sha256(b"page").hexdigest()
    assert headers["x-amz-security-token"] == "token"
    assert headers["x-amz-date"] == "20261123T160000Z"
    assert "/eu-central-1/s3/aws4_request" in headers["authorization"]


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 3_000_000])
def test_content_of_any_size_arrives_whole(puts: Made, server: Server, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    put(puts(server.url, Clock()), body=body)
    assert server.requests[0][2] == body


def test_one_connection_serves_many_files(puts: Made, server: Server) -> None:
    through = puts(server.url, Clock())
    for number in range(20):
        put(through, f"v1/{number}")
    assert (len(server.requests), server.connections) == (20, 1)


def test_threads_have_a_connection_each_and_keep_them(puts: Made, server: Server) -> None:
    through = puts(server.url, Clock())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: put(through, f"v1/{number}"), range(200)))
    assert {line for line, _, _ in server.requests} == {
        f"PUT /bucket/v1/{number} HTTP/1.1" for number in range(200)
    }
    assert server.connections <= 8


def test_a_connection_that_was_closed_meanwhile_costs_no_attempt(
    puts: Made, server: Server
) -> None:
    clock = Clock()
    through = puts(server.url, clock)
    put(through)
    server.hang_up()
    put(through)
    assert (server.connections, clock.waited) == (2, [])


@pytest.mark.parametrize(
    "stored",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_success_in_any_form_is_one(puts: Made, server: Server, stored: bytes) -> None:
    server.answers.append(stored)
    through = puts(server.url, Clock())
    put(through)
    put(through)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "passing",
    [
        refusal(503, "SlowDown"),
        refusal(500, "InternalError"),
        refusal(502, "BadGateway", headers=b"Connection: close\r\n"),
        refusal(408, "Whatever"),
        refusal(400, "RequestTimeout"),
        b"HTTP/1.1 503 Slow\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Slow\r\nContent-Length: 4\r\n\r\noops",
        b"not http\r\n\r\n",
        HANG_UP,
    ],
)
def test_what_may_pass_is_asked_again(puts: Made, server: Server, passing: bytes) -> None:
    server.answers += [passing, passing]
    clock = Clock()
    put(puts(server.url, clock))
    assert (len(server.requests), clock.waited) == (3, [1.0, 2.0])


def test_the_wait_before_each_attempt_doubles_and_ends(puts: Made, server: Server) -> None:
    server.answers += [refusal(503, "SlowDown")] * ATTEMPTS
    clock = Clock()
    with pytest.raises(ClientError, match="SlowDown"):
        put(puts(server.url, clock))
    assert (len(server.requests), clock.waited) == (ATTEMPTS, [1.0, 2.0, 4.0, 8.0, 16.0])


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "BadDigest", "InvalidArgument"])
def test_what_will_not_pass_is_asked_once(puts: Made, server: Server, code: str) -> None:
    server.answers.append(refusal(403, code))
    with pytest.raises(ClientError, match=code):
        put(puts(server.url, Clock()))
    assert len(server.requests) == 1


def test_a_redirect_is_an_error_not_a_success(puts: Made, server: Server) -> None:
    server.answers.append(refusal(307, "TemporaryRedirect"))
    with pytest.raises(ClientError, match="TemporaryRedirect"):
        put(puts(server.url, Clock()))


def test_a_refusal_before_the_content_was_read_is_an_error(puts: Made, server: Server) -> None:
    server.read_bodies = False
    server.answers += [refusal(403, "AccessDenied", headers=b"Connection: close\r\n")] * ATTEMPTS
    with pytest.raises((ClientError, HTTPClientError)):  # the kernel may drop the answer
        put(puts(server.url, Clock()), body=b"x" * 4_000_000)


def test_nobody_listening_is_an_error_of_botocore(puts: Made) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    clock = Clock()
    with pytest.raises(HTTPClientError):
        put(puts(f"http://127.0.0.1:{port}", clock))
    assert len(clock.waited) == ATTEMPTS - 1


def test_https_trusts_the_bundle_and_keeps_its_connection(
    puts: Made, tls_server: Server, authority: Path
) -> None:
    through = puts(tls_server.url, Clock(), ca_bundle=str(authority))
    for number in range(5):
        put(through, f"v1/{number}", b"x" * 100_000 * number)
    assert [len(body) for _, _, body in tls_server.requests] == [
        0,
        10**5,
        2 * 10**5,
        3 * 10**5,
        4 * 10**5,
    ]
    assert tls_server.connections == 1


def test_https_sends_nothing_to_whom_the_bundle_does_not_know(
    puts: Made, tls_server: Server
) -> None:
    with pytest.raises(HTTPClientError, match="certificate verify failed"):
        put(puts(tls_server.url, Clock(), ca_bundle=str(get_cert_path(True))))
    assert tls_server.requests == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(403, "AccessDenied"), AccessDenied),
        (refusal(503, "SlowDown"), Throttled),
        (refusal(500, "InternalError"), AwsError),
        (HANG_UP, AwsError),
    ],
)
def test_objects_raises_errors_of_ours(
    puts: Made, server: Server, answer: bytes, kind: type[AwsError]
) -> None:
    server.answers += [answer] * ATTEMPTS
    through = puts(server.url, Clock())
    with pytest.raises(AwsError, match="object v1/x in bucket") as caught:
        Objects(through._client, through).put("bucket", "v1/x", b"page", HEADERS)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("url", "region", "style", "bucket", "where"),
    [
        (None, "eu-west-1", "auto", "bucket", "https://bucket.s3.eu-west-1.amazonaws.com"),
        (None, "eu-west-1", "auto", "bu.cket", "https://s3.eu-west-1.amazonaws.com/bu.cket"),
        (None, "eu-west-1", "path", "bucket", "https://s3.eu-west-1.amazonaws.com/bucket"),
        (None, "us-east-1", "auto", "bucket", "https://bucket.s3.amazonaws.com"),
        ("http://localhost:4566", "us-east-1", "auto", "bucket", "http://localhost:4566/bucket"),
        ("http://localhost:1", "us-east-1", "virtual", "bucket", "http://bucket.localhost:1"),
    ],
)
def test_a_bucket_is_where_botocore_says(
    puts: Made, url: str | None, region: str, style: Style, bucket: str, where: str
) -> None:
    place = puts(url, Clock(), region=region, style=style)._place(bucket)
    assert f"{place.scheme}://{place.host}{place.path}" == where
    assert place.region == region
