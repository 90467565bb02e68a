"""Metric filters and embedded metrics: boto3 with its paginator, the AWS CLI, the calls that Terraform makes; what is
counted of events and of recorded calls, through kills; an alarm on a filter's metric."""

import json
from datetime import datetime, timedelta, timezone

import openai
import pytest

from logs_client import client_of, refused
from processes import wait_for
from stack import Stack, start_gateway
from test_alarms import one
from test_aws_cli import FAILED, aws
from test_cloudwatch import client_of as cloudwatch_of
from test_log_events import made, now, put
from test_metrics import METRICS_CONFIG, metric_stat, total

GROUP = "/filters/app"
RECORDS = "/corelog/invocations"
ROLE = "arn:aws:iam::111122223333:role/LlmLogWriter"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    directory = tmp_path_factory.mktemp("filters")
    stack = Stack(directory, METRICS_CONFIG)
    stack.directory = directory
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def logs(running):
    return client_of(running.url)


@pytest.fixture(scope="module")
def cloudwatch(running):
    return cloudwatch_of(running.url)


@pytest.fixture
def group(logs, request):
    name = made(logs, f"/filters/{request.node.name}", "s")
    yield name
    logs.delete_log_group(logGroupName=name)


def put_filter(logs, group, name, pattern, value="1", **more):
    transformation = {"metricNamespace": "Filters", "metricName": name, "metricValue": value, **more}
    logs.put_metric_filter(
        logGroupName=group, filterName=name, filterPattern=pattern, metricTransformations=[transformation]
    )
    return transformation


def counted(cloudwatch, name, **dimensions):
    """How many values a metric has, and their sum."""
    return tuple(total(cloudwatch, "Filters", name, stat, **dimensions) for stat in ("SampleCount", "Sum"))


