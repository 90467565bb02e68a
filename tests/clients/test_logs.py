"""boto3's `logs` client: groups, streams, tags, saved queries, policies, against the same port as everything else."""

import contextlib
import gzip
import http.server
import os
import subprocess
import sys
import threading
import time

import boto3
import pytest
from botocore.exceptions import ClientError

import test_queries
import test_subscriptions
from conftest import S3_CONFIG
from logs_client import ACCOUNT, REGION, client_of, refused
from processes import wait_for
from stack import Stack, corelog, start_gateway

MISSING = "The specified log group does not exist."
STEM = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"


@pytest.fixture(scope="module")
def logs(stack):
    # Live tail is at `stream-HOST` unless a client is told otherwise.
    return client_of(stack.url, inject_host_prefix=False)


@pytest.fixture
def group(logs, request):
    """A group of the test's own, and its ARN."""
    name = f"/test/{request.node.name.split('[')[0]}"
    logs.create_log_group(logGroupName=name, tags={"team": "harbour"})
    yield name
    try:
        logs.put_log_group_deletion_protection(logGroupIdentifier=name, deletionProtectionEnabled=False)
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        pass


def shown(logs, name):
    (found,) = [
        found
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        for found in page["logGroups"]
        if found["logGroupName"] == name
    ]
    return found


def test_a_group_is_made_described_and_deleted(logs, group):
    found = shown(logs, group)
    assert found["logGroupArn"] == STEM + group and found["arn"] == STEM + group + ":*"
    assert found["logGroupClass"] == "STANDARD" and found["metricFilterCount"] == 0
    assert found["deletionProtectionEnabled"] is False and "retentionInDays" not in found
    said = refused(logs, "ResourceAlreadyExistsException", "create_log_group", logGroupName=group)
    assert said == "The specified log group already exists"
    logs.delete_log_group(logGroupName=group)
    said = refused(logs, "ResourceNotFoundException", "delete_log_group", logGroupName=group)
    assert said == MISSING


def test_every_page_of_every_list_is_in_ascii_order(logs):
    names = [f"/pages/{c}{n}" for c in "aB_-." for n in (1, 10, 2)]
    for name in names:
        logs.create_log_group(logGroupName=name)
    expected = sorted(names)
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix="/pages/", PaginationConfig={"PageSize": 4}
    )
    assert [one["logGroupName"] for page in pages for one in page["logGroups"]] == expected
    pages = logs.get_paginator("list_log_groups").paginate(
        logGroupNamePattern="^/pages/", PaginationConfig={"PageSize": 4}
    ) if logs.can_paginate("list_log_groups") else [logs.list_log_groups(logGroupNamePattern="^/pages/")]
    assert [one["logGroupName"] for page in pages for one in page["logGroups"]] == expected
    found = logs.describe_log_groups(logGroupNamePattern="s/B1")["logGroups"]
    assert [one["logGroupName"] for one in found] == ["/pages/B1", "/pages/B10"]
    for name in names:
        logs.delete_log_group(logGroupName=name)


def test_the_default_page_has_fifty_groups(logs):
    names = [f"/fifty/{n:02}" for n in range(51)]
    for name in names:
        logs.create_log_group(logGroupName=name)
    page = logs.describe_log_groups(logGroupNamePrefix="/fifty/")
    assert len(page["logGroups"]) == 50
    rest = logs.describe_log_groups(logGroupNamePrefix="/fifty/", nextToken=page["nextToken"])
    assert [one["logGroupName"] for one in rest["logGroups"]] == names[-1:]
    assert "nextToken" not in rest
    for name in names:
        logs.delete_log_group(logGroupName=name)


