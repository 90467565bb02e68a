"""Bands of anomaly detection, in GetMetricData and in alarms: what was usual, given days of data that boto3 puts."""

import json
import math
from datetime import timedelta

import pytest

from processes import wait_for
from stack import corelog
from test_cloudwatch import PROTOCOLS, client_of, models
from test_metrics import metric_stat, minute

assert corelog, models  # what the fixtures need

STEP = timedelta(minutes=5)
DAY = 288


@pytest.fixture(scope="module", params=PROTOCOLS)
def cloudwatch(request, stack, models):
    client = client_of(stack.url, request.param, models[request.param])
    client.namespace = "Bands/" + client.wire.protocol
    now = minute(10)
    # On a mark of five minutes, where points begin.
    client.until = now - timedelta(minutes=now.minute % 5)
    client.start = client.until - 4 * DAY * STEP
    data = []
    for number in range(4 * DAY):
        at = client.start + number * STEP
        data.append({"MetricName": "Requests", "Timestamp": at, "Value": usual(at, number)})
    # The last quarter of an hour is a burst.
    for datum in data[-3:]:
        datum["Value"] = 2_000.0
    for part in (data[:600], data[600:]):
        client.put_metric_data(Namespace=client.namespace, MetricData=part)
    return client


def usual(at, number):
    """300 at noon and 100 at midnight, give or take ten."""
    hours = at.hour + at.minute / 60
    return 200.0 - 100.0 * math.cos(hours / 24 * 2 * math.pi) + 10 * math.sin(number * 12.9898)


def asked(client, start, expression="ANOMALY_DETECTION_BAND(m1, 4)", extra=()):
    metric = metric_stat("m1", client.namespace, "Requests", "Sum", period=300)
    answer = client.get_metric_data(
        MetricDataQueries=[metric, *extra, {"Id": "band", "Expression": expression}],
        StartTime=start,
        EndTime=client.until,
        ScanBy="TimestampAscending",
    )
    return answer["MetricDataResults"]


def test_the_band_holds_what_is_usual_and_not_the_burst(cloudwatch):
    values, upper, lower = asked(cloudwatch, cloudwatch.until - DAY * STEP)
    assert (upper["Id"], lower["Id"]) == ("band", "band")
    assert upper["Timestamps"] == lower["Timestamps"] == values["Timestamps"]
    assert len(values["Values"]) == DAY
    outside = [
        number
        for number, (value, most, least) in enumerate(zip(values["Values"], upper["Values"], lower["Values"]))
        if not least <= value <= most
    ]
    assert outside[-3:] == [DAY - 3, DAY - 2, DAY - 1]
    assert len(outside) <= 6
    assert all(least >= 0 for least in lower["Values"])
    # It follows the day, and is not as wide as the day is high.
    middles = [(most + least) / 2 for most, least in zip(upper["Values"], lower["Values"])]
    assert max(middles) - min(middles) > 150
    assert all(most - least < 200 for most, least in zip(upper["Values"], lower["Values"]))


def test_first_is_the_upper_edge_and_last_the_lower(cloudwatch):
    start = cloudwatch.until - 12 * STEP
    _, upper, lower = asked(cloudwatch, start)
    _, first = asked(cloudwatch, start, "FIRST(ANOMALY_DETECTION_BAND(m1, 4))")
    _, last = asked(cloudwatch, start, "LAST(ANOMALY_DETECTION_BAND(m1, 4))")
    assert first["Values"] == upper["Values"]
    assert last["Values"] == lower["Values"]


def test_before_two_days_there_is_no_band(cloudwatch):
    values, upper, lower = asked(cloudwatch, cloudwatch.start)
    assert len(values["Values"]) == 4 * DAY
    assert upper["Values"] and upper["Timestamps"][0] >= cloudwatch.start + 2 * DAY * STEP - STEP
    assert len(upper["Values"]) == len(lower["Values"])


@pytest.fixture(scope="module")
def watching(stack, models):
    """A client without alarms, before and after."""
    client = client_of(stack.url, PROTOCOLS[0], models[PROTOCOLS[0]])
    yield client
    client.delete_alarms(AlarmNames=["bands either", "bands above", "bands below", "bands calm"])


def learnt(client, name, last):
    """Four days of a metric up to now, a value each five minutes, of which the newest two are these."""
    until = minute(1)
    times = [until - number * STEP for number in reversed(range(4 * DAY))]
    values = [usual(at, number) for number, at in enumerate(times)]
    if last is not None:
        values[-2:] = [last, last]
    data = [
        {"MetricName": name, "Timestamp": at, "Value": value} for at, value in zip(times, values, strict=True)
    ]
    for part in (data[:600], data[600:]):
        client.put_metric_data(Namespace="Bands/Alarms", MetricData=part)


def put(client, name, metric, comparison):
    client.put_metric_alarm(
        AlarmName=name,
        EvaluationPeriods=1,
        ComparisonOperator=comparison,
        ThresholdMetricId="band",
        Metrics=[
            metric_stat("m1", "Bands/Alarms", metric, "Sum", period=300, ReturnData=True),
            {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 4)", "Label": "usual"},
        ],
    )


def test_alarms_tell_what_is_outside_of_the_band(watching):
    for metric, last in (("Spiked", 2_000.0), ("Fell", 0.0), ("Calm", None)):
        learnt(watching, metric, last)
    put(watching, "bands either", "Spiked", "LessThanLowerOrGreaterThanUpperThreshold")
    put(watching, "bands above", "Spiked", "GreaterThanUpperThreshold")
    put(watching, "bands below", "Fell", "LessThanLowerThreshold")
    put(watching, "bands calm", "Calm", "LessThanLowerOrGreaterThanUpperThreshold")

    def evaluated():
        alarms = watching.describe_alarms(AlarmNamePrefix="bands ")["MetricAlarms"]
        assert len(alarms) == 4
        if all(alarm["StateValue"] != "INSUFFICIENT_DATA" for alarm in alarms):
            return {alarm["AlarmName"]: alarm for alarm in alarms}
        return None

    alarms = wait_for(evaluated, "the alarms to be evaluated", seconds=90)
    states = {name: alarm["StateValue"] for name, alarm in alarms.items()}
    assert states == {"bands above": "ALARM", "bands below": "ALARM", "bands calm": "OK", "bands either": "ALARM"}
    assert all(alarm["ThresholdMetricId"] == "band" and "Threshold" not in alarm for alarm in alarms.values())

    either = json.loads(alarms["bands either"]["StateReasonData"])
    (lower,), (upper,) = either["recentLowerThresholds"], either["recentUpperThresholds"]
    assert either["recentDatapoints"] == [2_000.0]
    # What is usual is 90 to 310.
    assert 0 <= lower < upper < 500
    assert "threshold" not in either
    assert alarms["bands either"]["StateReason"].startswith("Thresholds Crossed: ")

    above = json.loads(alarms["bands above"]["StateReasonData"])
    assert above["recentUpperThresholds"] == [upper] and "recentLowerThresholds" not in above
    below = json.loads(alarms["bands below"]["StateReasonData"])
    assert below["recentDatapoints"] == [0.0]
    assert 0 < below["recentLowerThresholds"][0] < 310 and "recentUpperThresholds" not in below
