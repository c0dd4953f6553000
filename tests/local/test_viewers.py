"""What viewers can reach: the files of the live version through the distribution, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from decant.bootstrap import FALLBACK_PAGE
from tests.local.callers import Answer, output, send
from tests.local.plugin_server import client
from tests.local.stage import Stage

FILES = {
    "index.html": "<p>the live home page",
    "guide/index.html": "<p>guide",
    "a b+c.txt": "odd name",
    "v1/notes.txt": "a folder of the site that is called like a layer",
}
SECRET = "<p>only in another version"


class Views:
    """The live version of production, another version, and what a viewer gets."""

    def __init__(self, stage: Stage) -> None:
        secret = {"index.html": SECRET, "only.txt": SECRET}
        self.stage = stage
        self.other = stage.deploy(secret, "viewers-other/site.zip").version or 0
        self.live = stage.deploy(FILES).version or 0
        self.domain = urlsplit(output(stage, "SiteUrl")).netloc

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Through the front door; the path is sent as it is."""
        port = self.stage.local.record.site_port
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return send(port, f"localhost:{port}", method, path, names)

    def unsigned(self, target: str, method: str = "GET", host: str = "localhost") -> Answer:
        """Straight to AWS, without a signature."""
        return send(self.stage.local.record.port, host, method, target, {})


@pytest.fixture(scope="module")
def views(stage: Stage) -> Views:
    return Views(stage)


# The buckets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SourceBucket", "ArtifactBucket", "HostingBucket"])
def test_no_bucket_answers_to_a_request_without_a_signature(views: Views, name: str) -> None:
    bucket = output(views.stage, name)
    stored = client(views.stage.local, "s3").list_objects_v2(Bucket=bucket)["Contents"]
    key = stored[-1]["Key"]
    port = views.stage.local.record.port
    for host, path in (
        ("localhost", f"/{bucket}"),
        (f"{bucket}.s3.localhost:{port}", ""),
        (f"{bucket}.s3.us-east-1.amazonaws.com", ""),
    ):
        for method, target in (
            ("GET", f"{path}/{key}"),
            ("HEAD", f"{path}/{key}"),
            ("GET", f"{path}/?list-type=2"),
            ("GET", f"{path}/?versions"),
            ("GET", f"{path}/?policy"),
            ("HEAD", f"{path}/"),
            ("PUT", f"{path}/{key}"),
            ("DELETE", f"{path}/{key}"),
        ):
            answer = views.unsigned(target, method, host)
            assert answer.status == 403, (method, target, host)


def test_a_file_is_for_viewers_of_the_distribution_only(views: Views) -> None:
    bucket = output(views.stage, "HostingBucket")
    for key in (f"v{views.live}/index.html", "_decant/404.html"):
        assert views.unsigned(f"/{bucket}/{key}").status == 403
        assert views.unsigned(f"/{bucket}/{key}", "HEAD").status == 403
    assert (views.get("/").status, views.get("/").body) == (200, FILES["index.html"].encode())
    assert views.get("/_decant/404.html").status == 200


# Other files of the hosting bucket ------------------------------------------------------------

# `%(other)d` is the number of a version that is not live.
OTHER_FILES = [
    "/v%(other)d/index.html",
    "/v%(other)d/only.txt",
    "//v%(other)d/index.html",
    "/%%76%(other)d/index.html",
    "/v%(other)d%%2findex.html",
    "/v%(other)d%%2Findex.html",
    "/v%(other)d%%252findex.html",
    "/../v%(other)d/index.html",
    "/..%%2fv%(other)d/index.html",
    "/%%2e%%2e/v%(other)d/index.html",
    "/guide/../../v%(other)d/index.html",
    "/..%%5cv%(other)d%%5cindex.html",
    "/..;/v%(other)d/index.html",
    "/%%c0%%ae%%c0%%ae/v%(other)d/index.html",
    "/%%ef%%bc%%8e%%ef%%bc%%8e/v%(other)d/index.html",
    "/_decant/../v%(other)d/index.html",
    "/_decant/..%%2fv%(other)d/index.html",
    "/_decant/%%2e%%2e/v%(other)d/index.html",
    "/_decant//../v%(other)d/index.html",
    "/_manifests/v%(other)d.json",
    "/../_manifests/v%(other)d.json",
    "/%%5fmanifests/v%(other)d.json",
    "/_decant/../_manifests/v%(other)d.json",
    "/_chalice/app.json",
    "//_chalice/app.json",
    "/../_chalice/app.json",
    "/_decant/../_chalice/app.json",
    "/_decant/%%2e%%2e/_chalice/app.json",
]


@pytest.mark.parametrize("form", OTHER_FILES)
def test_nothing_but_the_live_version_can_be_reached(views: Views, form: str) -> None:
    path = form % {"other": views.other}
    # What is asked for is there: a miss would prove nothing.
    bucket, key = output_of(views), f"v{views.other}/index.html"
    assert client(views.stage.local, "s3").head_object(Bucket=bucket, Key=key)
    for asked in (path, path + "?versionId=null", path + "?list-type=2&prefix=v"):
        answer = views.get(asked)
        assert answer.status in (400, 404), answer
        for secret in (SECRET.encode(), b'"sha256"', b'"fingerprint"', b"<ListBucketResult"):
            assert secret not in answer.body


def output_of(views: Views) -> str:
    return output(views.stage, "HostingBucket")


def test_a_folder_of_the_site_may_be_called_like_a_layer(views: Views) -> None:
    assert views.get("/v1/notes.txt").body == FILES["v1/notes.txt"].encode()


