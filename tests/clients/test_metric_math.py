"""Metric math of GetMetricData: expressions, searches and labels, by boto3 in each protocol that clients of the service
speak and by the AWS CLI; what Grafana's data source sends."""

import json
from datetime import timedelta

import pytest

from stack import corelog
from test_aws_cli import FAILED, aws
from test_cloudwatch import PROTOCOLS, answered, client_of, models, refused
from test_metrics import metric_stat, minute

assert corelog, models  # what the fixtures need

MINUTES = 4
# Of each function and minute, oldest first: errors, and invocations. What is missing was not put.
CALLS = {
    "search": ([4, None, 0, 1], [8, 5, 0, 4]),
    "harbour": ([1, 1, None, 2], [2, 4, None, 2]),
    "idle": ([None] * 4, [None] * 4),
}


@pytest.fixture(scope="module", params=PROTOCOLS)
def cloudwatch(request, stack, models):
    client = client_of(stack.url, request.param, models[request.param])
    client.namespace = "Math/" + client.wire.protocol
    client.start = minute(30)
    data = []
    for function, (errors, invocations) in CALLS.items():
        for name, values in (("Errors", errors), ("Invocations", invocations)):
            for number, value in enumerate(values):
                if value is not None:
                    data.append(datum(client, name, function, number, value))
    # The function without calls is known of another minute.
    data.append(datum(client, "Errors", "idle", -20, 9))
    data.append({"MetricName": "Errors", "Timestamp": client.start, "Value": 100.0})
    client.put_metric_data(Namespace=client.namespace, MetricData=data)
    return client


def datum(client, name, function, number, value):
    return {
        "MetricName": name,
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
        "Timestamp": client.start + timedelta(minutes=number),
        "Value": float(value),
        "Unit": "Count",
    }


def metrics(client, **more):
    return [
        metric_stat(f"{name[0].lower()}{number}", client.namespace, name, "Sum", dimensions=[("FunctionName", function)], **more)
        for name in ("Errors", "Invocations")
        for number, function in enumerate(("search", "harbour"), 1)
    ]  # fmt: skip


def expression(query, text, **more):
    return {"Id": query, "Expression": text, **more}


def asked(client, queries, **more):
    times = {"StartTime": client.start, "EndTime": client.start + timedelta(minutes=MINUTES)}
    told = client.get_metric_data(MetricDataQueries=queries, **{"ScanBy": "TimestampAscending", **times, **more})
    answer = answered(client, "get_metric_data", told)
    assert "NextToken" not in answer
    return answer["MetricDataResults"]


def by_minute(client, result):
    """The values of a result, a minute each, None where there is none."""
    values = dict(zip(result["Timestamps"], result["Values"], strict=True))
    found = [values.pop(client.start + timedelta(minutes=number), None) for number in range(MINUTES)]
    assert not values, "points outside of the minutes"
    return found


def test_expressions_in_every_protocol(cloudwatch):
    hidden = metrics(cloudwatch, ReturnData=False)
    results = asked(cloudwatch, [
        expression("all", "SUM(METRICS('i'))", Label="calls: ${SUM}"),
        expression("rate", "100 * SUM(METRICS('e')) / all"),
        *hidden,
        expression("each", "[e1, e2] / i1", ReturnData=False),
        expression("filled", "FILL(e1, 0)"),
        expression("high", "IF(e1 > 0, 1, 0)"),
        expression("sorted", "SORT(METRICS('e'), SUM, ASC, 1)", Label=""),
    ])  # fmt: skip
    assert [(one["Id"], one["Label"]) for one in results] == [
        ("all", "calls: 25"), ("rate", "rate"), ("filled", "filled"), ("high", "high"), ("sorted", "Errors"),
    ]  # fmt: skip
    found = {one["Id"]: by_minute(cloudwatch, one) for one in results}
    assert found["all"] == [10.0, 9.0, 0.0, 6.0]
    # Nothing is divided by no calls.
    assert found["rate"] == pytest.approx([50.0, 100 / 9, None, 50.0])
    assert found["filled"] == [4.0, 0.0, 0.0, 1.0]
    assert found["high"] == [1.0, None, 0.0, 1.0]
    assert found["sorted"] == [1.0, 1.0, None, 2.0]
    assert all(one["StatusCode"] == "Complete" for one in results)


