"""The smallest configuration, exactly as it is documented, with environment variables for clients."""

import os
import subprocess
import sys

import expect
from processes import Child
from records import Bucket
from stack import start_gateway

# Only the port of the provider and the directory of the bucket are this machine's.
SMALLEST = """
[[provider]]
name = "openai"
dialect = "openai"            # openai | anthropic | bedrock | generic
base_url = "http://127.0.0.1:{port}/v1"

[[provider]]
name = "bedrock"
dialect = "bedrock"
base_url = "http://127.0.0.1:{port}"
region = "us-east-1"

[[destination]]
name = "bucket"
kind = "s3"
url = "file://{bucket}"   # or s3://bucket/prefix with [s3] endpoint and credentials
interval = "1s"
"""
# An application that knows nothing but its environment.
OPENAI = """
import openai
answer = openai.OpenAI().chat.completions.with_raw_response.create(
    model="demo-echo", messages=[{"role": "user", "content": "high water at nine"}])
assert answer.parse().choices[0].message.content == "high water at nine"
print(answer.headers["x-corelog-record-id"])
"""
BEDROCK = """
import boto3
answer = boto3.client("bedrock-runtime").converse(
    modelId="anthropic.demo-echo-v1:0",
    messages=[{"role": "user", "content": [{"text": "high water at nine"}]}])
assert answer["output"]["message"]["content"] == [{"text": "high water at nine"}]
print(answer["ResponseMetadata"]["HTTPHeaders"]["x-corelog-record-id"])
"""


def run(program, **environment):
    """Runs a Python program with only these variables; returns what it printed."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_records_what_applications_do_without_a_change(tmp_path):
    (tmp_path / "bucket").mkdir()
    bucket = Bucket(tmp_path / "bucket")
    config = tmp_path / "corelog.toml"
    children = []
    try:
        children.append(Child(["demo"], tmp_path, "demo"))
        port = children[0].address.rpartition(":")[2]
        config.write_text(SMALLEST.format(port=port, bucket=bucket.root))
        children.append(start_gateway(config, tmp_path))
        url = f"http://{children[1].address}"
        chat = run(OPENAI, OPENAI_BASE_URL=f"{url}/openai/v1", OPENAI_API_KEY="sk-secret")
        converse = run(
            BEDROCK,
            AWS_ENDPOINT_URL=url,
            AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
            AWS_SECRET_ACCESS_KEY="secret-access",
            AWS_DEFAULT_REGION="us-east-1",
        )
        for record_id, family in ((chat, "chat"), (converse, "converse")):
            output = bucket.output_of(bucket.find(record_id=record_id))
            said = expect.WHOLE[family](output)["text"]
            assert said in ("high water at nine", {0: "high water at nine"})
    finally:
        codes = [child.stop() for child in reversed(children)]
    assert codes == [0, 0], "both end cleanly when they are asked to"
