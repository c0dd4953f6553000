"""Each extension of MiniStack: is it where it was, and does it do what Decant needs it to?"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from decant.local import resolver
from decant.local.errors import SeamMoved
from decant.local.process import LocalAws
from decant.local.seams import SEAMS, Relied, Seam, install_all
from decant.local.state import ACCOUNT_ID
from tests.local.plugin_server import (
    REGION,
    Statement,
    client,
    invoke,
    make_function,
    make_role,
    make_user,
    unique,
)

LOGS: Statement = (["logs:*"], ["*"])


@pytest.mark.parametrize("seam", SEAMS, ids=lambda seam: seam.name)
def test_the_seam_is_where_it_was(seam: Seam) -> None:
    assert seam.moved() == []


@pytest.mark.parametrize(
    ("relied", "said"),
    [
        (Relied("ministack.app", "nothing"), "ministack.app.nothing is gone"),
        (Relied("ministack.nowhere", "x"), "ministack.nowhere cannot be imported"),
        (Relied("ministack.app", "app", "scope"), "takes (scope, receive, send), not (scope)"),
        (Relied("ministack.app", "BANNER", contains="no such text"), "does not say"),
    ],
)
def test_what_moved_is_named(relied: Relied, said: str) -> None:
    installed: list[str] = []
    moved = Seam("doors", "open", (relied,), lambda: installed.append("doors"))
    fine = Seam("walls", "stand", (), lambda: installed.append("walls"))
    with pytest.raises(SeamMoved, match="MiniStack's seam 'doors' moved") as refused:
        install_all([fine, moved])
    assert said in str(refused.value)
    assert installed == []


def credentials_of(local: LocalAws, *statements: Statement) -> Credentials:
    """What a Lambda function with a role of these statements gets from its environment."""
    source = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    seen = invoke(local, make_function(local, source, statements))
    return Credentials(
        seen["AWS_ACCESS_KEY_ID"], seen["AWS_SECRET_ACCESS_KEY"], seen["AWS_SESSION_TOKEN"]
    )


def refused(call: Any, *args: Any, **kwargs: Any) -> str:
    """The code of the error that AWS answers with."""
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    return str(error.value.response["Error"]["Code"])


def until(found: Any) -> Any:
    """What `found()` gives, once that is true; in at most 15 seconds."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError("It did not happen in 15 seconds.")


# Lambda ---------------------------------------------------------------------------------------


def test_a_function_is_active_at_once(local_aws: LocalAws) -> None:
    name = make_function(local_aws, "def handler(event, context):\n    return 1\n")
    functions = client(local_aws, "lambda")
    functions.update_function_configuration(FunctionName=name, Timeout=9)
    started = time.monotonic()
    functions.get_waiter("function_updated").wait(FunctionName=name)
    assert time.monotonic() - started < 4  # a waiter that finds it pending sleeps for 5 seconds


def test_a_function_sees_only_what_was_shipped_and_local_names(local_aws: LocalAws) -> None:
    source = """
import importlib.util, socket
def handler(event, context):
    names = ["boto3", "decant", "chalicelib", "pytest", "json"]
    return {"found": [name for name in names if importlib.util.find_spec(name)],
            "address": socket.getaddrinfo("000000000000.localhost", 80)[0][4][0]}
"""
    seen = invoke(local_aws, make_function(local_aws, source))
    assert seen == {"found": ["json"], "address": "127.0.0.1"}


def test_an_error_has_the_exceptions_class(local_aws: LocalAws) -> None:
    source = """
class Throttled(Exception):
    pass
def handler(event, context):
    raise Throttled("slow down")
"""
    answer = invoke(local_aws, make_function(local_aws, source))
    assert (answer["errorType"], answer["errorMessage"]) == ("Throttled", "slow down")


def test_a_function_may_do_what_its_role_allows_and_no_more(local_aws: LocalAws) -> None:
    bucket = unique("bucket")
    root = client(local_aws, "s3")
    root.create_bucket(Bucket=bucket)
    root.put_object(Bucket=bucket, Key="a", Body=b"hello")
    reading: Statement = (["s3:GetObject"], [f"arn:aws:s3:::{bucket}/*"])
    allowed = client(local_aws, "s3", credentials_of(local_aws, LOGS, reading))
    assert allowed.get_object(Bucket=bucket, Key="a")["Body"].read() == b"hello"
    assert refused(allowed.put_object, Bucket=bucket, Key="a") == "AccessDenied"
    denied = client(local_aws, "s3", credentials_of(local_aws, LOGS))
    assert refused(denied.get_object, Bucket=bucket, Key="a") == "AccessDenied"