def test_the_newest_come_first_unless_asked_otherwise(cloudwatch):
    queries = [*metrics(cloudwatch), expression("x", "e1 + e2")]
    *_, newest = asked(cloudwatch, queries, ScanBy="TimestampDescending")
    *_, oldest = asked(cloudwatch, queries)
    assert newest["Timestamps"] == oldest["Timestamps"][::-1] and newest["Values"] == oldest["Values"][::-1]
    assert newest["Timestamps"][0] == cloudwatch.start + timedelta(minutes=3)


def test_expressions_have_one_page(cloudwatch):
    queries = [*metrics(cloudwatch), expression("x", "i1 + i2")]
    results = asked(cloudwatch, queries, MaxDatapoints=5)
    assert [len(one["Values"]) for one in results] == [3, 2, 0, 0, 0]
    assert [one["StatusCode"] for one in results[1:]] == ["PartialData"] * 4


# What Grafana sends for a query with "Match exact", for one without, and for several values of a dimension.
EXACT = """REMOVE_EMPTY(SEARCH('{{"{0}","FunctionName"}} MetricName="Errors"', 'Sum', 60))"""
LOOSE = """REMOVE_EMPTY(SEARCH('Namespace="{0}" MetricName="Errors" "FunctionName"', 'Sum', 60))"""
CHOSEN = """REMOVE_EMPTY(SEARCH('{{"{0}","FunctionName"}} MetricName="Errors" "FunctionName"=("search" OR "none")', 'Sum', 60))"""


@pytest.mark.parametrize("text", [EXACT, LOOSE, CHOSEN])
def test_what_grafana_sends(cloudwatch, text):
    query = expression("queryA", text.format(cloudwatch.namespace), ReturnData=True)
    timezone = {"LabelOptions": {"Timezone": "+0000"}}
    results = asked(cloudwatch, [query], **timezone)
    expected = {"search": [4.0, None, 0.0, 1.0]}
    if text is not CHOSEN:
        expected["harbour"] = [1.0, 1.0, None, 2.0]
    assert {one["Id"] for one in results} == {"queryA"}
    shown = {one["Label"]: by_minute(cloudwatch, one) for one in results}
    # One metric is called by its name, several by what differs.
    assert shown == (expected if len(expected) > 1 else {"Errors": expected["search"]})

    query["Label"] = "${LABEL}|&|${PROP('Dim.FunctionName')}"
    results = asked(cloudwatch, [query], **timezone)
    assert sorted(one["Label"].split("|&|")[1] for one in results) == sorted(expected)


def test_searches_in_every_protocol(cloudwatch):
    search = "SEARCH('{{" + cloudwatch.namespace + ",FunctionName}} {0}', 'Sum', 60)"
    results = asked(cloudwatch, [
        expression("found", search.format('MetricName="Errors"')),
        expression("total", f"SUM({search.format('errors')})"),
        expression("not", search.format("Errors NOT search NOT harbour")),
        expression("both", f"SEARCH('Namespace=\"{cloudwatch.namespace}\" Errors', 'Maximum')", Period=300),
        expression("none", search.format("nothing")),
        expression("empty", f"REMOVE_EMPTY({search.format('idle')})"),
    ])  # fmt: skip
    found = {}
    for one in results:
        found.setdefault(one["Id"], []).append(one)
    # A metric that has data of the last two weeks is found, though it has none of these minutes.
    assert [by_minute(cloudwatch, one) for one in found["found"]] == [
        [1.0, 1.0, None, 2.0], [None] * 4, [4.0, None, 0.0, 1.0],
    ]  # fmt: skip
    assert [by_minute(cloudwatch, one) for one in found["total"]] == [[5.0, 1.0, 0.0, 3.0]]
    assert [one["Values"] for one in found["not"]] == [[]]
    assert [one["Values"] for one in found["both"]] == [[2.0], [], [4.0], [100.0]]
    assert "none" not in found and "empty" not in found


def test_metrics_insights_in_every_protocol(cloudwatch):
    name = cloudwatch.namespace
    grouped = f'SELECT AVG(Errors) FROM SCHEMA("{name}", FunctionName) GROUP BY FunctionName ORDER BY MAX() DESC'
    results = asked(cloudwatch, [expression("q", grouped, Period=60, Label="${LABEL}: ${MAX}")])
    assert [(one["Id"], one["Label"], by_minute(cloudwatch, one)) for one in results] == [
        ("q", "search: 4", [4.0, None, 0.0, 1.0]),
        ("q", "harbour: 2", [1.0, 1.0, None, 2.0]),
    ]  # fmt: skip
    total = f"""SELECT AVG(Errors) FROM "{name}" WHERE FunctionName != 'idle'"""
    queries = [expression("q", total, Period=60, ReturnData=False), expression("twice", "q * 2")]
    (result,) = asked(cloudwatch, queries)
    # One value of no function, and those of two.
    assert by_minute(cloudwatch, result) == [2 * 105 / 3, 2.0, 0.0, 3.0]


