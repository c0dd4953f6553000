"""S3's PutObject by the thousand: a signed PUT over kept connections, with no more than it takes.

botocore's `put_object` costs more processor time than all the rest of a deploy (`make bench-deploy`
tells what is left). The answer that a stored object gets is known by its first bytes; any other is
read by http.client. botocore still says where a bucket is, who
signs, which authorities to trust and what an error means; so any endpoint and any credentials that
its clients take are right here too. S3 checks the sha256 that is signed. No proxy is used: Lambda
reaches S3 directly.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader
from socket import socket
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, HTTPClientError
from botocore.model import Shape
from botocore.parsers import RestXMLParser
from urllib3.util import wait_for_read

from chalicelib.backoff import Backoff
from chalicelib.gateways.signing import Signer, escaped, signed_put

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ATTEMPTS = 6  # as botocore's clients of ours; with the delays below some 15 s on average
BASE_DELAY_SECONDS, MAX_DELAY_SECONDS = 1.0, 20.0
CONNECT_SECONDS, READ_SECONDS = 5, 60  # longest waits for a connection, and for an answer

_STORED, _END = b"HTTP/1.1 20", b"\r\n\r\n"
_EMPTY, _CLOSE = b"\r\ncontent-length: 0\r\n", b"\r\nconnection: close\r\n"
_JOINED_BYTES = 64 * 1024  # a copy of this size is cheaper than a second system call

_AGAIN = {408, 429, 500, 502, 503, 504}
_AGAIN_CODES = {"RequestTimeout", "SlowDown", "InternalError"}
_NO_SHAPE = Shape("Error", {"type": "structure"})  # S3 declares no errors for PutObject
_PROBE = "before-sign.s3.HeadBucket"  # nothing else calls HeadBucket


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs, as botocore's frozen credentials name it."""

    access_key: str
    secret_key: str
    token: str | None


class _Connection:
    """An open connection and its answers; the latter stands in for a socket to http.client."""

    def __init__(self, sock: socket) -> None:
        self.sock = sock
        self.answers: BufferedReader = sock.makefile("rb")

    def makefile(self, _mode: str) -> BufferedReader:
        """What http.client reads an answer from."""
        return self.answers

    def send(self, head: bytes, body: bytes) -> None:
        """Send a request."""
        if len(body) <= _JOINED_BYTES:
            self.sock.sendall(head + body)
        else:
            self.sock.sendall(head)
            self.sock.sendall(body)

    def stored(self) -> bool:
        """Whether the answer is a success without content, and the connection stays open.

        If so it is taken, if not it is left to `response`.
        """
        held = self.answers.peek()
        end = held.find(_END) + len(_END)
        head = held[:end].lower()
        if not held.startswith(_STORED) or _EMPTY not in head or _CLOSE in head:
            return False
        self.answers.read(end)
        return True

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """The answer, whatever it is: status, headers, content. The connection ends with it."""
        answer = HTTPResponse(self, method="PUT")  # type: ignore[arg-type]  # needs makefile only
        answer.begin()
        return answer.status, dict(answer.headers), answer.read()

    def close(self) -> None:
        """Close it; harmless when it is closed."""
        self.answers.close()
        self.sock.close()


class _Resolved(Exception):
    """Ends botocore's request before it is signed: where it would have gone is all we want."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a bucket is: `path` is "" or "/bucket", `idle` its connections that wait for use."""

    scheme: str
    host: str  # with the port, if the URL has one
    path: str
    region: str
    idle: list[_Connection] = field(default_factory=list)


