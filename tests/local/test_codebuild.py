"""CodeBuild on a running local AWS: real builds, in bash, as their service role."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import InvalidRequest
from decant.local.codebuild.artifacts import collect, unpack
from decant.local.codebuild.buildspec import ArtifactRule
from decant.local.codebuild.plan import make_plan
from decant.local.codebuild.record import new_record
from decant.local.codebuild.runner import BuildControl, BuildRun
from decant.local.codebuild.shell import Shell
from decant.local.codepipeline.roles import Credentials, RoleSession
from tests.local.pipelines import (
    ARTIFACTS,
    BUILD_POLICY,
    PROJECT,
    PipelineWorld,
    packed,
    running_world,
    until,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineWorld]:
    with running_world(tmp_path_factory.mktemp("codebuild")) as made:
        yield made


def start(world: PipelineWorld, buildspec: str, **more: Any) -> str:
    """Start a build of the zip `source.zip`; its id."""
    s3 = world.client("s3")
    s3.put_object(Bucket=ARTIFACTS, Key="source.zip", Body=packed({"sub/page.html": "hello"}))
    world.project(
        buildspec,
        source={"type": "S3", "location": f"{ARTIFACTS}/source.zip", "buildspec": buildspec},
        artifacts={"type": "NO_ARTIFACTS"},
    )
    return str(world.client("codebuild").start_build(projectName=PROJECT, **more)["build"]["id"])


def finished(world: PipelineWorld, build_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        build = world.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]
        return build if build["buildStatus"] != "IN_PROGRESS" else None

    return dict(until(ended))


def phases(build: dict[str, Any]) -> dict[str, str]:
    return {p["phaseType"]: p.get("phaseStatus", "") for p in build["phases"]}


def reason(build: dict[str, Any], phase: str) -> str:
    found = next(p for p in build["phases"] if p["phaseType"] == phase)
    return str(found["contexts"][0]["message"])


def scratch(world: PipelineWorld) -> list[Path]:
    return list((world.local.folder.scratch / "builds").iterdir())


def test_all_phases_share_one_shell_and_one_environment(world: PipelineWorld) -> None:
    spec = """
version: 0.2
env:
  variables: {A: spec, B: spec, C: spec}
  exported-variables: [SEEN, UNSET]
phases:
  install:
    commands: [cd sub, export LASTS=yes, 'kept() { echo function; }']
  pre_build:
    commands:
      - |
        if [ -f page.html ]; then
          SEEN="$A $B $C $LASTS $(kept)"
        fi
"""
    build = finished(
        world,
        start(world, spec, environmentVariablesOverride=[{"name": "C", "value": "request"}]),
    )
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    exported = {v["name"]: v["value"] for v in build["exportedEnvironmentVariables"]}
    assert exported == {"SEEN": "spec spec request yes function"}
    assert scratch(world) == []


def test_a_build_sees_nothing_of_the_server_but_path_and_language(world: PipelineWorld) -> None:
    build = finished(
        world,
        start(world, 'version: 0.2\nphases: {build: {commands: [\'env -0 | tr "\\0" "\\n"\']}}'),
    )
    names = {line.partition("=")[0] for line in world.log(build) if "=" in line}
    own = {n for n in names if not n.startswith("CODEBUILD_")}
    assert own <= {
        *("PATH", "LANG", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
    }
    home = next(line for line in world.log(build) if line.startswith("HOME="))
    assert str(world.local.folder.scratch) in home
    assert not any(line.startswith("AWS_ACCESS_KEY_ID=test") for line in world.log(build))


def test_the_credentials_of_a_build_end_with_it(world: PipelineWorld) -> None:
    build = finished(
        world, start(world, "version: 0.2\nphases: {build: {commands: ['env | grep ^AWS_']}}")
    )
    values = dict(line.split("=", 1) for line in world.log(build) if line.startswith("AWS_"))
    sts = world.client_with("sts", values["AWS_ACCESS_KEY_ID"], values["AWS_SECRET_ACCESS_KEY"])
    with pytest.raises(sts.exceptions.ClientError):
        sts.get_caller_identity()


def test_a_failing_command_ends_its_phase_and_post_build_still_runs(world: PipelineWorld) -> None:
    spec = """
version: 0.2
phases:
  build:
    commands: ['echo first', 'false', 'echo never']
    finally: ['echo finally']
  post_build:
    commands: ['echo succeeding=$CODEBUILD_BUILD_SUCCEEDING']
