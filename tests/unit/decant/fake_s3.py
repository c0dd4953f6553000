"""As much of S3 as an upload needs, over HTTP: one versioned bucket that checks SHA-256 sums."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.unit.decant.http_fakes import Heard, Reply


@dataclass
class FakeS3:
    """What was stored, by version id, and what of a multipart upload is still there."""

    versioned: bool = True
    refuses: str = ""  # an error code to answer every write of data with
    stored: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    parts: dict[int, bytes] = field(default_factory=dict)
    aborted: bool = False
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, heard: Heard) -> Reply:
        query = parse_qs(urlsplit(heard.path).query, keep_blank_values=True)
        key = urlsplit(heard.path).path
        if heard.method == "POST" and "uploads" in query:
            return _xml(
                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            )
        if heard.method == "DELETE":
            self.aborted = True
            return Reply(204, b"")
        if self.refuses:
            status = 403 if self.refuses == "AccessDenied" else 400
            return _xml(f"<Error><Code>{self.refuses}</Code><Message>No.</Message></Error>", status)
        if heard.method == "POST":
            numbers = [int(n) for n in re.findall(rb"<PartNumber>(\d+)<", heard.body)]
            whole = b"".join(self.parts[number] for number in numbers)
            answer = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
            return _xml(answer, headers=self._keep(key, whole))
        data = _checked(heard)
        if "partNumber" in query:
            self.parts[int(query["partNumber"][0])] = data
            return Reply(200, b"", {"ETag": '"part"'})
        return Reply(200, b"", {"ETag": '"e"', **self._keep(key, data)})

    def _keep(self, key: str, data: bytes) -> dict[str, str]:
        version_id = f"version-{next(self._numbers)}"
        self.stored[version_id] = (key, data)
        return {"x-amz-version-id": version_id} if self.versioned else {}


def _xml(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "application/xml", **(headers or {})})


def _checked(heard: Heard) -> bytes:
    """The request's data; fails the test when it is not what its SHA-256 says."""
    expected = heard.headers["x-amz-checksum-sha256"]
    assert base64.b64encode(hashlib.sha256(heard.body).digest()).decode() == expected
    return heard.body
