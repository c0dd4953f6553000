"""Resolves `#{namespace.key}` in action configurations. Pure.

Sources: the user guide's pages "Variables reference" and "Quotas" (a configuration value is at most
1,000 characters and a whole configuration at most 100 KB after variables are written in).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from decant.local.codepipeline.errors import ActionFailed

KB = 1024
MAX_RESOLVED_VALUE_CHARACTERS = 1_000
MAX_RESOLVED_CONFIGURATION_BYTES = 100 * KB

# Reserved namespaces, available without a declaration.
PIPELINE_VARIABLES = "variables"
EXECUTION_NAMESPACE = "codepipeline"

Variables = Mapping[str, Mapping[str, str]]

_REFERENCE = re.compile(r"#\{([^{}]*)\}")
_NAME = re.compile(r"([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_]+)")


def references(text: str) -> tuple[tuple[str, str], ...]:
    """The (namespace, key) pairs that `text` refers to, in order; malformed ones have no key."""
    found = []
    for inner in _REFERENCE.findall(text):
        match = _NAME.fullmatch(inner.strip())
        found.append((match[1], match[2]) if match else (inner, ""))
    return tuple(found)


def resolve(text: str, variables: Variables) -> str:
    """`text` with each reference replaced by its value, once: values are not scanned again.

    Raises ActionFailed for a reference that has no value.
    """

    def value_of(match: re.Match[str]) -> str:
        name = _NAME.fullmatch(match[1].strip())
        value = variables.get(name[1], {}).get(name[2]) if name else None
        if value is None:
            raise ActionFailed(
                "ConfigurationError",
                f"The variable reference {match[0]} could not be resolved: no earlier action or "
                "pipeline variable has provided a value for it.",
            )
        return value

    return _REFERENCE.sub(value_of, text)


def resolve_configuration(configuration: Mapping[str, str], variables: Variables) -> dict[str, str]:
    """Every value of `configuration` resolved.

    Raises ActionFailed for an unknown reference, a value above 1,000 characters or a whole above
    100 KB.
    """
    resolved = {}
    for key, text in configuration.items():
        value = resolve(text, variables)
        if len(value) > MAX_RESOLVED_VALUE_CHARACTERS:
            raise ActionFailed(
                "ConfigurationError",
                f"The value of {key} has {len(value)} characters after its variables are resolved; "
                f"the limit is {MAX_RESOLVED_VALUE_CHARACTERS}.",
            )
        resolved[key] = value
    size_bytes = sum(len(k.encode()) + len(v.encode()) for k, v in resolved.items())
    if size_bytes > MAX_RESOLVED_CONFIGURATION_BYTES:
        raise ActionFailed(
            "ConfigurationError",
            f"The resolved configuration has {size_bytes} bytes; "
            f"the limit is {MAX_RESOLVED_CONFIGURATION_BYTES}.",
        )
    return resolved