def test_errors_in_every_protocol(cloudwatch):
    def error(*queries):
        times = {"StartTime": cloudwatch.start, "EndTime": cloudwatch.start + timedelta(minutes=MINUTES)}
        said = refused(cloudwatch, "get_metric_data", "ValidationException", 400, MetricDataQueries=queries, **times)
        assert said["Error"]["Code"] == "ValidationError"
        return said["Error"]["Message"]

    e1, *_ = metrics(cloudwatch)
    assert error(e1, expression("x", "e1 +")) == (
        "Error in expression 'x': Invalid syntax: unexpected end at character 5"
    )
    assert error(e1, expression("x", "ANOMALY_DETECTOR(e1)")) == (
        "Error in expression 'x': Function 'ANOMALY_DETECTOR' not found"
    )
    assert error(expression("x", "e1 * 2")) == "Error in expression 'x': ID 'e1' not found"
    assert "must be a time series" in error(e1, expression("x", "AVG(e1)"))
    assert error(expression("x", "y"), expression("y", "x")) == (
        "Error in expression 'x': Circular reference: x -> y -> x"
    )
    assert error(expression("x", "SEARCH('Errors', 'Sum')")) == (
        "Error in expression 'x': Period is a required field when using SEARCH function within an expression"
    )
    assert error(expression("x", "SELECT AVG(Errors) FROM N", Period=60), expression("y", "SELECT", Period=60)) == (
        "Maximum number of queries (1) exceeded"
    )
    assert error({**e1, "Label": "x" * 2049}) == (
        "The value for parameter MetricDataQueries.member.1.Label must not have more than 2048 characters."
    )
    assert error(expression("x", "SEARCH('Errors', 'Median', 60)")) == (
        "The value Median for SEARCH is not a valid statistic."
    )


def test_labels_of_metrics(cloudwatch):
    function = [("FunctionName", "search")]
    name = cloudwatch.namespace
    queries = [
        metric_stat("a", name, "Errors", "Sum", dimensions=function),
        metric_stat("b", name, "Errors", "Average", dimensions=function),
        metric_stat("c", name, "Errors", "Sum", dimensions=function, Label="${PROP('Dim.FunctionName')} at ${MAX_TIME}: ${MAX}"),
        metric_stat("d", name, "None", "Sum", Label="${LAST} ${DATAPOINT_COUNT}"),
    ]  # fmt: skip
    results = asked(cloudwatch, queries, LabelOptions={"Timezone": "-0300"})
    at = (cloudwatch.start - timedelta(hours=3)).strftime("%Y-%m-%d %H:%M:%S")
    assert [one["Label"] for one in results] == ["Errors Sum", "Errors Average", f"search at {at}: 4", "-- 0"]


def test_the_aws_cli(stack, tmp_path):
    start = minute(30)
    times = ["--start-time", start.isoformat(), "--end-time", (start + timedelta(minutes=3)).isoformat()]
    for number, value in enumerate(("6", "3")):
        aws(
            stack.url, "cloudwatch", "put-metric-data", "--namespace", "MathCli", "--metric-name", "Calls", "--value",
            value, "--timestamp", (start + timedelta(minutes=number)).isoformat(),
        )  # fmt: skip
    queries = tmp_path / "queries.json"

    def told(*expressions, **more):
        one = metric_stat("m", "MathCli", "Calls", "Sum", ReturnData=False)
        queries.write_text(json.dumps([one, *expressions]))
        return aws(
            stack.url, "cloudwatch", "get-metric-data", "--metric-data-queries", f"file://{queries}", *times,
            "--scan-by", "TimestampAscending", **more,
        )  # fmt: skip

    results = told(
        expression("e", "RATE(m) * PERIOD(m)"),
        expression("s", "SEARCH('{MathCli} Calls', 'Sum', 60)", Label="last ${LAST}"),
    )["MetricDataResults"]
    assert [(one["Id"], one["Label"], one["Values"]) for one in results] == [
        ("e", "e", [-3.0]), ("s", "last 3", [6.0, 3.0]),
    ]  # fmt: skip
    said = told(expression("e", "m m"), expect_code=FAILED)
    assert "(ValidationError)" in said and "Error in expression 'e': Invalid syntax" in said
