"""OTLP over gRPC, as gRPC's own client sees it: codes and words of refusals, limits, keys, TLS."""

import datetime
import ipaddress
import subprocess
import time

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from processes import wait_for
from stack import Stack

TRACE = bytes.fromhex("5bf92f3577b34da6a3ce929d0e0e4736")


@pytest.fixture(scope="module")
def channel(stack):
    with grpc.insecure_channel(stack.gateway.address) as channel:
        yield channel


def span(number, model, **more):
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model, **more}
    now = time.time_ns()
    return Span(
        trace_id=TRACE,
        span_id=number.to_bytes(8, "big"),
        name="chat",
        start_time_unix_nano=now - 240_000_000,
        end_time_unix_nano=now,
        attributes=[KeyValue(key=key, value=AnyValue(string_value=text)) for key, text in attributes.items()],
    )


def request(*spans):
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])])


def recorded(stack, model):
    def there():
        stack.bucket.refresh()
        return [it for it in stack.bucket.by_record_id.values() if it.get("modelId") == model]

    return wait_for(there, f"the call to {model}")


def refused(call, *arguments, **more):
    with pytest.raises(grpc.RpcError) as raised:
        call(*arguments, timeout=20, **more)
    return raised.value.code(), raised.value.details()


def test_spans_and_logs_are_taken(stack, channel):
    traces = TraceServiceStub(channel)
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        answer = traces.Export(request(span(1, "grpc-twice")), timeout=20, compression=compression)
        assert not answer.HasField("partial_success")
    assert len(recorded(stack, "grpc-twice")) == 1
    answer = LogsServiceStub(channel).Export(ExportLogsServiceRequest(), timeout=20)
    assert not answer.HasField("partial_success")


def test_what_was_refused_is_said(stack, channel):
    answer = TraceServiceStub(channel).Export(request(span(0, "none"), span(2, "grpc-some")), timeout=20)
    assert answer.partial_success.rejected_spans == 1
    assert "span id" in answer.partial_success.error_message
    assert len(recorded(stack, "grpc-some")) == 1


def test_refusals_have_a_code_and_words(channel):
    export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    code, details = refused(channel.unary_unary(export), b"\xff")
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details == "the body is no OTLP request in application/x-protobuf"
    code, _ = refused(channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Nothing"), b"")
    assert code is grpc.StatusCode.UNIMPLEMENTED
    code, _ = refused(channel.unary_unary(export), b"\x0a" + b"x" * (9 << 20))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    code, _ = refused(TraceServiceStub(channel).Export, request(span(3, "x")), compression=grpc.Compression.Deflate)
    assert code is grpc.StatusCode.UNIMPLEMENTED
    # The connection serves on.
    assert channel.unary_unary(export)(b"", timeout=20) == b""


def test_a_refusal_of_http_is_an_answer_of_http(stack):
    asked = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"]
    url = f"{stack.url}/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    for more, status in [
        (["--http2-prior-knowledge", "-X", "GET"], "405"),
        (["--http2-prior-knowledge", "-d", "{}"], "415"),
        (["--http1.1", "-H", "content-type: application/grpc", "-d", "x"], "505"),
    ]:
        done = subprocess.run([*asked, *more, url], capture_output=True, text=True, check=True)
        assert done.stdout == status, more


def certificate(directory):
    """A certificate for this machine and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "corelog")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (directory / "key.pem").write_bytes(pem)
    return made.public_bytes(serialization.Encoding.PEM)


def test_over_tls_with_a_key(tmp_path):
    pem = certificate(tmp_path)
    (tmp_path / "secret").write_text("hunter2-hunter2-hunter2")
    more = f"""
[tls]
cert_file = "{tmp_path}/cert.pem"
key_file = "{tmp_path}/key.pem"

[[key]]
name = "app"
secret = "file:{tmp_path}/secret"
"""
    stack = Stack(tmp_path, more)
    try:
        with grpc.secure_channel(stack.gateway.address, grpc.ssl_channel_credentials(pem)) as channel:
            export = TraceServiceStub(channel).Export
            code, details = refused(export, request(span(4, "grpc-tls")))
            assert code is grpc.StatusCode.UNAUTHENTICATED
            assert "x-corelog-key" in details
            code, _ = refused(export, request(), metadata=[("x-corelog-key", "wrong")])
            assert code is grpc.StatusCode.UNAUTHENTICATED
            export(request(span(4, "grpc-tls")), metadata=[("x-corelog-key", "hunter2-hunter2-hunter2")], timeout=20)
        (record,) = recorded(stack, "grpc-tls")
        assert record["corelog"]["caller"]["name"] == "app"
    finally:
        stack.stop()
