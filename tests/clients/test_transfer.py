"""`corelog import` and `corelog export`, beside a gateway that serves the same table."""

import json
import sqlite3
from datetime import datetime, timedelta, timezone

import boto3
import httpx
import pytest

from conftest import S3_CONFIG
from logs_client import client_of
from processes import wait_for
from stack import Stack, corelog

CALLS = 6
LARGE = "a prompt that goes into an object of its own\n" * 4_000
MARK = "in a haystack"
STORE = """
[store]
interval = "100ms"
"""


def calls_counted(stack):
    """How many calls the metrics have."""
    now = datetime.now(timezone.utc)
    cloudwatch = boto3.client(
        "cloudwatch", endpoint_url=stack.url, region_name="us-east-1", aws_access_key_id="testing",
        aws_secret_access_key="secret-access",
    )  # fmt: skip
    told = cloudwatch.get_metric_statistics(
        Namespace="Corelog", MetricName="Invocations", StartTime=now - timedelta(days=2),
        EndTime=now + timedelta(minutes=5), Period=3_600, Statistics=["Sum"],
    )  # fmt: skip
    return sum(point["Sum"] for point in told["Datapoints"])


@pytest.fixture
def stack(tmp_path, s3_endpoint):
    running = Stack(tmp_path, STORE + S3_CONFIG.format(endpoint=s3_endpoint))
    yield running
    running.stop()


def ask(stack, text):
    body = {"model": "demo-echo", "messages": [{"role": "user", "content": text}]}
    answer = httpx.post(f"{stack.openai_url}/chat/completions", json=body, timeout=30)
    return answer.headers["x-corelog-record-id"]


def events(logs, group):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event for page in pages for event in page["events"]]


def contents(found):
    return sorted((event["timestamp"], event["message"]) for event in found)


def test_a_bucket_becomes_a_log_group_once_and_goes_the_whole_way_round(stack, tmp_path, s3_endpoint):
    ids = [ask(stack, f"needle-{n} {MARK}") for n in range(CALLS - 1)] + [ask(stack, f"{LARGE} {MARK}")]
    records = [stack.bucket.find(record_id=record_id) for record_id in ids]
    assert "inputBodyS3Path" in records[-1]["input"]
    said, _ = corelog(stack, tmp_path, "import", "bedrock", str(stack.bucket.root), "--log-group", "/imported")
    assert f"{CALLS} events" in said
    logs = client_of(stack.url)
    imported = events(logs, "/imported")
    by_id = {json.loads(event["message"])["corelog"]["recordId"]: event for event in imported}
    assert len(imported) == CALLS and by_id.keys() == set(ids)
    for record in records[:-1]:
        assert json.loads(by_id[record["corelog"]["recordId"]]["message"]) == record
    inside = json.loads(by_id[ids[-1]]["message"])["input"]
    assert inside["inputBodyJson"]["messages"][0]["content"] == f"{LARGE} {MARK}"
    assert "inputBodyS3Path" not in inside
    said, _ = corelog(stack, tmp_path, "import", "bedrock", str(stack.bucket.root), "--log-group", "/imported")
    assert said.startswith("0 events")
    assert contents(events(logs, "/imported")) == contents(imported)

    # What is imported is not counted again, and what is counted after it shows that nothing is on its way.
    ask(stack, MARK)
    wait_for(lambda: calls_counted(stack) > CALLS, "the last call to be counted")
    assert calls_counted(stack) == CALLS + 1

    store = boto3.client(
        "s3",
        endpoint_url=s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="secret-access",
    )
    store.create_bucket(Bucket="round-trip")
    place = "s3://round-trip/prod"
    corelog(stack, tmp_path, "export", place, "--log-group", "/imported", "--format", "bedrock")
    keys = [found["Key"] for found in store.list_objects_v2(Bucket="round-trip")["Contents"]]
    assert any("/data/" in key for key in keys)
    said, _ = corelog(stack, tmp_path, "import", "bedrock", place, "--log-group", "/again")
    assert f"{CALLS} events" in said and "2 bodies" in said
    assert contents(events(logs, "/again")) == contents(imported)

    # The same with its bodies in a bucket of their own.
    store.create_bucket(Bucket="large")
    for key in (key for key in keys if "/data/" in key):
        store.copy_object(Bucket="large", Key=key, CopySource={"Bucket": "round-trip", "Key": key})
        store.delete_object(Bucket="round-trip", Key=key)
    said, _ = corelog(stack, tmp_path, "import", "bedrock", place, "--log-group", "/without")
    assert "2 bodies stay addresses: not in the source" in said and "--bodies" in said
    large = ["--bodies", "s3://large"]
    said, _ = corelog(stack, tmp_path, "import", "bedrock", place, "--log-group", "/apart", *large)
    assert "2 bodies put back" in said
    assert contents(events(logs, "/apart")) == contents(imported)


