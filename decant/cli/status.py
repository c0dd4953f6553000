"""`decant status`: the aliases and recent deployments of a stage, or one deployment in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from decant import wording
from decant.cli.fault import leave
from decant.cli.following import Ending, conclude, follow_deployment
from decant.cli.invocation import Invocation
from decant.cli.options import (
    DEFAULT_TIMEOUT_SECONDS,
    JsonOption,
    StageOption,
    TimeoutOption,
)

if TYPE_CHECKING:
    from datetime import datetime

    from decant.admin_api import AdminApi
    from decant.answers import AliasAnswer, DeploymentAnswer

EXAMPLES = """Examples:

\b
  decant status
  decant status d3f1c9a2b4e5f60718293
  decant status d3f1c9a2b4e5f60718293 --wait"""

_STYLES = {"live": "green", "failed": "red", "refused": "red", "ready": "yellow"}


def status(
    ctx: typer.Context,
    deployment_id: Annotated[
        str | None, typer.Argument(metavar="DEPLOYMENT", help="The id of one deployment.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until that deployment has ended.")
    ] = False,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_SECONDS,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show aliases and deployments, or one deployment in detail."""
    run = Invocation.of(ctx, stage, as_json)
    if wait and deployment_id is None:
        raise typer.BadParameter("--wait needs the id of a deployment.", param_hint="--wait")
    profile, reached = run.connect()
    api = reached.admin_api()
    if deployment_id is None:
        _show_stage(run, api)
    elif wait:
        site_url, began = reached.site_url(), run.tools.clock()
        verdict, sight = follow_deployment(run, api, deployment_id, timeout)
        seconds = run.tools.clock() - began
        ending = Ending(profile.stage, deployment_id, verdict, sight, site_url, seconds)
        run.console.document(ending.document())
        leave(conclude(run, ending))
    else:
        _show_deployment(run, api.deployment(deployment_id))


def _show_stage(run: Invocation, api: AdminApi) -> None:
    aliases, deployments = api.aliases(), api.deployments()
    run.console.document(
        {
            "aliases": [alias.model_dump(mode="json") for alias in aliases],
            "deployments": [deployment.model_dump(mode="json") for deployment in deployments],
        }
    )
    if not deployments:
        run.console.say("Nothing has been deployed yet: `decant deploy FOLDER` begins.")
        return
    now = run.tools.now()
    run.console.table(
        "Aliases",
        ("Alias", "Version", "Lock", "Canary", "Password", "Since", "By"),
        [(None, _alias_row(alias, now)) for alias in aliases],
    )
    run.console.say("")
    run.console.table(
        "Recent deployments",
        ("Deployment", "Alias", "Status", "Version", "Begun", "Reason"),
        [
            (_STYLES.get(deployment.status), _deployment_row(deployment, now))
            for deployment in deployments
        ],
    )


def _alias_row(alias: AliasAnswer, now: datetime) -> tuple[str, ...]:
    canary = alias.canary
    return (
        alias.name,
        f"v{alias.version}",
        "locked" if alias.locked else "",
        f"v{canary.version} for {wording.share(canary.percent)}" if canary else "",
        "needed" if alias.password else "",
        wording.when(alias.activated_at, now),
        alias.activated_by,
    )


def _deployment_row(deployment: DeploymentAnswer, now: datetime) -> tuple[str, ...]:
    return (
        deployment.id,
        deployment.alias,
        deployment.status,
        _version(deployment),
        wording.when(deployment.created_at, now),
        deployment.reason or "",
    )


def _show_deployment(run: Invocation, deployment: DeploymentAnswer) -> None:
    run.console.document(deployment.model_dump(mode="json"))
    now = run.tools.now()
    source = deployment.source
    facts = [
        ("Alias", deployment.alias),
        ("Status", deployment.status),
        ("Reason", deployment.reason or ""),
        ("Version", _version(deployment)),
        ("Files", "" if deployment.files is None else f"{deployment.files:,}"),
        ("Size", "" if deployment.bytes is None else wording.size(deployment.bytes)),
        ("New", _new(deployment)),
        ("Carried over", wording.carried_by(deployment)),
        ("Copied", _copied(deployment)),
        ("Begun", wording.when(deployment.created_at, now)),
        ("Changed", wording.when(deployment.updated_at, now)),
        ("Upload", f"s3://{source.bucket}/{source.key} ({wording.size(source.size_bytes)})"),
        ("Upload's version id", source.version_id),
        ("Pipeline execution", deployment.pipeline_execution_id or ""),
        *(("Warning", warning) for warning in deployment.warnings),
    ]
    run.console.table(deployment.id, ("", ""), [(None, fact) for fact in facts if fact[1]])


def _version(deployment: DeploymentAnswer) -> str:
    return "" if deployment.version is None else f"v{deployment.version}"


def _new(deployment: DeploymentAnswer) -> str:
    if deployment.stored_files is None:
        return ""
    return wording.files(deployment.stored_files, deployment.stored_bytes or 0)


def _copied(deployment: DeploymentAnswer) -> str:
    if deployment.shards is None:
        return ""
    return f"{deployment.shards_done} of {deployment.shards} shards"
