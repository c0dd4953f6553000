"""AWS's errors as ours."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.errors import AccessDenied, AwsError, Missing, PreconditionFailed, Throttled
from chalicelib.gateways.translate import translated


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words of AWS."}}, "GetObject")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDenied", AccessDenied),
        ("403", AccessDenied),
        ("404", Missing),
        ("NoSuchKey", Missing),
        ("ResourceNotFoundException", Missing),
        ("ConditionalCheckFailedException", PreconditionFailed),
        ("ConflictException", PreconditionFailed),
        ("SlowDown", Throttled),
        ("InternalError", AwsError),
    ],
)
def test_each_code_has_its_kind_and_names_the_thing(code: str, kind: type[AwsError]) -> None:
    with pytest.raises(AwsError, match="object k in b") as caught, translated("object k in b"):
        raise error(code)
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.operation) == (code, "GetObject")


def test_a_denial_is_never_read_as_missing() -> None:
    with pytest.raises(AccessDenied), translated("object k"):
        raise error("AccessDeniedException")


@pytest.mark.parametrize(
    ("reasons", "kind"),
    [
        (["None", "ConditionalCheckFailed"], PreconditionFailed),
        (["TransactionConflict", "None"], PreconditionFailed),
        (["None", "ThrottlingError"], Throttled),
        (["ConditionalCheckFailed", "ValidationError"], AwsError),
    ],
)
def test_a_cancelled_transaction_is_judged_by_its_reasons(
    reasons: list[str], kind: type[AwsError]
) -> None:
    cancelled = ClientError(
        {
            "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
            "CancellationReasons": [{"Code": reason} for reason in reasons],
        },
        "TransactWriteItems",
    )
    with pytest.raises(AwsError) as caught, translated("alias x"):
        raise cancelled
    assert type(caught.value) is kind


def test_a_connection_that_fails_is_an_error_of_ours_too() -> None:
    with pytest.raises(AwsError, match="could not be asked"), translated("object k"):
        raise EndpointConnectionError(endpoint_url="https://example.invalid")