"""
    build = finished(world, start(world, spec))
    assert build["buildStatus"] == "FAILED"
    assert (phases(build)["BUILD"], phases(build)["POST_BUILD"]) == ("FAILED", "SUCCEEDED")
    assert reason(build, "BUILD") == ("Error while executing command: false. Reason: exit status 1")
    log = world.log(build)
    assert [line for line in log if not line.startswith("[Container]")] == [
        "first",
        "finally",
        "succeeding=0",
    ]


def test_nothing_runs_after_an_earlier_phase_has_failed(world: PipelineWorld) -> None:
    spec = "version: 0.2\nphases: {install: {commands: ['exit 7']}, post_build: {commands: [env]}}"
    build = finished(world, start(world, spec))
    assert phases(build)["INSTALL"] == "FAILED"
    assert "exit status 7" in reason(build, "INSTALL")
    assert not {"BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS"} & phases(build).keys()


def test_a_phase_may_be_told_to_go_on(world: PipelineWorld) -> None:
    spec = (
        "version: 0.2\nphases: {install: {on-failure: CONTINUE, commands: ['false']}, "
        "build: {commands: ['echo reached']}}"
    )
    build = finished(world, start(world, spec))
    assert build["buildStatus"] == "SUCCEEDED"
    assert "reached" in world.log(build)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("version: 0.2\nphases: {test: {}}\n", "unknown phase"),
        ("missing/buildspec.yml", "is not in the source"),
        ("../../outside.yml", "is not in the source"),
    ],
)
def test_a_buildspec_that_cannot_be_read_fails_the_download(
    world: PipelineWorld, spec: str, said: str
) -> None:
    build = finished(world, start(world, spec))
    assert said in reason(build, "DOWNLOAD_SOURCE")


def test_artifacts_are_zipped_to_s3(world: PipelineWorld, tmp_path: Path) -> None:
    spec = "version: 0.2\nartifacts: {base-directory: sub, files: ['**/*'], name: out.zip}"
    target = {"type": "S3", "location": ARTIFACTS, "path": "made", "packaging": "ZIP"}
    build = finished(world, start(world, spec, artifactsOverride=target))
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    world.client("s3").download_file(ARTIFACTS, "made/out.zip", str(tmp_path / "out.zip"))
    assert zipfile.ZipFile(tmp_path / "out.zip").namelist() == ["page.html"]


def test_a_link_out_of_the_source_is_not_given_away(world: PipelineWorld) -> None:
    spec = (
        "version: 0.2\nphases: {build: {commands: ['mkdir d; ln -s /etc/hostname d/leak']}}\n"
        "artifacts: {files: ['d/*']}"
    )
    target = {"type": "S3", "location": ARTIFACTS, "path": "leaks", "packaging": "ZIP"}
    build = finished(world, start(world, spec, artifactsOverride=target))
    assert reason(build, "UPLOAD_ARTIFACTS") == "no matching artifact paths found: d/*"


def test_stop_kills_the_build_and_all_it_has_started(world: PipelineWorld, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    spec = f"version: 0.2\nphases: {{build: {{commands: ['sleep 300 & echo $! > {mark}; wait']}}}}"
    build_id = start(world, spec)
    pid = int(until(lambda: mark.exists() and mark.read_text().strip()))
    world.client("codebuild").stop_build(id=build_id)
    build = finished(world, build_id)
    assert (build["buildStatus"], phases(build)["BUILD"]) == ("STOPPED", "STOPPED")
    until(lambda: not alive(pid))
    assert scratch(world) == []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_build_ends_with_the_server(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    spec = f"version: 0.2\nphases: {{build: {{commands: ['echo $$ > {mark}; sleep 300']}}}}"
    with running_world(tmp_path / "aws") as other:
        start(other, spec)
        pid = int(until(lambda: mark.exists() and mark.read_text().strip()))
        assert alive(pid)
    until(lambda: not alive(pid))


def test_a_role_without_log_permissions_fails_the_build_as_codebuild_says(
    world: PipelineWorld,
) -> None:
    mute = world.role("mute", "codebuild", BUILD_POLICY[:1])
    spec = "version: 0.2\nphases: {build: {commands: [env]}}"
    build = finished(world, start(world, spec, serviceRoleOverride=mute))
    assert "does not allow AWS CodeBuild to create Amazon CloudWatch Logs" in (
        reason(build, "PROVISIONING")
    )


def test_a_role_that_does_not_trust_codebuild_fails_the_build(world: PipelineWorld) -> None:
    spec = "version: 0.2\nphases: {build: {commands: [env]}}"
    build = finished(world, start(world, spec, serviceRoleOverride=world.pipeline_role))
    assert "trust policy" in reason(build, "PROVISIONING")


def test_a_build_acts_as_its_role(world: PipelineWorld) -> None:
    spec = "version: 0.2\nphases: {build: {commands: [env]}}"
    blind = world.role("blind", "codebuild", BUILD_POLICY[1:])
    build = finished(world, start(world, spec, serviceRoleOverride=blind))
    assert phases(build)["DOWNLOAD_SOURCE"] == "FAILED"


class SilentLogs:
    """CloudWatch Logs that keep nothing."""

    def create_log_stream(self, **_: str) -> None:
        pass

    def put_log_events(self, **_: Any) -> None:
        pass


class LogsOnly(RoleSession):
    """A role session that can write logs and nothing else."""

    def __init__(self) -> None:
        super().__init__(Credentials("", "", ""), "", "us-east-1", lambda: None)

    def client(self, service: str) -> Any:
        assert service == "logs"
        return SilentLogs()


def test_a_build_without_a_source_ends_when_its_time_is_up(tmp_path: Path) -> None:
    project = {
        "name": "slow",
        "serviceRole": "role",
        "source": {
            "type": "NO_SOURCE",
            "buildspec": "version: 0.2\nphases: {build: {commands: ['sleep 300']}}\n",
        },
    }
    plan = replace(make_plan(project, {}, "slow:1", "root"), timeout_seconds=1)
    record = new_record(plan, project, arn="a:b:c:r:1:build/slow", number=1, now=1.0)
    shown: list[dict[str, Any]] = []
    BuildRun(
        plan=plan,
        record=record,
        assume=LogsOnly,
        show=shown.append,
        control=BuildControl(),
        scratch_root=tmp_path / "builds",
        path=os.environ["PATH"],
    ).run()
    assert (shown[-1]["buildStatus"], phases(shown[-1])["BUILD"]) == ("TIMED_OUT", "TIMED_OUT")
    assert reason(shown[-1], "BUILD") == "Build has timed out. "
    assert list((tmp_path / "builds").iterdir()) == []


# -- the shell and the files, without a server -----------------------------------------------------


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def shell(tmp_path: Path, lines: list[str]) -> Iterator[Shell]:
    made = Shell(tmp_path, {"PATH": os.environ["PATH"]}, lines.append)
    yield made
    made.kill()


def test_tells_the_status_of_each_command(shell: Shell, lines: list[str]) -> None:
    assert [shell.run("true"), shell.run("(exit 4)"), shell.run("echo a; echo; printf b")] == [
        0,
        4,
        0,
    ]
    assert lines == ["a", "", "b"]


def test_a_command_that_ends_the_shell_ends_only_itself(shell: Shell) -> None:
    assert shell.run("exit 5") == 5
    assert shell.run("exit 0") == 0
    assert shell.run("set -e; false") == 1
    assert shell.run("true") == 0


def test_reads_values_of_any_number_of_lines(shell: Shell, tmp_path: Path) -> None:
    shell.run("A=$'one\\ntwo'; B=; unset C")
    assert shell.values(["A", "B", "C"]) == {"A": "one\ntwo", "B": ""}
    assert list(tmp_path.iterdir()) == []


def test_a_killed_shell_runs_nothing_more(shell: Shell) -> None:
    shell.run("true")
    shell.kill()
    assert shell.run("true") != 0


def test_a_command_cannot_read_those_that_follow(shell: Shell, lines: list[str]) -> None:
    assert shell.run("cat") == 0
    assert shell.run("ls -l /proc/self/fd | grep -c pipe || true") == 0
    assert lines[-1] == "2"  # its pipe to grep, and errors: the pipe of commands is not there


def test_a_member_of_a_zip_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(packed({"../out.txt": "x", "/abs.txt": "y", "ok.txt": "z"}))
    folder = tmp_path / "folder"
    folder.mkdir()
    unpack(tmp_path / "z.zip", folder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "z.zip"]
    assert sorted(p.name for p in folder.iterdir()) == ["abs.txt", "ok.txt", "out.txt"]


def test_says_that_a_source_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(b"no")
    with pytest.raises(InvalidRequest, match="not a zip"):
        unpack(tmp_path / "z.zip", tmp_path)


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (ArtifactRule(("**/*",)), ["a.js", "d/.b", "d/e/c.js"]),
        (ArtifactRule(("d/*",)), ["d/.b"]),
        (ArtifactRule(("d/**/*",)), ["d/.b", "d/e/c.js"]),
        (ArtifactRule(("**/*",), base_directory="d"), [".b", "e/c.js"]),
        (ArtifactRule(("**/*",), discard_paths=True), [".b", "a.js", "c.js"]),
        (ArtifactRule(("**/*",), exclude_paths=("*.js",)), ["d/.b"]),
    ],
)
def test_collects_the_files_that_a_rule_names(
    tmp_path: Path, rule: ArtifactRule, names: list[str]
) -> None:
    for name in ("a.js", "d/.b", "d/e/c.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert [file.name for file in collect(tmp_path, rule)] == names


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (ArtifactRule(("../x",)), "leaves the source"),
        (ArtifactRule(("/etc/*",)), "leaves the source"),
        (ArtifactRule(("*",), base_directory=".."), "base directory"),
        (ArtifactRule(("*",), base_directory="none"), "base directory"),
        (ArtifactRule(("*.js",)), "no matching artifact paths"),
    ],
)
def test_refuses_rules_that_leave_the_source_or_match_nothing(
    tmp_path: Path, rule: ArtifactRule, said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        collect(tmp_path, rule)
