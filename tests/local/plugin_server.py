"""What the tests of local AWS itself put on it: clients, roles, functions and a distribution."""

from __future__ import annotations

import http.client
import io
import json
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.credentials import Credentials

from decant.local import resolver
from decant.local.process import LocalAws
from decant.local.state import ACCOUNT_ID, ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY

REGION = "us-east-1"
ROOT = Credentials(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY)

# (actions, resources) that are allowed.
Statement = tuple[Sequence[str], Sequence[str]]

ROUTER = """
import cf from 'cloudfront';
async function handler(event) {
    var request = event.request;
    if (request.uri === '/throw') throw new Error('on purpose');
    if (request.uri.indexOf('/echo') === 0) {
        return {statusCode: 200, headers: {}, body: JSON.stringify({
            uri: request.uri, query: request.rawQueryString(), headers: request.headers})};
    }
    request.uri = '/' + await cf.kvs().get('live') + request.uri;
    return request;
}
"""
RESPONSE = """
function handler(event) {
    var response = event.response;
    var status = response.headers['x-amz-meta-status'];
    if (status) response.statusCode = Number(status.value);
    response.headers['x-added'] = {value: 'yes'};
    return response;
}
"""


def unique(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def client(local: LocalAws, service: str, credentials: Credentials = ROOT) -> Any:
    """An AWS client of a local AWS, as root when nothing else is said."""
    resolver.install()
    return boto3.client(
        service,  # type: ignore[call-overload] # the name is not a literal here
        region_name=REGION,
        endpoint_url=local.endpoint_url,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
    )


def policy(statements: Sequence[Statement]) -> str:
    """The IAM policy document that allows `statements`."""
    allowed = [
        {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
        for actions, resources in statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def make_role(local: LocalAws, service: str, statements: Sequence[Statement]) -> str:
    """The ARN of a new role that `service` ("lambda") may assume."""
    name = unique("role")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com", "AWS": ACCOUNT_ID},
        "Action": "sts:AssumeRole",
    }
    iam = client(local, "iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy(statements))
    return f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"


def make_user(local: LocalAws, statements: Sequence[Statement]) -> Credentials:
    """The access key of a new IAM user."""
    name = unique("user")
    iam = client(local, "iam")
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy(statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def make_function(
    local: LocalAws, source: str, statements: Sequence[Statement] = ((["logs:*"], ["*"]),)
) -> str:
    """The name of a new Lambda function: `source` defines `handler(event, context)`."""
    name = unique("function")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", source)
    client(local, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=make_role(local, "lambda", statements),
        Handler="main.handler",
        Timeout=60,
        Code={"ZipFile": packed.getvalue()},
    )
    return name


def invoke(local: LocalAws, function: str, event: Any = None) -> Any:
    """What a function returns, or the error that Lambda reports for it."""
    answer = client(local, "lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


@dataclass(frozen=True)
class Site:
    """A distribution on a bucket, with a router that reads the key `live` of a store."""

    local: LocalAws
    bucket: str
    store_arn: str
    distribution_id: str
    domain: str

    def put(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Store a file."""
        client(self.local, "s3").put_object(
            Bucket=self.bucket, Key=key, Body=body, Metadata=dict(metadata or {})
        )

    def switch(self, live: str) -> None:
        """Point the router at another folder."""
        store = client(self.local, "cloudfront-keyvaluestore")
        etag = store.describe_key_value_store(KvsARN=self.store_arn)["ETag"]
        puts = [{"Key": "live", "Value": live}]
        store.update_keys(KvsARN=self.store_arn, IfMatch=etag, Puts=puts)

    def get(
        self, path: str, method: str = "GET", host: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers by lower-case name, body) of a request whose path is sent as it is."""
        port = self.local.record.site_port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or f"localhost:{port}")
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body


def _template(name: str) -> dict[str, Any]:
    def function(event_type: str, code: str, **config: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::CloudFront::Function",
            "Properties": {
                "Name": f"{name}-{event_type}",
                "AutoPublish": True,
                "FunctionCode": code,
                "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0", **config},
            },
        }

    store = [{"KeyValueStoreARN": {"Fn::GetAtt": ["Store", "Arn"]}}]
    caching = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # AWS's managed policy CachingOptimized
    behaviour = {
        "TargetOriginId": "s3",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": caching,
        "AllowedMethods": ["GET", "HEAD"],
    }
    arn = "arn:aws:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
    return {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}},
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudfront.amazonaws.com"},
                            "Action": "s3:GetObject",
                            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                            "Condition": {"StringEquals": {"AWS:SourceArn": {"Fn::Sub": arn}}},
                        }
                    ],
                },
            },
        },
        "Store": {"Type": "AWS::CloudFront::KeyValueStore", "Properties": {"Name": name}},
        "Router": function("request", ROUTER, KeyValueStoreAssociations=store),
        "Response": function("response", RESPONSE),
        "Access": {
            "Type": "AWS::CloudFront::OriginAccessControl",
            "Properties": {
                "OriginAccessControlConfig": {
                    "Name": name,
                    "OriginAccessControlOriginType": "s3",
                    "SigningBehavior": "always",
                    "SigningProtocol": "sigv4",
                }
            },
        },
        "Distribution": {
            "Type": "AWS::CloudFront::Distribution",
            "Properties": {
                "DistributionConfig": {
                    "Enabled": True,
                    "Origins": [
                        {
                            "Id": "s3",
                            "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
                            "OriginAccessControlId": {"Ref": "Access"},
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        }
                    ],
                    "DefaultCacheBehavior": {
                        **behaviour,
                        "FunctionAssociations": [
                            {
                                "EventType": f"viewer-{kind.lower()}",
                                "FunctionARN": {"Fn::GetAtt": [logical, "FunctionARN"]},
                            }
                            for kind, logical in (("Request", "Router"), ("Response", "Response"))
                        ],
                    },
                    "CacheBehaviors": [{**behaviour, "PathPattern": "errors/*"}],
                    "CustomErrorResponses": [
                        {
                            "ErrorCode": 403,
                            "ResponseCode": 404,
                            "ResponsePagePath": "/errors/404.html",
                        }
                    ],
                }
            },
        },
    }


def make_site(local: LocalAws) -> Site:
    """A new distribution, made by CloudFormation."""
    name = unique("site")
    outputs = {
        "Store": {"Value": {"Fn::GetAtt": ["Store", "Arn"]}},
        "Id": {"Value": {"Ref": "Distribution"}},
        "Domain": {"Value": {"Fn::GetAtt": ["Distribution", "DomainName"]}},
    }
    stacks = client(local, "cloudformation")
    template = json.dumps({"Resources": _template(name), "Outputs": outputs})
    stacks.create_stack(StackName=name, TemplateBody=template)
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    found = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    values = {output["OutputKey"]: output["OutputValue"] for output in found}
    return Site(local, name, values["Store"], values["Id"], values["Domain"])
