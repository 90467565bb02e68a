"""Anomalies that Corelog finds by itself: an agent that loops against the real binary is found while it does, told once,
logged, counted and listed, also through a kill."""

import json
import subprocess
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
import openai
import pytest
from botocore.config import Config

from logs_client import REGION
from processes import binary, wait_for
from stack import Stack, start_gateway
from test_notifications import Receiver

CONFIG = """
[[notifier]]
name = "hook"
kind = "webhook"
url = "http://{receiver}/hook"

[anomalies]
notify = "hook"
"""
CALLS_MAX = 40


class World(Stack):
    """A stack with somebody who hears of anomalies."""

    def __init__(self, directory):
        self.directory = directory
        self.receiver = Receiver()
        super().__init__(directory, CONFIG.format(receiver=self.receiver.address))
        self.calls = 0

    def kill(self):
        """As a crash, and a start after it."""
        self.gateway.process.kill()
        self.gateway.process.wait()
        self.gateway = start_gateway(self.config, self.directory)
        self.url = f"http://{self.gateway.address}"
        self.openai_url = f"{self.url}/openai/v1"

    def call(self, session, text):
        """One round of an agent: its tool fails as it did before, in other words of the model."""
        client = openai.OpenAI(base_url=self.openai_url, api_key="sk-agent", max_retries=0)
        self.calls += 1
        messages = [{"role": "user", "content": "Make the test pass."}]
        for number in range(self.calls):
            call = {"id": f"call_{number}", "type": "function", "function": {"name": "run", "arguments": "{}"}}
            messages.append({"role": "assistant", "content": f"Attempt {number}.", "tool_calls": [call]})
            messages.append({"role": "tool", "tool_call_id": f"call_{number}", "content": text})
        client.chat.completions.create(
            model="gpt-4o", messages=messages, extra_headers={"x-corelog-session": session}
        )

    def anomalies(self, query=""):
        with urllib.request.urlopen(f"{self.url}/corelog/v1/anomalies{query}") as answer:
            return json.load(answer)["anomalies"]

    def command(self, *arguments):
        done = subprocess.run(
            [str(binary()), *arguments, "--url", self.url, "--color", "never"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def client(self, service):
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"max_attempts": 0}),
        )

    def stop(self):
        super().stop()
        self.receiver.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    running = World(tmp_path_factory.mktemp("anomalies"))
    yield running
    running.stop()


def test_nothing_unusual_is_an_empty_list(world):
    assert world.anomalies() == []
    assert "nothing unusual was found" in world.command("anomaly", "list", "-o", "table")


def test_an_agent_that_loops_is_found_while_it_does(world):
    """As an agent does: a call, and then the next. It never ends by itself."""
    while not (found := world.anomalies()):
        assert world.calls < CALLS_MAX, "it looped, and nobody saw it"
        world.call("s-loop", "error: no such file")
    (finding,) = found
    # The eighth call is told; reading it may take as long as a few more.
    assert world.calls < CALLS_MAX
    assert finding["kind"] == "runaway" and finding["signal"] == "repeats" and finding["state"] == "found"
    assert finding["session"] == "s-loop" and finding["model"] == "gpt-4o" and finding["calls"] == 8
    assert "runs away: the same step 8 times in a row" in finding["says"]

    # Its calls are told from others', and from those of another session.
    assert world.anomalies("?kind=burst") == []
    listed = world.command("anomaly", "list", "-o", "table")
    assert finding["id"] in listed and "runs away" in listed
    shown = world.command("anomaly", "show", finding["id"], "-o", "table")
    assert "goes on" in shown and "s-loop" in shown


def test_it_is_told_once_logged_and_counted(world):
    (finding,) = world.anomalies()
    (notice,) = wait_for(lambda: world.receiver.at("/hook"), "the notice")
    said = json.loads(notice["body"])
    assert said["alarmData"]["state"]["value"] == "ALARM"
    assert said["alarmData"]["state"]["reason"] == finding["says"]
    assert finding["id"] in said["alarmData"]["alarmName"]

    logs = world.client("logs")

    def events():
        groups = logs.describe_log_groups(logGroupNamePrefix="/corelog/anomalies")["logGroups"]
        return groups and logs.filter_log_events(logGroupName="/corelog/anomalies")["events"]

    event = json.loads(wait_for(events, "the log event")[0]["message"])
    assert event["id"] == finding["id"] and event["state"] == "found"
    assert sum_of(world, {"Kind": "runaway"}) == sum_of(world, {}) == 1


def sum_of(world, dimensions):
    """How often the metric counted, in the hour around."""
    now = datetime.now(timezone.utc)
    dimensions = [{"Name": name, "Value": value} for name, value in dimensions.items()]

    def points():
        answer = world.client("cloudwatch").get_metric_statistics(
            Namespace="Corelog",
            MetricName="Anomalies",
            Dimensions=dimensions,
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=60,
            Statistics=["Sum"],
        )
        return answer["Datapoints"]

    return sum(point["Sum"] for point in wait_for(points, "the count"))


def test_a_crash_tells_nothing_twice(world):
    """What was found before is read again from the spool, and is the same finding."""
    world.kill()
    world.calls = 0
    while len(found := world.anomalies()) == 1:
        assert world.calls < CALLS_MAX, "another agent looped, and nobody saw it"
        world.call("s-other", "error: permission denied")
    assert sorted(one["session"] for one in found) == ["s-loop", "s-other"]
    wait_for(lambda: len(world.receiver.at("/hook")) >= 2, "the second notice")
    names = [json.loads(it["body"])["alarmData"]["alarmName"] for it in world.receiver.at("/hook")]
    assert len(names) == len(set(names)) == 2
    wait_for(lambda: sum_of(world, {"Kind": "runaway"}) == 2, "the count of both")
