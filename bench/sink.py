"""A stand-in for S3 that costs little: nginx, which stores each PUT as a file and serves ranges.

It verifies no signature and lists nothing, so it measures what a client costs, not S3. Buckets are
folders. What is put into the bucket `discard` is read and thrown away. Runs as the user, in a
folder of its own, on a free port.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path
from types import TracebackType

_CONFIG = """
{user} daemon off; worker_processes 2; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  log_format kinds '$request_method $status $args';
  access_log {home}/access.log kinds buffer=64k flush=100ms;
  client_body_temp_path {home}/data/.tmp; client_body_buffer_size 1m; client_max_body_size 0;
  proxy_temp_path {home}/t; fastcgi_temp_path {home}/t; uwsgi_temp_path {home}/t;
  scgi_temp_path {home}/t; keepalive_requests 1000000; default_type application/octet-stream;
  map $request_method:$args $canned {{
    "~^GET:.*list-type=2" list; "~^POST:uploads" begin; "~^POST:uploadId" complete; default "";
  }}
  server {{
    listen 127.0.0.1:{port}; root {home}/data; add_header ETag '"0"';
    if ($canned = list) {{
      return 200 '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
    }}
    if ($canned = begin) {{
      return 200 '<{begun}><UploadId>u</UploadId></{begun}>';
    }}
    if ($canned = complete) {{
      return 200 '<CompleteMultipartUploadResult><ETag>0</ETag></CompleteMultipartUploadResult>';
    }}
    location / {{ dav_methods PUT DELETE; create_full_put_path on; }}
    location /discard/ {{ return 200; }}
  }}
}}
"""
_BEGUN = "InitiateMultipartUploadResult"
_KINDS = (("uploads", "CreateMultipartUpload"), ("uploadId", "CompleteMultipartUpload"))


class SinkMissing(Exception):
    """nginx is not installed."""


class Sink:
    """nginx while the block runs; `endpoint` is its URL."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._log = home / "access.log"
        self.endpoint = ""

    def __enter__(self) -> Sink:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            raise SinkMissing("nginx is missing: install it (Debian: apt install nginx).")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (self._home / "data").mkdir(parents=True)
        config = self._home / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""  # else root's nginx works as nobody
        config.write_text(_CONFIG.format(home=self._home, port=port, begun=_BEGUN, user=user))
        self._process = subprocess.Popen(
            [program, "-p", str(self._home), "-c", str(config), "-e", str(self._home / "error.log")]
        )
        self.endpoint = f"http://127.0.0.1:{port}"
        self._wait_until_up(port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)  # seconds

    def _wait_until_up(self, port: int) -> None:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise SinkMissing(f"nginx did not start: see {self._home / 'error.log'}.")

    def bucket(self, name: str) -> Path:
        """The folder of a bucket."""
        return self._home / "data" / name

    def clear(self, *buckets: str) -> None:
        """Empty `buckets`, and forget the requests counted so far."""
        for name in buckets:
            shutil.rmtree(self.bucket(name), ignore_errors=True)
            self.bucket(name).mkdir()
        self.requests()
        self._log.write_bytes(b"")

    def requests(self) -> dict[str, int]:
        """The requests since `clear`, by kind, most frequent first."""
        time.sleep(0.3)  # nginx writes its log every 100 ms
        counted: Counter[str] = Counter()
        for line in self._log.read_text().splitlines():
            method, status, query = line.split(" ", 2)
            counted[_kind(method, status, query)] += 1
        return dict(counted.most_common())


def _kind(method: str, status: str, query: str) -> str:
    if method == "PUT":
        return "UploadPart" if "partNumber=" in query else "PutObject"
    if method == "POST":
        return next((name for sign, name in _KINDS if query.startswith(sign)), "Post")
    if "list-type=2" in query:
        return "ListObjectsV2"
    return f"{method} {status}" if status.startswith(("4", "5")) else f"{method.title()}Object"
