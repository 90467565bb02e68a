"""The table of log events, read by engines that know nothing of Corelog."""

import json
import pathlib
import subprocess
import sys
import time

import boto3
import deltalake
import duckdb
import openai
import pyarrow
import pyarrow.parquet
import pytest

from conftest import S3_CONFIG
from logs_client import client_of
from processes import wait_for
from stack import Stack, start_gateway

STORE = """
[store]
interval = "100ms"
compaction_interval = "300ms"
"""
CALLS = 24
# Batches of calls until small files are merged: eight files of at least one batch each, and time to spare.
MERGED_WITHIN = 20
COLUMNS = {
    "request_id": lambda r: r["requestId"],
    "model_id": lambda r: r["modelId"],
    "operation": lambda r: r["operation"],
    "account_id": lambda r: r["accountId"],
    "input_tokens": lambda r: r["input"].get("inputTokenCount"),
    "output_tokens": lambda r: r["output"].get("outputTokenCount"),
    "record_id": lambda r: r["corelog"]["recordId"],
    "provider": lambda r: r["corelog"]["provider"],
    "http_status": lambda r: r["corelog"]["httpStatus"],
    "latency_ms": lambda r: r["corelog"]["latencyMs"],
    "user": lambda r: r["corelog"].get("user"),
}


def calls(stack, first=0):
    """Makes calls with a prompt each; returns the ids of their records."""
    client = openai.OpenAI(base_url=stack.openai_url, api_key="sk-test")
    ids = []
    for number in range(first, first + CALLS):
        answer = client.chat.completions.with_raw_response.create(
            model="demo-echo",
            messages=[{"role": "user", "content": f"needle-{number} in a haystack"}],
            user=f"user-{number % 3}",
        )
        ids.append(answer.headers["x-corelog-record-id"])
    return ids


def rows(table):
    table.update_incremental()
    return table.to_pyarrow_table()


def filled(path, count):
    """The table, once it has that many rows."""

    def there():
        if not deltalake.DeltaTable.is_deltatable(str(path)):
            return None
        table = deltalake.DeltaTable(str(path))
        return table if rows(table).num_rows >= count else None

    return wait_for(there, f"{count} rows in {path}")


@pytest.fixture
def own_stack(tmp_path):
    running = Stack(tmp_path, STORE)
    yield running
    running.stop()


