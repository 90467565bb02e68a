"""CloudWatch's alarms: boto3 in each protocol that clients of the service speak, with waiters and paginators, the AWS
CLI, the calls that Terraform makes, and `corelog alarm`. Alarms are evaluated while the tests look on."""

import json
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from logs_client import ACCOUNT, REGION
from processes import binary, wait_for
from stack import start_gateway
from test_aws_cli import FAILED, aws
from test_cloudwatch import PROTOCOLS, answered, client_of, models, refused

assert models  # a fixture

ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody"
BOTH = ["MetricAlarm", "CompositeAlarm"]


@pytest.fixture(scope="module", params=PROTOCOLS)
def cloudwatch(request, stack, models):
    client = client_of(stack.url, request.param, models[request.param])
    yield client
    clear(client)


def clear(client):
    """Deletes all alarms, composite ones first, one at a time."""
    paginator = client.get_paginator("describe_alarms")
    pages = list(paginator.paginate(AlarmTypes=BOTH))
    for page in pages:
        for alarm in page["CompositeAlarms"]:
            client.delete_alarms(AlarmNames=[alarm["AlarmName"]])
    names = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    if names:
        client.delete_alarms(AlarmNames=names)


def put(client, name, **more):
    alarm = {
        "AlarmName": name, "Namespace": "Test/Alarms", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    alarm.update(more)
    return client.put_metric_alarm(**{key: value for key, value in alarm.items() if value is not None})


def one(client, name, kind="MetricAlarm"):
    answer = client.describe_alarms(AlarmNames=[name], AlarmTypes=[kind])
    (alarm,) = answer[kind + "s"]
    return alarm


def names(answer):
    return [alarm["AlarmName"] for alarm in answer["MetricAlarms"] + answer["CompositeAlarms"]]


def test_every_operation_in_every_protocol(cloudwatch):
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    done = put(
        cloudwatch, "calls <&> ü", AlarmDescription="Zu viele", Dimensions=[{"Name": "ModelId", "Value": "m"}],
        AlarmActions=[TOPIC], TreatMissingData="notBreaching", Tags=[{"Key": "team", "Value": "harbour"}],
    )  # fmt: skip
    assert done["ResponseMetadata"]["HTTPStatusCode"] == 200
    told = cloudwatch.describe_alarms(AlarmNames=["calls <&> ü"])
    (alarm,) = told["MetricAlarms"]
    assert told["CompositeAlarms"] == []
    assert alarm["AlarmArn"] == ARN + "calls <&> ü"
    assert alarm["Dimensions"] == [{"Name": "ModelId", "Value": "m"}]
    assert (alarm["Threshold"], alarm["Period"], alarm["ActionsEnabled"]) == (5.0, 60, True)
    assert alarm["AlarmActions"] == [TOPIC] and alarm["OKActions"] == []
    assert "DatapointsToAlarm" not in alarm
    assert alarm["StateTransitionedTimestamp"] >= before

    put(cloudwatch, "p99", Statistic=None, ExtendedStatistic="p99.9", EvaluateLowSampleCountPercentile="ignore")
    assert one(cloudwatch, "p99")["ExtendedStatistic"] == "p99.9"
    metric = {"Namespace": "Test/Alarms", "MetricName": "Errors"}
    stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    cloudwatch.put_metric_alarm(
        AlarmName="rate", EvaluationPeriods=1, Threshold=0.5, ComparisonOperator="GreaterThanThreshold",
        Metrics=[
            {"Id": "e", "Expression": "errors / 10", "Label": "rate"},
            {"Id": "errors", "MetricStat": stat, "ReturnData": False},
        ],
    )  # fmt: skip
    assert [query["Id"] for query in one(cloudwatch, "rate")["Metrics"]] == ["e", "errors"]

    cloudwatch.put_composite_alarm(
        AlarmName="all", AlarmRule='ALARM("calls <&> ü") AND NOT OK(p99)', ActionsSuppressor="rate",
        ActionsSuppressorWaitPeriod=0, ActionsSuppressorExtensionPeriod=60,
    )  # fmt: skip
    assert one(cloudwatch, "all", "CompositeAlarm")["ActionsSuppressor"] == "rate"
    assert names(cloudwatch.describe_alarms(ChildrenOfAlarmName="all")) == ["calls <&> ü", "p99"]
    assert names(cloudwatch.describe_alarms(ParentsOfAlarmName="p99")) == ["all"]
    assert names(cloudwatch.describe_alarms()) == ["calls <&> ü", "p99", "rate"], "metric alarms alone"
    assert names(cloudwatch.describe_alarms(ActionPrefix=TOPIC)) == ["calls <&> ü"]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmTypes=BOTH, PaginationConfig={"PageSize": 1}
    )
    assert [name for page in pages for name in names(page)] == ["all", "calls <&> ü", "p99", "rate"]
    found = cloudwatch.describe_alarms_for_metric(
        Namespace="Test/Alarms", MetricName="Errors", Dimensions=[{"Name": "ModelId", "Value": "m"}]
    )
    assert [alarm["AlarmName"] for alarm in found["MetricAlarms"]] == ["calls <&> ü"]

    cloudwatch.disable_alarm_actions(AlarmNames=["calls <&> ü"])
    assert one(cloudwatch, "calls <&> ü")["ActionsEnabled"] is False
    cloudwatch.enable_alarm_actions(AlarmNames=["calls <&> ü"])
    cloudwatch.set_alarm_state(
        AlarmName="calls <&> ü", StateValue="ALARM", StateReason="a drill", StateReasonData='{"why": 1}'
    )
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName="calls <&> ü", PaginationConfig={"PageSize": 2}
    )
    items = [item for page in pages for item in page["AlarmHistoryItems"]]
    summaries = [item["HistorySummary"] for item in items]
    # Deleted alarms keep their history: those of the same name, that other protocols made, come behind.
    summaries = summaries[: summaries.index('Alarm "calls <&> ü" created') + 1]
    assert "Alarm updated from INSUFFICIENT_DATA to ALARM" in summaries or "Alarm updated from OK to ALARM" in summaries
    assert summaries[-1] == 'Alarm "calls <&> ü" created'
    assert summaries.count('Alarm "calls <&> ü" updated') == 2
    answered(cloudwatch, "describe_alarm_history", cloudwatch.describe_alarm_history(AlarmTypes=["CompositeAlarm"]))

    arn = ARN + "calls <&> ü"
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "harbour"}]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "live"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "live"}]

    cloudwatch.delete_alarms(AlarmNames=["all"])
    cloudwatch.delete_alarms(AlarmNames=["calls <&> ü", "p99", "rate", "none"])
    assert names(cloudwatch.describe_alarms(AlarmTypes=BOTH)) == []
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == []


def test_mute_rules(cloudwatch):
    now = datetime.now(timezone.utc)
    for name, expression in [("nights", "cron(0 22 * * *)"), ("once", now.strftime("at(%Y-%m-%dT%H:%M)"))]:
        cloudwatch.put_alarm_mute_rule(
            Name=name, Description="quiet", Rule={"Schedule": {"Expression": expression, "Duration": "PT1H"}},
            MuteTargets={"AlarmNames": ["calls"]}, ExpireDate=now + timedelta(days=2),
        )  # fmt: skip
    rule = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="once")
    assert (rule["Status"], rule["MuteType"]) == ("ACTIVE", "ONE_TIME")
    assert rule["MuteTargets"] == {"AlarmNames": ["calls"]}
    assert abs(rule["ExpireDate"] - now - timedelta(days=2)) < timedelta(seconds=1)
    pages = cloudwatch.get_paginator("list_alarm_mute_rules").paginate(PaginationConfig={"PageSize": 1})
    rules = [rule for page in pages for rule in page["AlarmMuteRuleSummaries"]]
    assert [rule["MuteType"] for rule in rules] == ["RECURRING", "ONE_TIME"]
    assert cloudwatch.list_alarm_mute_rules(AlarmName="other")["AlarmMuteRuleSummaries"] == []
    for name in ("nights", "once", "none"):
        cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)
    refused(
        cloudwatch, "get_alarm_mute_rule", "ResourceNotFoundException", 404, AlarmMuteRuleName="once"
    )


