"""What the local CodePipeline and CodeBuild refuse, in AWS's own terms.

DecantError
├── ApiError       an API call is refused: `code` is AWS's exception name
├── ActionFailed   an action of an execution failed: `code` and message go into errorDetails
├── Abandoned      a running action was told to stop at once
└── Superseded     a newer execution took this one's place in front of a stage
"""

from __future__ import annotations

from chalicelib.errors import DecantError


class ApiError(DecantError):
    """An API call is refused; `code` is the exception's name in AWS's service model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ActionFailed(DecantError):
    """An action failed; `code` is what CodePipeline puts into errorDetails ("JobFailed")."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Abandoned(DecantError):
    """The execution was stopped with `abandon`, cancelled by an update, or the server ends."""


class Superseded(DecantError):
    """A newer execution waits in front of the same stage."""