REFUSED = {
    "both filters": ("describe_log_groups", dict(logGroupNamePrefix="a", logGroupNamePattern="b"),
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."),
    "a long name": ("create_log_group", dict(logGroupName="x" * 513),
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512."),
    "a long prefix": ("describe_log_groups", dict(logGroupNamePrefix="x" * 513),
        f"1 validation error detected: Value '{'x' * 513}' at 'logGroupNamePrefix' failed to satisfy constraint: "
        "Member must have length less than or equal to 512"),
    "a limit": ("describe_log_groups", dict(limit=51),
        "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 50"),
    "a class": ("create_log_group", dict(logGroupName="x", logGroupClass="GOLD"),
        "1 validation error detected: Value 'GOLD' at 'logGroupClass' failed to satisfy constraint: "
        "Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY, ESSENTIALS]"),
    "a token": ("describe_log_groups", dict(nextToken="nonsense"), "The specified nextToken is invalid."),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_requests_are_refused_in_the_service_s_words(logs, name):
    operation, arguments, words = REFUSED[name]
    assert refused(logs, "InvalidParameterException", operation, **arguments) == words


def test_retention(logs, group):
    for days in (1, 545, 3653):
        logs.put_retention_policy(logGroupName=group, retentionInDays=days)
        assert shown(logs, group)["retentionInDays"] == days
    said = refused(
        logs, "InvalidParameterException", "put_retention_policy", logGroupName=group, retentionInDays=10
    )
    assert "'10' at 'retentionInDays'" in said
    logs.delete_retention_policy(logGroupName=group)
    assert "retentionInDays" not in shown(logs, group)


def test_tags_by_both_families(logs, group):
    arn = STEM + group
    logs.tag_resource(resourceArn=arn, tags={"stage": "prod", "größe": "10 + 1"})
    logs.tag_log_group(logGroupName=group, tags={"team": "dock"})
    expected = {"team": "dock", "stage": "prod", "größe": "10 + 1"}
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == expected
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == expected
    found = logs.list_log_groups(logGroupTags=[{"key": "stage", "values": ["pr*"]}])["logGroups"]
    assert [one["logGroupName"] for one in found] == [group]
    logs.untag_resource(resourceArn=arn, tagKeys=["stage"])
    logs.untag_log_group(logGroupName=group, tags=["größe", "absent"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "dock"}
    refused(logs, "InvalidParameterException", "list_tags_for_resource", resourceArn=arn + ":*")
    with pytest.raises(logs.exceptions.TooManyTagsException) as raised:
        logs.tag_resource(resourceArn=arn, tags={f"k{n}": "v" for n in range(50)})
    assert raised.value.response["resourceName"] == arn


def test_a_key_and_protection(logs, group):
    logs.associate_kms_key(logGroupName=group, kmsKeyId="arn:aws:kms:us-east-1:000000000000:key/k")
    assert shown(logs, group)["kmsKeyId"].endswith("key/k")
    logs.disassociate_kms_key(resourceIdentifier=STEM + group)
    assert "kmsKeyId" not in shown(logs, group)
    logs.put_log_group_deletion_protection(logGroupIdentifier=group, deletionProtectionEnabled=True)
    assert shown(logs, group)["deletionProtectionEnabled"] is True
    refused(logs, "ValidationException", "delete_log_group", logGroupName=group)


def test_streams(logs, group):
    names = ["b", "a", "c d/[$LATEST]é", "A"]
    for name in names:
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=group, PaginationConfig={"PageSize": 1}
    )
    found = [one for page in pages for one in page["logStreams"]]
    assert [one["logStreamName"] for one in found] == sorted(names)
    assert all(one["storedBytes"] == 0 and "uploadSequenceToken" not in one for one in found)
    assert found[0]["arn"] == STEM + group + ":log-stream:A"
    descending = logs.describe_log_streams(
        logGroupIdentifier=STEM + group, orderBy="LastEventTime", descending=True
    )
    assert [one["logStreamName"] for one in descending["logStreams"]] == sorted(names, reverse=True)
    said = refused(
        logs, "ResourceAlreadyExistsException", "create_log_stream", logGroupName=group, logStreamName="a"
    )
    assert said == "The specified log stream already exists"
    logs.delete_log_stream(logGroupName=group, logStreamName="a")
    said = refused(
        logs, "ResourceNotFoundException", "delete_log_stream", logGroupName=group, logStreamName="a"
    )
    assert said == "The specified log stream does not exist."
    said = refused(logs, "ResourceNotFoundException", "describe_log_streams", logGroupName="/nowhere")
    assert said == MISSING
    said = refused(
        logs, "ValidationException", "describe_log_streams", logGroupName=group, logGroupIdentifier=group
    )
    assert said == "LogGroup name and LogGroup ARN are mutually exclusive parameters."


def test_events_are_put_and_read(logs, group):
    """Each of the three operations once; `test_log_events.py` has the rest."""
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    put = logs.put_log_events(
        logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": "größe"}]
    )
    assert put["nextSequenceToken"] and "rejectedLogEventsInfo" not in put
    (event,) = logs.get_log_events(logGroupIdentifier=STEM + group, logStreamName="s")["events"]
    assert (event["timestamp"], event["message"]) == (now, "größe")
    (found,) = logs.filter_log_events(logGroupName=group, filterPattern='"größe"')["events"]
    assert found["ingestionTime"] == event["ingestionTime"] and len(found["eventId"]) == 56


def test_saved_queries(logs, group):
    ids = [
        logs.put_query_definition(
            name=f"folder/{name}",
            queryString="filter ms > {{n}}",
            logGroupNames=[group],
            parameters=[{"name": "n", "defaultValue": "5"}],
        )["queryDefinitionId"]
        for name in ("slow", "fast")
    ]
    pages = logs.get_paginator("describe_query_definitions") if logs.can_paginate(
        "describe_query_definitions"
    ) else None
    if pages:
        found = [
            one
            for page in pages.paginate(queryDefinitionNamePrefix="folder/", PaginationConfig={"PageSize": 1})
            for one in page["queryDefinitions"]
        ]
    else:
        first = logs.describe_query_definitions(queryDefinitionNamePrefix="folder/", maxResults=1)
        rest = logs.describe_query_definitions(
            queryDefinitionNamePrefix="folder/", maxResults=1, nextToken=first["nextToken"]
        )
        found = first["queryDefinitions"] + rest["queryDefinitions"]
    assert [one["name"] for one in found] == ["folder/fast", "folder/slow"]
    assert found[1]["queryDefinitionId"] == ids[0] and found[1]["logGroupNames"] == [group]
    logs.put_query_definition(queryDefinitionId=ids[0], name="folder/other", queryString="stats count(*)")
    for one in ids:
        assert logs.delete_query_definition(queryDefinitionId=one)["success"] is True
    refused(logs, "ResourceNotFoundException", "delete_query_definition", queryDefinitionId=ids[0])
    said = refused(
        logs, "InvalidParameterException", "put_query_definition",
        name="n", queryString="x", parameters=[{"name": "absent"}],
    )  # fmt: skip
    assert said == "Required parameters not found in queryString"


def test_resource_policies(logs):
    document = '{"Version":"2012-10-17","Statement":[]}'
    for number in range(10):
        put = logs.put_resource_policy(policyName=f"p{number}", policyDocument=document)
    assert put["resourcePolicy"]["policyScope"] == "ACCOUNT"
    said = refused(
        logs, "LimitExceededException", "put_resource_policy", policyName="p10", policyDocument=document
    )
    assert said == "Resource limit exceeded."
    pages = logs.get_paginator("describe_resource_policies").paginate(PaginationConfig={"PageSize": 3})
    found = [one["policyName"] for page in pages for one in page["resourcePolicies"]]
    assert found == [f"p{number}" for number in range(10)]
    for name in found:
        logs.delete_resource_policy(policyName=name)
    said = refused(logs, "ResourceNotFoundException", "delete_resource_policy", policyName="p0")
    assert said == "Policy with name [p0] does not exist."


def test_account_and_index_policies(logs, group):
    kind = {"policyType": "FIELD_INDEX_POLICY"}
    document = '{"Fields":["modelId"]}'
    put = logs.put_account_policy(policyName="acc", policyDocument=document, **kind)
    assert put["accountPolicy"]["accountId"] == ACCOUNT
    found = logs.describe_account_policies(**kind)["accountPolicies"]
    assert [one["policyName"] for one in found] == ["acc"]
    (policy,) = logs.describe_index_policies(logGroupIdentifiers=[group])["indexPolicies"]
    assert (policy["source"], policy["policyName"]) == ("ACCOUNT", "acc")
    logs.put_index_policy(logGroupIdentifier=group, policyDocument=document)
    (policy,) = logs.describe_index_policies(logGroupIdentifiers=[STEM + group])["indexPolicies"]
    assert policy["source"] == "LOG_GROUP" and policy["policyDocument"] == document
    logs.delete_index_policy(logGroupIdentifier=group)
    logs.delete_account_policy(policyName="acc", **kind)
    assert logs.describe_account_policies(**kind)["accountPolicies"] == []
    refused(logs, "InvalidOperationException", "put_account_policy",
            policyName="x", policyDocument="{}", dryRun=True, **kind)  # fmt: skip


def test_a_metric_filter_is_tried(logs):
    messages = ['{"ms": 5}', '{"ms": 731, "model": "claude"}', "no JSON"]
    found = logs.test_metric_filter(filterPattern="{ $.ms > 500 }", logEventMessages=messages)["matches"]
    assert found == [
        {"eventNumber": 2, "eventMessage": messages[1], "extractedValues": {"$.ms": "731"}}
    ]
    refused(logs, "InvalidParameterException", "test_metric_filter",
            filterPattern="{ $.ms", logEventMessages=["x"])  # fmt: skip


def test_metric_filters_come_and_go(logs, group):
    transformation = {"metricNamespace": "n", "metricName": "m", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=group, filterName="f", filterPattern="ERROR", metricTransformations=[transformation]
    )
    (found,) = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert found["metricTransformations"] == [transformation]
    assert shown(logs, group)["metricFilterCount"] == 1
    logs.delete_metric_filter(logGroupName=group, filterName="f")
    assert logs.describe_metric_filters(logGroupName=group)["metricFilters"] == []


def test_what_is_not_served_is_an_unknown_operation(logs):
    refused(logs, "UnknownOperationException", "describe_deliveries")
    refused(logs, "UnknownOperationException", "describe_destinations")


def test_one_port_serves_logs_and_models(stack, logs, group):
    """`AWS_ENDPOINT_URL` alone is what a program needs for both."""
    program = """
import boto3
print(boto3.client("logs").describe_log_groups(logGroupNamePrefix=%r)["logGroups"][0]["logGroupName"])
messages = [{"role": "user", "content": [{"text": "hi"}]}]
answer = boto3.client("bedrock-runtime").converse(modelId="amazon.nova-lite-v1:0", messages=messages)
print(answer["output"]["message"]["role"])
""" % group
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ENDPOINT_URL": stack.url,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret-access",
        "AWS_DEFAULT_REGION": REGION,
    }
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=environment, timeout=60
    )
    assert done.stdout.decode().split() == [group, "assistant"], done.stderr.decode()


def test_a_live_tail_begins_and_is_closed(logs, group):
    """What it shows is in `test_live_tail.py`."""
    answer = logs.start_live_tail(logGroupIdentifiers=[STEM + group])
    with contextlib.closing(answer["responseStream"]) as events:
        assert next(iter(events))["sessionStart"]["logGroupIdentifiers"] == [STEM + group]


def test_an_export_task_writes_the_service_s_files(logs, tmp_path, s3_endpoint):
    running = Stack(tmp_path, S3_CONFIG.format(endpoint=s3_endpoint))
    try:
        own = client_of(running.url)
        export(own, running, tmp_path, s3_endpoint)
    finally:
        running.stop()
    logs.checked.seen |= own.checked.seen


def export(logs, stack, tmp_path, s3_endpoint):
    text = "".join(f'{{"at":{1_795_166_142 + n}}}\n' for n in range(3))
    arguments = ["import", "jsonl", "-", "--log-group", "/task", "--timestamp-field", "at"]
    corelog(stack, tmp_path, *arguments, "--stream", "a/b", text=text)
    store = boto3.client(
        "s3",
        endpoint_url=s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="secret-access",
    )
    store.create_bucket(Bucket="exports")
    wanted = {"logGroupName": "/task", "fromTime": 1_795_166_142_000, "to": 1_795_166_143_000}
    task = logs.create_export_task(destination="exports", **wanted)["taskId"]

    def completed():
        (found,) = logs.describe_export_tasks(taskId=task)["exportTasks"]
        return found if found["status"]["code"] != "RUNNING" else None

    found = wait_for(completed, "the export to end")
    assert found["status"]["code"] == "COMPLETED" and found["destinationPrefix"] == "exportedlogs"
    assert found["executionInfo"]["completionTime"] >= found["executionInfo"]["creationTime"]
    keys = {found["Key"] for found in store.list_objects_v2(Bucket="exports")["Contents"]}
    file = f"exportedlogs/{task}/a-b/000000.gz"
    assert keys == {"exportedlogs/aws-logs-write-test", file}
    body = store.get_object(Bucket="exports", Key=file)["Body"].read()
    assert gzip.decompress(body).decode().splitlines() == [
        f'2026-11-20T09:15:{42 + n}.000Z {{"at":{1_795_166_142 + n}}}' for n in range(2)
    ]
    with pytest.raises(logs.exceptions.InvalidParameterException) as raised:
        logs.create_export_task(destination="no-such-bucket", **wanted)
    said = "The given bucket does not exist. Please make sure the bucket is valid."
    assert raised.value.response["Error"]["Message"] == said
    with pytest.raises(logs.exceptions.InvalidOperationException):
        logs.cancel_export_task(taskId=task)
    with pytest.raises(logs.exceptions.ResourceNotFoundException) as raised:
        logs.cancel_export_task(taskId="none")
    assert raised.value.response["Error"]["Message"] == "The specified export task does not exist."


class Slow(http.server.BaseHTTPRequestHandler):
    """A bucket that takes what shows that it can be written, and keeps whoever puts anything else waiting."""

    released = threading.Event()

    def do_PUT(self):
        self.rfile.read(int(self.headers["content-length"]))
        if not self.path.endswith("/aws-logs-write-test"):
            self.released.wait(60)
        self.send_response(200)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_one_export_runs_at_a_time_and_can_be_cancelled(logs, tmp_path):
    bucket = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=bucket.serve_forever, daemon=True).start()
    running = Stack(tmp_path, S3_CONFIG.format(endpoint="http://%s:%d" % bucket.server_address))
    try:
        corelog(running, tmp_path, "import", "jsonl", "-", "--log-group", "/task", text="one\n")
        own = client_of(running.url)
        wanted = {"logGroupName": "/task", "fromTime": 0, "to": 2_000_000_000_000, "destination": "slow"}
        first = own.create_export_task(taskName="first", **wanted)["taskId"]
        said = refused(own, "LimitExceededException", "create_export_task", **wanted)
        assert said == "Resource limit exceeded."
        own.cancel_export_task(taskId=first)
        (found,) = own.describe_export_tasks(statusCode="CANCELLED")["exportTasks"]
        assert found["taskId"] == first and found["taskName"] == "first"
        second = own.create_export_task(**wanted)["taskId"]
        listed = own.describe_export_tasks()["exportTasks"]
        assert [(it["taskId"], it["status"]["code"]) for it in listed] == [(second, "RUNNING"), (first, "CANCELLED")]
    finally:
        Slow.released.set()
        running.stop()
        bucket.shutdown()
    logs.checked.seen |= own.checked.seen


