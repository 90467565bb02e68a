"""boto3's `bedrock` client: model invocation logging is configured as in the original."""

import gzip
import json

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from processes import wait_for

FLAGS = ["text", "image", "embedding", "video", "audio"]


def client_of(stack, service):
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=stack.url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret-access",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def bedrock(store):
    client = client_of(store, "bedrock")
    yield client
    client.delete_model_invocation_logging_configuration()


def put(bedrock, **configuration):
    return bedrock.put_model_invocation_logging_configuration(loggingConfig=configuration)


def get(bedrock):
    return bedrock.get_model_invocation_logging_configuration().get("loggingConfig")


def keys(s3, bucket):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def test_nothing_is_configured_at_first_and_deleting_nothing_is_fine(bedrock):
    assert get(bedrock) is None
    for _ in range(2):
        answer = bedrock.delete_model_invocation_logging_configuration()
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_flags_left_out_are_on(bedrock, s3):
    s3.create_bucket(Bucket="flags")
    put(bedrock, s3Config={"bucketName": "flags"})
    shown = get(bedrock)
    assert shown["s3Config"] == {"bucketName": "flags"}, "an absent prefix stays absent"
    assert [shown[f"{flag}DataDeliveryEnabled"] for flag in FLAGS] == [True] * 5


def test_a_configuration_comes_back_as_it_was_put(bedrock, s3):
    s3.create_bucket(Bucket="whole")
    configuration = {
        "s3Config": {"bucketName": "whole", "keyPrefix": "invocation-logs/"},
        **{f"{flag}DataDeliveryEnabled": flag in ("text", "audio") for flag in FLAGS},
    }
    put(bedrock, **configuration)
    assert get(bedrock) == configuration
    bedrock.delete_model_invocation_logging_configuration()
    assert get(bedrock) is None


def test_records_are_delivered_to_the_bucket_in_the_original_layout(bedrock, s3, store):
    s3.create_bucket(Bucket="records")
    put(bedrock, s3Config={"bucketName": "records", "keyPrefix": "prod"})
    checks = [key for key in keys(s3, "records") if "permission-check" in key]
    assert checks and all(key.startswith("prod/AWSLogs/") for key in checks)
    assert all(s3.head_object(Bucket="records", Key=key)["ContentLength"] == 0 for key in checks)
    runtime = client_of(store, "bedrock-runtime")
    answer = runtime.converse(
        modelId="amazon.nova-lite-v1:0",
        messages=[{"role": "user", "content": [{"text": "hi"}]}],
    )
    request_id = answer["ResponseMetadata"]["RequestId"]

    def delivered():
        for key in keys(s3, "records"):
            if not key.endswith(".json.gz") or "/data/" in key:
                continue
            body = s3.get_object(Bucket="records", Key=key)["Body"].read()
            for line in gzip.decompress(body).splitlines():
                record = json.loads(line)
                if record["requestId"] == request_id:
                    return key, record
        return None

    key, record = wait_for(delivered, "the record in the bucket", seconds=60)
    prefix = f"prod/AWSLogs/{record['accountId']}/BedrockModelInvocationLogs/us-east-1/"
    assert key.startswith(prefix)
    year, month, day, hour, name = key.removeprefix(prefix).split("/")
    assert [len(part) for part in (year, month, day, hour)] == [4, 2, 2, 2]
    stem, _, digits = name.removesuffix(".json.gz").partition("_")
    assert stem.startswith(f"{year}{month}{day}T{hour}") and stem.endswith("Z") and len(stem) == 19
    assert len(digits) == 16 and int(digits, 16) >= 0 and digits == digits.lower()
    # The other destination, of the configuration file, has it as well.
    assert store.bucket.find(request_id=request_id)["operation"] == "Converse"


REFUSED = {
    "no such bucket": (
        {"s3Config": {"bucketName": "no-such-bucket"}},
        "Failed to validate permissions for bucket",
    ),
    "no such log group": (
        {
            "cloudWatchConfig": {
                "logGroupName": "/llm/invocations",
                "roleArn": "arn:aws:iam::111122223333:role/LlmLogWriter",
            }
        },
        "Failed to validate permissions for log group: /llm/invocations, with role: "
        "arn:aws:iam::111122223333:role/LlmLogWriter. Verify the IAM role permissions are correct.",
    ),
    "no role": (
        {"cloudWatchConfig": {"logGroupName": "/llm/invocations", "roleArn": "no-arn"}},
        "failed to satisfy constraint",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_configuration_leaves_the_former_one(bedrock, s3, name):
    s3.create_bucket(Bucket="former")
    put(bedrock, s3Config={"bucketName": "former"})
    former = get(bedrock)
    configuration, message = REFUSED[name]
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        put(bedrock, **configuration)
    error = raised.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    assert message in error["Error"]["Message"]
    assert get(bedrock) == former


def test_a_refused_configuration_leaves_nothing_behind(bedrock):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        put(bedrock, s3Config={"bucketName": "no-such-bucket"})
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert get(bedrock) is None
