"""Alarms on queries of log events: boto3 in each protocol, real calls that trip one, a kill in between, the AWS CLI, and
`corelog alarm` with Terraform's files."""

import json
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from logs_client import ACCOUNT, REGION
from logs_client import client_of as service_of
from processes import binary, wait_for
from stack import Stack, start_gateway
from test_aws_cli import CLAUDE, aws
from test_cloudwatch import PROTOCOLS, answered, client_of, models
from test_notifications import Receiver

assert models  # a fixture

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
RECORDS = "/corelog/invocations"
NOTIFIER = """
[[notifier]]
name = "topic"
kind = "sns"
url = "http://{receiver}/sns"
"""


def query(text="fields @message", aggregation="count(*)", **more):
    schedule = {"ScheduleExpression": "rate(1 hour)", "StartTimeOffset": 600}
    return {
        "QueryString": text, "AggregationExpression": aggregation, "LogGroupIdentifiers": [RECORDS],
        "ScheduledQueryRoleARN": ROLE, "ScheduleConfiguration": schedule, **more,
    }  # fmt: skip


def put(client, name, **more):
    alarm = {
        "AlarmName": name, "ScheduledQueryConfiguration": query(), "QueryResultsToEvaluate": 1,
        "QueryResultsToAlarm": 1, "Threshold": 1_000_000.0, "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    return client.put_log_alarm(**{**alarm, **more})


def notices(receiver):
    return [json.loads(request["body"]) for request in receiver.at("/sns")]


def one(client, name):
    (alarm,) = client.describe_alarms(AlarmNames=[name], AlarmTypes=["LogAlarm"])["LogAlarms"]
    return alarm


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_operation_in_every_protocol(stack, models, protocol):
    client = client_of(stack.url, protocol, models[protocol])
    name = "log <&> ü"
    done = put(
        client, name, AlarmDescription="Zu viele", TreatMissingData="notBreaching", ActionLogLineCount=3,
        ActionLogLineRoleArn=ROLE, Tags=[{"Key": "team", "Value": "harbour"}],
        WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 5},
    )  # fmt: skip
    assert done["ResponseMetadata"]["HTTPStatusCode"] == 200
    alarm = one(client, name)
    assert alarm["AlarmArn"] == ARN + name
    assert alarm["ScheduledQueryConfiguration"] == query()
    assert (alarm["QueryResultsToEvaluate"], alarm["ActionLogLineCount"], alarm["ActionsEnabled"]) == (1, 3, True)
    assert client.describe_alarms()["MetricAlarms"] == [] and client.describe_alarms()["LogAlarms"] == []
    # It is executed at once, and there are no million records.
    wait_for(lambda: one(client, name)["StateValue"] == "OK", "the query to be executed")
    answered(client, "describe_alarms", client.describe_alarms(AlarmTypes=["LogAlarm"]))
    client.put_composite_alarm(AlarmName="above", AlarmRule=f'ALARM("{name}")')
    children = client.describe_alarms(ChildrenOfAlarmName="above")["LogAlarms"]
    assert [child["AlarmName"] for child in children] == [name]
    client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a drill")
    (above,) = client.describe_alarms(AlarmNames=["above"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert above["StateValue"] == "ALARM"
    client.disable_alarm_actions(AlarmNames=[name])
    assert one(client, name)["ActionsEnabled"] is False
    pages = client.get_paginator("describe_alarm_history").paginate(
        AlarmName=name, AlarmTypes=["LogAlarm"], PaginationConfig={"PageSize": 1}
    )
    items = [item for page in pages for item in page["AlarmHistoryItems"]]
    assert {item["AlarmType"] for item in items} == {"LogAlarm"}
    assert "Alarm updated from OK to ALARM" in [item["HistorySummary"] for item in items]
    assert client.list_tags_for_resource(ResourceARN=ARN + name)["Tags"] == [{"Key": "team", "Value": "harbour"}]
    client.delete_alarms(AlarmNames=["above"])
    with pytest.raises(ClientError) as raised:
        client.delete_alarms(AlarmNames=[name, "none"])
    assert "one at a time" in raised.value.response["Error"]["Message"]
    client.delete_alarms(AlarmNames=[name])
    assert client.describe_alarms(AlarmTypes=["LogAlarm"])["LogAlarms"] == []


def test_what_is_refused(stack):
    client = client_of(stack.url)
    cases = [
        ({"ScheduledQueryConfiguration": query("filter (")}, "The query of the alarm cannot be executed"),
        ({"ScheduledQueryConfiguration": query(aggregation="sum(")}, "The query of the alarm cannot be executed"),
        ({"ScheduledQueryConfiguration": query(LogGroupIdentifiers=["/none"])}, "Log group '/none' does not exist"),
        ({"QueryResultsToAlarm": 2}, "less than or equal to QueryResultsToEvaluate"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "Member must satisfy enum value set"),
        ({"ActionLogLineCount": 5}, "ActionLogLineRoleArn must be set"),
    ]
    for more, expected in cases:
        with pytest.raises(ClientError) as raised:
            put(client, "refused", **more)
        error = raised.value.response["Error"]
        assert error["Code"] == "ValidationError", more
        assert expected in error["Message"]
    assert client.describe_alarms(AlarmTypes=["LogAlarm"])["LogAlarms"] == []


def test_real_calls_trip_an_alarm_once_through_a_kill(tmp_path):
    receiver = Receiver()
    stack = Stack(tmp_path, NOTIFIER.format(receiver=receiver.address))
    try:
        bedrock = service_of(stack.url, "bedrock-runtime")
        for _ in range(3):
            bedrock.converse(modelId=CLAUDE, messages=[{"role": "user", "content": [{"text": "Which berths?"}]}])
        client = client_of(stack.url)
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
        calls = {
            "ScheduledQueryConfiguration": query('filter operation = "Converse" # calls alone', "count(*) as n by modelId"),
            "AlarmActions": [topic], "OKActions": [topic], "ActionLogLineCount": 2, "ActionLogLineRoleArn": ROLE,
        }  # fmt: skip
        put(client, "calls", Threshold=2.0, **calls)
        wait_for(lambda: one(client, "calls")["StateValue"] == "ALARM", "the alarm to go off")
        alarm = one(client, "calls")
        said = f"Threshold Crossed: 1 contributor evaluated to ALARM: modelId={CLAUDE} [3.0 ("
        assert alarm["StateReason"].startswith(said), alarm["StateReason"]
        assert json.loads(alarm["StateReasonData"])["evaluatedQueryResults"][0]["value"] == 3.0
        (request,) = wait_for(lambda: receiver.at("/sns"), "the notice")
        message = json.loads(json.loads(request["body"])["Message"])
        assert (message["AlarmName"], message["NewStateValue"]) == ("calls", "ALARM")
        assert message["Trigger"]["AggregationExpression"] == "count(*) as n by modelId"
        assert len(message["LogLines"]) == 2
        # A record is long, and its beginning is shown.
        assert all('"operation":"Converse"' in line and len(line) <= 1_024 for line in message["LogLines"])

        # Of messages that are large together, the notice has the beginnings.
        logs = service_of(stack.url)
        logs.create_log_group(logGroupName="/large")
        logs.create_log_stream(logGroupName="/large", logStreamName="s")
        for number in range(12):
            event = {"timestamp": int(time.time() * 1_000), "message": f"ERROR {number} " + "x" * 900_000}
            logs.put_log_events(logGroupName="/large", logStreamName="s", logEvents=[event])
        large = query("filter @message like /ERROR/", LogGroupIdentifiers=["/large"])
        put(
            client, "large", ScheduledQueryConfiguration=large, Threshold=11.0, AlarmActions=[topic],
            ActionLogLineCount=12, ActionLogLineRoleArn=ROLE,
        )  # fmt: skip
        request = wait_for(lambda: receiver.at("/sns")[1:], "the second notice")[0]
        message = json.loads(json.loads(request["body"])["Message"])
        assert len(message["LogLines"]) == 12
        assert all(len(line) == 1_024 and line.startswith("ERROR ") for line in message["LogLines"])

        # What the process did not note as delivered comes again, with the id that it had.
        known = {notice["MessageId"] for notice in notices(receiver)}
        stack.gateway.process.kill()
        stack.gateway.process.wait()
        stack.gateway = start_gateway(stack.config, tmp_path)
        client = client_of(f"http://{stack.gateway.address}")
        assert one(client, "calls")["StateValue"] == "ALARM"
        # Being put, it is executed again: for the same it tells nobody, and for less it is over.
        put(client, "calls", Threshold=2.5, **calls)
        put(client, "calls", Threshold=3.0, **calls)
        wait_for(lambda: one(client, "calls")["StateValue"] == "OK", "the alarm to end")
        new = wait_for(
            lambda: [notice for notice in notices(receiver) if notice["MessageId"] not in known], "the third notice"
        )
        states = [json.loads(notice["Message"])["NewStateValue"] for notice in new]
        assert states == ["OK"]
    finally:
        stack.stop()
        receiver.stop()


def test_the_aws_cli_and_the_command_line(stack, tmp_path):
    aws(
        stack.url, "cloudwatch", "put-log-alarm", "--alarm-name", "cli-log", "--query-results-to-evaluate", "3",
        "--query-results-to-alarm", "2", "--threshold", "1000000", "--comparison-operator", "GreaterThanThreshold",
        "--scheduled-query-configuration", json.dumps(query()),
    )  # fmt: skip
    found = aws(stack.url, "cloudwatch", "describe-alarms", "--alarm-types", "LogAlarm")
    assert [alarm["AlarmName"] for alarm in found["LogAlarms"]] == ["cli-log"]
    out = command(stack, "list", "cli-log", "-o", "table")
    assert "count(*) > 1000000, 2 of 3 × 1 hour: fields @message" in out
    assert RECORDS in command(stack, "show", "cli-log", "-o", "table")
    aws(stack.url, "cloudwatch", "delete-alarms", "--alarm-names", "cli-log")

    (tmp_path / "variables.tf").write_text('variable "limit" {}\nvariable "stage" { default = "test" }\n')
    (tmp_path / "terraform.tfvars").write_text("limit = 7\n")
    (tmp_path / "main.tf").write_text(
        """
        resource "aws_cloudwatch_metric_alarm" "calls" {
          for_each            = toset(["a", "b"])
          alarm_name          = "tf-${var.stage}-${each.key}"
          comparison_operator = "GreaterThanThreshold"
          evaluation_periods  = 1
          metric_name         = "Invocations"
          namespace           = "AWS/Bedrock"
          statistic           = "Sum"
          period              = 60
          threshold           = var.limit * 2
          dimensions          = { ModelId = each.value }
        }
        resource "aws_cloudwatch_composite_alarm" "all" {
          alarm_name = "tf-all"
          alarm_rule = "ALARM(${aws_cloudwatch_metric_alarm.calls["a"].alarm_name})"
        }
        resource "aws_cloudwatch_metric_alarm" "odd" {
          alarm_name = data.aws_region.current.name
        }
        """
    )
    done = subprocess.run(
        [str(binary()), "alarm", "import", str(tmp_path), "--url", stack.url], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1, done.stderr
    assert "not imported: aws_cloudwatch_metric_alarm.odd: `alarm_name`: `data.aws_region.current.name`" in done.stderr
    assert "3 alarms imported, 1 not" in done.stderr
    client = client_of(stack.url)
    alarms = client.describe_alarms(AlarmNamePrefix="tf-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [alarm["AlarmName"] for alarm in alarms["MetricAlarms"]] == ["tf-test-a", "tf-test-b"]
    assert alarms["MetricAlarms"][0]["Threshold"] == 14.0
    assert alarms["CompositeAlarms"][0]["AlarmRule"] == "ALARM(tf-test-a)"
    said = command(stack, "test", "tf-all", stderr=True)
    assert "the alarm is in its former state again" in said
    client.delete_alarms(AlarmNames=["tf-all"])
    client.delete_alarms(AlarmNames=["tf-test-a", "tf-test-b"])


def command(stack, *arguments, stderr=False):
    done = subprocess.run(
        [str(binary()), "alarm", *arguments, "--url", stack.url], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stderr if stderr else done.stdout