# Policies -------------------------------------------------------------------------------------


def test_a_bucket_that_demands_tls_can_be_used(local_aws: LocalAws) -> None:
    bucket = unique("bucket")
    root = client(local_aws, "s3")
    root.create_bucket(Bucket=bucket)
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": arns,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    root.put_bucket_policy(Bucket=bucket, Policy=document)
    user = client(local_aws, "s3", make_user(local_aws, [(["s3:PutObject"], arns)]))
    user.put_object(Bucket=bucket, Key="a", Body=b"1")
    deny["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    root.put_bucket_policy(Bucket=bucket, Policy=document)
    assert refused(user.put_object, Bucket=bucket, Key="a") == "AccessDenied"


def test_a_policy_may_name_one_store(local_aws: LocalAws) -> None:
    stores = client(local_aws, "cloudfront")
    mine, other = (
        stores.create_key_value_store(Name=unique("store"))["KeyValueStore"]["ARN"]
        for _ in range(2)
    )
    actions = ["cloudfront-keyvaluestore:DescribeKeyValueStore"]
    key = make_user(local_aws, [(actions, [mine])])
    user = client(local_aws, "cloudfront-keyvaluestore", key)
    etag = user.describe_key_value_store(KvsARN=mine)["ETag"]
    assert refused(user.describe_key_value_store, KvsARN=other) == "AccessDeniedException"
    puts = [{"Key": "a", "Value": "1"}]
    code = refused(user.update_keys, KvsARN=mine, IfMatch=etag, Puts=puts)
    assert code == "AccessDeniedException"


def test_a_wrong_secret_is_refused_for_sigv4_and_sigv4a(local_aws: LocalAws) -> None:
    key = make_user(local_aws, [(["*"], ["*"])])
    wrong = Credentials(key.access_key, "not the secret")
    assert refused(client(local_aws, "s3", wrong).list_buckets) == "SignatureDoesNotMatch"
    arn = client(local_aws, "cloudfront").create_key_value_store(Name=unique("store"))
    store = client(local_aws, "cloudfront-keyvaluestore", wrong)
    arn = arn["KeyValueStore"]["ARN"]
    assert refused(store.describe_key_value_store, KvsARN=arn) == "InvalidSignatureException"


# Events ---------------------------------------------------------------------------------------


def test_an_event_names_the_version_that_was_written(local_aws: LocalAws) -> None:
    bucket = unique("bucket")
    s3, queues, events = (client(local_aws, service) for service in ("s3", "sqs", "events"))
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    queue = queues.create_queue(QueueName=unique("queue"))["QueueUrl"]
    rule = unique("rule")
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{queue.rsplit('/', 1)[-1]}"
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    written = s3.put_object(Bucket=bucket, Key="a b+c%.zip", Body=b"zip")["VersionId"]
    messages = until(lambda: queues.receive_message(QueueUrl=queue).get("Messages"))
    stored = json.loads(messages[0]["Body"])["detail"]["object"]
    assert stored["version-id"] == written
    assert (stored["key"], stored["size"]) == ("a b+c%.zip", 3)
    assert stored["sequencer"]


# API Gateway -----------------------------------------------------------------------------------


def api_document(function: str, *paths: str) -> bytes:
    """An OpenAPI document with an IAM-authorised GET on each path, as Chalice writes it."""
    target = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function}/invocations"
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{target}"
    operation = {
        "security": [{"sigv4": []}],
        "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri},
    }
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
    document = {
        "swagger": "2.0",
        "info": {"version": "1", "title": unique("api")},
        "paths": {path: {"get": operation} for path in paths},
        "securityDefinitions": {"sigv4": scheme},
    }
    return json.dumps(document).encode()


def status_of(url: str, key: Credentials | None = None, add: str = "") -> int:
    """The status of a GET, signed with `key`; `add` is put on the URL after it was signed."""
    resolver.install()
    request = AWSRequest("GET", url)
    if key is not None:
        SigV4Auth(key, "execute-api", REGION).add_auth(request)
    headers = dict(request.headers.items())
    return urllib3.request("GET", url + add, headers=headers, retries=False).status


