"""CloudWatch's metrics: what is put and asked for, by boto3 in each protocol that clients of the service speak and by the
AWS CLI; the metrics of recorded calls; what Grafana's data source asks."""

import gzip
import json
import os
import signal
import time
from datetime import datetime, timedelta, timezone

import openai
import pytest
from botocore.exceptions import ClientError

from logs_client import ACCOUNT
from logs_client import client_of as logs_of
from processes import wait_for
from stack import Stack, corelog, start_gateway
from test_aws_cli import FAILED, aws
from test_cloudwatch import PROTOCOLS, answered, client_of, models, refused

assert models  # a fixture


@pytest.fixture(scope="module", params=PROTOCOLS)
def cloudwatch(request, stack, models):
    client = client_of(stack.url, request.param, models[request.param])
    client.namespace = "Test/" + client.wire.protocol
    return client


def minute(back=5):
    """The beginning of a minute, some minutes ago."""
    now = datetime.now(timezone.utc)
    return now.replace(second=0, microsecond=0) - timedelta(minutes=back)


def metric_stat(query, namespace, name, stat, period=60, dimensions=(), **more):
    dimensions = [{"Name": key, "Value": value} for key, value in dimensions]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    return {"Id": query, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **more}


def test_every_operation_in_every_protocol(cloudwatch):
    start, namespace = minute(), cloudwatch.namespace
    dimensions = [{"Name": "Tier", "Value": "a & b <ü>"}, {"Name": "Host", "Value": "h1"}]
    half = start + timedelta(seconds=30, milliseconds=500)
    put = cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "Size", "Dimensions": dimensions, "Timestamp": half, "Value": 2.5, "Unit": "Bytes"},
            {"MetricName": "Size", "Dimensions": dimensions[::-1], "Timestamp": start, "Unit": "Bytes",
             "Values": [1.0, 10.0], "Counts": [3.0, 1.0]},
            {"MetricName": "Set", "Timestamp": start,
             "StatisticValues": {"SampleCount": 4.0, "Sum": 10.0, "Minimum": 1.0, "Maximum": 4.0}},
            {"MetricName": "Fine", "Timestamp": half, "Value": 7.0, "StorageResolution": 1},
        ],
    )  # fmt: skip
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 200
    many = [{"MetricName": "Many", "Timestamp": start, "Value": float(number)} for number in range(400)]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=many)
    request = cloudwatch.wire.sent[-1]
    assert request.headers["Content-Encoding"] in (b"gzip", "gzip")
    assert b"Many" in gzip.decompress(request.body)
    cloudwatch.put_metric_data(
        Namespace=namespace,
        EntityMetricData=[{
            "Entity": {"KeyAttributes": {"Type": "Service", "Name": "gate"}},
            "MetricData": [{"MetricName": "OfEntity", "Timestamp": start, "Value": 1.0}],
        }],
        StrictEntityValidation=False,
    )  # fmt: skip

    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace))
    answered(cloudwatch, "list_metrics", pages[0])
    listed = {metric["MetricName"]: metric for page in pages for metric in page["Metrics"]}
    assert sorted(listed) == ["Fine", "Many", "OfEntity", "Set", "Size"]
    assert listed["Size"]["Dimensions"] == dimensions[::-1], "sorted by name"
    (found,) = cloudwatch.list_metrics(Namespace=namespace, Dimensions=[dimensions[1]])["Metrics"]
    assert found == {"Namespace": namespace, "MetricName": "Size", "Dimensions": dimensions[::-1]}
    assert cloudwatch.list_metrics(Namespace="None")["Metrics"] == []

    asked = {
        "Namespace": namespace, "MetricName": "Size", "Dimensions": dimensions,
        "StartTime": start, "EndTime": start + timedelta(minutes=5), "Period": 60,
    }  # fmt: skip
    simple = ["SampleCount", "Sum", "Average", "Minimum", "Maximum"]
    told = cloudwatch.get_metric_statistics(**asked, Statistics=simple)
    answer = answered(cloudwatch, "get_metric_statistics", told)
    point = {
        "Timestamp": start, "SampleCount": 5.0, "Sum": 15.5, "Average": 3.1, "Minimum": 1.0, "Maximum": 10.0,
        "Unit": "Bytes",
    }  # fmt: skip
    assert answer == {"Label": "Size", "Datapoints": [point]}
    told = cloudwatch.get_metric_statistics(**asked, ExtendedStatistics=["p50", "tm80", "PR(1:3)"])
    (point,) = told["Datapoints"]
    # Three ones, 2.5 and 10: the trimmed mean leaves out the last, a fifth of them; one of five is in (1, 3].
    assert point["ExtendedStatistics"] == pytest.approx({"p50": 1.0, "tm80": 5.5 / 4, "PR(1:3)": 20.0}, rel=0.01)
    empty = cloudwatch.get_metric_statistics(**{**asked, "Dimensions": []}, Statistics=["Sum"])
    assert empty["Datapoints"] == [], "dimensions that are left out are not wildcards"

    queries = [
        metric_stat("set", namespace, "Set", "Average"),
        metric_stat("many", namespace, "Many", "p90"),
        metric_stat("none", namespace, "None", "Sum", Label="nothing"),
        metric_stat("fine", namespace, "Fine", "Sum", period=1),
        metric_stat("hidden", namespace, "Set", "Sum", ReturnData=False),
    ]
    told = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=start, EndTime=start + timedelta(minutes=5),
        LabelOptions={"Timezone": "+0200"},
    )  # fmt: skip
    answer = answered(cloudwatch, "get_metric_data", told)
    assert answer["Messages"] == []
    results = {result["Id"]: result for result in answer["MetricDataResults"]}
    assert list(results) == ["set", "many", "none", "fine"]
    assert results["set"]["Timestamps"] == [start] and results["set"]["Values"] == [2.5]
    assert results["many"]["Values"] == pytest.approx([359.0], rel=0.01)
    assert (results["none"]["Label"], results["none"]["Values"]) == ("nothing", [])
    assert results["none"]["StatusCode"] == "Complete"
    assert results["fine"]["Timestamps"] == [start + timedelta(seconds=30)]


