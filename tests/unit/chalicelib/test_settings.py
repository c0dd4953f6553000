"""The functions' environment as settings."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from chalice.config import Config

from chalicelib.decisions.retention import Keep
from chalicelib.errors import InvalidRequest
from chalicelib.settings import load_settings
from decant.chalice_stage import ROLES, api_url, stage_settings, write_config

OUTPUTS = {
    "Table": "decant-prod",
    "SourceBucket": "source-bucket",
    "ArtifactBucket": "artifact-bucket",
    "HostingBucket": "hosting-bucket",
    "StoreArn": "arn:aws:cloudfront::123456789012:key-value-store/0000-1111",
    **{output: f"arn:aws:iam::123456789012:role/{output}" for output in ROLES.values()},
}
BASE = json.loads((Path(__file__).resolve().parents[3] / ".chalice" / "base.json").read_text())


def test_what_the_bootstrap_writes_is_what_the_functions_read() -> None:
    environment = stage_settings(BASE, "prod", OUTPUTS)["environment_variables"]
    settings = load_settings({**environment, "PATH": "/bin"})
    assert settings.stage == "prod"
    assert settings.hosting_bucket == "hosting-bucket"
    assert settings.release_pipeline == "decant-prod-release"


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InvalidRequest, match="DECANT_TABLE"):
        load_settings({"DECANT_STAGE": "prod"})


def test_every_function_has_its_own_role_memory_and_timeout() -> None:
    functions = stage_settings(BASE, "prod", OUTPUTS)["lambda_functions"]
    assert len({function["iam_role_arn"] for function in functions.values()}) == len(ROLES)
    for function in functions.values():
        assert function["lambda_memory_size"] >= 256
        assert function["lambda_timeout"] > 0


def test_writing_one_stage_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "base.json").write_text(json.dumps(BASE))
    write_config(tmp_path, "prod", OUTPUTS)
    write_config(tmp_path, "test", {**OUTPUTS, "Table": "decant-test"})
    config = json.loads((tmp_path / ".chalice" / "config.json").read_text())
    assert set(config["stages"]) == {"prod", "test"}
    table = config["stages"]["prod"]["environment_variables"]["DECANT_TABLE"]
    assert table == "decant-prod"
    assert config["automatic_layer"] is True
    assert config["manage_iam_role"] is False


def test_the_address_of_the_api_comes_from_what_chalice_deployed() -> None:
    deployed = {
        "resources": [
            {"resource_type": "lambda_function"},
            {"resource_type": "rest_api", "rest_api_url": "https://x.amazonaws.com/api/"},
        ]
    }
    assert api_url(deployed) == "https://x.amazonaws.com/api"


def test_a_setting_in_the_base_reaches_every_function(tmp_path: Path) -> None:
    (tmp_path / ".chalice").mkdir()
    chosen = {"DECANT_KEEP_DAYS": "90", "DECANT_CARRY_DAYS": "14"}
    base = BASE | {"environment_variables": chosen}
    (tmp_path / ".chalice" / "base.json").write_text(json.dumps(base))
    write_config(tmp_path, "prod", OUTPUTS)
    disk = json.loads((tmp_path / ".chalice" / "config.json").read_text())
    for function in ROLES:
        config = Config("prod", function, config_from_disk=disk)
        settings = load_settings(config.environment_variables)
        assert (settings.keep_days, settings.carry.days) == (90, 14)
        assert settings.hosting_bucket == "hosting-bucket"


def test_rules_of_retention_by_alias_are_read_in_their_order() -> None:
    environment = stage_settings(BASE, "prod", OUTPUTS)["environment_variables"]
    settings = load_settings({**environment, "DECANT_KEEP_BY_ALIAS": "pr-1=9/9 pr-*=2/7"})
    assert settings.retention.of("pr-1") == Keep(9, timedelta(days=9))
    assert settings.retention.of("pr-2") == Keep(2, timedelta(days=7))
    assert settings.retention.of("production") == Keep(10, timedelta(days=30))


@pytest.mark.parametrize("rules", ["pr-*", "pr-*=2", "pr-*=0/7", "pr-*=2/x", "=2/7"])
def test_a_rule_of_retention_that_is_none_is_refused(rules: str) -> None:
    environment = stage_settings(BASE, "prod", OUTPUTS)["environment_variables"]
    with pytest.raises(InvalidRequest, match="DECANT_KEEP_BY_ALIAS"):
        load_settings({**environment, "DECANT_KEEP_BY_ALIAS": rules})
