"""Metrics of OpenTelemetry's SDK, over both protocols, as boto3 finds them."""

import datetime

import boto3
import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from logs_client import REGION

DELTA = {Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA}


@pytest.fixture(scope="module")
def cloudwatch(stack):
    return boto3.client(
        "cloudwatch", region_name=REGION, endpoint_url=stack.url,
        aws_access_key_id="x", aws_secret_access_key="y",
    )  # fmt: skip


def exporter(stack, protocol, temporality):
    if protocol == "grpc":
        return GrpcExporter(stack.gateway.address, insecure=True, preferred_temporality=temporality)
    return HttpExporter(f"{stack.url}/v1/metrics", preferred_temporality=temporality)


def statistics(cloudwatch, namespace, name, dimensions, *, unit, extended=()):
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    asked = {"ExtendedStatistics": list(extended)} if extended else {
        "Statistics": ["Sum", "SampleCount", "Minimum", "Maximum"]
    }  # fmt: skip
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - hour,
        EndTime=now + hour,
        Period=86400,
        Unit=unit,
        **asked,
    )
    return found["Datapoints"]


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("temporality", ["cumulative", "delta"])
def test_what_an_sdk_measures_is_a_metric(stack, cloudwatch, protocol, temporality):
    service = f"assistant-{protocol}-{temporality}"
    reader = PeriodicExportingMetricReader(
        exporter(stack, protocol, DELTA if temporality == "delta" else None),
        export_interval_millis=3_600_000,
    )
    resource = Resource.create({"service.name": service, "service.namespace": "harbour"})
    provider = MeterProvider([reader], resource=resource)
    meter = provider.get_meter("app")
    calls = meter.create_counter("berth.calls", unit="{call}")
    waits = meter.create_histogram("berth.wait", unit="s", explicit_bucket_boundaries_advisory=[1, 2, 4])
    depth = meter.create_up_down_counter("berth.depth", unit="1")
    west = {"berth": "west"}
    for seconds in (1.5, 1.5, 3.0):
        calls.add(1, west)
        waits.record(seconds, west)
    depth.add(7, west)
    assert provider.force_flush()
    # Told again, a counter that stands still adds nothing.
    calls.add(2, west)
    assert provider.force_flush()
    provider.shutdown()

    namespace = f"harbour/{service}"
    (point,) = statistics(cloudwatch, namespace, "berth.calls", west, unit="Count")
    assert point["Sum"] == 5
    (point,) = statistics(cloudwatch, namespace, "berth.wait", west, unit="Seconds")
    assert (point["Sum"], point["SampleCount"]) == (6.0, 3)
    (point,) = statistics(cloudwatch, namespace, "berth.wait", west, unit="Seconds", extended=["p99"])
    assert 2 < point["ExtendedStatistics"]["p99"] <= 4
    (point,) = statistics(cloudwatch, namespace, "berth.depth", west, unit="None")
    assert (point["Minimum"], point["Maximum"]) == (7, 7)
