"""`decant deploy`: a folder or zip becomes a version, and the alias points at it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.errors import InvalidRequest
from decant import wording
from decant.cli.exit_codes import ExitCode
from decant.cli.fault import Fault, leave
from decant.cli.following import Ending, conclude, follow_deployment
from decant.cli.invocation import Invocation
from decant.cli.options import (
    DEFAULT_ALIAS,
    DEFAULT_TIMEOUT_SECONDS,
    AliasOption,
    JsonOption,
    StageOption,
    TimeoutOption,
)

if TYPE_CHECKING:
    from decant.uploader import Uploaded, Uploader

EXAMPLES = """Examples:

\b
  decant deploy dist
  decant deploy site.zip --alias pr-12
  decant deploy dist --stage prod --json --timeout 300
  decant deploy dist --no-wait"""


def deploy(
    ctx: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="FOLDER|ZIP", help="The built site: a folder or a zip of it.")
    ],
    alias: AliasOption = DEFAULT_ALIAS,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Return when the upload is stored.")
    ] = False,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_SECONDS,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Zip a built site, upload it, and wait until it is live.

    What is in a folder goes into the zip, but for .git, node_modules, .DS_Store and .env files;
    the same files always make the same zip. Its rules are checked before (see `decant check`). A
    zip is uploaded as it is.
    """
    run = Invocation.of(ctx, stage, as_json)
    profile, reached = run.connect()
    began = run.tools.clock()
    told = _check_rules(run, path) if path.is_dir() else ()
    with _zip_of(run, path) as file:
        # Asked for before the upload: what is missing is said while nothing has happened yet.
        uploader, api, site_url = reached.uploader(), reached.admin_api(), reached.site_url()
        uploaded = _send(run, uploader, file, alias, path)
    if no_wait:
        _say_uploaded(run, profile.stage, uploaded, _facts(uploaded, site_url, _since(run, began)))
        return
    verdict, sight = follow_deployment(run, api, uploaded.deployment_id, timeout)
    seconds = _since(run, began)
    ending = Ending(profile.stage, uploaded.deployment_id, verdict, sight, site_url, seconds, told)
    run.console.document({**ending.document(), **_facts(uploaded, site_url, seconds)})
    leave(conclude(run, ending))


def _check_rules(run: Invocation, folder: Path) -> tuple[str, ...]:
    """Say what is ignored in the folder's rules, and return it; leave when they have an error, for
    which the deployment would be refused. Raises UploadRefused for what the zip would be."""
    from chalicelib.rules.site import place, warnings
    from decant.preview.compiling import compile_site
    from decant.preview.folder import read_folder

    findings = compile_site(read_folder(folder)).findings
    errors = [f"{place(one)}: {one.text}" for one in findings if one.severity == "error"]
    told = warnings(findings)
    for text in told:
        run.console.note(f"warning: {text}", "yellow")
    for text in errors:
        run.console.error(text)
    if errors:
        fault = Fault(" ".join(errors), ExitCode.REFUSED)
        run.console.document({"outcome": "refused", "error": fault.document()})
        leave(fault.exit_code)
    return told


def _since(run: Invocation, began: float) -> float:
    return run.tools.clock() - began


def _say_uploaded(
    run: Invocation, stage: str, uploaded: Uploaded, facts: dict[str, object]
) -> None:
    name = uploaded.deployment_id
    nothing_yet = {"outcome": "uploaded", "error": None, "deployment_id": name, "deployment": None}
    run.console.document({**nothing_yet, **facts})
    run.console.say(f"Uploaded; the deployment is {name}.")
    run.console.say(f"To watch it: decant status {name} --wait --stage {stage}")


@contextmanager
def _zip_of(run: Invocation, path: Path) -> Iterator[Path]:
    """The zip to upload: `path` itself, or the folder `path` zipped for as long as the block."""
    if path.is_file():
        if not zipfile.is_zipfile(path):
            raise InvalidRequest(f"{path} is neither a folder nor a zip: name one of these.")
        yield path
        return
    from decant.zipping import members, write_zip

    files = members(path)
    total = sum(member.size_bytes for member in files)
    with TemporaryDirectory(prefix="decant-") as scratch:
        target = Path(scratch) / "site.zip"
        with run.console.byte_bar(f"Zipping {wording.count(len(files), 'file')}", total) as moved:
            write_zip(files, target, moved)
        yield target


def _send(run: Invocation, uploader: Uploader, file: Path, alias: str, path: Path) -> Uploaded:
    from decant.uploader import object_key

    with run.console.byte_bar("Uploading", file.stat().st_size) as moved:
        return uploader.upload(file, object_key(alias, path), moved)


def _facts(uploaded: Uploaded, site_url: str, seconds: float) -> dict[str, object]:
    """What `--json` says of every upload, whatever became of it."""
    return {
        "source": {
            "bucket": uploaded.bucket,
            "key": uploaded.key,
            "version_id": uploaded.version_id,
            "size_bytes": uploaded.size_bytes,
        },
        "site_url": site_url,
        "seconds": round(seconds, 3),
    }