def test_pages_in_every_protocol(cloudwatch):
    start, namespace = minute(30), cloudwatch.namespace + "/pages"
    data = [
        {"MetricName": name, "Timestamp": start + timedelta(minutes=n), "Value": float(n), "Unit": "Count"}
        for name, count in (("A", 10), ("B", 4))
        for n in range(count)
    ]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    queries = [metric_stat("a", namespace, "A", "Sum"), metric_stat("b", namespace, "B", "Maximum")]
    for order, sign in (("TimestampAscending", 1), ("TimestampDescending", -1)):
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=start + timedelta(minutes=20),
            ScanBy=order, MaxDatapoints=6,
        )  # fmt: skip
        results = [result for page in pages for result in page["MetricDataResults"]]
        assert [(one["Id"], len(one["Values"]), one["StatusCode"]) for one in results] == [
            ("a", 6, "PartialData"), ("a", 4, "Complete"), ("b", 2, "PartialData"), ("b", 2, "Complete"),
        ]  # fmt: skip
        values = [value for one in results if one["Id"] == "a" for value in one["Values"]]
        assert values == [float(n) for n in range(10)][::sign]
        times = [at for one in results if one["Id"] == "b" for at in one["Timestamps"]]
        assert times == [start + timedelta(minutes=n) for n in range(4)][::sign]


