"""S3's PutObject by the thousand: a signed PUT over kept connections of Python's own HTTP client.

botocore's `put_object` costs 1.6 ms of processor time, this 0.3 ms (bench/deploy.py measures it).
botocore still says where a bucket is, who signs, which authorities to trust and what an error
means; so any endpoint and any credentials that its clients take are right here too. S3 checks the
sha256 that is signed. No proxy is used: Lambda reaches S3 directly.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, HTTPClientError
from botocore.model import Shape
from botocore.parsers import RestXMLParser
from urllib3.util import wait_for_read

from chalicelib.gateways.signing import Signer, escaped, signed_put

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ATTEMPTS = 6  # as botocore's clients of ours; with the delays below some 15 s on average
MAX_DELAY_SECONDS = 20.0
CONNECT_SECONDS, READ_SECONDS = 5, 60  # longest waits for a connection, and for an answer

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


class _Resolved(Exception):
    """Ends botocore's request before it is signed: where it would have gone is all we want."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a bucket is: `path` is "" or "/bucket", `idle` its connections that wait for use."""

    scheme: str
    host: str  # with the port, if the URL has one
    path: str
    region: str
    idle: list[HTTPConnection] = field(default_factory=list)


class Puts:
    """Stores whole objects; safe to share between threads, which each use a connection."""

    def __init__(
        self,
        client: S3Client,
        identity: Callable[[], Identity],
        *,
        ca_bundle: str,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        random: Callable[[], float],
    ) -> None:
        """`identity` answers fresh credentials at each call, `now` the time in UTC, `random` a
        number in [0, 1). `ca_bundle` is the file of authorities that https trusts."""
        self._client = client
        self._identity = identity
        self._ca_bundle = ca_bundle
        self._now = now
        self._sleep = sleep
        self._random = random
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
                self._sleep(self._random() * min(MAX_DELAY_SECONDS, 2.0 ** (attempt - 1)))
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
        connection = self._connection(place)
        reusable = False
        try:
            # S3 may refuse before it has read all, and close: its answer still says why.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request("PUT", path, body, headers)
                reusable = True
            response = connection.getresponse()
            content = response.read()
            reusable = reusable and not response.will_close
        except (OSError, HTTPException):
            connection.close()
            raise
        if reusable:
            place.idle.append(connection)
        else:
            connection.close()
        if response.status < 300:
            return None
        return _error(response.status, dict(response.headers), content)

    def _connection(self, place: _Place) -> HTTPConnection:
        """A connection that stands: the last one used, unless S3 has closed it, or a new one."""
        with suppress(IndexError):  # another thread took the last
            while place.idle:
                kept = place.idle.pop()
                if not wait_for_read(kept.sock, 0):  # nothing is due: readable means closed
                    return kept
                kept.close()
        connection = (
            HTTPConnection(place.host, timeout=CONNECT_SECONDS)
            if place.scheme == "http"
            else HTTPSConnection(place.host, timeout=CONNECT_SECONDS, context=self._context())
        )
        connection.connect()
        connection.sock.settimeout(READ_SECONDS)
        return connection

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
