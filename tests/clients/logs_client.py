"""Clients of CloudWatch Logs whose every answer is held against the service's own model."""

import json
import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
ACCOUNT = "000000000000"


def check_shape(shape, value, at):
    """Holds a parsed value against a shape of the model: kinds, ranges, enumerations, no member that it lacks."""
    kinds = {
        "structure": dict, "map": dict, "list": list, "string": str, "boolean": bool,
        "integer": int, "long": int, "double": (int, float), "float": (int, float), "timestamp": (int, float),
    }  # fmt: skip
    kind = shape.type_name
    assert isinstance(value, kinds[kind]), f"{at}: {value!r} is no {kind}"
    if kind == "structure":
        unknown = value.keys() - shape.members.keys()
        assert not unknown, f"{at}: the model has no {unknown}"
        for name, member in value.items():
            check_shape(shape.members[name], member, f"{at}.{name}")
    elif kind == "map":
        for name, member in value.items():
            check_shape(shape.value, member, f"{at}[{name!r}]")
    elif kind == "list":
        for index, member in enumerate(value):
            check_shape(shape.member, member, f"{at}[{index}]")
    size = value if kind in ("integer", "long") else len(value) if hasattr(value, "__len__") else 0
    limits = shape.metadata
    assert size >= limits.get("min", size) and size <= limits.get("max", size), f"{at}: {value!r}"
    assert not getattr(shape, "enum", None) or value in shape.enum, f"{at}: {value!r}"


class Checked:
    """Looks at every answer before the client's own parser does, which forgives members that the model lacks."""

    def __init__(self, client):
        self.seen = set()
        client.meta.events.register("before-parse.cloudwatch-logs.*", self.raw)

    def raw(self, operation_model, response_dict, **_):
        headers, status = response_dict["headers"], response_dict["status_code"]
        if status == 200 and operation_model.has_event_stream_output:
            # Its events come later, and whoever reads them holds them against the model.
            assert headers["content-type"] == "application/vnd.amazon.eventstream"
            assert headers["x-amzn-requestid"]
            self.seen.add(operation_model.name)
            return
        assert headers["content-type"] == "application/x-amz-json-1.1"
        assert headers["x-amzn-requestid"]
        body = response_dict["body"]
        # In a message's text it may be anything.
        absent = re.sub(rb'"(\\.|[^"\\])*"', b'""', body)
        assert b"null" not in absent, f"{operation_model.name}: members that are absent are left out: {body}"
        if status == 200 and operation_model.output_shape is not None:
            check_shape(operation_model.output_shape, json.loads(body), operation_model.name)
        if status == 200 and operation_model.output_shape is None:
            assert body == b""
        if status == 200:
            self.seen.add(operation_model.name)


def client_of(url, service="logs", **more):
    client = boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret-access",
        config=Config(retries={"total_max_attempts": 1}, **more),
    )
    if service == "logs":
        client.checked = Checked(client)
    return client


def refused(client, exception, operation, **arguments):
    """Makes a call that has to be refused with this class of exception, and returns the message."""
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**arguments)
    error = raised.value
    assert isinstance(error, getattr(client.exceptions, exception, ClientError)), repr(error)
    assert error.response["Error"]["Code"] == exception, repr(error)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    declared = {shape.name for shape in operation_of(client, operation).error_shapes}
    common = {
        "UnknownOperationException", "SerializationException", "ValidationException", "InvalidOperationException",
        "ThrottlingException",
    }  # fmt: skip
    assert exception in declared | common, f"{operation} does not declare {exception}"
    return error.response["Error"]["Message"]


def operation_of(client, method):
    return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
