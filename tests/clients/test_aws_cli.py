"""The AWS CLI, with only `--endpoint-url` given."""

import json
import os
import pathlib
import subprocess
import sys

from checks import check_record

# What version 1 of the CLI ends with after an error of the service.
FAILED = 255
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"


def aws(url, *arguments, expect_code=0):
    """Runs the CLI of this Python's environment; returns what it printed as JSON."""
    program = pathlib.Path(sys.executable).parent / "aws"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret-access",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = [str(program), "--endpoint-url", url, "--output", "json", *arguments]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60)
    assert done.returncode == expect_code, done.stderr.decode()
    if expect_code:
        return done.stderr.decode()
    return json.loads(done.stdout or b"{}")


def test_converse(stack):
    messages = [{"role": "user", "content": [{"text": "Which berths are free?"}]}]
    printed = aws(
        stack.url, "bedrock-runtime", "converse",
        "--model-id", CLAUDE, "--messages", json.dumps(messages),
    )  # fmt: skip
    seen = stack.last()
    assert printed == json.loads(seen.body)
    record = stack.bucket.find(request_id=seen.request_id)
    check_record(stack, record, seen, operation="Converse", model=CLAUDE, provider="bedrock")


def test_invoke_model(stack, tmp_path):
    body, out = tmp_path / "body.json", tmp_path / "out.json"
    body.write_text('{"prompt":"Which berths are free?"}')
    model = "meta.llama3-70b-instruct-v1:0"
    aws(
        stack.url, "bedrock-runtime", "invoke-model",
        "--model-id", model, "--body", f"fileb://{body}", str(out),
    )  # fmt: skip
    seen = stack.last()
    assert out.read_bytes() == seen.body
    record = stack.bucket.find(request_id=seen.request_id)
    check_record(stack, record, seen, operation="InvokeModel", model=model, provider="bedrock")


def test_a_throttle(stack):
    model = "meta.demo-throttle-v1:0"
    messages = '[{"role":"user","content":[{"text":"hi"}]}]'
    said = aws(
        stack.url, "bedrock-runtime", "converse", "--model-id", model, "--messages", messages,
        expect_code=FAILED,
    )  # fmt: skip
    assert "ThrottlingException" in said
    record = stack.bucket.find(request_id=stack.last().request_id)
    assert record["errorCode"] == "ThrottlingException"


def test_logging_configuration(store, s3, tmp_path):
    s3.create_bucket(Bucket="cli-records")
    file = tmp_path / "config.json"
    configuration = {
        "s3Config": {"bucketName": "cli-records", "keyPrefix": "by-cli"},
        "embeddingDataDeliveryEnabled": False,
    }
    file.write_text(json.dumps(configuration))
    name = "model-invocation-logging-configuration"
    aws(store.url, "bedrock", f"put-{name}", "--logging-config", f"file://{file}")
    shown = aws(store.url, "bedrock", f"get-{name}")["loggingConfig"]
    assert shown["s3Config"] == configuration["s3Config"]
    assert shown["embeddingDataDeliveryEnabled"] is False
    assert shown["textDataDeliveryEnabled"] is True
    aws(store.url, "bedrock", f"delete-{name}")
    assert "loggingConfig" not in aws(store.url, "bedrock", f"get-{name}")


def test_a_refused_configuration(store):
    said = aws(
        store.url, "bedrock", "put-model-invocation-logging-configuration",
        "--logging-config", json.dumps({"s3Config": {"bucketName": "no-such-bucket"}}),
        expect_code=FAILED,
    )  # fmt: skip
    assert "ValidationException" in said and "Failed to validate permissions for bucket" in said


