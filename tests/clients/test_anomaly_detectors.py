"""Anomaly detectors of metrics: boto3 in each protocol, the AWS CLI, and what a detector tells the bands."""

from datetime import timedelta

import pytest

from logs_client import ACCOUNT
from test_anomaly_bands import DAY, STEP, asked, usual
from test_aws_cli import FAILED, aws
from test_cloudwatch import PROTOCOLS, client_of, models, refused
from test_metrics import metric_stat, minute

assert models  # what the fixtures need

CONFIGURATION = {"MetricTimezone": "Europe/Berlin", "AdaptationSpeed": "FAST", "OutlierFilteringStrength": "MINIMAL"}


@pytest.fixture(scope="module", params=PROTOCOLS)
def cloudwatch(request, stack, models):
    client = client_of(stack.url, request.param, models[request.param])
    client.namespace = "Detectors/" + client.wire.protocol
    yield client
    everything = client.describe_anomaly_detectors(AnomalyDetectorTypes=["SINGLE_METRIC", "METRIC_MATH"])
    for detector in everything["AnomalyDetectors"]:
        client.delete_anomaly_detector(AnomalyDetectorId=detector["AnomalyDetectorId"])


def single(client, name, **more):
    return {"Namespace": client.namespace, "MetricName": name, "Stat": "Sum", **more}


def described(client, **filters):
    paginator = client.get_paginator("describe_anomaly_detectors")
    pages = paginator.paginate(Namespace=client.namespace, PaginationConfig={"PageSize": 2}, **filters)
    return [detector for page in pages for detector in page["AnomalyDetectors"]]


def test_detectors_are_put_listed_changed_and_deleted(cloudwatch):
    ids = {}
    for name in ("A", "B", "C"):
        put = cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=single(cloudwatch, name))
        ids[name] = put["AnomalyDetectorId"]
    changed = cloudwatch.put_anomaly_detector(
        **single(cloudwatch, "B", Dimensions=[]),
        Configuration=CONFIGURATION,
        MetricCharacteristics={"PeriodicSpikes": True},
    )
    assert changed["AnomalyDetectorId"] == ids["B"]
    found = {detector["MetricName"]: detector for detector in described(cloudwatch)}
    assert {name: one["AnomalyDetectorId"] for name, one in found.items()} == ids
    two = found["B"]
    assert two["Configuration"] == {"ExcludedTimeRanges": [], **CONFIGURATION}
    assert two["MetricCharacteristics"] == {"PeriodicSpikes": True}
    assert two["SingleMetricAnomalyDetector"] == {
        "AccountId": ACCOUNT, "Namespace": cloudwatch.namespace, "MetricName": "B", "Dimensions": [], "Stat": "Sum",
    }  # fmt: skip
    assert two["StateValue"] == "PENDING_TRAINING"
    (one,) = cloudwatch.describe_anomaly_detectors(AnomalyDetectorIds=[ids["C"]])["AnomalyDetectors"]
    assert one["MetricName"] == "C"

    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=single(cloudwatch, "A"))
    cloudwatch.delete_anomaly_detector(AnomalyDetectorId=ids["B"])
    cloudwatch.delete_anomaly_detector(**single(cloudwatch, "C"))
    assert described(cloudwatch) == []
    error = refused(
        cloudwatch, "delete_anomaly_detector", "ResourceNotFoundException", 404, AnomalyDetectorId=ids["B"]
    )
    assert error["Error"]["Message"] == "The anomaly detector does not exist."


def test_a_detector_of_an_expression(cloudwatch):
    queries = [
        metric_stat("m1", cloudwatch.namespace, "Requests", "Sum", period=300, ReturnData=False),
        {"Id": "e1", "Expression": "m1 * 100", "Label": "share", "ReturnData": True},
    ]
    put = cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": queries})
    assert described(cloudwatch) == []
    (found,) = cloudwatch.describe_anomaly_detectors(AnomalyDetectorTypes=["METRIC_MATH"])["AnomalyDetectors"]
    assert found["AnomalyDetectorId"] == put["AnomalyDetectorId"]
    shown = found["MetricMathAnomalyDetector"]["MetricDataQueries"]
    assert [query.get("Expression") for query in shown] == [None, "m1 * 100"]
    assert "Namespace" not in found and "SingleMetricAnomalyDetector" not in found
    cloudwatch.delete_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": queries})
    refused(
        cloudwatch, "put_anomaly_detector", "InvalidParameterValueException", 400,
        MetricMathAnomalyDetector={"MetricDataQueries": [queries[0], {"Id": "e1", "Expression": "m1 *"}]},
    )  # fmt: skip
    refused(
        cloudwatch, "put_anomaly_detector", "InvalidParameterCombinationException", 400,
        Stat="Sum", SingleMetricAnomalyDetector=single(cloudwatch, "A"),
    )  # fmt: skip


def test_what_is_excluded_is_not_learnt(cloudwatch):
    """Four days, of which the last day and a half is five times as much: that is in the band, until it is excluded."""
    now = minute(10)
    cloudwatch.until = now - timedelta(minutes=now.minute % 5)
    start = cloudwatch.until - 4 * DAY * STEP
    trouble = cloudwatch.until - 3 * DAY // 2 * STEP
    data = []
    for number in range(4 * DAY):
        at = start + number * STEP
        times = 5 if at >= trouble else 1
        data.append({"MetricName": "Requests", "Timestamp": at, "Value": times * usual(at, number)})
    for part in (data[:600], data[600:]):
        cloudwatch.put_metric_data(Namespace=cloudwatch.namespace, MetricData=part)

    def most():
        _, upper, _ = asked(cloudwatch, cloudwatch.until - 12 * STEP)
        return max(upper["Values"])

    assert most() > 600
    cloudwatch.put_anomaly_detector(
        SingleMetricAnomalyDetector=single(cloudwatch, "Requests"),
        Configuration={"ExcludedTimeRanges": [{"StartTime": trouble, "EndTime": cloudwatch.until}]},
    )
    (detector,) = described(cloudwatch, MetricName="Requests")
    assert detector["StateValue"] == "TRAINED"
    (excluded,) = detector["Configuration"]["ExcludedTimeRanges"]
    assert (excluded["StartTime"], excluded["EndTime"]) == (trouble, cloudwatch.until)
    assert most() < 450
    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=single(cloudwatch, "Requests"))
    assert most() > 600


def test_the_aws_cli(stack):
    of = "Namespace=Detectors/CLI,MetricName=Calls,Stat=p90,Dimensions=[{Name=Model,Value=m}]"
    put = aws(stack.url, "cloudwatch", "put-anomaly-detector", "--single-metric-anomaly-detector", of)
    shown = aws(stack.url, "cloudwatch", "describe-anomaly-detectors", "--namespace", "Detectors/CLI")
    (detector,) = shown["AnomalyDetectors"]
    assert detector["AnomalyDetectorId"] == put["AnomalyDetectorId"]
    assert detector["Dimensions"] == [{"Name": "Model", "Value": "m"}]
    aws(stack.url, "cloudwatch", "delete-anomaly-detector", "--single-metric-anomaly-detector", of)
    said = aws(
        stack.url, "cloudwatch", "delete-anomaly-detector", "--single-metric-anomaly-detector", of,
        expect_code=FAILED,
    )  # fmt: skip
    assert "The anomaly detector does not exist." in said
