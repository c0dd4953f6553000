"""From a template's properties to the API's declaration."""

from __future__ import annotations

from decant.local.codepipeline.provisioner import declaration, tags
from decant.local.codepipeline.shapes import check_request

PROPERTIES = {
    "Name": "ignored: the physical name counts",
    "RoleArn": "arn:aws:iam::000000000000:role/pipeline",
    "ArtifactStore": {"Type": "S3", "Location": "artifacts"},
    "PipelineType": "V2",
    "ExecutionMode": "PARALLEL",
    "Variables": [{"Name": "site", "DefaultValue": "www"}],
    "RestartExecutionOnUpdate": False,
    "Tags": [{"Key": "team", "Value": 7}],
    "Stages": [
        {
            "Name": "Source",
            "Actions": [
                {
                    "Name": "Upload",
                    "ActionTypeId": {
                        "Category": "Source",
                        "Owner": "AWS",
                        "Provider": "S3",
                        "Version": "1",
                    },
                    "Configuration": {
                        "S3Bucket": "uploads",
                        "S3ObjectKey": "none.zip",
                        "PollForSourceChanges": False,
                    },
                    "OutputArtifacts": [{"Name": "Site"}],
                    "RunOrder": "1",
                    "Namespace": "Source",
                }
            ],
        }
    ],
}


def test_spells_properties_as_the_api_does_and_leaves_configuration_keys_alone() -> None:
    made = declaration(PROPERTIES, "release")
    action = made["stages"][0]["actions"][0]
    assert made["name"] == "release"
    assert action["configuration"] == {
        "S3Bucket": "uploads",
        "S3ObjectKey": "none.zip",
        "PollForSourceChanges": "false",
    }
    assert action["runOrder"] == 1
    assert action["actionTypeId"]["provider"] == "S3"
    assert made["variables"] == [{"name": "site", "defaultValue": "www"}]


def test_makes_what_the_api_accepts() -> None:
    check_request("CreatePipeline", {"pipeline": declaration(PROPERTIES, "release")})


def test_turns_artifact_stores_into_a_map_of_regions() -> None:
    store = {"Region": "eu-west-1", "ArtifactStore": {"Type": "S3", "Location": "eu"}}
    made = declaration({**PROPERTIES, "ArtifactStores": [store]}, "release")
    assert made["artifactStores"] == {"eu-west-1": {"type": "S3", "location": "eu"}}


def test_tags_are_texts() -> None:
    assert tags(PROPERTIES) == [{"key": "team", "value": "7"}]
