"""Alarms that boto3 makes, and those who hear of them: real receivers here, once per transition, through kills."""

import http.server
import json
import re
import signal
import socket
import subprocess
import threading

import boto3
import pytest
from botocore.config import Config

from logs_client import ACCOUNT, REGION
from processes import ROOT, binary, wait_for
from stack import start_gateway

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CONFIG = """
[[notifier]]
name = "chat"
kind = "slack"
url = "http://{receiver}/services/T0/B0/xyz"
{chat}

[[notifier]]
name = "topic"
kind = "sns"
url = "http://{receiver}/sns"

[[notifier]]
name = "pager"
kind = "pagerduty"
url = "http://{receiver}/v2/enqueue"
routing_key = "R0UT1NG"

[[notifier]]
name = "hook"
kind = "webhook"
url = "http://{receiver}/hook?token=t0ken"
secret = "{secret}"
topics = ["OpsAlerts"]

[[notifier]]
name = "script"
kind = "command"
command = ["/bin/sh", "-c", "cat >> {script}; echo >> {script}"]
{more}
"""
BUS = """
[[notifier]]
name = "bus"
kind = "eventbridge"
url = "http://{receiver}/events"
"""


class Receiver:
    """A server that takes whatever is posted to it; `on_request` may look at a request before it is answered."""

    def __init__(self, port=0):
        self.requests, self.on_request, self.statuses = [], None, []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = {"path": self.path, "headers": headers, "body": body}
                receiver.requests.append(request)
                if receiver.on_request:
                    receiver.on_request(request)
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def at(self, path):
        return [request for request in self.requests if request["path"].startswith(path)]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class World:
    """A gateway with its notifiers, which may be killed and started again."""

    def __init__(self, directory, address, more="", chat=""):
        self.directory = directory
        self.script = directory / "script.jsonl"
        self.config = directory / "corelog.toml"
        text = CONFIG.format(
            receiver=address, secret=SECRET, script=self.script, chat=chat, more=more.format(receiver=address)
        )
        self.config.write_text(text)
        self.start()

    def start(self):
        self.gateway = start_gateway(self.config, self.directory)
        self.url = f"http://{self.gateway.address}"
        self.client = boto3.client(
            "cloudwatch",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"max_attempts": 0}),
        )

    def kill(self):
        self.gateway.process.kill()
        self.gateway.process.wait()

    def put_alarm(self, name, actions, ok_actions=()):
        self.client.put_metric_alarm(
            AlarmName=name,
            AlarmDescription="Slow answers",
            Namespace="AWS/Bedrock",
            MetricName="InvocationLatency",
            Dimensions=[{"Name": "ModelId", "Value": "m"}],
            ExtendedStatistic="p90",
            Period=86_400,
            EvaluationPeriods=1,
            Threshold=2000,
            ComparisonOperator="GreaterThanThreshold",
            # Without data an alarm stays in the state that it is put into.
            TreatMissingData="ignore",
            AlarmActions=list(actions),
            OKActions=list(ok_actions),
        )

    def set_state(self, name, value):
        self.client.set_alarm_state(AlarmName=name, StateValue=value, StateReason=f"Testing {value}")

    def history(self, name):
        """What became of an alarm's actions, the oldest first."""
        pages = self.client.get_paginator("describe_alarm_history").paginate(
            AlarmName=name, HistoryItemType="Action", ScanBy="TimestampAscending"
        )
        return [item for page in pages for item in page["AlarmHistoryItems"]]


def topic(name):
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def worlds(tmp_path):
    made = []

    def make(address, **more):
        made.append(World(tmp_path, address, **more))
        return made[-1]

    yield make
    for world in made:
        world.gateway.stop()