def test_what_is_refused(cloudwatch):
    missing = refused(
        cloudwatch, "set_alarm_state", "ResourceNotFound", 404, AlarmName="none", StateValue="OK", StateReason=""
    )
    assert missing["Error"]["Code"] == "ResourceNotFound"
    put(cloudwatch, "a")
    refused(
        cloudwatch, "set_alarm_state", "InvalidFormatFault", 400, AlarmName="a", StateValue="OK", StateReason="",
        StateReasonData="{",
    )  # fmt: skip
    with pytest.raises(ClientError) as raised:
        cloudwatch.set_alarm_state(AlarmName="a", StateValue="INVALID", StateReason="")
    error = raised.value.response["Error"]
    # Source: a recorded answer.
    assert error["Code"] == "ValidationError"
    assert error["Message"].startswith(
        "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: "
        "Member must satisfy enum value set:"
    )
    with pytest.raises(ClientError) as raised:
        put(cloudwatch, "a", TreatMissingData="sometimes")
    assert raised.value.response["Error"]["Message"] == (
        "The value sometimes is not supported for TreatMissingData parameter. "
        "Supported values are [breaching, notBreaching, ignore, missing]."
    )
    for more in ({"Period": 45}, {"DatapointsToAlarm": 2}, {"AlarmActions": ["me"]}, {"Threshold": None}):
        with pytest.raises(ClientError) as raised:
            put(cloudwatch, "a", **more)
        assert raised.value.response["Error"]["Code"] == "ValidationError", more
    with pytest.raises(ClientError) as raised:
        cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(none)")
    assert "[none]" in raised.value.response["Error"]["Message"]
    refused(cloudwatch, "describe_alarms", "InvalidNextToken", 400, NextToken="made up")