def test_errors_in_every_protocol(cloudwatch):
    def error(operation, exception, **arguments):
        return refused(cloudwatch, operation, exception, 400, **arguments)["Error"]

    both = [{"MetricName": "m", "Value": 1.0, "Values": [1.0]}]
    said = error("put_metric_data", "InvalidParameterCombinationException", Namespace="n", MetricData=both)
    assert said["Code"] == "InvalidParameterCombination"
    assert said["Message"] == (
        "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have "
        "specified both."
    )
    uneven = [{"MetricName": "m", "Values": [1.0, 2.0], "Counts": [1.0]}]
    said = error("put_metric_data", "InvalidParameterValueException", Namespace="n", MetricData=uneven)
    assert said["Message"] == (
        "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size."
    )
    for number, shown in ((float("nan"), "NaN"), (float("inf"), "Infinity")):
        odd = [{"MetricName": "m", "Value": number}]
        said = error("put_metric_data", "InvalidParameterValueException", Namespace="n", MetricData=odd)
        assert said["Message"] == f"The value {shown} for parameter MetricData.member.1.Value is invalid."
    now = datetime.now(timezone.utc)
    same = {"StartTime": now, "EndTime": now}
    query = metric_stat("a", "n", "m", "Sum")
    said = error("get_metric_data", "ValidationException", MetricDataQueries=[query], **same)
    assert said["Code"] == "ValidationError"
    assert said["Message"] == "The parameter StartTime must not equal parameter EndTime."
    day = {"StartTime": now - timedelta(days=1), "EndTime": now}
    said = error("get_metric_data", "ValidationException", MetricDataQueries=[query, query], **day)
    assert said["Message"] == "The values for parameter id in MetricDataQueries are not unique."
    said = error("get_metric_data", "InvalidNextToken", MetricDataQueries=[query], NextToken="none", **day)
    assert said["Code"] == "InvalidNextToken"
    said = error(
        "get_metric_statistics", "InvalidParameterCombinationException",
        Namespace="n", MetricName="m", Period=1, Statistics=["Sum"], **day,
    )  # fmt: skip
    assert said["Message"] == (
        "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range."
    )
    # Too large as it is sent, which is compressed.
    def wide():
        return [{"Name": f"d{n}", "Value": os.urandom(512).hex()} for n in range(30)]

    large = [{"MetricName": "m", "Value": 1.0, "Dimensions": wide()} for _ in range(100)]
    said = error("put_metric_data", "SerializationException", Namespace="n", MetricData=large)
    assert said["Message"] == "The request is too large."


def test_the_aws_cli(stack, tmp_path):
    def cloudwatch(*arguments, **more):
        return aws(stack.url, "cloudwatch", *arguments, **more)

    start = minute()
    at = start.isoformat()
    end = (start + timedelta(minutes=5)).isoformat()
    cloudwatch(
        "put-metric-data", "--namespace", "Cli", "--metric-name", "Calls", "--value", "3", "--unit", "Count",
        "--timestamp", at, "--dimensions", "Host=h1",
    )  # fmt: skip
    listed = cloudwatch("list-metrics", "--namespace", "Cli")
    dimension = {"Name": "Host", "Value": "h1"}
    assert listed == {"Metrics": [{"Namespace": "Cli", "MetricName": "Calls", "Dimensions": [dimension]}]}
    asked = ["--namespace", "Cli", "--metric-name", "Calls", "--dimensions", "Name=Host,Value=h1"]
    told = cloudwatch(
        "get-metric-statistics", *asked, "--start-time", at, "--end-time", end, "--period", "60",
        "--statistics", "Sum", "Maximum",
    )  # fmt: skip
    (point,) = told["Datapoints"]
    assert (told["Label"], point["Sum"], point["Maximum"], point["Unit"]) == ("Calls", 3.0, 3.0, "Count")
    queries = tmp_path / "queries.json"
    queries.write_text(json.dumps([metric_stat("m", "Cli", "Calls", "Sum", dimensions=[("Host", "h1")])]))
    told = cloudwatch(
        "get-metric-data", "--metric-data-queries", f"file://{queries}", "--start-time", at, "--end-time", end
    )
    (result,) = told["MetricDataResults"]
    assert (result["Label"], result["Values"], result["StatusCode"]) == ("Calls", [3.0], "Complete")
    said = cloudwatch(
        "put-metric-data", "--namespace", "Cli", "--metric-name", "Calls", "--value", "1",
        "--timestamp", "2020-01-01T00:00:00Z", expect_code=FAILED,
    )  # fmt: skip
    assert "(InvalidParameterValue)" in said and "within the past two weeks" in said