def test_filters_are_put_listed_changed_and_removed(logs, group):
    before = now() - 1
    whole = put_filter(logs, group, "whole", "{ $.ms > 5 }", "$.ms", defaultValue=0.0, unit="Milliseconds")
    by_model = put_filter(logs, group, "by model", "{ $.model = * }", dimensions={"Model": "$.model"})
    for number in range(5):
        put_filter(logs, group, f"plain-{number}", "ERROR")
    pages = logs.get_paginator("describe_metric_filters").paginate(
        logGroupName=group, PaginationConfig={"PageSize": 3}
    )
    pages = [page["metricFilters"] for page in pages]
    assert [len(page) for page in pages] == [3, 3, 1]
    found = {one["filterName"]: one for page in pages for one in page}
    assert list(found) == ["by model", *(f"plain-{number}" for number in range(5)), "whole"]
    assert found["whole"].pop("creationTime") >= before
    assert found["whole"] == {
        "filterName": "whole", "filterPattern": "{ $.ms > 5 }", "logGroupName": group,
        "metricTransformations": [whole], "applyOnTransformedLogs": False,
    }  # fmt: skip
    assert found["by model"]["metricTransformations"] == [by_model]
    (shown,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert shown["metricFilterCount"] == 7

    put_filter(logs, group, "whole", "")
    (changed,) = logs.describe_metric_filters(logGroupName=group, filterNamePrefix="wh")["metricFilters"]
    assert changed["filterPattern"] == "" and "unit" not in changed["metricTransformations"][0]
    named = {"metricNamespace": "Filters", "metricName": "whole"}
    (of_metric,) = logs.describe_metric_filters(**named)["metricFilters"]
    assert of_metric == changed
    logs.delete_metric_filter(logGroupName=group, filterName="whole")
    assert logs.describe_metric_filters(**named)["metricFilters"] == []
    said = refused(logs, "ResourceNotFoundException", "delete_metric_filter", logGroupName=group, filterName="whole")
    assert said == "The specified metric filter does not exist."


def test_what_is_no_filter_is_refused(logs, group):
    def check(exception, message, **arguments):
        arguments = {
            "logGroupName": group, "filterName": "f", "filterPattern": "{ $.a = 1 }",
            "metricTransformations": [transformation()], **arguments,
        }  # fmt: skip
        assert refused(logs, exception, "put_metric_filter", **arguments) == message

    def transformation(**more):
        return {"metricNamespace": "n", "metricName": "m", "metricValue": "1", **more}

    invalid = "InvalidParameterException"
    check("ResourceNotFoundException", "The specified log group does not exist.", logGroupName="/filters/none")
    check(invalid, "If a filter pattern starts with '{' it must end with '}'", filterPattern="{ $.a")
    both = transformation(defaultValue=0, dimensions={"A": "$.a"})
    check(
        invalid,
        "Invalid metric transformation: dimensions and default value are mutually exclusive properties",
        metricTransformations=[both],
    )
    dimensions = transformation(dimensions={"A": "$.a"})
    check(
        invalid, "The specified filter pattern does not support dimensions",
        filterPattern="ERROR", metricTransformations=[dimensions],
    )  # fmt: skip
    literal = transformation(dimensions={"A": "a"})
    check(
        invalid, "Invalid metric transformation: dimension value must be valid selector",
        metricTransformations=[literal],
    )  # fmt: skip
    two = refused(
        logs, invalid, "put_metric_filter", logGroupName=group, filterName="f", filterPattern="",
        metricTransformations=[transformation(), transformation()],
    )  # fmt: skip
    assert two.endswith("Member must have length less than or equal to 1")


def test_the_aws_cli_and_the_calls_of_terraform(running, logs, group, tmp_path):
    def cli(*arguments, **more):
        return aws(running.url, "logs", *arguments, **more)

    transformation = "metricName=Cli,metricNamespace=Filters,metricValue=1,defaultValue=0,unit=Count"
    put = [
        "put-metric-filter", "--log-group-name", group, "--filter-name", "f", "--filter-pattern", "ERROR",
        "--metric-transformations", transformation,
    ]  # fmt: skip
    cli(*put)
    (shown,) = cli("describe-metric-filters", "--log-group-name", group)["metricFilters"]
    (kept,) = shown["metricTransformations"]
    assert kept == {
        "metricName": "Cli", "metricNamespace": "Filters", "metricValue": "1", "defaultValue": 0.0, "unit": "Count"
    }  # fmt: skip
    cli("delete-metric-filter", "--log-group-name", group, "--filter-name", "f")
    said = cli("delete-metric-filter", "--log-group-name", group, "--filter-name", "f", expect_code=FAILED)
    assert "ResourceNotFoundException" in said and "The specified metric filter does not exist." in said

    # Create, read, plan again, change, destroy.
    def read(name):
        pages = logs.get_paginator("describe_metric_filters").paginate(logGroupName=group, filterNamePrefix=name)
        return next((f for page in pages for f in page["metricFilters"] if f["filterName"] == name), None)

    put_filter(logs, group, "tf-more", "x")
    put_filter(logs, group, "tf", "x", defaultValue=1)
    first = read("tf")
    put_filter(logs, group, "tf", "x", defaultValue=1)
    assert read("tf") == first, "nothing to change"
    put_filter(logs, group, "tf", "y")
    assert read("tf")["filterPattern"] == "y" and read("tf")["creationTime"] == first["creationTime"]
    logs.delete_metric_filter(logGroupName=group, filterName="tf")
    assert read("tf") is None and read("tf-more")


def test_an_event_counts_by_the_filter_in_whose_time_it_came(logs, cloudwatch, group):
    def event(message):
        put(logs, group, "s", (now(), message))

    event("ERROR before")
    put_filter(logs, group, "Turns", "ERROR")
    event("ERROR one")
    event("fine")
    put_filter(logs, group, "Turns", "ERROR", "10")
    event("ERROR ten")
    logs.delete_metric_filter(logGroupName=group, filterName="Turns")
    event("ERROR after")
    put_filter(logs, group, "Turned", "ERROR")
    event("ERROR at the end")
    wait_for(lambda: counted(cloudwatch, "Turned")[0], "the last event to be counted")
    assert counted(cloudwatch, "Turned") == (1, 1)
    assert counted(cloudwatch, "Turns") == (2, 11)


def minutes(cloudwatch, name, stats=("SampleCount", "Sum")):
    """By minute before now: the values of statistics."""
    end = datetime.now(timezone.utc) + timedelta(minutes=1)
    queries = [metric_stat(f"q{n}", "Filters", name, stat) for n, stat in enumerate(stats)]
    told = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=end - timedelta(hours=1), EndTime=end
    )["MetricDataResults"]
    found = [dict(zip(result["Timestamps"], result["Values"])) for result in told]
    return {at: tuple(result[at] for result in found) for at in found[0]}


def test_a_minute_in_which_nothing_matches_has_the_default(logs, cloudwatch, group):
    put_filter(logs, group, "Defaults", "ERROR", defaultValue=0.5)
    start = datetime.now(timezone.utc).replace(second=0, microsecond=0) - timedelta(minutes=10)

    def at(minute, message):
        return int((start + timedelta(minutes=minute)).timestamp() * 1000) + 1_000, message

    put(logs, group, "s", at(0, "fine"), at(0, "fine too"), at(1, "fine"), at(1, "ERROR"), at(3, "fine"))
    expected = {0: (1, 0.5), 1: (1, 1.0), 3: (1, 0.5)}
    expected = {start + timedelta(minutes=minute): values for minute, values in expected.items()}
    wait_for(lambda: minutes(cloudwatch, "Defaults") == expected, "the defaults")
    # A minute has its default once, and a match that comes later is added to it.
    put(logs, group, "s", at(0, "fine, late"), at(3, "ERROR, late"), at(4, "fine"))
    expected[start + timedelta(minutes=3)] = (2, 1.5)
    expected[start + timedelta(minutes=4)] = (1, 0.5)
    wait_for(lambda: minutes(cloudwatch, "Defaults") == expected, "what came late")