def test_alarms_are_evaluated(stack):
    client = client_of(stack.url)
    put(
        client, "live", MetricName="Live", Period=10, AlarmActions=[TOPIC],
        TreatMissingData="notBreaching",
    )  # fmt: skip
    stat = {"Metric": {"Namespace": "Test/Alarms", "MetricName": "Live"}, "Period": 10, "Stat": "Sum"}
    client.put_metric_alarm(
        AlarmName="math", EvaluationPeriods=1, Threshold=15.0, ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        Metrics=[
            {"Id": "e", "Expression": "m * 2"}, {"Id": "m", "MetricStat": stat, "ReturnData": False},
        ],
    )  # fmt: skip
    client.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(live) AND ALARM(math)")
    client.get_waiter("alarm_exists").wait(AlarmNames=["live"], WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    client.get_waiter("composite_alarm_exists").wait(
        AlarmNames=["both"], AlarmTypes=["CompositeAlarm"], WaiterConfig={"Delay": 1, "MaxAttempts": 3}
    )

    def in_alarm():
        datum = {"MetricName": "Live", "Value": 9.0, "StorageResolution": 1}
        client.put_metric_data(Namespace="Test/Alarms", MetricData=[datum])
        alarm = one(client, "both", "CompositeAlarm")
        return alarm if alarm["StateValue"] == "ALARM" else None

    both = wait_for(in_alarm, "the alarms to go off", seconds=60)
    assert "transitioned to ALARM at" in both["StateReason"]
    live = one(client, "live")
    assert live["StateReason"].startswith("Threshold Crossed: 1 datapoint [")
    reason = json.loads(live["StateReasonData"])
    assert (reason["version"], reason["statistic"], reason["threshold"]) == ("1.0", "Sum", 5.0)
    wait_for(lambda: one(client, "live")["StateValue"] == "OK", "the alarm to end", seconds=60)

    def action():
        items = client.describe_alarm_history(AlarmName="live", HistoryItemType="Action")
        return items["AlarmHistoryItems"]

    (item,) = wait_for(action, "the history to say what came of the action")
    assert item["HistorySummary"].startswith(f"Failed to execute action {TOPIC}"), "nobody has this name"
    clear(client)


def test_states_survive_a_restart(tmp_path):
    config = tmp_path / "corelog.toml"
    config.write_text('[[provider]]\nname = "p"\ndialect = "generic"\nbase_url = "http://127.0.0.1:1"\n')
    gateway = start_gateway(config, tmp_path)
    try:
        client = client_of(f"http://{gateway.address}")
        put(client, "kept", TreatMissingData="ignore", Tags=[{"Key": "a", "Value": "b"}])
        client.put_composite_alarm(AlarmName="above", AlarmRule="ALARM(kept)")
        client.set_alarm_state(AlarmName="kept", StateValue="ALARM", StateReason="a drill")
        gateway.process.kill()
        gateway.process.wait()
        gateway = start_gateway(config, tmp_path)
        client = client_of(f"http://{gateway.address}")
        kept = one(client, "kept")
        assert (kept["StateValue"], kept["StateReason"]) == ("ALARM", "a drill")
        assert one(client, "above", "CompositeAlarm")["StateValue"] == "ALARM"
        assert client.list_tags_for_resource(ResourceARN=ARN + "kept")["Tags"] == [{"Key": "a", "Value": "b"}]
        history = client.describe_alarm_history(AlarmName="kept")["AlarmHistoryItems"]
        assert len(history) == 2, "made, and put into ALARM"
    finally:
        assert gateway.stop() == 0


def test_the_aws_cli_and_the_calls_of_terraform(stack):
    aws(
        stack.url, "cloudwatch", "put-metric-alarm", "--alarm-name", "cli", "--namespace", "Test/Alarms",
        "--metric-name", "Errors", "--statistic", "Sum", "--period", "60", "--evaluation-periods", "2",
        "--threshold", "1", "--comparison-operator", "GreaterThanOrEqualToThreshold",
        "--dimensions", "Name=ModelId,Value=m", "--tags", "Key=team,Value=a",
    )  # fmt: skip
    aws(stack.url, "cloudwatch", "wait", "alarm-exists", "--alarm-names", "cli")
    # What Terraform asks after each change.
    found = aws(
        stack.url, "cloudwatch", "describe-alarms", "--alarm-names", "cli", "--alarm-types", "MetricAlarm"
    )
    (alarm,) = found["MetricAlarms"]
    assert (alarm["EvaluationPeriods"], alarm["Dimensions"]) == (2, [{"Name": "ModelId", "Value": "m"}])
    tags = aws(stack.url, "cloudwatch", "list-tags-for-resource", "--resource-arn", alarm["AlarmArn"])
    assert tags["Tags"] == [{"Key": "team", "Value": "a"}]
    aws(
        stack.url, "cloudwatch", "put-composite-alarm", "--alarm-name", "cli-all", "--alarm-rule", "OK(cli)"
    )
    history = aws(stack.url, "cloudwatch", "describe-alarm-history", "--alarm-name", "cli")
    assert history["AlarmHistoryItems"][-1]["HistoryItemType"] == "ConfigurationUpdate"
    said = aws(
        stack.url, "cloudwatch", "set-alarm-state", "--alarm-name", "none", "--state-value", "OK",
        "--state-reason", "a drill", expect_code=FAILED,
    )  # fmt: skip
    assert "ResourceNotFound" in said
    aws(stack.url, "cloudwatch", "delete-alarms", "--alarm-names", "cli-all")
    aws(stack.url, "cloudwatch", "delete-alarms", "--alarm-names", "cli")
    found = aws(stack.url, "cloudwatch", "describe-alarms", "--alarm-name-prefix", "cli")
    assert found["MetricAlarms"] == []


def alarm_command(stack, *arguments, expect_code=0, text=None):
    command = [str(binary()), "alarm", *arguments, "--url", stack.url]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == expect_code, done.stderr
    return done.stdout, done.stderr


TEMPLATE = """
Parameters:
  Limit: {Type: Number, Default: 5}
Resources:
  Topic:
    Type: AWS::SNS::Topic
  Throttles:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub 'imported-${AWS::StackName}'
      Namespace: AWS/Bedrock
      MetricName: InvocationThrottles
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: !Ref Limit
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref Topic]
  All:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties:
      AlarmName: imported-all
      AlarmRule: !Sub 'ALARM(${Throttles})'
  Odd:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !ImportValue elsewhere
"""


def test_the_command_line(stack):
    out, err = alarm_command(stack, "import", "-", expect_code=1, text=TEMPLATE)
    assert "not imported: Odd: the function `Fn::ImportValue` is not supported" in err
    assert "2 alarms imported, 1 not" in err
    assert [json.loads(line)["AlarmName"] for line in out.splitlines()] == ["imported-stack", "imported-all"]
    out, _ = alarm_command(stack, "list", "imported", "-o", "table")
    head, *rows = out.splitlines()
    assert head.split() == ["STATE", "NAME", "SINCE", "ACTIONS", "WATCHES"]
    assert len(rows) == 2
    out, _ = alarm_command(stack, "show", "imported-stack", "-o", "table")
    assert "Sum of AWS/Bedrock InvocationThrottles > 5, 1 of 1 × 1 min" in out
    assert f"arn:aws:sns:us-east-1:{ACCOUNT}:Topic" in out
    _, err = alarm_command(stack, "test", "imported-stack")
    assert "executes arn:aws:sns" in err
    out, _ = alarm_command(stack, "history", "imported-stack", "-o", "table")
    assert "to ALARM: This is a test" in out
    _, err = alarm_command(stack, "show", "none", expect_code=1)
    assert "there is no alarm `none`" in err
    clear(client_of(stack.url))