def test_lines_go_in_and_out(stack, tmp_path):
    lines = "".join(f'{{"at":{1_795_166_142 + n},"n":{n}}}\n' for n in range(5))
    arguments = ["import", "jsonl", "-", "--log-group", "/lines", "--timestamp-field", "at"]
    said, _ = corelog(stack, tmp_path, *arguments, text=lines)
    assert "5 events" in said
    logs = client_of(stack.url)
    (group,) = logs.describe_log_streams(logGroupName="/lines")["logStreams"]
    assert group["logStreamName"] == "stdin"
    assert group["lastEventTimestamp"] == 1_795_166_146_000
    asked = ["--since", "2026-11-20T09:15:43Z", "--until", "2026-11-20T09:15:46Z", "--filter", "{ $.n != 3 }"]
    _, out = corelog(stack, tmp_path, "export", "-", "--log-group", "/lines", *asked)
    found = [json.loads(line) for line in out.splitlines()]
    assert [json.loads(event["message"])["n"] for event in found] == [1, 2]
    assert found[0]["timestamp"] == 1_795_166_143_000 and found[0]["logStreamName"] == "stdin"
    ids = {event["message"]: event["eventId"] for event in events(logs, "/lines")}
    assert [event["eventId"] for event in found] == [ids[event["message"]] for event in found]


def test_an_export_of_no_log_group_writes_nothing(stack, tmp_path):
    out = tmp_path / "out.jsonl"
    said, _ = corelog(stack, tmp_path, "export", str(out), "--log-group", "/mistyped", code=1)
    assert "there is no log group `/mistyped`" in said and "hint:" in said
    assert list(tmp_path.glob("out.jsonl*")) == []


def test_the_times_of_a_stream_are_those_of_all_its_imports(stack, tmp_path):
    logs = client_of(stack.url)

    def imported(*seconds):
        lines = "".join(f'{{"at":{second}}}\n' for second in seconds)
        arguments = ["import", "jsonl", "-", "--log-group", "/lines", "--timestamp-field", "at"]
        corelog(stack, tmp_path, *arguments, text=lines)
        (stream,) = logs.describe_log_streams(logGroupName="/lines")["logStreams"]
        return stream["firstEventTimestamp"], stream["lastEventTimestamp"]

    assert imported(1_795_166_142, 1_795_166_149) == (1_795_166_142_000, 1_795_166_149_000)
    # As if it had been killed before it noted anything.
    catalog = sqlite3.connect(tmp_path / "data" / "catalog.db", timeout=30)
    with catalog:
        catalog.execute("UPDATE log_streams SET first_event_ms = NULL, last_event_ms = NULL WHERE log_group = '/lines'")
    catalog.close()
    assert imported(1_795_166_144, 1_795_166_145) == (1_795_166_142_000, 1_795_166_149_000)


def test_a_parquet_file_is_read_by_others(stack, tmp_path):
    import duckdb

    corelog(stack, tmp_path, "import", "jsonl", "-", "--log-group", "/lines", text="one\ntwo\n")
    out = tmp_path / "out.parquet"
    corelog(stack, tmp_path, "export", str(out), "--log-group", "/lines", "--format", "parquet")
    asked = f"SELECT log_group, message FROM read_parquet('{out}') ORDER BY part"
    assert duckdb.sql(asked).fetchall() == [("/lines", "one"), ("/lines", "two")]
