"""`cloudWatchConfig` of the logging configuration: records become events of a log group, found in the open table."""

import gzip
import json

import deltalake
import pytest

from conftest import S3_CONFIG
from logs_client import client_of
from processes import wait_for
from stack import Stack, start_gateway

MORE_CONFIG = """
[store]
interval = "100ms"
"""
GROUP = "/llm/invocations"
STREAM = "aws/bedrock/modelinvocations"
ROLE = "arn:aws:iam::111122223333:role/LlmLogWriter"
FIRST = "Permissions are correctly set for Amazon Bedrock logs."
LONG = "a line that is said very often\n" * 4_000


@pytest.fixture
def own_stack(tmp_path, s3_endpoint):
    running = Stack(tmp_path, MORE_CONFIG + S3_CONFIG.format(endpoint=s3_endpoint))
    yield running
    running.stop()


def messages(tmp_path, count, group=GROUP):
    """The messages of the group's rows, oldest first, once there are that many."""
    path = str(tmp_path / "data" / "tables" / "events")

    def there():
        if not deltalake.DeltaTable.is_deltatable(path):
            return None
        rows = deltalake.DeltaTable(path).to_pyarrow_table(filters=[("log_group", "=", group)]).to_pylist()
        assert all(row["log_stream"] == STREAM for row in rows)
        return sorted(rows, key=lambda row: row["timestamp"]) if len(rows) >= count else None

    found = wait_for(there, f"{count} events of {group}")
    assert len(found) == count, "none is there twice"
    return [row["message"] for row in found]


def put(stack, **configuration):
    bedrock = client_of(stack.url, "bedrock")
    bedrock.put_model_invocation_logging_configuration(loggingConfig=configuration)
    shown = bedrock.get_model_invocation_logging_configuration()["loggingConfig"]
    assert {name: shown.get(name) for name in configuration} == configuration


def converse(stack, text):
    answer = client_of(stack.url, "bedrock-runtime").converse(
        modelId="amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": text}]}]
    )
    return answer["ResponseMetadata"]["RequestId"]


def restart(stack, tmp_path):
    assert stack.gateway.stop() == 0
    stack.gateway = start_gateway(stack.config, tmp_path)
    stack.url = f"http://{stack.gateway.address}"


def test_records_are_events_of_the_group_and_large_bodies_objects_of_its_bucket(own_stack, tmp_path, s3):
    s3.create_bucket(Bucket="large-bodies")
    converse(own_stack, "before")
    logs = client_of(own_stack.url)
    logs.create_log_group(logGroupName=GROUP)
    large = {"bucketName": "large-bodies", "keyPrefix": "big"}
    put(own_stack, cloudWatchConfig={"logGroupName": GROUP, "roleArn": ROLE, "largeDataDeliveryS3Config": large})
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["logStreamName"] == STREAM
    ids = [converse(own_stack, "small"), converse(own_stack, LONG)]

    first, *found = messages(tmp_path, 3)
    assert first == FIRST
    records = [json.loads(message) for message in found]
    assert [record["requestId"] for record in records] == ids
    # The bucket of the configuration file has the same record.
    assert records[0] == own_stack.bucket.find(request_id=ids[0])
    assert "inputBodyJson" not in records[1]["input"]
    bucket, _, key = records[1]["input"]["inputBodyS3Path"].removeprefix("s3://").partition("/")
    assert bucket == "large-bodies"
    assert key.startswith("big/AWSLogs/000000000000/BedrockModelInvocationLogs/us-east-1/")
    assert key.endswith(f"/data/{ids[1]}_input.json.gz")

    def stored():
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        return key in keys and keys

    keys = wait_for(stored, "the large body")
    body = json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    assert body["messages"][0]["content"][0]["text"] == LONG
    # Nothing but bodies, and the object that tried the bucket.
    assert all("/data/" in key or key.endswith("permission-check") for key in keys)

    restart(own_stack, tmp_path)
    ids.append(converse(own_stack, "after a restart"))
    found = messages(tmp_path, 4)[1:]
    assert [json.loads(message)["requestId"] for message in found] == ids
    # The service's own way to read them.
    logs = client_of(own_stack.url)
    read = logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM, startFromHead=True)
    assert [event["message"] for event in read["events"]] == [FIRST, *found]

    client_of(own_stack.url, "bedrock").delete_model_invocation_logging_configuration()
    last = converse(own_stack, "after all")
    whole = messages(tmp_path, 5, "/corelog/invocations")
    assert [json.loads(message)["requestId"] for message in whole][1:] == [*ids, last]
    assert len(messages(tmp_path, 4)) == 4


def test_without_a_bucket_large_bodies_are_in_no_event_and_flags_hold(own_stack, tmp_path):
    logs = client_of(own_stack.url)
    logs.create_log_group(logGroupName=GROUP)
    target = {"logGroupName": GROUP, "roleArn": ROLE}
    put(own_stack, cloudWatchConfig=target)
    converse(own_stack, LONG)
    put(own_stack, cloudWatchConfig=target, textDataDeliveryEnabled=False)
    converse(own_stack, "small")
    found = messages(tmp_path, 4)
    # Each time that a configuration is put, the group is tried.
    assert [message == FIRST for message in found].count(True) == 2
    large, small = [json.loads(message) for message in found if message != FIRST]
    assert not any(name.startswith("inputBody") for name in large["input"])
    assert [(cut["part"], cut["reason"]) for cut in large["corelog"]["cut"]][0] == ("input", "over_limit")
    assert not any(name.startswith("inputBody") for name in small["input"])
    cuts = {(cut["part"], cut["reason"]) for cut in small["corelog"]["cut"]}
    assert cuts == {("input", "not_delivered"), ("output", "not_delivered")}


def test_the_group_that_has_every_record_whole_has_it_once(own_stack, tmp_path):
    group = "/corelog/invocations"
    logs = client_of(own_stack.url)
    wait_for(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"], "the group")
    put(own_stack, cloudWatchConfig={"logGroupName": group, "roleArn": ROLE})
    request_id = converse(own_stack, LONG)
    found = messages(tmp_path, 2, group)
    (record,) = [json.loads(message) for message in found if message != FIRST]
    assert record["requestId"] == request_id
    assert record["input"]["inputBodyJson"]["messages"][0]["content"][0]["text"] == LONG
