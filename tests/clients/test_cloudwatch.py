"""CloudWatch's dashboards and their tags: boto3 in each protocol that clients of the service speak, and the AWS CLI."""

import gzip
import json
import re

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from logs_client import ACCOUNT, REGION, check_shape
from stack import start_gateway
from test_aws_cli import FAILED, aws
from test_logs import KEYED

PROTOCOLS = ("json", "query", "smithy-rpc-v2-cbor")
CONTENT_TYPES = {
    "json": "application/x-amz-json-1.0",
    "query": "text/xml",
    "smithy-rpc-v2-cbor": "application/cbor",
}
ARN = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/"
WIDGET = {
    "type": "metric", "x": 0, "y": 0, "width": 12, "height": 6,
    "properties": {"metrics": [["AWS/Bedrock", "Invocations"]], "region": REGION, "title": "Calls, für alle <&>"},
}  # fmt: skip
# Not its shortest form: it has to come back byte for byte.
BODY = json.dumps({"widgets": [WIDGET]}, indent=2, ensure_ascii=False).replace("\n", "\r\n")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Directories with botocore's own model of the service, which say that it speaks one protocol alone, as the models
    of older and other clients do. PutDashboard may be compressed in them, as PutMetricData is."""
    loader = botocore.loaders.Loader()
    model = loader.load_service_model("cloudwatch", "service-2", "2010-08-01")
    directories = {}
    for protocol in PROTOCOLS:
        changed = json.loads(json.dumps(model))
        changed["metadata"]["protocols"] = [protocol]
        changed["metadata"]["protocol"] = protocol
        if protocol == "query":
            del changed["metadata"]["awsQueryCompatible"]
        changed["operations"]["PutDashboard"]["requestcompression"] = {"encodings": ["gzip"]}
        directory = tmp_path_factory.mktemp(protocol)
        (directory / "cloudwatch" / "2010-08-01").mkdir(parents=True)
        (directory / "cloudwatch" / "2010-08-01" / "service-2.json").write_text(json.dumps(changed))
        directories[protocol] = directory
    return directories


class Wire:
    """What went over the wire, as the client's events show it."""

    def __init__(self, client, protocol):
        self.sent, self.protocol = [], protocol
        client.meta.events.register("before-send.cloudwatch.*", self.request)
        client.meta.events.register("before-parse.cloudwatch.*", self.answer)

    def request(self, request, **_):
        self.sent.append(request)

    def answer(self, response_dict, **_):
        headers = response_dict["headers"]
        assert headers["content-type"] == CONTENT_TYPES[self.protocol]
        assert headers["x-amzn-requestid"]
        if self.protocol == "smithy-rpc-v2-cbor":
            assert headers["smithy-protocol"] == "rpc-v2-cbor"


def client_of(url, protocol=None, directory=None, key=("AKIDEXAMPLE", "secret-access"), **more):
    session = botocore.session.get_session()
    if directory:
        session.get_component("data_loader").search_paths.insert(0, str(directory))
    client = boto3.Session(botocore_session=session).client(
        "cloudwatch",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        config=Config(retries={"total_max_attempts": 1}, **more),
    )
    if protocol:
        assert client.meta.service_model.resolved_protocol == protocol
    client.wire = Wire(client, protocol or "json")
    return client


@pytest.fixture(scope="module", params=PROTOCOLS)
def cloudwatch(request, stack, models):
    client = client_of(stack.url, request.param, models[request.param])
    yield client
    names = [entry["DashboardName"] for entry in client.list_dashboards()["DashboardEntries"]]
    if names:
        client.delete_dashboards(DashboardNames=names)


def refused(client, operation, exception, status, **arguments):
    """Makes a call that has to be refused with this exception; returns the error's document. The query protocol has one
    code for several of them; the others say which it is, beside that code."""
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**arguments)
    response = raised.value.response
    if exception and client.wire.protocol != "query":
        assert response["Error"]["QueryErrorCode"] == exception, response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
    return response


def answered(client, operation, answer):
    """Holds an answer against the model, without what the client added."""
    name = client.meta.method_to_api_mapping[operation]
    shape = client.meta.service_model.operation_model(name).output_shape
    answer = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    shown = json.loads(json.dumps(answer, default=lambda time: time.timestamp()))
    if "LastModified" not in json.dumps(shown):
        check_shape(shape, shown, operation)
    return answer


