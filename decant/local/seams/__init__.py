"""Every reach into MiniStack, in one place.

Decant runs MiniStack in its own process and puts a few extensions in before it serves. Each is a
`Seam`: what it relies on (names, and the parameters of what it replaces or calls) and how it is
installed. `install()` refuses an emulator of another version or shape and names what moved. No
other part of Decant imports `ministack`, except the CodePipeline and CodeBuild executor, which
declares what it relies on in the same manner.

MiniStack reads its environment when it is imported, so it is imported inside functions here: the
server sets the environment first.
"""

from __future__ import annotations

from decant.local.seams import (
    edge,
    events,
    functions,
    policies,
    ranges,
    rest_apis,
    state_machines,
    viewers,
)
from decant.local.seams.seam import (
    MINISTACK_VERSION,
    Relied,
    Seam,
    check_version,
    install_all,
)
from decant.local.seams.viewers import Distribution, application, distributions, serve_viewer

SEAMS = (
    *edge.SEAMS,
    *rest_apis.SEAMS,
    *functions.SEAMS,
    *events.SEAMS,
    *policies.SEAMS,
    *ranges.SEAMS,
    *state_machines.SEAMS,
    *viewers.SEAMS,
)

__all__ = [
    "MINISTACK_VERSION",
    "SEAMS",
    "Distribution",
    "Relied",
    "Seam",
    "application",
    "check_version",
    "distributions",
    "install",
    "install_all",
    "serve_viewer",
]


def install() -> None:
    """Put every extension in. Call it once, with the environment set, before serving."""
    install_all(SEAMS)
