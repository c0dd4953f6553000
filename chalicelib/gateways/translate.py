"""AWS's errors as Decant's own. Access denied is never read as "missing"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import AccessDenied, AwsError, Missing, PreconditionFailed, Throttled

_DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedOperation"}
_MISSING = {
    "404",
    "NoSuchKey",
    "NoSuchBucket",
    "NoSuchVersion",
    "NotFound",
    "NotFoundException",
    "ResourceNotFoundException",
    "PipelineNotFoundException",
    "PipelineExecutionNotFoundException",
}
_PRECONDITION = {
    "412",
    "PreconditionFailed",
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "ConditionalRequestConflict",
    "ConflictException",
}
# Reasons of a cancelled transaction that mean "decide again".
_LOST = {None, "None", "ConditionalCheckFailed", "TransactionConflict"}
_THROTTLED = {
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "SlowDown",
    "503",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ConcurrentPipelineExecutionsLimitExceededException",
}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn botocore's errors inside the block into ours; `what` names the thing ("alias x").

    Raises AccessDenied, Missing, PreconditionFailed, Throttled, or AwsError for anything else.
    """
    try:
        yield
    except ClientError as error:
        raise from_client_error(error, what) from error
    except BotoCoreError as error:
        raise AwsError(f"AWS could not be asked about {what}: {error}.") from error


def _code(error: ClientError) -> str:
    """The error's code; of a cancelled transaction the reason that is not a lost condition."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code == "TransactionCanceledException":
        for reason in error.response.get("CancellationReasons", []):
            if reason.get("Code") not in _LOST:
                return str(reason.get("Code"))
    return code


def from_client_error(error: ClientError, what: str) -> AwsError:
    """The error of ours that `error` means."""
    code = _code(error)
    message = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
    operation = error.operation_name
    facts = {"operation": operation, "code": code}
    if code in _DENIED:
        return AccessDenied(
            f"The role may not call {operation} on {what}: grant it that permission.", **facts
        )
    if code in _MISSING:
        return Missing(f"There is no {what}.", **facts)
    if code in _PRECONDITION:
        return PreconditionFailed(f"Somebody else changed {what} at the same time.", **facts)
    if code in _THROTTLED:
        return Throttled(f"AWS asks to slow down ({operation} on {what}).", **facts)
    return AwsError(f"{operation} on {what} failed with {code}: {message}.", **facts)