def test_every_operation_in_every_protocol(cloudwatch):
    put = cloudwatch.put_dashboard(
        DashboardName="calls", DashboardBody=BODY, Tags=[{"Key": "team", "Value": "the harbour & co"}]
    )
    assert answered(cloudwatch, "put_dashboard", put) == {"DashboardValidationMessages": []}
    cloudwatch.put_dashboard(DashboardName="Costs_1", DashboardBody='{"widgets":[]}')

    got = answered(cloudwatch, "get_dashboard", cloudwatch.get_dashboard(DashboardName="calls"))
    assert got == {"DashboardArn": ARN + "calls", "DashboardBody": BODY, "DashboardName": "calls"}

    pages = cloudwatch.get_paginator("list_dashboards").paginate()
    entries = [entry for page in pages for entry in page["DashboardEntries"]]
    assert [entry["DashboardName"] for entry in entries] == ["Costs_1", "calls"]
    assert [entry["Size"] for entry in entries] == [14, len(BODY.encode())]
    assert all(entry["LastModified"].year >= 2026 for entry in entries)
    (entry,) = cloudwatch.list_dashboards(DashboardNamePrefix="Cos")["DashboardEntries"]
    assert entry["DashboardArn"] == ARN + "Costs_1"

    def tags():
        return cloudwatch.list_tags_for_resource(ResourceARN=ARN + "calls")["Tags"]

    assert tags() == [{"Key": "team", "Value": "the harbour & co"}]
    more = [{"Key": "a", "Value": ""}, {"Key": "team", "Value": "sea"}]
    done = cloudwatch.tag_resource(ResourceARN=ARN + "calls", Tags=more)
    assert answered(cloudwatch, "tag_resource", done) == {}
    assert tags() == more
    cloudwatch.untag_resource(ResourceARN=ARN + "calls", TagKeys=["a"])
    assert tags() == more[1:]

    warned = cloudwatch.put_dashboard(DashboardName="warned", DashboardBody='{"widgets":[],"theme":"dark"}')
    (warning,) = answered(cloudwatch, "put_dashboard", warned)["DashboardValidationMessages"]
    assert warning == {"DataPath": "", "Message": "Should NOT have additional properties"}

    done = cloudwatch.delete_dashboards(DashboardNames=["calls", "Costs_1", "warned"])
    assert answered(cloudwatch, "delete_dashboards", done) == {}
    empty = answered(cloudwatch, "list_dashboards", cloudwatch.list_dashboards())
    assert empty == {"DashboardEntries": []}


def test_errors_in_every_protocol(cloudwatch):
    response = refused(
        cloudwatch, "get_dashboard", "DashboardNotFoundError", 404, DashboardName="none"
    )
    error = response["Error"]
    assert (error["Code"], error["Type"]) == ("ResourceNotFound", "Sender")
    assert error["Message"] == "Dashboard none does not exist"
    assert response["ResponseMetadata"]["RequestId"]

    body = json.dumps({"widgets": [{"type": "metric", "properties": {"title": "nothing"}}]})
    response = refused(
        cloudwatch, "put_dashboard", "DashboardInvalidInputError", 400, DashboardName="bad", DashboardBody=body
    )
    assert response["Error"]["Code"] == "InvalidParameterInput"
    said = response["Error"]["Message"]
    assert said.startswith("The dashboard body is invalid, there are 3 validation errors:\n[\n  {\n")
    messages = response["dashboardValidationMessages"]
    assert {message["DataPath"] for message in messages} == {"/widgets/0/properties"}
    listed = json.loads(said.split(":\n", 1)[1])
    assert [one["message"] for one in listed] == [message["Message"] for message in messages]

    response = refused(
        cloudwatch, "put_dashboard", "InvalidParameterValueException", 400, DashboardName="a b", DashboardBody=BODY
    )
    assert response["Error"]["Code"] == "InvalidParameterValue"
    assert response["Error"]["Message"].startswith("The value for field DashboardName contains invalid characters.")

    response = refused(
        cloudwatch, "delete_dashboards", "DashboardNotFoundError", 404, DashboardNames=["none", "nor-this"]
    )
    assert response["Error"]["Message"] == "The specified dashboard does not exist. [none, nor-this]"

    response = refused(
        cloudwatch, "tag_resource", "ResourceNotFoundException", 404,
        ResourceARN=ARN + "none", Tags=[{"Key": "a", "Value": "b"}],
    )  # fmt: skip
    assert (response["ResourceType"], response["ResourceId"]) == ("dashboard", ARN + "none")

    long = [{"Key": "k" * 129, "Value": "v"}]
    response = refused(cloudwatch, "tag_resource", "ValidationException", 400, ResourceARN=ARN + "none", Tags=long)
    assert response["Error"]["Code"] == "ValidationError"
    assert re.match(
        r"1 validation error detected: Value 'k+' at 'tags\.1\.member\.key' failed to satisfy constraint: "
        r"Member must have length less than or equal to 128$",
        response["Error"]["Message"],
    )

    response = refused(
        cloudwatch, "get_insight_rule_report", "UnknownOperationException", 400,
        RuleName="r", StartTime=0, EndTime=1, Period=60,
    )  # fmt: skip
    assert response["Error"]["Code"] == "InvalidAction"
    said = "Could not find operation GetInsightRuleReport for version 2010-08-01"
    assert response["Error"]["Message"] == said


