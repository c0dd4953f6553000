"""A real HTTP server in the admin API's place, with answers that a test has prepared."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from botocore.credentials import ReadOnlyCredentials

from decant.admin_api import HttpAdminApi
from decant.signed_http import Endpoint, SignedHttp
from tests.unit.decant.http_fakes import Heard, Reply

SECRET = "wJalrXUtnFEMI"
CREDENTIALS = ReadOnlyCredentials("AKIDEXAMPLE", SECRET, "a-session-token")

DEPLOYMENT = {
    "id": "d1",
    "alias": "production",
    "status": "copying",
    "reason": None,
    "version": 3,
    "source": {"bucket": "b", "key": "k.zip", "version_id": "x", "size_bytes": 10},
    "created_at": "2026-11-23T16:00:00.000Z",
    "updated_at": "2026-11-23T16:00:05.000Z",
    "files": 12,
    "bytes": 3400,
    "shards": 4,
    "shards_done": 1,
    "warnings": ["odd"],
    "pipeline_execution_id": None,
}
ALIAS = {
    "name": "production",
    "version": 3,
    "locked": False,
    "activated_at": "2026-11-23T16:00:00.000Z",
    "activated_by": "arn:aws:iam::1:user/a",
    "previous": [1, 2],
}


def version(number: int) -> dict[str, object]:
    return {
        "number": number,
        "status": "ready",
        "alias": "production",
        "deployment_id": f"d{number}",
        "source_key": "production/site.zip",
        "files": 1,
        "bytes": 2,
        "created_at": "2026-11-23T16:00:00.000Z",
        "ready_at": None,
        "aliases": [],
    }


@dataclass
class Server:
    """What was asked, and what to answer: the prepared replies in turn, the last one for ever."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    pauses_seconds: list[float] = field(default_factory=list)

    def answer(self, heard: Heard) -> Reply:
        self.heard.append(heard)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def says(self, *contents: object, status: int = 200) -> None:
        self.replies = [Reply(status, json.dumps(content).encode()) for content in contents]

    def api(self) -> HttpAdminApi:
        endpoint = Endpoint(f"{self.url}/api", "eu-central-1", lambda: CREDENTIALS)
        return HttpAdminApi(SignedHttp(endpoint, self.pauses_seconds.append, lambda: 0.5))
