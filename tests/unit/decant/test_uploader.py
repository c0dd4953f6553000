"""Uploads: what is stored, which version id is reported, and what a refusal becomes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from chalicelib.errors import AccessDenied, AwsError
from chalicelib.ids import deployment_id
from chalicelib.uploads import alias_of_key
from decant.uploader import S3Uploader, object_key
from tests.unit.decant.fake_s3 import FakeS3
from tests.unit.decant.http_fakes import Heard, Reply, serving

MB = 1024 * 1024


def _uploader(url: str) -> S3Uploader:
    session = boto3.Session("AKID", "secret", region_name="eu-central-1")
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return S3Uploader(session.client("s3", endpoint_url=url, config=config), "source")


@contextmanager
def _upload_to(s3: FakeS3) -> Iterator[S3Uploader]:
    with serving(s3.answer) as url:
        yield _uploader(url)


def _file(folder: Path, size_bytes: int) -> Path:
    file = folder / "site.zip"
    file.write_bytes(os.urandom(size_bytes))
    return file


@pytest.mark.parametrize("size_bytes", [1, 8 * MB - 1, 8 * MB, 17 * MB])
def test_stores_the_file_and_reports_its_version_and_progress(
    size_bytes: int, tmp_path: Path
) -> None:
    s3, file, sent = FakeS3(), _file(tmp_path, size_bytes), list[int]()
    with _upload_to(s3) as uploader:
        uploaded = uploader.upload(file, "production/site.zip", sent.append)
    assert s3.stored == {"version-1": ("/source/production/site.zip", file.read_bytes())}
    assert (uploaded.bucket, uploaded.key) == ("source", "production/site.zip")
    assert (uploaded.version_id, uploaded.size_bytes) == ("version-1", size_bytes)
    assert uploaded.deployment_id == deployment_id("source", "production/site.zip", "version-1")
    assert sum(sent) == size_bytes
    assert (len(s3.parts) > 0) == (size_bytes >= 8 * MB)


def test_reports_its_own_version_when_another_upload_follows_at_once(tmp_path: Path) -> None:
    s3 = FakeS3()

    def answer_then_be_overtaken(heard: Heard) -> Reply:
        reply = s3.answer(heard)
        s3.answer(heard)  # somebody else stores the same key before our answer arrives
        return reply

    with serving(answer_then_be_overtaken) as url:
        uploaded = _uploader(url).upload(_file(tmp_path, 10), "production/site.zip", lambda _: None)
    assert uploaded.version_id == "version-1"
    assert list(s3.stored) == ["version-1", "version-2"]


def test_each_upload_of_one_uploader_reports_its_own_version(tmp_path: Path) -> None:
    with _upload_to(FakeS3()) as uploader:
        ids = [
            uploader.upload(_file(tmp_path, size), "a/b.zip", lambda _: None).version_id
            for size in (10, 9 * MB, 10)
        ]
    assert ids == ["version-1", "version-2", "version-3"]


@pytest.mark.parametrize("size_bytes", [10, 9 * MB])
def test_says_that_the_bucket_keeps_no_versions(size_bytes: int, tmp_path: Path) -> None:
    with (
        _upload_to(FakeS3(versioned=False)) as uploader,
        pytest.raises(AwsError, match="bucket source keeps no versions"),
    ):
        uploader.upload(_file(tmp_path, size_bytes), "a/b.zip", lambda _: None)


@pytest.mark.parametrize(("size_bytes", "operation"), [(10, "PutObject"), (9 * MB, "UploadPart")])
def test_names_the_operation_that_is_denied_and_leaves_no_parts(
    size_bytes: int, operation: str, tmp_path: Path
) -> None:
    s3 = FakeS3(refuses="AccessDenied")
    with (
        _upload_to(s3) as uploader,
        pytest.raises(AccessDenied, match=rf"may not call {operation} on s3://source/a/b\.zip"),
    ):
        uploader.upload(_file(tmp_path, size_bytes), "a/b.zip", lambda _: None)
    assert s3.aborted == (size_bytes > 8 * MB)


def test_passes_on_why_s3_refused(tmp_path: Path) -> None:
    with (
        _upload_to(FakeS3(refuses="EntityTooLarge")) as uploader,
        pytest.raises(AwsError, match="EntityTooLarge: No"),
    ):
        uploader.upload(_file(tmp_path, 10), "a/b.zip", lambda _: None)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("dist", "production/dist.zip"),
        ("out/site.zip", "production/site.zip"),
        ("SITE.ZIP", "production/SITE.zip"),
        ("my site (final)", "production/my-site-final.zip"),
        ("größe", "production/gr-e.zip"),
        ("日本", "production/site.zip"),
        (".hidden", "production/hidden.zip"),
        ("a" * 101, f"production/{'a' * 100}.zip"),
        ("/", "production/site.zip"),
    ],
)
def test_the_key_is_made_of_the_alias_and_a_plain_name(path: str, key: str) -> None:
    assert object_key("production", Path(path)) == key
    assert alias_of_key(key) == "production"


def test_the_key_of_the_current_folder_is_that_folder_s_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    monkeypatch.chdir(tmp_path / "site")
    assert object_key("pr-12", Path()) == "pr-12/site.zip"