def test_everybody_hears_of_a_transition_once_in_their_own_shape(worlds, receiver):
    world = worlds(receiver.address, more=BUS)
    everybody = [topic(name) for name in ("chat", "topic", "pager", "OpsAlerts")]
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:script:live"
    world.put_alarm("slow", [*everybody, function], [topic("pager")])
    world.set_state("slow", "ALARM")
    wait_for(lambda: len(world.history("slow")) == 5, "five actions in the history")
    world.set_state("slow", "OK")
    wait_for(lambda: len(world.history("slow")) == 6, "the sixth")

    (slack,) = receiver.at("/services/")
    payload = json.loads(slack["body"])
    assert payload["text"] == 'ALARM: "slow" in US East (N. Virginia)'
    assert payload["attachments"][0]["blocks"][0]["text"]["text"].startswith("*Testing ALARM*")

    (sns,) = receiver.at("/sns")
    envelope = json.loads(sns["body"])
    assert envelope["Type"] == sns["headers"]["x-amz-sns-message-type"] == "Notification"
    assert envelope["TopicArn"] == sns["headers"]["x-amz-sns-topic-arn"] == topic("topic")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", envelope["MessageId"])
    assert envelope["Subject"] == payload["text"]
    message = json.loads(envelope["Message"])
    assert (message["AlarmName"], message["NewStateValue"], message["OldStateValue"]) == (
        "slow", "ALARM", "INSUFFICIENT_DATA",
    )  # fmt: skip
    assert message["Trigger"]["Dimensions"] == [{"value": "m", "name": "ModelId"}]

    triggered, resolved = (json.loads(request["body"]) for request in receiver.at("/v2/enqueue"))
    assert (triggered["event_action"], resolved["event_action"]) == ("trigger", "resolve")
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:slow"
    assert triggered["dedup_key"] == resolved["dedup_key"] == arn
    assert triggered["routing_key"] == "R0UT1NG"
    assert triggered["payload"]["severity"] == "critical"

    (hook,) = receiver.at("/hook?token=t0ken")
    assert json.loads(hook["body"])["alarmData"]["state"]["value"] == "ALARM"
    documented_check()(SECRET, hook["headers"], hook["body"])
    with pytest.raises(AssertionError):
        documented_check()(SECRET, hook["headers"], hook["body"] + b" ")

    (said,) = world.script.read_text().splitlines()
    assert json.loads(said)["alarmArn"] == arn

    events = [json.loads(request["body"]) for request in receiver.at("/events")]
    changes = [event for event in events if event["detail-type"] == "CloudWatch Alarm Configuration Change"]
    states = [event for event in events if event["detail-type"] == "CloudWatch Alarm State Change"]
    assert [event["detail"]["operation"] for event in changes] == ["create"]
    assert [event["detail"]["state"]["value"] for event in states] == ["ALARM", "OK"]
    assert len({event["id"] for event in events}) == 3


