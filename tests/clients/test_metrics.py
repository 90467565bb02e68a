"""CloudWatch's metrics: what is put and asked for, by boto3 in each protocol that clients of the service speak and by
the AWS CLI; the metrics of recorded calls; what Grafana's data sources ask."""

import gzip
import json
import os
import re
import signal
import urllib.request
from datetime import datetime, timedelta, timezone

import openai
import pytest

from logs_client import client_of as logs_of
from processes import ROOT, wait_for
from stack import Stack, start_gateway
from test_aws_cli import FAILED, aws
from test_cloudwatch import PROTOCOLS, answered, client_of, models, refused
from test_queries import NO_ENGINE, corelog

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
# Model, team, and how often.
CALLS = (
    ("demo-echo", "search", 5),
    ("demo-lorem", "harbour", 3),
    ("demo-throttle", "search", 2),
    ("demo-error-500", "search", 1),
)
ALL_CALLS = sum(calls for _, _, calls in CALLS)


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
                assert error.status_code in (429, 500)
                continue
            usage = stack.usage.setdefault(model, [])
            usage.append((answer.usage.prompt_tokens, answer.usage.completion_tokens))


def running(directory):
    stack = Stack(directory, METRICS_CONFIG)
    stack.directory, stack.usage = directory, {}
    return stack


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A stack with a known set of calls, half of them before its gateway was killed."""
    stack = running(tmp_path_factory.mktemp("killed"))
    try:
        call_all(stack)
        stack.gateway.process.send_signal(signal.SIGKILL)
        stack.gateway.process.wait()
        stack.gateway = start_gateway(stack.config, stack.directory)
        stack.url = f"http://{stack.gateway.address}"
        stack.openai_url = f"{stack.url}/openai/v1"
        call_all(stack)
        wait_for_calls(stack, 2 * ALL_CALLS)
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """A stack with calls of every kind that dashboards show."""
    stack = running(tmp_path_factory.mktemp("counted"))
    try:
        call_all(stack)
        client = openai.OpenAI(base_url=stack.openai_url, api_key="sk-test", max_retries=0)
        for _ in client.chat.completions.create(
            model="demo-slow", messages=[{"role": "user", "content": "go on"}], stream=True,
            stream_options={"include_usage": True},
        ):  # fmt: skip
            pass
        wait_for_calls(stack, ALL_CALLS + 1)
        yield stack
    finally:
        stack.stop()


def total(cloudwatch, namespace, name, stat="Sum", **dimensions):
    now = datetime.now(timezone.utc)
    query = metric_stat("m", namespace, name, stat, period=86_400, dimensions=dimensions.items())
    told = cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime=now - timedelta(days=2), EndTime=now + timedelta(minutes=5)
    )
    return sum(told["MetricDataResults"][0]["Values"])


def wait_for_calls(stack, calls):
    cloudwatch = client_of(stack.url)
    wait_for(lambda: total(cloudwatch, "Corelog", "Invocations") >= calls, f"{calls} calls to be counted")


def test_calls_are_counted_once_through_a_kill(killed):
    cloudwatch = client_of(killed.url)
    assert total(cloudwatch, "Corelog", "Invocations") == 2 * ALL_CALLS
    for model, _, calls in CALLS:
        usage = killed.usage.get(model, [])

        def of_model(name, stat="Sum", model=model):
            return total(cloudwatch, "AWS/Bedrock", name, stat, ModelId=model)

        throttled, failed = (2 * calls if model == bad else 0 for bad in ("demo-throttle", "demo-error-500"))
        assert of_model("Invocations") == 2 * calls - throttled
        assert of_model("InvocationThrottles") == throttled
        assert of_model("InvocationServerErrors") == failed
        assert of_model("InputTokenCount") == sum(prompt for prompt, _ in usage)
        assert of_model("OutputTokenCount") == sum(completion for _, completion in usage)
        assert of_model("InvocationLatency", "SampleCount") == 2 * calls - throttled
    assert total(cloudwatch, "Corelog", "Invocations", team="search") == 2 * (5 + 2 + 1)
    assert total(cloudwatch, "Corelog", "Invocations", User="user-0") == 2 * (3 + 2 + 1 + 1)
    assert total(cloudwatch, "Corelog", "GatewayOverhead", "SampleCount", Provider="openai") == 2 * ALL_CALLS
    listed = cloudwatch.list_metrics(Namespace="AWS/Bedrock", MetricName="Invocations")["Metrics"]
    names = [one["Dimensions"][0]["Value"] for one in listed]
    assert names == ["demo-echo", "demo-error-500", "demo-lorem"]


RECOUNT = """
SELECT (CAST(round(extract(epoch FROM "@timestamp") * 1000) AS BIGINT)
         + CAST(floor(CAST("corelog.latencyMs" AS DOUBLE)) AS BIGINT)) / 60000 * 60 AS minute, "modelId" AS model,
       count(*) AS calls, count("errorCode") AS errors, sum(CAST("output.outputTokenCount" AS BIGINT)) AS output,
       sum(CAST("input.inputTokenCount" AS BIGINT)) AS input, min(CAST("corelog.latencyMs" AS DOUBLE)) AS least