def test_an_export_that_a_crash_interrupts_begins_anew(logs, tmp_path, s3, s3_endpoint):
    handler = type("Slow", (Slow,), {"released": threading.Event()})
    bucket = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=bucket.serve_forever, daemon=True).start()
    slow = "http://%s:%d" % bucket.server_address
    running = Stack(tmp_path, S3_CONFIG.format(endpoint=slow))
    s3.create_bucket(Bucket="slow")
    try:
        corelog(running, tmp_path, "import", "jsonl", "-", "--log-group", "/task", text="one\n")
        own = client_of(running.url)
        wanted = {"logGroupName": "/task", "fromTime": 0, "to": 2_000_000_000_000, "destination": "slow"}
        gone = own.create_export_task(**wanted)["taskId"]
        own.cancel_export_task(taskId=gone)
        task = own.create_export_task(taskName="nightly", **wanted)["taskId"]
        running.gateway.process.kill()
        running.gateway.process.wait()
        # What an earlier attempt wrote and the next does not.
        folder = f"exportedlogs/{task}/"
        for name in ("stdin/000001.gz", "gone/000000.gz"):
            s3.put_object(Bucket="slow", Key=folder + name, Body=b"left")

        running.config.write_text(running.config.read_text().replace(slow, s3_endpoint))
        running.gateway = start_gateway(running.config, tmp_path)
        own = client_of(f"http://{running.gateway.address}")

        def ended():
            found = own.describe_export_tasks()["exportTasks"]
            return found if found[0]["status"]["code"] != "RUNNING" else None

        found = wait_for(ended, "the export to end")
        shown = [(it["taskId"], it.get("taskName"), it["status"]["code"]) for it in found]
        assert shown == [(task, "nightly", "COMPLETED"), (gone, None, "CANCELLED")], found
        keys = [it["Key"] for it in s3.list_objects_v2(Bucket="slow", Prefix=folder)["Contents"]]
        assert keys == [folder + "stdin/000000.gz"]
        body = s3.get_object(Bucket="slow", Key=keys[0])["Body"].read()
        assert gzip.decompress(body).decode().endswith("Z one\n")
    finally:
        handler.released.set()
        running.stop()
        bucket.shutdown()