@pytest.mark.parametrize("host", ["staging.localhost", "viewers-other.localhost"])
def test_an_alias_that_the_distribution_does_not_show_cannot_be_asked_for(
    views: Views, host: str
) -> None:
    port = views.stage.local.record.site_port
    assert send(port, f"{host}:{port}", "GET", "/", {}).status == 503  # no such distribution
    shown = views.get("/?alias=viewers-other", X_Alias="viewers-other", X_Forwarded_Host=host)
    assert shown.body == FILES["index.html"].encode()
    assert views.get("/viewers-other/index.html").status == 404


# Answers --------------------------------------------------------------------------------------

SECURITY = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
}
ANSWERS = {
    "a page": ("/", 200),
    "a file": ("/a%20b%2Bc.txt", 200),
    "a redirect": ("/guide", 307),
    "a miss": ("/missing.html", 404),
    "a miss in a folder": ("/missing/", 404),
    "a missing fallback": ("/_decant/missing.html", 404),
    "the fallback page": ("/_decant/404.html", 200),
    "a broken path": ("/%zz", 400),
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_has_security_headers_and_nothing_of_s3(
    views: Views, kind: str, method: str
) -> None:
    path, status = ANSWERS[kind]
    answer = views.get(path, method)
    assert answer.status == status
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    ours = {"x-amz-cf-id", "x-amz-cf-pop"}  # CloudFront's own
    assert {n for n in answer.headers if n.startswith(("x-amz", "x-amzn"))} <= ours
    assert answer.headers.get("server", "CloudFront") == "CloudFront"
    assert not {"x-powered-by", "set-cookie"} & set(answer.headers)
    assert bool(answer.body) == (method == "GET" and status != 307)


@pytest.mark.parametrize("path", ["/missing.html", "/missing/", "/a/b/c.js"])
def test_a_miss_is_a_404_that_says_so(views: Views, path: str) -> None:
    answer = views.get(path)
    assert answer.status == 404
    assert b"There is nothing at this address" in answer.body
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_what_the_origin_lacks_is_a_404_with_the_fallback_page(views: Views) -> None:
    answer = views.get("/_decant/nothing")
    assert (answer.status, answer.body) == (404, FALLBACK_PAGE.read_bytes())
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/%zz", "/%", "/%ff", "/%00", "/a%0ab", "/a%5cb", "/a\\b", "/.."])
def test_a_broken_path_is_a_400(views: Views, path: str) -> None:
    answer = views.get(path)
    assert answer.status == 400
    assert b"not valid" in answer.body


@pytest.mark.parametrize("path", ["/", "/guide/", "/a%20b%2Bc.txt", "/_decant/nothing"])
def test_head_tells_what_get_would_bring(views: Views, path: str) -> None:
    got, told = views.get(path), views.get(path, "HEAD")
    per_request = {"via", "x-amz-cf-id", "x-amz-cf-pop", "date"}
    assert told.status == got.status
    assert told.body == b""
    assert told.headers["content-length"] == str(len(got.body))
    assert {k: v for k, v in told.headers.items() if k not in per_request} == {
        k: v for k, v in got.headers.items() if k not in per_request
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_viewers_can_only_read(views: Views, method: str) -> None:
    assert views.get("/", method).status == 403


@pytest.mark.parametrize("path", ["/", "/guide?a=1", "/_decant/404.html", "/missing.html"])
def test_a_viewer_on_http_is_sent_to_https(views: Views, path: str) -> None:
    port = views.stage.local.record.port
    for headers in ({"X-Forwarded-Proto": "http"}, {}):
        answer = send(port, views.domain, "GET", path, headers)
        assert answer.status == 301
        assert answer.headers["location"] == f"https://{views.domain}{path}"
        assert b"home page" not in answer.body
    secure = send(port, views.domain, "GET", path, {"X-Forwarded-Proto": "https"})
    assert secure.status == views.get(path).status


# The store ------------------------------------------------------------------------------------


@pytest.fixture
def emptied(views: Views) -> Iterator[Views]:
    """The store has lost the alias, as before the first deployment."""
    write_store(views, lambda kvs, arn, etag: kvs.delete_key(Key="a/production", **arn, **etag))
    yield views
    views.stage.api.switch("production", views.live, None)


def write_store(views: Views, write: Callable[..., Any]) -> None:
    kvs = client(views.stage.local, "cloudfront-keyvaluestore")
    arn = {"KvsARN": output(views.stage, "StoreArn")}
    write(kvs, arn, {"IfMatch": kvs.describe_key_value_store(**arn)["ETag"]})


def test_without_a_deployment_viewers_are_told_so(emptied: Views) -> None:
    answer = emptied.get("/")
    assert answer.status == 404
    assert b"Nothing has been deployed here yet" in answer.body
    assert emptied.get("/_decant/404.html").status == 200


def test_a_switch_to_where_the_alias_is_repairs_the_store(emptied: Views) -> None:
    answer = emptied.stage.api.switch("production", emptied.live, None)
    assert not answer.changed
    assert emptied.get("/").body == FILES["index.html"].encode()


@pytest.mark.parametrize(
    ("value", "status"), [("not JSON", 500), ('{"layers": []}', 500), ('{"layers": [999999]}', 404)]
)
def test_a_broken_record_shows_nothing_else(emptied: Views, value: str, status: int) -> None:
    write_store(
        emptied,
        lambda kvs, arn, etag: kvs.put_key(Key="a/production", Value=value, **arn, **etag),
    )
    answer = emptied.get("/")
    assert answer.status == status
    assert SECRET.encode() not in answer.body
    assert value.encode() not in answer.body
