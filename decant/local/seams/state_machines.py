"""State machines act as their role: MiniStack runs them as if they could do everything.

Checked are the calls that Decant's state machine makes: invoking functions, reading a Map's items
from S3 and starting a Map's child executions. Other integrations stay unchecked.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from decant.local.seams.seam import Relied, Seam

_STATES = "ministack.services.stepfunctions"
_EVALUATOR = "ministack.core.iam_evaluator"

# The role of the state machine whose execution this thread works on.
_role: ContextVar[str | None] = ContextVar("role", default=None)


def refusal(action: str, resource: str) -> str | None:
    """Why the running state machine's role may not do `action`; None when it may."""
    from ministack.core import iam_evaluator
    from ministack.core.responses import get_region
    from ministack.services import iam

    role_arn = _role.get()
    if role_arn is None:
        return None
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/states"
    context = iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    if iam_evaluator.evaluate(context, policies, *limits).decision == "Allow":
        return None
    return f"User: {principal} is not authorized to perform: {action} on resource: {resource}"


def _install_state_machine_roles() -> None:
    from ministack.services import lambda_svc, stepfunctions

    run, call, read, spread = (
        stepfunctions._run_execution,
        stepfunctions._call_lambda,
        stepfunctions._s3_object_text,
        stepfunctions._run_distributed_map,
    )

    def demand(action: str, resource: str, error: str) -> None:
        if reason := refusal(action, resource):
            raise stepfunctions._ExecutionError(error, reason)

    def run_execution(exec_arn: str) -> None:
        execution = stepfunctions._executions.get(exec_arn) or {}
        machine = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
        token = _role.set(machine.get("roleArn"))
        try:
            run(exec_arn)
        finally:
            _role.reset(token)

    def call_lambda(func_ref: str, event: Any) -> Any:
        _, config, _ = lambda_svc._get_func_record_for_ref(func_ref)
        if config:
            demand("lambda:InvokeFunction", config["FunctionArn"], "Lambda.AWSLambdaException")
        return call(func_ref, event)

    def s3_object_text(bucket: str, key: str) -> Any:
        demand("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", "States.ItemReaderFailed")
        return read(bucket, key)

    def run_distributed_map(*args: Any) -> Any:
        machine = args[_EXECUTION]["stateMachineArn"]
        demand("states:StartExecution", machine, "States.Permissions")
        return spread(*args)

    replaced: dict[str, Callable[..., Any]] = {
        "_run_execution": run_execution,
        "_call_lambda": call_lambda,
        "_s3_object_text": s3_object_text,
        "_run_distributed_map": run_distributed_map,
    }
    for name, function in replaced.items():
        setattr(stepfunctions, name, function)


# Where `_run_distributed_map` has the execution among its arguments.
_EXECUTION = 4

SEAMS = (
    Seam(
        "state machine roles",
        "prove that a state machine's role may do what the machine does",
        (
            Relied(_STATES, "_run_execution", "exec_arn"),
            Relied(_STATES, "_call_lambda", "func_ref, event"),
            Relied(_STATES, "_s3_object_text", "bucket, key"),
            Relied(
                _STATES,
                "_run_distributed_map",
                "state_def, raw_input, effective, iterator, execution, ctx",
            ),
            Relied(_STATES, "_executions"),
            Relied(_STATES, "_state_machines"),
            Relied(_STATES, "_ExecutionError", "error, cause"),
            Relied("ministack.services.lambda_svc", "_get_func_record_for_ref", "function_ref"),
            Relied(_EVALUATOR, "_gather_role_policies", "role_name, account_id"),
            Relied(_EVALUATOR, "_permissions_boundary", "store, name, account_id"),
            Relied(_EVALUATOR, "evaluate", "ctx, policies, limits"),
        ),
        _install_state_machine_roles,
    ),
)
