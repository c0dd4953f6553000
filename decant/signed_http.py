"""Signed requests to an API behind API Gateway: typed answers, errors as Decant's own.

Touches the network and nothing else; where the API is and who asks are parameters. Requests go
through botocore's own HTTP session, so they heed the same proxies and certificates as the AWS
clients do. Knows no route.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import ConnectTimeoutError, HTTPClientError, ReadTimeoutError, SSLError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
from pydantic import BaseModel, ValidationError

from chalicelib.backoff import Backoff
from chalicelib.errors import (
    AccessDenied,
    AwsError,
    Conflict,
    DecantError,
    InvalidRequest,
    NotFound,
    Throttled,
)

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

_CONNECT_TIMEOUT_SECONDS = 5
_READ_TIMEOUT_SECONDS = 30  # API Gateway itself gives up after 29 s
_TRIES = 4
_BASE_PAUSE_SECONDS = 1.0  # the longest pause after the first try
_MOST_PAUSE_SECONDS = 4.0
_WRONG_ROUTE = "MissingAuthenticationToken"  # what API Gateway calls a route it does not have

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API is (`url` without a `/` at the end) and in whose name to ask."""

    url: str
    region: str
    credentials: Callable[[], ReadOnlyCredentials]


class SignedHttp:
    """Requests with IAM authorisation to one endpoint.

    Each call raises AccessDenied, Throttled, AwsError, and for what the API refuses
    InvalidRequest, NotFound or Conflict.
    """

    def __init__(
        self, endpoint: Endpoint, sleep: Callable[[float], None], random: Callable[[], float]
    ) -> None:
        """`sleep` takes seconds, `random` gives a number from 0 up to 1."""
        self._endpoint = endpoint
        self._backoff = Backoff(sleep, random, _BASE_PAUSE_SECONDS, _MOST_PAUSE_SECONDS)
        self._http = URLLib3Session(
            # The stubs know one number only; botocore itself passes a pair.
            timeout=(_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS),  # type: ignore[arg-type]
            proxies=get_environ_proxies(endpoint.url),
        )

    def get(self, path: str, shape: type[AnswerT]) -> AnswerT:
        """What GET answers; asked again when a fault may pass by itself, four times in all."""
        return self._ask("GET", path, b"", shape, _TRIES)

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        shape: type[AnswerT],
        *,
        harmless_twice: bool = False,
    ) -> AnswerT:
        """What `method` answers to `body`, which goes as JSON (None: no body).

        Repeated as GET is only if doing it twice does no harm: the answer that was lost may have
        been a success.
        """
        content = b"" if body is None else json.dumps(body).encode()
        return self._ask(method, path, content, shape, _TRIES if harmless_twice else 1)

    def _ask(
        self, method: str, path: str, body: bytes, shape: type[AnswerT], tries: int
    ) -> AnswerT:
        for attempt in range(tries - 1):
            try:
                return _parsed(self._exchange(method, path, body), shape, self._endpoint.url)
            except _WorthRepeating:
                self._backoff.wait(attempt)
        try:
            return _parsed(self._exchange(method, path, body), shape, self._endpoint.url)
        except _WorthRepeating as fault:
            raise fault.error from fault

    def _exchange(self, method: str, path: str, body: bytes) -> bytes:
        """One signed request; the body of its answer.

        Raises _WorthRepeating for what may pass by itself, an error of ours for the rest.
        """
        url = self._endpoint.url + path
        request = AWSRequest(method, url, {"Accept": "application/json"}, body or None)
        if body:
            request.headers["Content-Type"] = "application/json"
        SigV4Auth(self._endpoint.credentials(), "execute-api", self._endpoint.region).add_auth(
            request
        )
        try:
            answer = self._http.send(request.prepare())
        except (HTTPClientError, NoConnection) as error:
            raise _unreachable(error, self._endpoint.url) from error
        if answer.status_code == 200:
            return answer.content
        raise _refusal(_Refusal.of(answer.status_code, answer.headers, answer.content), url)


class _WorthRepeating(Exception):
    """Inside this module only: `error` may pass if the request is made again."""

    def __init__(self, error: DecantError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An answer that is not 200: API Gateway's own or the API's."""

    status: int
    code: str
    message: str

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], content: bytes) -> _Refusal:
        """`content` is the API's {"code","message"}, API Gateway's {"message"}, or anything."""
        try:
            body = json.loads(content)
        except ValueError:
            body = {}
        if not isinstance(body, dict):
            body = {}
        code = body.get("code") or headers.get("x-amzn-errortype", "").removesuffix("Exception")
        message = str(body.get("message") or body.get("Message") or "")
        return cls(status, str(code), message)


def _refusal(answer: _Refusal, url: str) -> Exception:
    said = answer.message.rstrip(".") or f"HTTP {answer.status} without an explanation"
    facts = {"operation": url, "code": answer.code}
    if answer.status == 403:
        return _denied(answer, said, url)
    if answer.status == 404:
        return NotFound(answer.message or f"The admin API has nothing at {url}.")
    if answer.status == 409:
        return Conflict(answer.message or f"The admin API refuses {url} in its present state.")
    if answer.status == 400:
        return InvalidRequest(answer.message or f"The admin API cannot read the request to {url}.")
    if answer.status == 429:
        return _WorthRepeating(
            Throttled(f"The admin API asks to slow down ({said}): try again later.", **facts)
        )
    error = AwsError(f"The admin API at {url} answered {answer.status}: {said}.", **facts)
    return _WorthRepeating(error) if answer.status >= 500 else error


def _denied(answer: _Refusal, said: str, url: str) -> AwsError:
    """API Gateway's 403 has three meanings: no such route, bad credentials, no permission."""
    facts = {"operation": url, "code": answer.code}
    if answer.code == _WRONG_ROUTE or "Missing Authentication Token" in answer.message:
        return AwsError(
            f"There is no admin API at {url}: correct api_url in the stage profile or run "
            "`decant bootstrap` for this stage again.",
            **facts,
        )
    return AccessDenied(
        f"The admin API refuses your credentials ({said}): they need the permission "
        "execute-api:Invoke on this API and must not have expired.",
        **facts,
    )


def _unreachable(error: HTTPClientError | NoConnection, url: str) -> Exception:
    if isinstance(error, SSLError):
        return AwsError(f"The certificate of {url} cannot be trusted: {error}.")
    if isinstance(error, ReadTimeoutError):
        return _WorthRepeating(
            AwsError(f"The admin API at {url} gave no answer within {_READ_TIMEOUT_SECONDS} s.")
        )
    if isinstance(error, ConnectTimeoutError):
        cause = f"no connection within {_CONNECT_TIMEOUT_SECONDS} s"
    else:
        cause = "the connection failed"
    return _WorthRepeating(
        AwsError(
            f"The admin API at {url} cannot be reached ({cause}): check the network, and for a "
            "local stage that `decant local` is running."
        )
    )


def _parsed(content: bytes, shape: type[AnswerT], url: str) -> AnswerT:
    try:
        return shape.model_validate_json(content)
    except ValidationError as error:
        fields = ", ".join(
            ".".join(str(part) for part in problem["loc"]) or problem["msg"]
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise AwsError(
            f"What answers at {url} does not speak this admin API ({fields}): check api_url, and "
            "that this command and the deployed stage are of the same release."
        ) from error
