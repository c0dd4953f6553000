"""`decant bootstrap`: make or update a stage in an AWS account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.errors import InvalidRequest
from decant.cli.invocation import BootstrapResult, Invocation
from decant.cli.options import JsonOption, StageOption

if TYPE_CHECKING:
    from decant.profiles import StageProfile

EXAMPLES = """Examples:

\b
  decant bootstrap --stage prod --region eu-central-1
  decant bootstrap --stage prod --profile work
  decant bootstrap --stage local      # on the local AWS of `decant local`"""


def bootstrap(
    ctx: typer.Context,
    region: Annotated[
        str | None,
        typer.Option("--region", metavar="REGION", help="Where; by default as AWS's settings say."),
    ] = None,
    aws_profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="NAME", help="The AWS profile to sign in with."),
    ] = None,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make or update a stage in an AWS account.

    Its two stacks are made, and the settings that `chalice deploy` reads. What is already as it
    should be is left alone, so it may be run again at any time. How this machine reaches the stage
    is written to .decant/stages.
    """
    run = Invocation.of(ctx, stage, as_json)
    profile = _profile(run, region, aws_profile)
    path = run.tools.profiles().write(profile)
    run.console.note(f"Stage profile: {path}")
    with run.console.stack_progress() as report:
        result = run.tools.bootstrap(profile, report)
    _say_result(run, profile, result)


def _say_result(run: Invocation, profile: StageProfile, result: BootstrapResult) -> None:
    run.console.document(
        {
            "stage": profile.stage,
            "region": profile.region,
            "site_url": result.site_url,
            "api_url": result.api_url,
            "source_bucket": result.source_bucket,
            "changed": list(result.changed),
        }
    )
    run.console.table(
        f"Stage {profile.stage} is ready",
        ("", ""),
        [
            (None, ("Site", result.site_url)),
            (None, ("Admin API", result.api_url)),
            (None, ("Source bucket", result.source_bucket)),
            (None, ("Changed", ", ".join(result.changed) or "nothing")),
        ],
    )


def _profile(run: Invocation, region: str | None, aws_profile: str | None) -> StageProfile:
    """The stage's profile with what the options say; a new one when there is none."""
    from decant.profiles import profile_from

    profiles = run.tools.profiles()
    # With no stage named: the only one there is, or the sentence that asks for one.
    known = profiles.choose(None) if run.stage is None else profiles.find(run.stage)
    fields = known.model_dump() if known else {"stage": run.stage}
    if aws_profile is not None:
        fields["profile"] = aws_profile
    if region is None and known is None:
        region = run.tools.region_of_aws_settings(aws_profile)
        if region is None:
            raise InvalidRequest(
                "AWS's settings name no region: say where the stage is to be, with --region."
            )
    if region is not None:
        fields["region"] = region
    return profile_from(fields, "made of these options")
