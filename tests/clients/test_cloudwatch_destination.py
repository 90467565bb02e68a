"""Records as events of a log group of an AWS account, read there with boto3."""

import json
import time
import urllib.request

import boto3
import openai
import pytest
from moto.server import ThreadedMotoServer

from processes import Child, wait_for
from stack import start_gateway
from test_store_outage import Door

CONFIG = """
[[provider]]
name = "openai"
dialect = "openai"
base_url = "http://{demo}/v1"

[[destination]]
name = "account"
kind = "cloudwatch-logs"
log_group = "/llm/invocations"
endpoint = "{endpoint}"
region = "eu-central-1"
credentials = {{ access_key_id = "testing", secret_access_key = "secret-access" }}
interval = "100ms"
"""
GROUP = "/llm/invocations"
STREAM = "aws/bedrock/modelinvocations"
CALLS = 12


@pytest.fixture
def account():
    """A service of log groups, and a client of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield host, int(port), client(f"http://{host}:{port}")
    server.stop()


def client(url):
    return boto3.client(
        "logs",
        region_name="eu-central-1",
        endpoint_url=url,
        aws_access_key_id="testing",
        aws_secret_access_key="secret-access",
    )


def call(gateway, text):
    """Makes a call that is answered with its own words; returns the record's id."""
    api = openai.OpenAI(base_url=f"http://{gateway}/openai/v1", api_key="sk-test", max_retries=0)
    answer = api.chat.completions.with_raw_response.create(
        model="demo-echo", messages=[{"role": "user", "content": text}]
    )
    return answer.headers["x-corelog-record-id"]


def events(logs, count):
    """The events of the stream, once there are that many."""

    def there():
        try:
            found = logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM, startFromHead=True)
        except logs.exceptions.ResourceNotFoundException:
            return None
        return found["events"] if len(found["events"]) >= count else None

    return wait_for(there, f"{count} events")


def destination(gateway):
    with urllib.request.urlopen(f"http://{gateway}/corelog/v1/status") as answer:
        (found,) = [it for it in json.load(answer)["destinations"] if it["name"] == "account"]
    return found


def test_records_become_events_and_an_outage_loses_and_doubles_nothing(account, tmp_path):
    host, port, logs = account
    door = Door(host, port)
    door.is_open = True
    children = [Child(["demo"], tmp_path, "demo")]
    try:
        config = tmp_path / "corelog.toml"
        config.write_text(CONFIG.format(demo=children[0].address, endpoint=f"http://{door.address}"))
        children.append(start_gateway(config, tmp_path))
        gateway = children[1].address
        began = time.time()
        ids = [call(gateway, f"call {number}") for number in range(CALLS)]
        found = events(logs, CALLS)
        records = [json.loads(event["message"]) for event in found]
        assert [record["corelog"]["recordId"] for record in records] == ids
        for number, (event, record) in enumerate(zip(found, records)):
            assert record["input"]["inputBodyJson"]["messages"][0]["content"] == f"call {number}"
            assert record["schemaType"] == "ModelInvocationLog"
            assert began - 1 <= event["timestamp"] / 1000 <= time.time()
        group = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]
        assert group["logGroupName"] == GROUP, "it was made"

        door.is_open = False
        ids += [call(gateway, f"outage {number}") for number in range(CALLS)]
        # One event alone would be larger than any may be.
        ids.append(call(gateway, "a line that is said very often\n" * 40_000))
        wait_for(lambda: destination(gateway)["failures"] > 1, "a failed delivery")
        assert "not reached" in destination(gateway)["lastError"]
        assert children.pop().stop() == 0
        door.is_open = True
        children.append(start_gateway(config, tmp_path))
        gateway = children[1].address
        wait_for(lambda: destination(gateway)["backlog"] == 0, "everything to be delivered")
        records = [json.loads(event["message"]) for event in events(logs, len(ids))]
        assert [record["corelog"]["recordId"] for record in records] == ids
        cut = [(cut["part"], cut["reason"]) for cut in records[-1]["corelog"]["cut"]]
        assert cut == [("input", "over_limit"), ("output", "over_limit")]
        assert "inputBodyJson" not in records[-1]["input"]
    finally:
        codes = [child.stop() for child in reversed(children)]
        door.listener.close()
    assert codes == [0, 0]


def test_another_corelog_will_do(tmp_path):
    """Its log group is made, and its API says what was put."""
    directories = [tmp_path / "from", tmp_path / "to"]
    for directory in directories:
        directory.mkdir()
    children = [Child(["demo"], tmp_path, "demo")]
    try:
        empty = directories[1] / "corelog.toml"
        empty.write_text("")
        children.append(start_gateway(empty, directories[1]))
        there = f"http://{children[1].address}"
        config = directories[0] / "corelog.toml"
        config.write_text(CONFIG.format(demo=children[0].address, endpoint=there))
        children.append(start_gateway(config, directories[0]))
        ids = [call(children[2].address, f"call {number}") for number in range(3)]
        found = events(client(there), 3)
        assert [json.loads(event["message"])["corelog"]["recordId"] for event in found] == ids
    finally:
        codes = [child.stop() for child in reversed(children)]
    assert codes == [0, 0, 0]
