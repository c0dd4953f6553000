"""The one folder that a local AWS owns, and the environment its server process gets.

Knows names and layout only; touches the disk for its own record and lock, never the emulator.
Everything the server writes (objects, service state, Lambda code, logs) is below this folder, so
deleting it forgets everything, and two checkouts never meet.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from decant.local.errors import LocalAwsFailed

ROOT_ACCESS_KEY_ID = "test"
ROOT_SECRET_ACCESS_KEY = "test"  # noqa: S105 - opens only a server bound to 127.0.0.1
ACCOUNT_ID = "000000000000"

_PATIENCE = 50  # attempts, 10 ms apart

# What a build or a Lambda function may need from the operator's shell. All else stays out, so that
# a setting which is missing on AWS is missing here too.
_INHERITED = frozenset(
    ["PATH", "HOME", "LANG", "TZ", "USER", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"]
)
_INHERITED_PREFIXES = ("LC_", "NPM_CONFIG_", "PIP_")
_INHERITED_SUFFIXES = ("_PROXY",)


@dataclass(frozen=True, slots=True)
class LocalRecord:
    """What `local.json` holds: how to reach the server that runs in this folder."""

    pid: int
    port: int
    site_port: int
    region: str
    persist: bool

    @property
    def endpoint_url(self) -> str:
        """Where every AWS client is sent."""
        return f"http://localhost:{self.port}"

    @property
    def site_url(self) -> str:
        """Where a browser sees the distribution."""
        return f"http://localhost:{self.site_port}/"

    def api_url(self, api_id: str, stage: str) -> str:
        """The address of a deployed REST API; `stage` is API Gateway's ("api" for Chalice)."""
        return f"http://{api_id}.execute-api.localhost:{self.port}/{stage}"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Paths below `root`, all absolute."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> StateFolder:
        """The folder at `root`, made absolute; nothing is created yet."""
        return cls(root.absolute())

    @property
    def data(self) -> Path:
        """All that the emulator keeps; what `fresh` removes."""
        return self.root / "data"

    @property
    def scratch(self) -> Path:
        """Unpacked Lambda code and builds: emptied at each start."""
        return self.root / "tmp"

    @property
    def log(self) -> Path:
        """What the server and the functions on it wrote since its last start."""
        return self.root / "local.log"

    @property
    def record(self) -> Path:
        """The file that says how to reach the server."""
        return self.root / "local.json"

    def prepare(self, *, fresh: bool) -> None:
        """Create the folders; `fresh` forgets all data of earlier runs first."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        if fresh:
            shutil.rmtree(self.data, ignore_errors=True)
        for folder in (self.data / "s3", self.data / "services", self.scratch):
            folder.mkdir(parents=True, exist_ok=True)

    def write_record(self, record: LocalRecord) -> None:
        """Write the record whole: a reader sees the old or the new one, never half of one."""
        draft = self.record.with_suffix(".new")
        draft.write_text(json.dumps({**asdict(record), "endpoint_url": record.endpoint_url}))
        draft.replace(self.record)

    def read_record(self) -> LocalRecord | None:
        """The last record, which may be of a server that has ended; None when there is none."""
        try:
            fields = json.loads(self.record.read_text())
            return LocalRecord(
                int(fields["pid"]),
                int(fields["port"]),
                int(fields["site_port"]),
                str(fields["region"]),
                bool(fields["persist"]),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise LocalAwsFailed(
                f"{self.record} is not a record of a local AWS ({error}): delete it and start anew."
            ) from error


class StateLock:
    """Held by a server for as long as it lives; the kernel lets go of it however it ends."""

    def __init__(self, folder: StateFolder) -> None:
        """Open the lock file of `folder`, creating it when needed."""
        folder.root.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(folder.root / "local.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def acquire(self) -> bool:
        """Whether the lock is ours now; False when another server holds it.

        Waits half a second for those who only look (`is_held`), which takes them no time.
        """
        for _ in range(_PATIENCE):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.01)
            else:
                return True
        return False

    def is_held(self) -> bool:
        """Whether a server holds the lock."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False

    def release(self) -> None:
        """Let go and close the file."""
        os.close(self._descriptor)


def is_running(folder: StateFolder) -> bool:
    """Whether a server lives in `folder` at this moment."""
    if not folder.root.is_dir():
        return False
    lock = StateLock(folder)
    try:
        return lock.is_held()
    finally:
        lock.release()


def server_environment(
    shell: Mapping[str, str], folder: StateFolder, *, region: str, persist: bool
) -> dict[str, str]:
    """The whole environment of the server process.

    The operator's AWS and Python settings never reach it: Lambda functions inherit what it has.
    """
    inherited = {
        name: value
        for name, value in shell.items()
        if name in _INHERITED
        or name.upper().startswith(_INHERITED_PREFIXES)
        or name.upper().endswith(_INHERITED_SUFFIXES)
    }
    keep = "1" if persist else "0"
    return inherited | {
        "AUTH": "true",
        "PERSIST_STATE": keep,
        "S3_PERSIST": keep,
        "S3_DATA_DIR": str(folder.data / "s3"),
        "STATE_DIR": str(folder.data / "services"),
        "TMPDIR": str(folder.scratch),
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        # No listeners and no containers beyond the two ports that the record names.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder.root}/no-docker.sock",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
