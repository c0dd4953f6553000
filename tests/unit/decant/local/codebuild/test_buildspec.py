"""What a buildspec says, and which ones are refused."""

from __future__ import annotations

import pytest

from chalicelib.errors import InvalidRequest
from decant.local.codebuild.buildspec import parse

WHOLE = """
version: 0.2
env:
  variables: {NODE_ENV: production, COUNT: 3, DEBUG: true}
  exported-variables: [SITE_KEY]
phases:
  install:
    commands: npm ci
  build:
    on-failure: CONTINUE
    commands:
      - npm run build
      - |
        echo one
        echo two
    finally:
      - echo done
artifacts:
  base-directory: dist
  files: ['**/*']
  exclude-paths: ['*.map']
  secondary-artifacts:
    report:
      files: [report.html]
reports: {}
"""


def test_reads_a_whole_buildspec() -> None:
    spec = parse(WHOLE)
    assert spec.variables == {"NODE_ENV": "production", "COUNT": "3", "DEBUG": "true"}
    assert spec.exported == ("SITE_KEY",)
    assert list(spec.phases) == ["install", "build"]
    assert spec.phases["install"].commands == ("npm ci",)
    assert spec.phases["build"].commands[1] == "echo one\necho two\n"
    assert spec.phases["build"].finally_commands == ("echo done",)
    assert spec.phases["build"].on_failure == "CONTINUE"
    assert spec.artifacts is not None
    assert spec.artifacts.base_directory == "dist"
    assert spec.secondary_artifacts["report"].files == ("report.html",)


def test_says_which_keys_it_does_not_act_on() -> None:
    assert parse(WHOLE).ignored == ("reports",)


def test_a_buildspec_without_artifacts_gives_none_away() -> None:
    spec = parse("version: 0.2\nphases: {build: {commands: [make]}}")
    assert spec.artifacts is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "mapping"),
        ("version: [", "not YAML"),
        ("phases: {}", "version has to be 0.2"),
        ("version: 0.3", "version has to be 0.2"),
        ("version: 0.2\nphases: {test: {}}", "unknown phase: test"),
        ("version: 0.2\nphases: {build: {commands: {a: 1}}}", "list of texts"),
        ("version: 0.2\nphases: {build: {commands: [[a]]}}", "has to be text"),
        ("version: 0.2\nphases: {build: {on-failure: RETRY}}", "on-failure"),
        ("version: 0.2\nenv: {variables: {A-B: 1}}", "'A-B'"),
        ("version: 0.2\nenv: {exported-variables: ['A;B']}", "'A;B'"),
        ("version: 0.2\nenv: {exported-variables: A}", "list of names"),
        ("version: 0.2\nenv: {parameter-store: {A: /b}}", "parameter-store"),
        ("version: 0.2\nenv: {shell: zsh}", "zsh"),
        ("version: 0.2\nartifacts: {name: x}", "names no files"),
    ],
)
def test_refuses_what_it_cannot_follow(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        parse(text)