def documented_check():
    """The function that the documentation shows."""
    text = (ROOT / "docs" / "notifications.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    names = {}
    exec(code, names)
    return names["check"]


@pytest.mark.parametrize(
    ("name", "id_of"),
    [
        ("chat", lambda request: re.search(rb"notice ([0-9a-f-]{36})", request["body"])[1]),
        ("topic", lambda request: json.loads(request["body"])["MessageId"]),
        ("pager", lambda request: json.loads(request["body"])["dedup_key"]),
        ("hook", lambda request: request["headers"]["webhook-id"]),
    ],
)
def test_a_kill_between_the_receiver_and_our_note_of_it_repeats_with_the_same_id(worlds, receiver, name, id_of):
    world = worlds(receiver.address)
    world.put_alarm("slow", [topic(name)])
    # The receiver has it and has not answered yet: nobody else knows.
    receiver.on_request = lambda _: world.kill()
    world.set_state("slow", "ALARM")
    wait_for(lambda: receiver.requests and world.gateway.process.poll() is not None, "the kill")
    receiver.on_request = None
    world.start()
    wait_for(lambda: world.history("slow"), "the notification to be settled")
    world.kill()
    world.start()
    # A start later than the note: it is settled, and what comes now is another transition.
    world.set_state("slow", "OK")
    world.set_state("slow", "ALARM")
    wait_for(lambda: len(world.history("slow")) == 2, "the next transition")
    ids = [id_of(request) for request in receiver.requests]
    assert len(ids) == 3, "a repeat after the kill, and one of the next transition"
    assert ids[0] == ids[1]
    assert receiver.requests[0]["body"] == receiver.requests[1]["body"]
    assert (ids[1] == ids[2]) == (name == "pager")


def test_kills_while_the_receiver_is_away_lose_nothing_and_double_nothing(worlds):
    port = free_port()
    world = worlds(f"127.0.0.1:{port}")
    world.put_alarm("slow", [topic("topic")])
    world.put_alarm("other", [topic("topic"), topic("script")])
    world.set_state("slow", "ALARM")
    world.kill()
    world.start()
    world.set_state("other", "ALARM")
    # The script is not held up by the receiver that is away.
    wait_for(lambda: world.script.exists() and world.script.read_text().endswith("\n"), "the script")
    wait_for(lambda: world.history("other"), "its word in the history")
    world.kill()
    receiver = Receiver(port)
    world.start()
    wait_for(lambda: len(world.history("slow") + world.history("other")) == 3, "both notifications")
    names = [json.loads(json.loads(request["body"])["Message"])["AlarmName"] for request in receiver.requests]
    assert sorted(names) == ["other", "slow"]
    assert len(world.script.read_text().splitlines()) == 1
    receiver.stop()


def test_what_cannot_be_executed_is_in_the_history_with_what_to_do(worlds, receiver):
    world = worlds(receiver.address)
    world.put_alarm("slow", [topic("nobody"), "arn:aws:automate:us-east-1:ec2:stop", topic("hook")])
    receiver.statuses = [400]
    world.set_state("slow", "ALARM")
    wait_for(lambda: len(world.history("slow")) == 3, "three words in the history")
    said = {json.loads(item["HistoryData"])["notificationResource"]: item for item in world.history("slow")}
    advice = json.loads(said[topic("nobody")]["HistoryData"])
    assert advice["actionState"] == "Failed" and "[[notifier]]" in advice["error"]
    assert "Failed to execute action arn:aws:automate" in said["arn:aws:automate:us-east-1:ec2:stop"]["HistorySummary"]
    assert "the receiver answered 400" in said[topic("hook")]["HistorySummary"]
    assert "t0ken" not in str(said) + world.gateway.log.read_text()


def test_many_alarms_at_once_are_one_message(worlds):
    port = free_port()
    world = worlds(f"127.0.0.1:{port}", chat="burst_max = 5")
    names = [f"alarm-{number:02}" for number in range(40)]
    for name in names:
        world.put_alarm(name, [topic("chat")])
        world.set_state(name, "ALARM")
    receiver = Receiver(port)
    wait_for(lambda: all(world.history(name) for name in names), "a word in every history", 60)
    texts = [json.loads(request["body"])["text"] for request in receiver.requests]
    assert any("alarms changed state" in text for text in texts) and len(texts) <= 6, texts
    receiver.stop()


def test_the_command_line_lists_and_tests_them(worlds, receiver):
    world = worlds(receiver.address, more=BUS)
    done = command(world, "notifier", "list")
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = {notifier["name"]: notifier["kind"] for notifier in listed}
    assert kinds == {
        "bus": "eventbridge", "chat": "slack", "hook": "webhook", "pager": "pagerduty", "script": "command",
        "topic": "sns",
    }  # fmt: skip
    assert "t0ken" not in done.stdout and "xyz" not in done.stdout
    for name in kinds:
        done = command(world, "notifier", "test", name)
        assert done.returncode == 0 and f"arrived at `{name}`" in done.stderr, done
    (test,) = receiver.at("/services/")
    assert b"This is a test of the notifier `chat`" in test["body"]
    actions = [json.loads(request["body"])["event_action"] for request in receiver.at("/v2/enqueue")]
    assert actions == ["trigger", "resolve"]
    receiver.statuses = [503]
    done = command(world, "notifier", "test", "chat")
    assert done.returncode == 1 and "the receiver answered 503" in done.stderr
    assert "there is no notifier `nobody`" in command(world, "notifier", "test", "nobody").stderr


def command(world, *arguments):
    line = [str(binary()), "--url", world.url, *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


def test_a_reload_moves_a_notifier(worlds, receiver):
    world = worlds(receiver.address)
    other = Receiver()
    world.put_alarm("slow", [topic("topic")])
    text = world.config.read_text()
    world.config.write_text(text.replace(f"{receiver.address}/sns", f"{other.address}/sns"))
    world.gateway.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "configuration reloaded" in world.gateway.log.read_text(), "the reload")
    world.set_state("slow", "ALARM")
    wait_for(lambda: world.history("slow"), "the notification")
    assert (len(receiver.requests), len(other.requests)) == (0, 1)
    other.stop()