class Puts:
    """Stores whole objects; safe to share between threads, which each use a connection."""

    def __init__(
        self,
        client: S3Client,
        identity: Callable[[], Identity],
        *,
        ca_bundle: str,
        now: Callable[[], datetime],
        backoff: Backoff,
    ) -> None:
        """`identity` answers fresh credentials at each call, `now` the time in UTC. `ca_bundle` is
        the file of authorities that https trusts."""
        self._client = client
        self._identity = identity
        self._ca_bundle = ca_bundle
        self._now = now
        self._backoff = backoff
        self._places: dict[str, _Place] = {}
        self._tls: ssl.SSLContext | None = None

    def put(
        self, bucket: str, key: str, body: bytes, headers: Mapping[str, str], sha256: bytes
    ) -> None:
        """Store `body` under `key`; `headers` by lower-case name. `sha256` is that of `body`.

        Asks again, at most 6 times with full jitter, after a lost connection, a throttling or a
        server error. Raises botocore's ClientError or HTTPClientError.
        """
        place = self._place(bucket)
        path = f"{place.path}/{escaped(key)}"
        checked = {**headers, "x-amz-checksum-sha256": base64.b64encode(sha256).decode()}
        failure: ClientError | HTTPClientError | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                self._backoff.wait(attempt - 1)
            signed = self._signed(place, path, checked, sha256.hex())
            try:
                failure = self._send(place, path, body, signed)
            except (OSError, HTTPException) as error:
                failure = HTTPClientError(error=error)
                continue
            if failure is None:
                return
            if not _may_pass(failure):
                break
        assert failure is not None  # noqa: S101 - for mypy: no attempt without an outcome
        raise failure

    def close(self) -> None:
        """End the connections that are kept; those in use are not touched."""
        for place in self._places.values():
            while place.idle:
                place.idle.pop().close()

    def _signed(
        self, place: _Place, path: str, headers: Mapping[str, str], sha256: str
    ) -> dict[str, str]:
        who = self._identity()
        signer = Signer(who.access_key, who.secret_key, who.token, place.region)
        stamp = self._now().strftime("%Y%m%dT%H%M%SZ")
        return signed_put(signer, place.host, path, headers, sha256, stamp)

    def _send(
        self, place: _Place, path: str, body: bytes, headers: dict[str, str]
    ) -> ClientError | None:
        """One request: None when the object is stored, else what S3 says."""
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"PUT {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
        connection = self._connection(place)
        try:
            # S3 may refuse before it has read all, and close: its answer still says why.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.send(head.encode("latin-1"), body)
                if connection.stored():
                    place.idle.append(connection)
                    return None
            status, answered, content = connection.response()
        except BaseException:  # an interrupt too: no connection is left, and it is raised again
            connection.close()
            raise
        connection.close()
        if 200 <= status < 300:
            return None
        return _error(status, answered, content)

    def _connection(self, place: _Place) -> _Connection:
        """A connection that stands: the last one used, unless S3 has closed it, or a new one."""
        with suppress(IndexError):  # another thread took the last
            while place.idle:
                kept = place.idle.pop()
                if not wait_for_read(kept.sock, 0):  # nothing is due: readable means closed
                    return kept
                kept.close()
        opened = (
            HTTPConnection(place.host, timeout=CONNECT_SECONDS)
            if place.scheme == "http"
            else HTTPSConnection(place.host, timeout=CONNECT_SECONDS, context=self._context())
        )
        opened.connect()  # with TCP_NODELAY, and TLS verified
        opened.sock.settimeout(READ_SECONDS)
        return _Connection(opened.sock)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._ca_bundle)
        return self._tls

    def _place(self, bucket: str) -> _Place:
        """Where botocore would send a request for `bucket`, asked once; nothing is sent."""
        place = self._places.get(bucket)
        if place is None:
            self._client.meta.events.register(_PROBE, _resolve, unique_id="decant-puts")
            try:
                self._client.head_bucket(Bucket=bucket)
            except _Resolved as resolved:
                url, region = resolved.args
            parts = urlsplit(url)
            place = _Place(parts.scheme, parts.netloc, parts.path.rstrip("/"), region)
            place = self._places.setdefault(bucket, place)
        return place


def _resolve(request: Any, region_name: str, **_: Any) -> NoReturn:
    raise _Resolved(request.url, region_name)


def _error(status: int, headers: dict[str, str], content: bytes) -> ClientError:
    answer = {"status_code": status, "headers": headers, "body": content}
    parser = RestXMLParser()
    return ClientError(parser.parse(answer, _NO_SHAPE), "PutObject")


def _may_pass(error: ClientError) -> bool:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status in _AGAIN or error.response["Error"]["Code"] in _AGAIN_CODES