def test_lookup_tables_come_and_go(logs):
    csv = 'model,usd\nclaude,3\n"nova, small",0.1\n'
    made = logs.create_lookup_table(lookupTableName="prices_1", description="of tokens", tableBody=csv, tags={"a": "1"})
    arn = made["lookupTableArn"]
    assert arn == f"arn:aws:logs:{REGION}:{ACCOUNT}:lookup-table:prices_1"
    (shown,) = logs.describe_lookup_tables(lookupTableNamePrefix="prices_")["lookupTables"]
    assert shown["tableFields"] == ["model", "usd"] and shown["recordsCount"] == 2
    assert shown["sizeBytes"] == len(csv) and shown["lastUpdatedTime"] == made["createdAt"]
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1"}
    # boto3 makes six characters of each: more than other requests may have.
    large = "n\n" + "é" * 1_500_000
    updated = logs.update_lookup_table(lookupTableArn=arn, tableBody=large)
    whole = logs.get_lookup_table(lookupTableArn=arn)
    assert whole["tableBody"] == large and whole["sizeBytes"] == 3_000_002
    assert whole["description"] == "of tokens" and whole["lastUpdatedTime"] == updated["lastUpdatedTime"]
    refused(logs, "ResourceAlreadyExistsException", "create_lookup_table", lookupTableName="prices_1", tableBody=csv)
    logs.delete_lookup_table(lookupTableArn=arn)
    refused(logs, "ResourceNotFoundException", "get_lookup_table", lookupTableArn=arn)


