"""`StartLiveTail` with boto3 and the AWS CLI: what is recorded is seen while it is recorded."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import openai
import pytest
from botocore.exceptions import ClientError, EventStreamError

from logs_client import ACCOUNT, REGION, check_shape, client_of, operation_of, refused
from processes import wait_for
from stack import Stack

GROUP = "/corelog/invocations"
ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"
# Live tail is at `stream-HOST` unless a client is told otherwise, and no such host is here.
NO_PREFIX = {"inject_host_prefix": False}


@pytest.fixture(scope="module")
def logs(stack):
    return client_of(stack.url, **NO_PREFIX)


def ask(stack, *words):
    """A call for each word; returns the ids of the records."""
    client = openai.OpenAI(base_url=stack.openai_url, api_key="sk-test")
    ids = []
    for word in words:
        answer = client.chat.completions.with_raw_response.create(
            model="demo-echo", messages=[{"role": "user", "content": f"say {word}"}]
        )
        ids.append(answer.headers["x-corelog-record-id"])
    return ids


class Tail:
    """A session, every event of which is held against the model."""

    def __init__(self, logs, **more):
        answer = logs.start_live_tail(logGroupIdentifiers=[ARN], **more)
        output = operation_of(logs, "start_live_tail").output_shape
        self.shape = output.members["responseStream"]
        self.request_id = answer["ResponseMetadata"]["RequestId"]
        self.stream = answer["responseStream"]
        self.events = iter(self.stream)
        self.start = self.next()["sessionStart"]

    def next(self):
        event = next(self.events)
        check_shape(self.shape, event, "responseStream")
        return event

    def results(self, count):
        """The events of the next updates, until there are so many."""
        found = []
        while len(found) < count:
            update = self.next()["sessionUpdate"]
            assert update["sessionMetadata"] == {"sampled": False}
            found += update["sessionResults"]
        return found

    def close(self):
        self.stream.close()


def test_boto3_sees_records_as_they_are_made(stack, logs):
    pattern = '{ $.input.inputBodyJson.messages[0].content = "say harbour*" }'
    tail = Tail(logs, logEventFilterPattern=pattern, logStreamNamePrefixes=["aws/"])
    assert tail.start["logGroupIdentifiers"] == [ARN]
    assert tail.start["logStreamNamePrefixes"] == ["aws/"]
    assert tail.start["logEventFilterPattern"] == pattern
    assert tail.start["requestId"] == tail.request_id and tail.start["sessionId"]
    # An update comes also where nothing happened.
    assert tail.next()["sessionUpdate"]["sessionResults"] == []
    first, _, third = ask(stack, "harbour-1", "hill", "harbour-2")
    results = tail.results(2)
    tail.close()
    messages = [json.loads(result["message"]) for result in results]
    assert [message["corelog"]["recordId"] for message in messages] == [first, third]
    for result, message in zip(results, messages):
        assert result["logGroupIdentifier"] == ARN
        assert result["logStreamName"] == "aws/bedrock/modelinvocations"
        assert result["ingestionTime"] >= result["timestamp"]
        # What is tailed is what is delivered, to the byte of JSON.
        assert message == stack.bucket.find(record_id=message["corelog"]["recordId"])


def test_what_cannot_be_tailed_is_an_exception_before_the_stream(logs):
    gone = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/gone"
    said = refused(logs, "ResourceNotFoundException", "start_live_tail", logGroupIdentifiers=[gone])
    assert said == "The specified log group does not exist."
    for wrong in (
        {"logGroupIdentifiers": [ARN + ":*"]},
        {"logGroupIdentifiers": [ARN], "logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]},
        {"logGroupIdentifiers": [ARN, gone], "logStreamNames": ["a"]},
        {"logGroupIdentifiers": [ARN], "logEventFilterPattern": "[a"},
    ):
        refused(logs, "InvalidParameterException", "start_live_tail", **wrong)


def begun(logs):
    """A session, unless it has to wait: those that were closed end when the server has noticed, and only some may begin
    in a second."""
    try:
        return Tail(logs)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("LimitExceededException", "ThrottlingException")
        return None


def is_one_too_many(logs):
    try:
        Tail(logs)
    except logs.exceptions.LimitExceededException:
        return True
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ThrottlingException"
        return False
    pytest.fail("one session more began")


def test_the_sixteenth_session_is_one_too_many(logs):
    tails = [wait_for(lambda: begun(logs), "a session to begin") for _ in range(15)]
    wait_for(lambda: is_one_too_many(logs), "a refusal")
    for tail in tails:
        tail.close()
    # They may be had again.
    wait_for(lambda: begun(logs), "a session to begin").close()


def test_a_stop_of_the_gateway_ends_sessions_and_does_not_wait_for_them(tmp_path):
    stack = Stack(tmp_path)
    try:
        tail = Tail(client_of(stack.url, **NO_PREFIX))
        stopping = threading.Thread(target=stack.gateway.stop)
        stopping.start()
        with pytest.raises(EventStreamError, match="Corelog is stopping"):
            while True:
                tail.next()
        stopping.join()
        # It is killed, and ends with another code, if it does not stop by itself.
        assert stack.gateway.process.returncode == 0
        assert "not finished in time" not in stack.gateway.log.read_text()
    finally:
        stack.stop()


def test_the_aws_cli_prints_what_comes(stack):
    program = pathlib.Path(sys.executable).parent / "aws"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret-access",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "PYTHONUNBUFFERED": "1",
    }
    command = [program, "logs", "start-live-tail", "--endpoint-url", stack.url, "--log-group-identifiers", ARN]
    command += ["--log-event-filter-pattern", '"lighthouse-cli"']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as cli:
        lines = iter(cli.stdout.readline, b"")
        seen = threading.Event()

        def call_until_seen():
            # The session begins at some moment after the program's start.
            while not seen.is_set() and cli.poll() is None:
                ask(stack, "lighthouse-cli")

        calling = threading.Thread(target=call_until_seen)
        calling.start()
        try:
            found = next((line for line in lines if b"lighthouse-cli" in line), None)
        finally:
            seen.set()
            cli.send_signal(signal.SIGINT)
            calling.join()
        assert found, cli.stderr.read().decode()
    assert json.loads(found[found.index(b"{") :])["operation"] == "ChatCompletions"
