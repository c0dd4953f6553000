"""AWS's errors as a person should read them."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from chalicelib.errors import AccessDenied, AwsError, Missing, Throttled
from decant.aws_errors import asking


def _client_error(code: str, message: str = "Because.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetThing")


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("AccessDenied", AccessDenied, "Your credentials may not call GetThing on the thing"),
        ("ExpiredToken", AccessDenied, r"does not accept your credentials \(Because\): sign in"),
        ("SignatureDoesNotMatch", AccessDenied, "does not accept your credentials"),
        ("NoSuchBucket", Missing, "There is no"),
        ("SlowDown", Throttled, "slow down"),
        ("Odd", AwsError, "failed with Odd: Because"),
    ],
)
def test_an_answer_of_aws(code: str, kind: type[AwsError], said: str) -> None:
    with pytest.raises(kind, match=said) as caught, asking("the thing"):
        raise _client_error(code)
    assert (caught.value.operation, caught.value.code) == ("GetThing", code)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (NoCredentialsError(), AccessDenied, "There are no AWS credentials"),
        (UnauthorizedSSOTokenError(), AccessDenied, "sign-in to AWS does not hold"),
        (EndpointConnectionError(endpoint_url="http://x"), AwsError, "cannot be reached"),
        (ReadTimeoutError(endpoint_url="http://x"), AwsError, "cannot be reached"),
        (BotoCoreError(), AwsError, "could not be asked about the thing"),
    ],
)
def test_no_answer_of_aws(error: BotoCoreError, kind: type[AwsError], said: str) -> None:
    with pytest.raises(kind, match=said), asking("the thing"):
        raise error


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(KeyError), asking("the thing"):
        raise KeyError
