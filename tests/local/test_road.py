"""The road of an upload, whole: from a zip in the source bucket to what viewers get, and back."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.local.stage import Stage


def test_an_upload_goes_live_and_a_switch_goes_back(stage: Stage) -> None:
    first = stage.deploy({"index.html": "one", "assets/app.0a1b2c3d.js": "let x = 1"})
    assert (first.status, first.files, first.reason) == ("live", 2, None)
    assert stage.get("/").data == b"one"
    second = stage.deploy({"index.html": "two"})
    assert second.status == "live"
    assert second.version == (first.version or 0) + 1
    assert stage.get("/").data == b"two"
    answer = stage.api.switch("production", first.version or 0, None)
    assert answer.changed
    assert stage.get("/").data == b"one"
    answer = stage.api.rollback("production", first.version or 0)
    assert answer.alias.version == second.version
    assert stage.get("/").data == b"two"


def test_a_zip_with_one_top_folder_is_deployed_from_there(stage: Stage) -> None:
    done = stage.deploy({"my-site/dist/index.html": "in dist", "my-site/package.json": "{}"})
    assert done.status == "live"
    assert stage.get("/").data == b"in dist"
    assert any("outside" in warning for warning in done.warnings)


def test_an_upload_to_another_folder_leaves_production_alone(stage: Stage) -> None:
    stage.deploy({"index.html": "production"})
    done = stage.deploy({"index.html": "staging"}, key="staging/site.zip")
    assert (done.status, done.alias) == ("live", "staging")
    assert stage.get("/").data == b"production"
    aliases = {alias.name: alias.version for alias in stage.api.aliases()}
    assert aliases["staging"] == done.version != aliases["production"]


def test_every_file_of_a_larger_site_is_stored_with_its_headers(stage: Stage) -> None:
    pages = {f"docs/page-{n:04d}/index.html": f"<p>{n}" for n in range(1_200)}
    blob = bytes(range(256)) * 50_000  # 12.8 MB: stored in parts
    done = stage.deploy({"index.html": "home", "big.bin": blob, **pages})
    assert (done.reason, done.status, done.files, done.shards) == (None, "live", 1_202, 2)
    assert stage.get("/docs/page-1199/").data == b"<p>1199"
    big = stage.get("/big.bin")
    assert big.data == blob
    assert big.headers["content-type"] == "application/octet-stream"


def test_content_type_and_cache_control_travel_with_each_file(stage: Stage) -> None:
    stage.deploy(
        {
            "index.html": "<p>ü",
            "assets/index-BvXxYz12.js": "export {}",
            "font.woff2": b"\0",
            "app.wasm": b"\0asm",
            "naïve file.txt": "text",
        }
    )
    expected = {
        "/": ("text/html; charset=utf-8", "public, max-age=0, must-revalidate"),
        "/assets/index-BvXxYz12.js": (
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        "/font.woff2": ("font/woff2", "public, max-age=0, must-revalidate"),
        "/app.wasm": ("application/wasm", "public, max-age=0, must-revalidate"),
        "/na%C3%AFve%20file.txt": (
            "text/plain; charset=utf-8",
            "public, max-age=0, must-revalidate",
        ),
    }
    for path, headers in expected.items():
        answer = stage.get(path)
        assert answer.status == 200, path
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == headers, path


def test_one_correlation_id_runs_from_the_upload_to_the_activation(stage: Stage) -> None:
    done = stage.deploy({"index.html": "logged"})
    logs = stage.client("logs")
    for function in ("on_upload", "plan", "copy", "finish", "activate", "prune"):
        group = f"/aws/lambda/decant-{stage.profile.stage}-{function}"
        assert _has_line(logs, group, done.id), function


def _has_line(logs: Any, group: str, correlation_id: str) -> bool:
    deadline = time.monotonic() + 10  # logs arrive after the function has answered
    while time.monotonic() < deadline:
        events = logs.filter_log_events(logGroupName=group)["events"]
        for event in events:
            try:
                line = json.loads(event["message"])
            except ValueError:
                continue  # Lambda's own lines
            if isinstance(line, dict) and line.get("correlation_id") == correlation_id:
                return True
        time.sleep(0.2)
    return False