def test_every_operation_that_is_served_was_called(logs):
    """Runs last in this file: the list is the one that the shapes are made of."""
    models = os.path.join(os.path.dirname(__file__), "../../crates/wire/models/logs-operations.txt")
    with open(models) as file:
        served = set(file.read().split())
    # Those that need the query engine, or a subscriber, are counted in tests of their own.
    assert served - test_queries.OPERATIONS - test_subscriptions.OPERATIONS <= logs.checked.seen


KEYED = """
[[provider]]
name = "bedrock"
dialect = "bedrock"
base_url = "http://127.0.0.1:9"
region = "us-east-1"

[account]
id = "111122223333"
region = "eu-west-1"

[[key]]
name = "batch"
access_key_id = "AKIDBATCH"
secret_access_key = "s3cret-made-up-for-the-test"
"""


def test_who_is_not_let_in_is_told_in_the_service_s_words(tmp_path):
    config = tmp_path / "corelog.toml"
    config.write_text(KEYED)
    gateway = start_gateway(config, tmp_path)
    try:
        url = f"http://{gateway.address}"

        def client(key, secret):
            made = client_of(url)
            made._request_signer._credentials.access_key = key
            made._request_signer._credentials.secret_key = secret
            return made

        good = client("AKIDBATCH", "s3cret-made-up-for-the-test")
        good.create_log_group(logGroupName="/keyed")
        (found,) = good.describe_log_groups(logGroupNamePrefix="/keyed")["logGroups"]
        assert found["logGroupArn"] == "arn:aws:logs:eu-west-1:111122223333:log-group:/keyed"
        for key, secret, code in [
            ("AKIDBATCH", "wrong", "InvalidSignatureException"),
            ("AKIDNOBODY", "wrong", "UnrecognizedClientException"),
        ]:
            with pytest.raises(ClientError) as raised:
                client(key, secret).describe_log_groups()
            assert raised.value.response["Error"]["Code"] == code
            assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        import requests

        answer = requests.post(url, headers={"X-Amz-Target": "Logs_20140328.DescribeLogGroups"}, data="{}")
        assert answer.status_code == 400
        assert answer.json()["__type"] == "MissingAuthenticationTokenException"
    finally:
        gateway.stop()


def test_groups_survive_a_restart(tmp_path):
    config = tmp_path / "corelog.toml"
    config.write_text(KEYED[: KEYED.index("[[key]]")])
    for number in range(2):
        gateway = start_gateway(config, tmp_path)
        try:
            logs = client_of(f"http://{gateway.address}")
            if number == 0:
                logs.create_log_group(logGroupName="/kept", tags={"a": "b"})
                logs.create_log_stream(logGroupName="/kept", logStreamName="s")
                logs.put_retention_policy(logGroupName="/kept", retentionInDays=30)
                gateway.process.kill()
            else:
                (found,) = logs.describe_log_groups(logGroupNamePrefix="/kept")["logGroups"]
                assert found["logGroupName"] == "/kept" and found["retentionInDays"] == 30
                assert len(logs.describe_log_streams(logGroupName="/kept")["logStreams"]) == 1
        finally:
            gateway.stop()
