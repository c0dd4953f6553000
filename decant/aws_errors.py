"""AWS's errors as the operator should read them: who lacks what, and what to do.

The Lambda side words the same errors for a role (`chalicelib.gateways.translate`); here a person
is asking, whose sign-in may also be missing or have run out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)

from chalicelib.errors import AccessDenied, AwsError
from chalicelib.gateways.translate import from_client_error

_STALE = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidToken",
}


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn AWS's errors inside the block into ours; `what` names the thing ("bucket x").

    Raises AccessDenied for a missing permission and for a sign-in that does not hold, Missing,
    Throttled, or AwsError for anything else.
    """
    try:
        yield
    except S3UploadFailedError as error:
        # boto3 keeps the cause as text in the message, and as itself only here.
        cause = error.__context__
        if isinstance(cause, ClientError):
            raise _from_client_error(cause, what) from error
        raise AwsError(f"The upload to {what} failed: {error}.") from error
    except ClientError as error:
        raise _from_client_error(error, what) from error
    except BotoCoreError as error:
        raise _from_botocore_error(error, what) from error


def _from_client_error(error: ClientError, what: str) -> AwsError:
    translated = from_client_error(error, what)
    facts = {"operation": translated.operation, "code": translated.code}
    if translated.code in _STALE:
        said = str(error.response.get("Error", {}).get("Message", translated.code)).rstrip(".")
        return AccessDenied(
            f"AWS does not accept your credentials ({said}): sign in again, or name another AWS "
            "profile with `decant bootstrap --profile`.",
            **facts,
        )
    if isinstance(translated, AccessDenied):
        return AccessDenied(
            f"Your credentials may not call {translated.operation} on {what}: "
            "ask for that permission, or use another AWS profile.",
            **facts,
        )
    return translated


def _from_botocore_error(error: BotoCoreError, what: str) -> AwsError:
    said = str(error).rstrip(".")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return AccessDenied(
            "There are no AWS credentials: sign in (`aws configure`, `aws sso login`), or name an "
            "AWS profile with `decant bootstrap --profile`."
        )
    if isinstance(error, ProfileNotFound):
        return AccessDenied(
            f"{said}: add it to the AWS configuration, or name another one with "
            "`decant bootstrap --profile`."
        )
    if isinstance(error, SSOError | TokenRetrievalError | CredentialRetrievalError):
        return AccessDenied(f"Your sign-in to AWS does not hold ({said}): sign in again.")
    if isinstance(error, HTTPClientError | NoConnection):
        return AwsError(
            f"AWS cannot be reached to ask about {what} ({said}): check the network, and for a "
            "local stage that `decant local` is running."
        )
    return AwsError(f"AWS could not be asked about {what}: {said}.")
