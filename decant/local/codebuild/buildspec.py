"""Reads a buildspec 0.2. Pure.

Source: the CodeBuild user guide's "Build specification reference". What local builds cannot do
(parameter-store, secrets-manager, run-as, proxy, batch, reports, cache other than none) is refused
or listed in `ignored`, never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from chalicelib.errors import InvalidRequest

PHASES = ("install", "pre_build", "build", "post_build")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VERSIONS = ("0.2", "0.1")
_REFUSED_ENV = ("parameter-store", "secrets-manager")
_IGNORED = ("cache", "reports", "batch", "proxy", "run-as")


@dataclass(frozen=True, slots=True)
class Phase:
    """The commands of a phase; `finally_commands` run whatever became of `commands`."""

    commands: tuple[str, ...] = ()
    finally_commands: tuple[str, ...] = ()
    on_failure: str = ""  # "", "ABORT" or "CONTINUE"


@dataclass(frozen=True, slots=True)
class ArtifactRule:
    """Which files a build gives away, relative to the source folder."""

    files: tuple[str, ...]
    base_directory: str = ""
    name: str = ""
    discard_paths: bool = False
    exclude_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Buildspec:
    """A buildspec; `phases` has an entry for each of PHASES that it names."""

    variables: Mapping[str, str]
    exported: tuple[str, ...]
    phases: Mapping[str, Phase]
    artifacts: ArtifactRule | None
    secondary_artifacts: Mapping[str, ArtifactRule]
    ignored: tuple[str, ...]


def parse(text: str) -> Buildspec:
    """The buildspec that `text` (YAML, or JSON as its subset) holds.

    Raises InvalidRequest with what is wrong and where.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidRequest(f"The buildspec is not YAML: {error}") from error
    spec = _mapping(document, "The buildspec")
    if str(spec.get("version")) not in _VERSIONS:
        raise InvalidRequest(f"The buildspec's version has to be 0.2, not {spec.get('version')}.")
    env = _mapping(spec.get("env") or {}, "env")
    _check_env(env)
    phases = _mapping(spec.get("phases") or {}, "phases")
    unknown = sorted(set(phases) - set(PHASES))
    if unknown:
        raise InvalidRequest(f"The buildspec has an unknown phase: {unknown[0]}.")
    rules = dict(_mapping(spec.get("artifacts") or {}, "artifacts"))
    secondary = _mapping(rules.pop("secondary-artifacts", None) or {}, "secondary-artifacts")
    return Buildspec(
        variables=_variables(env),
        exported=_names(env.get("exported-variables")),
        phases={name: _phase(name, phases[name]) for name in PHASES if name in phases},
        artifacts=_rule("artifacts", rules) if rules else None,
        secondary_artifacts={name: _rule(name, rule) for name, rule in secondary.items()},
        ignored=tuple(key for key in _IGNORED if key in spec),
    )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidRequest(f"{where} has to be a mapping, not {type(value).__name__}.")
    return value


def _check_env(env: Mapping[str, Any]) -> None:
    for key in _REFUSED_ENV:
        if env.get(key):
            raise InvalidRequest(f"Local builds have no env/{key}: use env/variables.")
    if env.get("shell", "bash") not in ("bash", "/bin/bash", "/bin/sh", "sh"):
        raise InvalidRequest(f"Local builds run in bash, not in {env['shell']}.")


def _variables(env: Mapping[str, Any]) -> dict[str, str]:
    given = _mapping(env.get("variables") or {}, "env/variables")
    return {_checked_name(name): _scalar(value, name) for name, value in given.items()}


def _scalar(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidRequest(f"{where} in the buildspec has to be text, not {type(value).__name__}.")


def _names(value: Any) -> tuple[str, ...]:
    if value is not None and not isinstance(value, list):
        raise InvalidRequest("env/exported-variables in the buildspec has to be a list of names.")
    return tuple(_checked_name(name) for name in value or [])


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidRequest(f"{name!r} in the buildspec is not the name of a variable.")
    return name


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise InvalidRequest(f"{where} in the buildspec has to be a list of texts.")
    return tuple(_scalar(item, where) for item in values)


def _phase(name: str, value: Any) -> Phase:
    phase = _mapping(value or {}, f"phases/{name}")
    on_failure = str(phase.get("on-failure", ""))
    if on_failure not in ("", "ABORT", "CONTINUE"):
        raise InvalidRequest(
            f"phases/{name}/on-failure in the buildspec is {on_failure}: local builds know ABORT "
            "and CONTINUE."
        )
    return Phase(
        _texts(phase.get("commands"), f"phases/{name}/commands"),
        _texts(phase.get("finally"), f"phases/{name}/finally"),
        on_failure,
    )


def _rule(where: str, value: Any) -> ArtifactRule:
    rule = _mapping(value, where)
    files = _texts(rule.get("files"), f"{where}/files")
    if not files:
        raise InvalidRequest(f"{where} in the buildspec names no files.")
    return ArtifactRule(
        files=files,
        base_directory=_scalar(rule.get("base-directory", ""), f"{where}/base-directory"),
        name=_scalar(rule.get("name", ""), f"{where}/name"),
        discard_paths=str(rule.get("discard-paths", "no")).lower() in ("yes", "true"),
        exclude_paths=_texts(rule.get("exclude-paths"), f"{where}/exclude-paths"),
    )
