"""What OpenTelemetry reports: real SDKs and instrumentations export to the gateway."""

import gzip
import json
import pathlib
import subprocess
import sys
import time

import boto3
import httpx
import pytest

from logs_client import REGION
from processes import wait_for
from stack import Stack, start_gateway

APP = pathlib.Path(__file__).with_name("otel_app.py")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
START_NS = time.time_ns()


@pytest.fixture(params=["openllmetry", "openinference"])
def instrumentation(request):
    return request.param


@pytest.fixture(params=["http", "grpc"])
def protocol(request):
    return request.param


def run(instrumentation, base_url, stack, question, protocol="http"):
    """Runs the application to its end: what it printed, by its first word. The demo provider gives an answer the id that
    follows from the question, so each test has a question of its own."""
    command = [sys.executable, str(APP), instrumentation, base_url, stack.url, question, protocol]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert "failed" not in said, done.stderr
    return said


def of_trace(stack, trace):
    """The delivered records of a trace."""
    stack.bucket.refresh()
    records = stack.bucket.by_record_id.values()
    return [it for it in records if (it["corelog"].get("trace") or {}).get("traceId") == trace]


def value(text):
    return {"stringValue": text}


def span(number, **attributes):
    """A span as JSON."""
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "name": "chat",
        "startTimeUnixNano": str(START_NS),
        "endTimeUnixNano": str(START_NS + 240_000_000),
        "attributes": [
            {"key": key.replace("__", "."), "value": value(text)} for key, text in attributes.items()
        ],
    }


def export(stack, spans, signal="traces", content_type="application/json", **more):
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    headers = {"content-type": content_type, **more.pop("headers", {})}
    if headers.get("content-encoding") == "gzip":
        body = gzip.compress(body)
    return httpx.post(f"{stack.url}/v1/{signal}", content=more.get("content", body), headers=headers)


def marker(stack, number):
    """A call whose record, once it is there, says that those before it would be."""
    model = f"marker-{number}"
    answer = export(stack, [span(number, gen_ai__operation__name="chat", gen_ai__request__model=model)])
    assert answer.status_code == 200

    def there():
        return [it for it in of_trace(stack, TRACE) if it.get("modelId") == model]

    return wait_for(there, f"the record of {model}")


def test_a_call_beside_the_gateway_is_recorded(stack, instrumentation, protocol):
    question = f"Berths, {instrumentation}, {protocol}?"
    said = run(instrumentation, f"http://{stack.demo.address}/v1", stack, question, protocol)
    (record,) = wait_for(lambda: of_trace(stack, said["trace"]), "the reported call")
    response_id, asked, answered = said["response"].split()
    corelog = record["corelog"]
    assert record["operation"] == "ChatCompletions"
    assert record["modelId"].startswith("gpt-4o-mini")
    assert record["input"]["inputTokenCount"] == int(asked)
    assert record["output"]["outputTokenCount"] == int(answered)
    assert corelog["provider"] == "openai"
    assert corelog["dialect"] == "opentelemetry"
    assert corelog["span"]["service"] == "assistant"
    assert corelog["latencyMs"] > 0
    assert "requestBytes" not in corelog and "delivery" not in corelog
    assert corelog["responseId"] == response_id
    assert corelog["user"] == "ada"
    asked = stack.bucket.input_of(record)
    texts = [(it["role"], it["parts"][0]["content"]) for it in asked["messages"]]
    assert texts == [("system", "Be brief."), ("user", question)]
    assert asked["parameters"]["temperature"] == 0.5
    (message,) = stack.bucket.output_of(record)["messages"]
    assert message["parts"][0]["content"].replace("\n", " ") == said["said"]
    assert "sk-secret-openai" not in json.dumps(record)


def test_a_call_through_the_gateway_keeps_its_one_record(stack, instrumentation, protocol):
    said = run(instrumentation, stack.openai_url, stack, f"Both, {instrumentation}, {protocol}?", protocol)
    response_id = said["response"].split()[0]
    marker(stack, 0x100 + len(instrumentation + protocol))
    records = stack.bucket.by_record_id.values()
    of_call = [it for it in records if it["corelog"].get("responseId") == response_id]
    assert [it["corelog"]["dialect"] for it in of_call] == ["openai"]
    assert [it for it in of_trace(stack, said["trace"]) if "span" in it["corelog"]] == []