def test_log_groups(stack, tmp_path):
    """A day's work on log groups, as somebody types it."""

    def logs(*arguments, **more):
        return aws(stack.url, "logs", *arguments, **more)

    name = ("--log-group-name", "/cli/harbour")
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/cli/harbour"
    logs("create-log-group", *name, "--tags", "team=harbour,stage=prod")
    logs("put-retention-policy", *name, "--retention-in-days", "14")
    for stream in ("one", "two"):
        logs("create-log-stream", *name, "--log-stream-name", stream)
    (group,) = logs("describe-log-groups", "--log-group-name-prefix", "/cli/")["logGroups"]
    assert group["logGroupArn"] == arn and group["retentionInDays"] == 14
    paged = ("--page-size", "1", "--query", "logStreams[].logStreamName")
    assert logs("describe-log-streams", *name, *paged) == ["one", "two"]
    assert logs("list-log-groups", "--log-group-name-pattern", "^/cli")["logGroups"] == [
        {"logGroupName": "/cli/harbour", "logGroupArn": arn, "logGroupClass": "STANDARD"}
    ]
    logs("tag-resource", "--resource-arn", arn, "--tags", "stage=test")
    logs("untag-resource", "--resource-arn", arn, "--tag-keys", "team")
    assert logs("list-tags-for-resource", "--resource-arn", arn)["tags"] == {"stage": "test"}
    logs("tag-log-group", *name, "--tags", "old=1")
    logs("untag-log-group", *name, "--tags", "stage")
    assert logs("list-tags-log-group", *name)["tags"] == {"old": "1"}
    logs("associate-kms-key", *name, "--kms-key-id", "arn:aws:kms:us-east-1:000000000000:key/k")
    logs("disassociate-kms-key", *name)
    logs("put-log-group-deletion-protection", "--log-group-identifier", arn, "--deletion-protection-enabled")
    said = logs("delete-log-group", *name, expect_code=FAILED)
    assert "ValidationException" in said
    logs("put-log-group-deletion-protection", "--log-group-identifier", arn, "--no-deletion-protection-enabled")
    logs("delete-retention-policy", *name)
    logs("delete-log-stream", *name, "--log-stream-name", "one")
    logs("delete-log-group", *name)
    said = logs("delete-log-group", *name, expect_code=FAILED)
    assert "ResourceNotFoundException" in said and "The specified log group does not exist." in said


def test_saved_queries_policies_and_patterns(stack):
    def logs(*arguments, **more):
        return aws(stack.url, "logs", *arguments, **more)

    query = logs("put-query-definition", "--name", "cli", "--query-string", "fields @message")
    (found,) = logs("describe-query-definitions", "--query-definition-name-prefix", "cli")["queryDefinitions"]
    assert found["queryDefinitionId"] == query["queryDefinitionId"]
    deleted = logs("delete-query-definition", "--query-definition-id", found["queryDefinitionId"])
    assert deleted == {"success": True}

    logs("put-resource-policy", "--policy-name", "cli", "--policy-document", "{}")
    names = ("--query", "resourcePolicies[].policyName")
    assert logs("describe-resource-policies", *names) == ["cli"]
    logs("delete-resource-policy", "--policy-name", "cli")

    kind = ("--policy-type", "TRANSFORMER_POLICY")
    logs("put-account-policy", "--policy-name", "cli", "--policy-document", "{}", *kind)
    (policy,) = logs("describe-account-policies", *kind)["accountPolicies"]
    assert policy["policyName"] == "cli" and policy["scope"] == "ALL"
    logs("delete-account-policy", "--policy-name", "cli", *kind)

    logs("create-log-group", "--log-group-name", "/cli/indexed")
    document = ("--policy-document", '{"Fields":["modelId"]}')
    logs("put-index-policy", "--log-group-identifier", "/cli/indexed", *document)
    (policy,) = logs("describe-index-policies", "--log-group-identifiers", "/cli/indexed")["indexPolicies"]
    assert policy["source"] == "LOG_GROUP"
    logs("delete-index-policy", "--log-group-identifier", "/cli/indexed")
    logs("delete-log-group", "--log-group-name", "/cli/indexed")

    tried = logs("test-metric-filter", "--filter-pattern", "ERROR", "--log-event-messages", "an ERROR", "none")
    assert tried["matches"] == [{"eventNumber": 1, "eventMessage": "an ERROR", "extractedValues": {}}]
    said = logs("describe-deliveries", expect_code=FAILED)
    assert "UnknownOperationException" in said
