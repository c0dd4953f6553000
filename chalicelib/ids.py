"""Names that both sides derive for themselves, so that nobody has to ask for them."""

from __future__ import annotations

import hashlib
import re

_DIGEST_CHARACTERS = 20  # 80 bits: among 2**30 deployments two share an id once in 2**21 stages


def deployment_id(bucket: str, key: str, version_id: str) -> str:
    """The id of the deployment of one version of one uploaded object: `d` and 20 hex digits.

    It depends on nothing else, so a repeated event finds the deployment it has already begun, and
    whoever uploaded can follow the deployment before it exists. S3 allows a line feed in a key,
    but neither in a bucket's name nor in a version id, so no two objects share the hashed text.
    """
    identity = f"{bucket}\n{key}\n{version_id}".encode()
    return "d" + hashlib.sha256(identity).hexdigest()[:_DIGEST_CHARACTERS]


def is_deployment_id(text: str) -> bool:
    """Whether `text` has the form of a deployment's id; DynamoDB refuses keys of any length."""
    return re.fullmatch(rf"d[0-9a-f]{{{_DIGEST_CHARACTERS}}}", text) is not None