def test_an_imported_api_keeps_its_id_and_its_iam_routes_when_overwritten(
    local_aws: LocalAws,
) -> None:
    source = "def handler(event, context):\n    return {'statusCode': 200, 'body': event['path']}\n"
    function = make_function(local_aws, source)
    apis = client(local_aws, "apigateway")
    made = apis.import_rest_api(body=api_document(function, "/old", "/kept"))
    api = made["id"]
    apis.create_deployment(restApiId=api, stageName="api")
    client(local_aws, "lambda").add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    base = local_aws.record.api_url(api, "api")
    resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api}/api/GET/*"
    key = make_user(local_aws, [(["execute-api:Invoke"], [resource])])
    assert status_of(f"{base}/old", key) == 200

    again = apis.put_rest_api(
        restApiId=api, mode="overwrite", body=api_document(function, "/kept", "/new")
    )
    apis.create_deployment(restApiId=api, stageName="api")
    assert again["id"] == api
    assert [found["id"] for found in apis.get_rest_apis()["items"]].count(api) == 1
    paths = {item["path"] for item in apis.get_resources(restApiId=api)["items"]}
    assert paths == {"/", "/kept", "/new"}
    assert status_of(f"{base}/new?a=1", key) == 200
    assert status_of(f"{base}/kept") == 403
    assert status_of(f"{base}/kept?a=1", key, add="&b=2") == 403
    assert status_of(f"{base}/kept", make_user(local_aws, [])) == 403


def test_overwriting_an_api_that_does_not_exist_says_so(local_aws: LocalAws) -> None:
    put = client(local_aws, "apigateway").put_rest_api
    body = api_document("nothing", "/a")
    assert refused(put, restApiId="0000aaaa", mode="overwrite", body=body) == "NotFoundException"


# Step Functions ---------------------------------------------------------------------------------


def run_machine(local: LocalAws, function: str, bucket: str, allowed: list[Statement]) -> Any:
    """(status, cause) of a run that maps `function` over s3://bucket/items.json."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": True,
    }
    each = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": bucket, "Key": "items.json"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "One",
            "States": {"One": task},
        },
        "End": True,
    }
    machines = client(local, "stepfunctions")
    arn = machines.create_state_machine(
        name=unique("machine"),
        roleArn=make_role(local, "states", allowed),
        definition=json.dumps({"StartAt": "Each", "States": {"Each": each}}),
    )["stateMachineArn"]
    run = machines.start_execution(stateMachineArn=arn)["executionArn"]

    def ended() -> Any:
        found = machines.describe_execution(executionArn=run)
        return found if found["status"] != "RUNNING" else None

    end = until(ended)
    return end["status"], end.get("output") or end.get("cause")


def test_a_state_machine_may_do_what_its_role_allows_and_no_more(local_aws: LocalAws) -> None:
    function = make_function(local_aws, "def handler(event, context):\n    return event\n")
    bucket = unique("bucket")
    s3 = client(local_aws, "s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="items.json", Body=b"[1, 2, 3]")
    calling: Statement = (
        ["lambda:InvokeFunction"],
        [f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function}"],
    )
    reading: Statement = (["s3:GetObject"], [f"arn:aws:s3:::{bucket}/*"])
    starting: Statement = (["states:StartExecution"], ["*"])
    whole = [calling, reading, starting]
    assert run_machine(local_aws, function, bucket, whole) == ("SUCCEEDED", "[1, 2, 3]")
    for missing, action in ((1, "s3:GetObject"), (2, "states:StartExecution")):
        status, cause = run_machine(
            local_aws, function, bucket, [s for n, s in enumerate(whole) if n != missing]
        )
        assert status == "FAILED"
        assert f"not authorized to perform: {action}" in cause
    status, _ = run_machine(local_aws, function, bucket, [reading, starting])
    assert status == "FAILED"


def test_a_range_of_one_version_of_an_object_is_answered(local_aws: LocalAws) -> None:
    bucket = unique("bucket")
    s3 = client(local_aws, "s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"newer")
    for wanted, part in (("bytes=2-4", b"234"), ("bytes=-3", b"789"), ("bytes=8-99", b"89")):
        answer = s3.get_object(Bucket=bucket, Key="a", VersionId=first, Range=wanted)
        assert answer["Body"].read() == part
        assert answer["ContentRange"].endswith("/10")
    beyond = {"Bucket": bucket, "Key": "a", "VersionId": first, "Range": "bytes=10-"}
    assert refused(s3.get_object, **beyond) == "InvalidRange"