def test_deltalake_duckdb_and_pyarrow_read_what_was_recorded(own_stack, tmp_path):
    calls(own_stack)
    path = tmp_path / "data" / "tables" / "events"
    table = filled(path, CALLS)
    found = {row["record_id"]: row for row in rows(table).to_pylist()}
    assert len(found) == rows(table).num_rows == CALLS
    for record_id, row in found.items():
        record = own_stack.bucket.find(record_id=record_id)
        assert json.loads(row["message"]) == record
        assert {name: row[name] for name in COLUMNS} == {n: of(record) for n, of in COLUMNS.items()}
        assert row["log_group"] == "/corelog/invocations"
        assert row["log_stream"] == "aws/bedrock/modelinvocations"
        assert row["timestamp"].isoformat().startswith(record["timestamp"].rstrip("Z"))
        assert str(row["day"]) == record["timestamp"][:10]

    files = table.file_uris()
    asked = duckdb.sql(
        f"SELECT user, count(*), count(DISTINCT request_id) FROM read_parquet({files!r}) GROUP BY user ORDER BY user"
    ).fetchall()
    assert asked == [(f"user-{n}", CALLS // 3, CALLS // 3) for n in range(3)]
    needle = duckdb.sql(
        f"SELECT message->>'$.input.inputBodyJson.messages[0].content' FROM read_parquet({files!r})"
        " WHERE message LIKE '%needle-7 %'"
    ).fetchall()
    assert needle == [("needle-7 in a haystack",)]
    read = sum(pyarrow.parquet.read_table(file).num_rows for file in files)
    assert read == CALLS


def test_small_files_are_merged_and_a_second_start_doubles_nothing(own_stack, tmp_path):
    path = tmp_path / "data" / "tables" / "events"
    made = []
    is_merged = False
    for batch in range(MERGED_WITHIN):
        made += calls(own_stack, batch * CALLS)
        table = filled(path, len(made))
        is_merged = any("compacted" in file for file in table.file_uris())
        if is_merged:
            break
    assert is_merged
    own_stack.gateway.stop()
    own_stack.gateway = start_gateway(own_stack.config, tmp_path)
    own_stack.openai_url = f"http://{own_stack.gateway.address}/openai/v1"
    made += calls(own_stack, len(made))
    table = filled(path, len(made))
    assert sorted(rows(table)["record_id"].to_pylist()) == sorted(made)
    messages = [json.loads(message) for message in rows(table)["message"].to_pylist()]
    prompts = [m["input"]["inputBodyJson"]["messages"][0]["content"] for m in messages]
    assert sorted(prompts) == sorted(f"needle-{n} in a haystack" for n in range(len(made)))


def indexed(files):
    """The files that have an index of words in them."""
    return [file for file in files if b"CLWORDS1" in pathlib.Path(file).read_bytes()]


def test_a_file_with_an_index_of_words_is_a_file_like_others(own_stack, tmp_path):
    logs = client_of(f"http://{own_stack.gateway.address}")
    logs.create_log_group(logGroupName="large")
    logs.create_log_stream(logGroupName="large", logStreamName="s")
    path = tmp_path / "data" / "tables" / "events"
    rare = {17: "first\nzebraword", 142: "Zebraf\u00e4nger"}
    messages, files = [], []
    now = int(time.time() * 1000)
    for batch in range(MERGED_WITHIN):
        numbers = range(batch * 30, batch * 30 + 30)
        filler = "words that all events have " * 1_000
        made = [json.dumps({"n": n, "text": f"{rare.get(n, 'plain')} {filler}"}) for n in numbers]
        events = [{"timestamp": now + n, "message": m} for n, m in zip(numbers, made)]
        logs.put_log_events(logGroupName="large", logStreamName="s", logEvents=events)
        messages += made
        table = filled(path, len(messages))
        files = indexed(table.file_uris())
        if files and len(messages) > 142:
            break
    assert files

    assert sorted(rows(table)["message"].to_pylist()) == sorted(messages)
    read = duckdb.sql(f"SELECT message FROM read_parquet({table.file_uris()!r}) ORDER BY timestamp")
    assert [message for (message,) in read.fetchall()] == messages
    for file in files:
        assert set(pyarrow.parquet.read_table(file)["message"].to_pylist()) <= set(messages)

    found = logs.filter_log_events(logGroupName="large", filterPattern="zebraword")
    assert [event["message"] for event in found["events"]] == [messages[17]]
    for condition, expected in [("text like 'zebraword'", "17"), ("text like 'Zebraf\u00e4nger'", "142")]:
        query = logs.start_query(
            logGroupName="large",
            queryString=f"fields n | filter {condition}",
            startTime=now // 1000 - 600,
            endTime=now // 1000 + 600,
        )

        def ended(query_id=query["queryId"]):
            found = logs.get_query_results(queryId=query_id)
            return found if found["status"] == "Complete" else None

        answer = wait_for(ended, "the query's end")
        assert [row[0]["value"] for row in answer["results"]] == [expected]
        assert answer["statistics"]["recordsMatched"] == 1
        assert answer["statistics"]["estimatedRecordsSkipped"] > 0


def overwritten(table):
    """Writes all rows anew, their texts as large strings."""
    found = table.to_pyarrow_table()
    kinds = [field.type for field in found.schema]
    kinds = [pyarrow.large_string() if kind == pyarrow.string() else kind for kind in kinds]
    fields = [field.with_type(kind) for field, kind in zip(found.schema, kinds)]
    deltalake.write_deltalake(table, found.cast(pyarrow.schema(fields)), mode="overwrite")
    return pyarrow.large_string()


def updated(table):
    """Writes all rows anew, their texts as string views."""
    table.update(updates={"message": "message"}, predicate="part >= 0")
    return pyarrow.string_view()


def compacted(table):
    table.optimize.compact()
    return pyarrow.string_view()


@pytest.mark.parametrize("ways", [[overwritten], [updated, compacted]])
def test_a_table_that_another_engine_has_rewritten_is_read_as_before(tmp_path, ways):
    # So few files that they are not merged by ourselves.
    stack = Stack(tmp_path, STORE.replace("100ms", "2s"))
    try:
        made = calls(stack)
        path = tmp_path / "data" / "tables" / "events"
        filled(path, CALLS)
        made += calls(stack, CALLS)
        table = filled(path, 2 * CALLS)
        before = set(table.file_uris())
        kinds = [rewrite(table) for rewrite in ways]
        files = table.file_uris()
        assert not set(files) & before
        assert {pyarrow.parquet.read_schema(file).field("message").type for file in files} <= set(kinds)

        logs = client_of(stack.url)
        group = "/corelog/invocations"
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        records = [json.loads(event["message"]) for page in pages for event in page["events"]]
        assert sorted(record["corelog"]["recordId"] for record in records) == sorted(made)
        found = logs.filter_log_events(logGroupName=group, filterPattern='"needle-7 in"')["events"]
        assert [json.loads(event["message"])["corelog"]["recordId"] for event in found] == [made[7]]
        query = logs.start_query(
            logGroupName=group,
            queryString=f"filter corelog.recordId = '{made[30]}' | stats count(*)",
            startTime=int(time.time()) - 600,
            endTime=int(time.time()) + 600,
        )

        def ended():
            found = logs.get_query_results(queryId=query["queryId"])
            return found if found["status"] == "Complete" else None

        (row,) = wait_for(ended, "the query's end")["results"]
        assert [field["value"] for field in row] == ["1"]

        logs.delete_log_stream(logGroupName=group, logStreamName="aws/bedrock/modelinvocations")
        wait_for(lambda: rows(table).num_rows == 0, "an empty table")
    finally:
        stack.stop()


# In a process of its own: the store is a thread of this one, which would wait for us while we wait for it.
READ_S3 = """
import deltalake, json, os, sys
options = json.loads(sys.argv[2])
try:
    table = deltalake.DeltaTable(sys.argv[1], storage_options=options)
    print(json.dumps(table.to_pyarrow_table()["record_id"].to_pylist()))
except deltalake.exceptions.TableNotFoundError:
    print("[]")
sys.stdout.flush()
os._exit(0)  # the library's threads do not always let the interpreter end
"""


def test_a_table_in_an_object_store(tmp_path, s3_endpoint):
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "secret-access"}
    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="tables")
    config = STORE + 'url = "s3://tables/of/events"\n' + S3_CONFIG.format(endpoint=s3_endpoint)
    stack = Stack(tmp_path, config)
    options = {
        **keys,
        "aws_endpoint_url": s3_endpoint,
        "aws_region": "us-east-1",
        "aws_allow_http": "true",
    }
    command = [sys.executable, "-c", READ_S3, "s3://tables/of/events", json.dumps(options)]

    def found():
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        ids = json.loads(done.stdout)
        return ids if len(ids) >= CALLS else None

    try:
        made = calls(stack)
        assert sorted(wait_for(found, "the table's rows")) == sorted(made)
    finally:
        stack.stop()


