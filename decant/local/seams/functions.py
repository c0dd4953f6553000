"""Lambda functions: quick to deploy, alone with what was shipped, and honest about their errors."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Any

from decant.local.seams.seam import Relied, Seam

_LAMBDA = "ministack.services.lambda_svc"
_RUNTIME = "ministack.core.lambda_runtime"
_PRELUDE = Path(__file__).parents[1] / "worker_prelude.py"

_ERROR_ANSWER = '{"status": "error", "error": str(e), "trace"'
# A worker that answers "error" is ended. On Lambda what a handler raises ends nothing: the next
# call finds the same warm process.
_RAISED_ANSWER = '{"status": "ok", "error_type": type(e).__name__, "error": str(e), "trace"'
# The emulator's name for whatever a handler raised.
_ANY_ERROR = "Runtime.HandlerError"


def _install_ready_functions() -> None:
    """A function is Active at once: clients poll in steps of 5 seconds, for each change."""
    from ministack.services import lambda_svc

    lambda_svc._LAMBDA_STATE_TRANSITION_DELAY = 0.0


def _install_worker_prelude() -> None:
    """Python workers import only what was shipped, and resolve local endpoint names."""
    from ministack.core import lambda_runtime

    line = (
        "import os, runpy\n"
        f"runpy.run_path({str(_PRELUDE)!r})['prepare'](os.path.dirname(os.path.abspath(__file__)))"
        "\n"
    )
    lambda_runtime._PYTHON_WORKER_SCRIPT = line + lambda_runtime._PYTHON_WORKER_SCRIPT


def _install_error_types() -> None:
    """`errorType` is the exception's class, as on AWS: state machines retry and catch by it.

    The process that raised it lives on.
    """
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    raised: ContextVar[str | None] = ContextVar("raised", default=None)
    invoke_worker = lambda_runtime.Worker.invoke
    execute_warm = lambda_svc._execute_function_warm

    def invoke(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        answer: dict[str, Any] = invoke_worker(self, *args, **kwargs)
        raised.set(answer.get("error_type"))
        return answer | {"status": "error"} if "error_type" in answer else answer

    def execute(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        raised.set(None)
        answer: dict[str, Any] = execute_warm(func, event, request_id)
        name = raised.get()
        if answer.get("error") and name and answer["body"].get("errorType") == _ANY_ERROR:
            answer["body"]["errorType"] = name
        return answer

    lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(
        _ERROR_ANSWER, _RAISED_ANSWER
    )
    lambda_runtime.Worker.invoke = invoke
    lambda_svc._execute_function_warm = execute


SEAMS = (
    Seam(
        "ready functions",
        "deploy a Lambda function without waiting 5 seconds for nothing",
        (
            Relied(_LAMBDA, "_LAMBDA_STATE_TRANSITION_DELAY"),
            Relied(_LAMBDA, "_schedule_state_transition", "func_name, delay"),
        ),
        _install_ready_functions,
    ),
    Seam(
        "worker prelude",
        "give Lambda functions only what was shipped",
        (Relied(_RUNTIME, "_PYTHON_WORKER_SCRIPT"),),
        _install_worker_prelude,
    ),
    Seam(
        "error types",
        "let state machines catch a Lambda function's exceptions by name",
        (
            Relied(_RUNTIME, "_PYTHON_WORKER_SCRIPT", contains=_ERROR_ANSWER),
            Relied(_RUNTIME, "Worker", "func_name, config, code_zip"),
            Relied(_LAMBDA, "_execute_function_warm", "func, event, request_id"),
        ),
        _install_error_types,
    ),
)
