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