FROM "/corelog/invocations" GROUP BY 1, 2
"""


def test_every_minute_equals_a_recount_by_sql(killed):
    cloudwatch = client_of(killed.url)
    try:
        out, _ = corelog(killed.url, "sql", RECOUNT, "-o", "json")
    except AssertionError as error:
        if NO_ENGINE in str(error):
            pytest.skip("this binary was built without its query engine")
        raise
    rows = [json.loads(line) for line in out.splitlines()]
    assert sum(int(row["calls"]) for row in rows) == 2 * ALL_CALLS

    def points(name, stat="Sum"):
        now = datetime.now(timezone.utc)
        listed = cloudwatch.list_metrics(Namespace="Corelog", MetricName=name, Dimensions=[{"Name": "ModelId"}])
        found = {}
        for metric in listed["Metrics"]:
            model = {one["Name"]: one["Value"] for one in metric["Dimensions"]}["ModelId"]
            query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}
            told = cloudwatch.get_metric_data(
                MetricDataQueries=[query], StartTime=now - timedelta(hours=2), EndTime=now + timedelta(minutes=5)
            )
            (result,) = told["MetricDataResults"]
            for at, value in zip(result["Timestamps"], result["Values"]):
                found[int(at.timestamp()), model] = value
        return found

    def recounted(column):
        return {
            (int(row["minute"]), row["model"]): float(row[column]) for row in rows if row.get(column) not in (None, "")
        }

    assert points("Invocations") == recounted("calls")
    assert points("InvocationErrors") == {key: errors for key, errors in recounted("errors").items() if errors}
    assert points("InputTokenCount") == recounted("input")
    assert points("OutputTokenCount") == recounted("output")
    least = {key: value for key, value in recounted("least").items() if key[1] in killed.usage}
    assert points("InvocationLatency", "Minimum") == pytest.approx(least)


def test_deliveries_are_counted(counted):
    cloudwatch = client_of(counted.url)
    delivered = "ModelInvocationLogsS3DeliverySuccess"
    wait_for(lambda: total(cloudwatch, "AWS/Bedrock", delivered) >= 1, "deliveries to be counted")
    assert total(cloudwatch, "AWS/Bedrock", "ModelInvocationLogsS3DeliveryFailure") == 0


def scrape(stack):
    """The samples of `/metrics`: name to labels and value."""
    with urllib.request.urlopen(f"{stack.url}/metrics") as answer:
        text = answer.read().decode()
    assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line).groups()
        labels = dict(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels or ""))
        samples.setdefault(name, []).append((labels, float(value)))
    types = re.findall(r"^# TYPE (\S+) ", text, re.M)
    assert len(types) == len(set(types)), "each family once"
    return samples


def test_a_scrape_says_the_same(counted):
    cloudwatch, samples = client_of(counted.url), scrape(counted)

    def one(sample, **labels):
        return sum(value for found, value in samples.get(sample, []) if labels.items() <= found.items())

    assert one("corelog_invocations_total") == ALL_CALLS + 1
    for model, _, calls in CALLS:
        of = {"Provider": "openai", "ModelId": model}
        labels = {"provider": "openai", "model": model}
        for sample, name, more in [
            ("corelog_invocations_total", "Invocations", {}),
            ("corelog_invocation_errors_total", "InvocationErrors", {}),
            ("corelog_tokens_total", "InputTokenCount", {"kind": "input"}),
            ("corelog_tokens_total", "OutputTokenCount", {"kind": "output"}),
        ]:
            assert one(sample, **labels, **more) == total(cloudwatch, "Corelog", name, **of), (model, name)
        count = total(cloudwatch, "Corelog", "InvocationLatency", "SampleCount", **of)
        assert one("corelog_invocation_latency_seconds_count", **labels) == count
        assert one("corelog_invocation_latency_seconds_bucket", le="+Inf", **labels) == count
        seconds = total(cloudwatch, "Corelog", "InvocationLatency", "Sum", **of) / 1_000
        assert one("corelog_invocation_latency_seconds_sum", **labels) == pytest.approx(seconds)
    assert one("corelog_tag_invocations_total", tag="team", value="search") == 5 + 2 + 1
    assert one("corelog_invocation_throttles_total", model="demo-throttle") == 2
    assert not any("user" in labels for found in samples.values() for labels, _ in found)


def targets(name):
    """The queries of a dashboard in this repository."""
    dashboard = json.loads((ROOT / "docs" / "grafana" / name).read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    places = [tuple(panel["gridPos"].values()) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places), "panels stand on each other"
    return dashboard, [(panel["title"], target) for panel in panels for target in panel["targets"]]


# What the calls of these tests do not have.
WITHOUT = {"CallerHangUps", "InvocationClientErrors"}


def grafana_query(target, number, period=60):
    """A query as Grafana's data source makes it of its builder's form: a metric where every dimension has one value,
    else a search."""
    dimensions = {name: "*" if value.startswith("$") else value for name, value in target["dimensions"].items()}
    query = {"Id": f"query{number}", "Label": target["label"], "ReturnData": True}
    namespace, name, stat = target["namespace"], target["metricName"], target["statistic"]
    if "*" not in dimensions.values():
        of = metric_stat("m", namespace, name, stat, period, dimensions.items())
        return {**query, "MetricStat": of["MetricStat"]}
    schema = ",".join(f'"{part}"' for part in [namespace, *sorted(dimensions)])
    terms = [f'MetricName="{name}"']
    terms += [f'"{key}"="{value}"' for key, value in sorted(dimensions.items()) if value != "*"]
    search = f"REMOVE_EMPTY(SEARCH('{{{schema}}} {' '.join(terms)}', '{stat}', {period}))"
    return {**query, "Expression": search}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_dashboard_for_grafanas_cloudwatch_source(counted, models, protocol):
    cloudwatch = client_of(counted.url, protocol, models[protocol])
    dashboard, queries = targets("corelog-cloudwatch.json")
    now = datetime.now(timezone.utc)
    for number, (title, target) in enumerate(queries):
        told = cloudwatch.get_metric_data(
            MetricDataQueries=[grafana_query(target, number)],
            StartTime=now - timedelta(hours=3), EndTime=now + timedelta(minutes=2),
            ScanBy="TimestampAscending", LabelOptions={"Timezone": "+0000"},
        )  # fmt: skip
        results = told["MetricDataResults"]
        assert all(result["StatusCode"] == "Complete" for result in results), title
        has_data = any(result["Values"] for result in results)
        assert has_data == (target["metricName"] not in WITHOUT), (title, target["refId"], results)
        for result in results:
            assert "$" not in result["Label"], result["Label"]
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    query = variables["model"]["query"]
    listed = cloudwatch.list_metrics(
        Namespace=query["namespace"], MetricName=query["metricName"], Dimensions=[{"Name": query["dimensionKey"]}]
    )
    values = {one["Value"] for metric in listed["Metrics"] for one in metric["Dimensions"]}
    assert values == {"demo-echo", "demo-error-500", "demo-lorem", "demo-slow"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_grafana_asks_before_it_saves_a_source(stack, models, protocol):
    cloudwatch = client_of(stack.url, protocol, models[protocol])
    assert cloudwatch.list_metrics(Namespace="AWS/Billing", MetricName="EstimatedCharges")["Metrics"] == []
    logs_of(stack.url).describe_log_groups(limit=1)


def test_the_dashboard_for_grafanas_prometheus_source(counted):
    samples = scrape(counted)
    dashboard, queries = targets("corelog-prometheus.json")
    selector = re.compile(r"(corelog_[a-z_]+)(?:\{([^}]*)\})?")
    for title, target in queries:
        found = selector.findall(target["expr"])
        assert found, title
        for name, labels in found:
            assert name in samples, f"{title}: {name} is not served"
            wanted = set(re.findall(r"([a-z]+)(?:=~|=)", labels))
            by = set(re.split(r",\s*", ",".join(re.findall(r"by \(([^)]*)\)", target["expr"])))) - {""}
            if name.endswith("_bucket"):
                by.add("le")
            served = set(samples[name][0][0])
            assert wanted | (by if len(found) == 1 else set()) <= served, (title, name, served)
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert label in set().union(*(samples[name][0][0] for name, _ in found)), (title, label)
    for variable in dashboard["templating"]["list"][1:]:
        name, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()
        assert all(label in labels for labels, _ in samples[name])