METRICS_CONFIG = """
[metrics]
interval = "50ms"
tags = ["team"]
"""
CALLS = (("demo-echo", "search", 5), ("demo-lorem", "harbour", 3), ("demo-throttle", "search", 2))


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """A stack with a known set of calls, half of them before its gateway was killed."""
    directory = tmp_path_factory.mktemp("metrics")
    stack = Stack(directory, METRICS_CONFIG)
    stack.directory, stack.usage = directory, {}
    try:
        call_all(stack)
        stack.gateway.process.send_signal(signal.SIGKILL)
        stack.gateway.process.wait()
        stack.gateway = start_gateway(stack.config, directory)
        stack.url = f"http://{stack.gateway.address}"
        stack.openai_url = f"{stack.url}/openai/v1"
        call_all(stack)
        yield stack
    finally:
        stack.stop()


def call_all(stack):
    client = openai.OpenAI(base_url=stack.openai_url, api_key="sk-test", max_retries=0)
    for model, team, calls in CALLS:
        for number in range(calls):
            try:
                answer = client.chat.completions.create(
                    model=model,
                    messages=[{"role": "user", "content": f"call {number} " * (number + 1)}],
                    user=f"user-{number % 2}",
                    extra_headers={"x-corelog-tag-team": team},
                )
            except openai.APIStatusError as error:
                assert error.status_code == 429
                continue
            usage = stack.usage.setdefault(model, [])
            usage.append((answer.usage.prompt_tokens, answer.usage.completion_tokens))


def total(cloudwatch, namespace, name, stat="Sum", **dimensions):
    now = datetime.now(timezone.utc)
    query = metric_stat("m", namespace, name, stat, period=86_400, dimensions=dimensions.items())
    told = cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime=now - timedelta(days=2), EndTime=now + timedelta(minutes=5)
    )
    return sum(told["MetricDataResults"][0]["Values"])


def test_calls_are_counted_once_through_a_kill(counted):
    cloudwatch = client_of(counted.url)
    calls = 2 * sum(calls for _, _, calls in CALLS)
    wait_for(lambda: total(cloudwatch, "Corelog", "Invocations") >= calls, f"{calls} calls to be counted")
    assert total(cloudwatch, "Corelog", "Invocations") == calls
    for model, _, calls in CALLS:
        answered_calls = len(counted.usage.get(model, []))
        of_model = lambda name, stat="Sum", model=model: total(cloudwatch, "AWS/Bedrock", name, stat, ModelId=model)
        assert of_model("Invocations") == answered_calls
        assert of_model("InvocationThrottles") == 2 * calls - answered_calls
        usage = counted.usage.get(model, [])
        assert of_model("InputTokenCount") == sum(prompt for prompt, _ in usage)
        assert of_model("OutputTokenCount") == sum(completion for _, completion in usage)
        assert of_model("InvocationLatency", "SampleCount") == answered_calls
    assert total(cloudwatch, "Corelog", "Invocations", team="search") == 14
    assert total(cloudwatch, "Corelog", "Invocations", User="user-0") == 2 * (3 + 2 + 1)
    assert total(cloudwatch, "Corelog", "GatewayOverhead", "SampleCount", Provider="openai") == 20
    listed = cloudwatch.list_metrics(Namespace="AWS/Bedrock", MetricName="Invocations")["Metrics"]
    assert [one["Dimensions"][0]["Value"] for one in listed] == ["demo-echo", "demo-lorem"]