def test_a_client_as_it_is_speaks_json(stack):
    client = client_of(stack.url)
    assert client.list_dashboards()["DashboardEntries"] == []
    (request,) = client.wire.sent
    assert request.headers["X-Amz-Target"] == b"GraniteServiceVersion20100801.ListDashboards"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_signed_and_compressed(tmp_path, models, protocol):
    config = tmp_path / "corelog.toml"
    config.write_text(KEYED)
    gateway = start_gateway(config, tmp_path)
    try:
        url = f"http://{gateway.address}"
        key = ("AKIDBATCH", "s3cret-made-up-for-the-test")
        more = {"request_min_compression_size_bytes": 1}
        client = client_of(url, protocol, models[protocol], key, **more)
        client.put_dashboard(DashboardName="packed", DashboardBody=BODY)
        (request,) = client.wire.sent
        assert request.headers["Content-Encoding"] in (b"gzip", "gzip")
        assert b"packed" in gzip.decompress(request.body)
        assert client.get_dashboard(DashboardName="packed")["DashboardBody"] == BODY
        for key, code, modern in [
            (("AKIDBATCH", "wrong"), "SignatureDoesNotMatch", "InvalidSignatureException"),
            (("AKIDNOBODY", "wrong"), "InvalidClientTokenId", "UnrecognizedClientException"),
        ]:
            other = client_of(url, protocol, models[protocol], key)
            status = 403 if protocol == "query" else 400
            error = refused(other, "list_dashboards", modern, status)["Error"]
            assert error["Code"] == code
    finally:
        gateway.stop()


def test_the_aws_cli(stack, tmp_path):
    def cloudwatch(*arguments, **more):
        return aws(stack.url, "cloudwatch", *arguments, **more)

    body = tmp_path / "body.json"
    body.write_text(BODY, newline="")
    put = cloudwatch("put-dashboard", "--dashboard-name", "cli", "--dashboard-body", f"file://{body}")
    assert put == {"DashboardValidationMessages": []}
    got = cloudwatch("get-dashboard", "--dashboard-name", "cli")
    assert got["DashboardArn"] == ARN + "cli" and json.loads(got["DashboardBody"]) == json.loads(BODY)
    (entry,) = cloudwatch("list-dashboards")["DashboardEntries"]
    assert entry["DashboardName"] == "cli"
    cloudwatch("tag-resource", "--resource-arn", ARN + "cli", "--tags", "Key=team,Value=harbour")
    tags = cloudwatch("list-tags-for-resource", "--resource-arn", ARN + "cli")
    assert tags == {"Tags": [{"Key": "team", "Value": "harbour"}]}
    cloudwatch("untag-resource", "--resource-arn", ARN + "cli", "--tag-keys", "team")
    said = cloudwatch("put-dashboard", "--dashboard-name", "cli", "--dashboard-body", "[]", expect_code=FAILED)
    assert "(InvalidParameterInput)" in said and "must be a valid JSON object" in said
    cloudwatch("delete-dashboards", "--dashboard-names", "cli")
    said = cloudwatch("delete-dashboards", "--dashboard-names", "cli", expect_code=FAILED)
    assert "(ResourceNotFound)" in said and "The specified dashboard does not exist. [cli]" in said