def embedded(name, value, **members):
    """An event in the embedded metric format."""
    directive = {
        "Namespace": "Filters", "Dimensions": [[], ["Service"]],
        "Metrics": [{"Name": name, "Unit": "Milliseconds"}],
    }  # fmt: skip
    metadata = {"Timestamp": now(), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": metadata, name: value, "Service": "harbour", **members})


def test_embedded_metrics_are_counted_and_their_faults(logs, cloudwatch, group):
    events = [
        embedded("Embedded", 12.5, requestId="r"),
        embedded("Embedded", [1, 2]),
        embedded("Embedded", "a text"),
        embedded("Embedded", 4, Service=7),
        embedded("Embedded", 8)[:-9],
    ]
    put(logs, group, "s", *((now(), event) for event in events))
    wait_for(lambda: counted(cloudwatch, "Embedded")[0] == 4, "the embedded metrics")
    assert counted(cloudwatch, "Embedded") == (4, 19.5)
    assert counted(cloudwatch, "Embedded", Service="harbour") == (3, 15.5)
    of_group = {"LogGroupName": group}
    assert total(cloudwatch, "AWS/Logs", "EMFValidationErrors", **of_group) == 2
    assert total(cloudwatch, "AWS/Logs", "EMFParsingErrors", **of_group) == 1
    stored = [
        event["message"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
    ]
    assert stored == events, "events are stored regardless"


def test_an_alarm_on_a_filter_goes_off(logs, cloudwatch, group):
    put_filter(logs, group, "Alarming", "ERROR", defaultValue=0)
    cloudwatch.put_metric_alarm(
        AlarmName="errors in the log", Namespace="Filters", MetricName="Alarming", Statistic="Sum", Period=60,
        EvaluationPeriods=5, DatapointsToAlarm=1, Threshold=2.0, TreatMissingData="notBreaching",
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip

    def state():
        return one(cloudwatch, "errors in the log")["StateValue"]

    wait_for(lambda: state() == "OK", "the alarm's first state", seconds=90)
    put(logs, group, "s", *((now() - 60_000, f"ERROR {n}") for n in range(3)))
    wait_for(lambda: state() == "ALARM", "the alarm", seconds=90)
    cloudwatch.delete_alarms(AlarmNames=["errors in the log"])


def restart(stack):
    """After a kill, at whatever it was doing."""
    stack.gateway.process.kill()
    stack.gateway.process.wait()
    stack.gateway = start_gateway(stack.config, stack.directory)
    stack.url = f"http://{stack.gateway.address}"
    stack.openai_url = f"{stack.url}/openai/v1"
    return client_of(stack.url)


def has_group(logs, name):
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in found)


def test_what_was_acknowledged_is_counted_once_through_kills(tmp_path):
    stack = Stack(tmp_path, METRICS_CONFIG)
    stack.directory = tmp_path
    try:
        logs = client_of(stack.url)
        made(logs, GROUP, "s")
        made(logs, "/llm/calls")
        target = {"logGroupName": "/llm/calls", "roleArn": ROLE}
        client_of(stack.url, "bedrock").put_model_invocation_logging_configuration(
            loggingConfig={"cloudWatchConfig": target}
        )
        wait_for(lambda: has_group(logs, RECORDS), f"{RECORDS} to be made")
        put_filter(logs, GROUP, "Took", "{ $.ms > 0 }", "$.ms", dimensions={"Model": "$.model"})
        put_filter(logs, GROUP, "Errors", "ERROR")
        tokens = {"dimensions": {"Model": "$.modelId"}, "unit": "Count"}
        put_filter(logs, RECORDS, "Tokens", "{ $.corelog.provider = openai }", "$.output.outputTokenCount", **tokens)
        put_filter(logs, "/llm/calls", "Calls", '{ $.modelId = "demo-*" }')
        took, errors, own, answers = [], 0, [], []
        for round_number in range(4):
            caller = openai.OpenAI(base_url=stack.openai_url, api_key="sk-test", max_retries=0)
            for number in range(15):
                ms = 1 + 16 * round_number + number
                line = json.dumps({"ms": ms, "model": f"m{number % 2}"})
                put(logs, GROUP, "s", (now(), line), (now(), "ERROR in it"), (now(), embedded("Own", ms)))
                took.append((number % 2, ms))
                own.append(ms)
                errors += 1
                if number % 5 == 0:
                    answer = caller.chat.completions.create(
                        model="demo-echo", messages=[{"role": "user", "content": "word " * ms}]
                    )
                    answers.append(answer.usage.completion_tokens)
            logs = restart(stack)
        for _ in range(2):
            cloudwatch = cloudwatch_of(stack.url)
            wait_for(lambda: counted(cloudwatch, "Errors")[0] >= errors, "all events to be counted")
            wait_for(lambda: counted(cloudwatch, "Calls")[0] >= len(answers), "all calls to be counted")
            assert counted(cloudwatch, "Errors") == (errors, errors)
            for model in (0, 1):
                values = [ms for of, ms in took if of == model]
                assert counted(cloudwatch, "Took", Model=f"m{model}") == (len(values), sum(values))
            assert counted(cloudwatch, "Own") == (len(own), sum(own))
            assert counted(cloudwatch, "Tokens", Model="demo-echo") == (len(answers), sum(answers))
            assert counted(cloudwatch, "Calls") == (len(answers), len(answers))
            logs = restart(stack)
        assert len(logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]) == 2
    finally:
        stack.stop()