def steps_of(stack, text):
    """The steps that have an id."""
    logs = boto3.client(
        "logs", region_name=REGION, endpoint_url=stack.url,
        aws_access_key_id="x", aws_secret_access_key="y",
    )  # fmt: skip
    group, pattern = "/corelog/otel/steps", f'"{text}"'
    return logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]


def test_steps_are_log_events(stack):
    said = run("openllmetry", f"http://{stack.demo.address}/v1", stack, "Steps?")
    (step,) = [json.loads(event["message"]) for event in steps_of(stack, said["trace"])]
    assert (step["kind"], step["name"]) == ("invoke_agent", "work")
    assert step["attributes"]["gen_ai.agent.name"] == "harbour"
    (record,) = wait_for(lambda: of_trace(stack, said["trace"]), "the call of the agent")
    assert record["corelog"]["trace"]["parentSpanId"] == step["spanId"]


def test_steps_that_are_sent_again_are_kept_once(stack):
    step = span(0x501, gen_ai__operation__name="invoke_agent", gen_ai__agent__name="twice")
    for _ in range(3):
        assert export(stack, [step]).status_code == 200
    assert len(steps_of(stack, "0000000000000501")) == 1


def test_a_reported_call_has_a_cost(stack):
    call = span(
        0x601, gen_ai__operation__name="chat", gen_ai__provider__name="openai",
        gen_ai__request__model="gpt-4o-mini", server__address="api.openai.com",
        gen_ai__usage__input_tokens="1000000", gen_ai__usage__output_tokens="1000000",
    )  # fmt: skip
    assert export(stack, [call]).status_code == 200

    def there():
        spans = [it for it in of_trace(stack, TRACE) if it["corelog"]["trace"]["spanId"] == f"{0x601:016x}"]
        return spans

    (record,) = wait_for(there, "the reported call")
    # $0.15 and $0.60 a million.
    cost = record["corelog"]["cost"]
    assert (cost["amount"], cost["currency"], cost["list"]) == (0.75, "USD", "openai")


def test_an_export_that_is_sent_again_is_taken_once(stack):
    call = span(1, gen_ai__operation__name="chat", gen_ai__request__model="twice")
    for headers in ({}, {"content-encoding": "gzip"}, {}):
        answer = export(stack, [call], headers=headers)
        assert (answer.status_code, answer.json()) == (200, {})
    marker(stack, 2)
    assert len([it for it in of_trace(stack, TRACE) if it.get("modelId") == "twice"]) == 1
    assert stack.bucket.duplicates == []


def test_a_process_that_was_killed_is_remembered(tmp_path):
    stack = Stack(tmp_path)
    try:
        call = span(0x701, gen_ai__operation__name="chat", gen_ai__request__model="killed")
        step = span(0x702, gen_ai__operation__name="invoke_agent")
        assert export(stack, [call, step]).status_code == 200
        stack.gateway.process.kill()
        stack.gateway.process.wait()
        stack.gateway = start_gateway(stack.config, tmp_path)
        stack.url = f"http://{stack.gateway.address}"
        assert export(stack, [call, step]).status_code == 200
        marker(stack, 0x703)
        assert len([it for it in of_trace(stack, TRACE) if it.get("modelId") == "killed"]) == 1
        assert stack.bucket.duplicates == []
        assert len(steps_of(stack, "0000000000000702")) == 1
    finally:
        stack.stop()


def test_what_cannot_be_taken_is_said_in_otlps_words(stack):
    spanless = span(0, gen_ai__operation__name="chat")
    early = {**span(4, gen_ai__operation__name="chat"), "startTimeUnixNano": "1000000"}
    answer = export(stack, [early])
    assert "14 days" in answer.json()["partialSuccess"]["errorMessage"]
    answer = export(stack, [spanless, span(3, gen_ai__operation__name="chat")])
    assert answer.status_code == 200
    partial = answer.json()["partialSuccess"]
    assert partial["rejectedSpans"] == "1"
    assert "span id" in partial["errorMessage"]
    for more, status in [
        ({"content": b"\xff", "content_type": "application/x-protobuf"}, 400),
        ({"content": b"[]"}, 400),
        ({"headers": {"content-encoding": "br"}}, 400),
        ({"content_type": "text/plain"}, 415),
    ]:
        answer = export(stack, [], **more)
        assert answer.status_code == status, more
        if more.get("content_type") == "application/x-protobuf":
            assert answer.headers["content-type"] == "application/x-protobuf"
        else:
            assert answer.json()["message"]
    assert httpx.get(f"{stack.url}/v1/traces").status_code == 405
