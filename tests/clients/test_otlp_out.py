"""Records as spans at a receiver of OTLP, read there with OpenTelemetry's own messages."""

import gzip
import http.server
import json
import re
import threading
import urllib.request

import openai
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from processes import Child, wait_for
from stack import start_gateway

CONFIG = """
[[provider]]
name = "openai"
dialect = "openai"
base_url = "http://{demo}/v1"

[[destination]]
name = "spans"
kind = "otlp"
endpoint = "http://{receiver}/otlp"
headers = "api-key=two%20words"
interval = "100ms"
{more}
"""
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
REPORTED = {
    "traceId": TRACE,
    "spanId": PARENT,
    "name": "chat",
    "startTimeUnixNano": "1795000000123000000",
    "endTimeUnixNano": "1795000000363000000",
    "attributes": [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
    ],
}


class Receiver:
    """Takes exports; `answers` says how the next ones of spans are answered: status, headers, body."""

    def __init__(self):
        self.traces, self.metrics, self.heads, self.answers = [], [], [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                assert self.headers["content-type"] == "application/x-protobuf"
                receiver.heads.append(dict(self.headers.items()))
                status, headers, answer = 200, {}, b""
                if self.path == "/otlp/v1/traces":
                    request = ExportTraceServiceRequest.FromString(body)
                    if request.resource_spans and receiver.answers:
                        status, headers, answer = receiver.answers.pop(0)
                    receiver.traces.append((status, request))
                else:
                    assert self.path == "/otlp/v1/metrics"
                    receiver.metrics.append(ExportMetricsServiceRequest.FromString(body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self, status=200):
        """The spans of exports that were answered with that."""
        found = [request for said, request in list(self.traces) if said == status]
        groups = [group for request in found for resource in request.resource_spans for group in resource.scope_spans]
        return [span for group in groups for span in group.spans]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def world(receiver, tmp_path):
    """Starts a gateway whose records go to the receiver."""
    children = []

    def start(more=""):
        children.append(Child(["demo"], tmp_path, "demo"))
        config = tmp_path / "corelog.toml"
        config.write_text(CONFIG.format(demo=children[0].address, receiver=receiver.address, more=more))
        children.append(start_gateway(config, tmp_path))
        return children[1].address

    yield start
    for child in reversed(children):
        child.stop()


def call(gateway, text, **headers):
    api = openai.OpenAI(base_url=f"http://{gateway}/openai/v1", api_key="sk-secret", max_retries=0)
    return api.chat.completions.create(
        model="demo-echo", messages=[{"role": "user", "content": text}], extra_headers=headers
    )


def plain(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(it) for it in value.array_value.values]
    return getattr(value, kind)


def attributes(of):
    return {it.key: plain(it.value) for it in of.attributes}


def test_a_call_is_a_span_below_the_callers_and_is_counted(world, receiver):
    gateway = world()
    answer = call(gateway, "where is the berth", traceparent=f"00-{TRACE}-{PARENT}-01")
    wait_for(lambda: receiver.metrics, "metrics")
    (span,) = receiver.spans()
    assert span.trace_id.hex() == TRACE
    assert span.parent_span_id.hex() == PARENT
    assert len(span.span_id) == 8 and span.span_id.hex() != PARENT
    assert span.name == "chat demo-echo"
    assert span.kind == span.SPAN_KIND_CLIENT
    assert span.end_time_unix_nano > span.start_time_unix_nano
    said = attributes(span)
    assert said["gen_ai.operation.name"] == "chat"
    assert said["gen_ai.request.model"] == "demo-echo"
    assert said["gen_ai.response.id"] == answer.id
    assert said["gen_ai.usage.input_tokens"] == answer.usage.prompt_tokens
    assert said["gen_ai.usage.output_tokens"] == answer.usage.completion_tokens
    assert "gen_ai.input.messages" not in said
    ((_, export),) = [it for it in receiver.traces if it[1].resource_spans]
    assert "berth" not in str(export) and "sk-secret" not in str(export)
    assert attributes(export.resource_spans[0].resource)["service.name"] == "corelog"
    assert {head["api-key"] for head in receiver.heads} == {"two words"}
    (group,) = receiver.metrics[-1].resource_metrics[0].scope_metrics
    metrics = {metric.name: metric for metric in group.metrics}
    assert set(metrics) == {"gen_ai.client.token.usage", "gen_ai.client.operation.duration"}
    (duration,) = metrics["gen_ai.client.operation.duration"].histogram.data_points
    assert duration.count == 1
    tokens = metrics["gen_ai.client.token.usage"].histogram.data_points
    sums = {attributes(point)["gen_ai.token.type"]: point.sum for point in tokens}
    assert sums == {"input": answer.usage.prompt_tokens, "output": answer.usage.completion_tokens}


def test_content_is_sent_where_that_is_configured(world, receiver):
    gateway = world("content = true\nmetrics = false\ngzip_level = 0")
    answer = call(gateway, "where is the berth")
    (span,) = wait_for(receiver.spans, "the span")
    said = attributes(span)
    (asked,) = json.loads(said["gen_ai.input.messages"])
    assert asked["role"] == "user" and asked["parts"][0]["content"] == "where is the berth"
    (answered,) = json.loads(said["gen_ai.output.messages"])
    assert answered["parts"][0]["content"] == answer.choices[0].message.content
    assert not receiver.metrics


def test_a_receiver_in_trouble_gets_the_same_span_again(world, receiver):
    gateway = world()
    receiver.answers = [(503, {"retry-after": "1"}, b""), (429, {}, b"")]
    call(gateway, "again")
    (span,) = wait_for(receiver.spans, "the span")
    (first,), (second,) = receiver.spans(503), receiver.spans(429)
    assert span == first == second


def test_what_the_receiver_refuses_is_counted(world, receiver):
    gateway = world()
    refused = ExportTracePartialSuccess(rejected_spans=1, error_message="no room")
    answer = ExportTraceServiceResponse(partial_success=refused).SerializeToString()
    receiver.answers = [(200, {"content-type": "application/x-protobuf"}, answer), (400, {}, b"")]

    def rejected():
        with urllib.request.urlopen(f"http://{gateway}/metrics") as scrape:
            text = scrape.read().decode()
        found = re.search(r'corelog_delivery_rejected_records\w*\{destination="spans"\} (\d+)', text)
        return int(found.group(1)) if found else 0

    for number in (1, 2):
        call(gateway, f"refused {number}")
        wait_for(lambda: rejected() == number, f"{number} refused")
    call(gateway, "taken")
    wait_for(lambda: len(receiver.spans()) == 2, "a span that is taken")


def test_what_came_in_over_otlp_is_sent_on_only_if_configured(world, receiver):
    gateway = world("reported = true")
    report(gateway)
    (sent,) = wait_for(receiver.spans, "the span")
    assert (sent.trace_id.hex(), sent.span_id.hex()) == (TRACE, PARENT)


def test_what_came_in_over_otlp_stays_otherwise(world, receiver):
    gateway = world()
    report(gateway)
    call(gateway, "behind it")
    (sent,) = wait_for(receiver.spans, "the span of the call behind it")
    assert sent.name == "chat demo-echo"


def report(gateway):
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [REPORTED]}]}]}).encode()
    request = urllib.request.Request(
        f"http://{gateway}/v1/traces", data=body, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
