"""The processes that the tests talk to, and the seed of everything random in them."""

import os
import pathlib
import random

import boto3
import pytest
from moto.server import ThreadedMotoServer

from processes import ROOT, binary
from stack import Stack

SEED = int(os.environ.get("CORELOG_SEED", random.SystemRandom().randrange(2**32)))

S3_CONFIG = """
[s3]
endpoint = "{endpoint}"
region = "us-east-1"
access_key_id = "testing"
secret_access_key = "secret-access"
"""


def pytest_report_header():
    return f"corelog: {binary()}"


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"seed: {SEED} (CORELOG_SEED={SEED} repeats this run)")


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """The demo provider, the gateway and its bucket, for all tests that change nothing about them."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def test_data() -> pathlib.Path:
    """The directory of real prompts, answers and recordings."""
    named = os.environ.get("CORELOG_TEST_DATA")
    directory = pathlib.Path(named) if named else ROOT.parent / "shared" / "data"
    if not (directory / "conversations.jsonl.gz").exists():
        pytest.skip(f"no test data in {directory}; set CORELOG_TEST_DATA")
    return directory


@pytest.fixture(scope="session")
def s3_endpoint():
    """An S3-compatible store in this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def s3(s3_endpoint):
    return boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=s3_endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="secret-access",
    )


@pytest.fixture(scope="session")
def store(s3_endpoint, tmp_path_factory):
    """A stack whose gateway knows the store."""
    running = Stack(tmp_path_factory.mktemp("store"), S3_CONFIG.format(endpoint=s3_endpoint))
    yield running
    running.stop()