def test_no_table_where_none_is_wanted(tmp_path):
    stack = Stack(tmp_path, "[store]\nenabled = false\n")
    try:
        stack.bucket.wait_for_all(calls(stack), 30)
        assert not (tmp_path / "data" / "tables").exists()
    finally:
        stack.stop()


def test_its_log_group_is_one_of_cloudwatch_logs(own_stack, tmp_path):
    path = tmp_path / "data" / "tables" / "events"
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "secret-access"}
    logs = boto3.client("logs", endpoint_url=own_stack.url, region_name="us-east-1", **keys)

    def group():
        found = logs.describe_log_groups(logGroupNamePrefix="/corelog/invocations")["logGroups"]
        return found[0] if found else None

    calls(own_stack)
    table = filled(path, CALLS)
    sizes = table.get_add_actions(flatten=True)["size_bytes"]
    assert group()["storedBytes"] == sum(size.as_py() for size in sizes)
    logs.put_retention_policy(logGroupName="/corelog/invocations", retentionInDays=1)
    assert group()["retentionInDays"] == 1
    made = calls(own_stack, CALLS)
    assert set(made) <= set(rows(filled(path, 2 * CALLS))["record_id"].to_pylist())

    logs.delete_log_group(logGroupName="/corelog/invocations")
    wait_for(lambda: rows(table).num_rows == 0, "an empty table")
    wait_for(lambda: group() and "retentionInDays" not in group(), "the group anew")
    made = calls(own_stack, 2 * CALLS)
    assert sorted(rows(filled(path, CALLS))["record_id"].to_pylist()) == sorted(made)
