"""A demo provider, a gateway in front of it, and the bucket that the gateway delivers to."""

import base64
import json
import os
import pathlib
import subprocess
import urllib.request

from expect import Exchange
from processes import Child, binary
from records import Bucket

REGION = "us-east-1"

# One provider of each dialect, and a bucket that gets its records soon: most tests wait for theirs.
CONFIG = """
[[provider]]
name = "openai"
dialect = "openai"
base_url = "http://{demo}/v1"

[[provider]]
name = "bedrock"
dialect = "bedrock"
base_url = "http://{demo}"
region = "us-east-1"

[[provider]]
name = "anthropic"
dialect = "anthropic"
base_url = "http://{demo}"

[[provider]]
name = "local"
dialect = "generic"
base_url = "http://{demo}"

[[destination]]
name = "bucket"
kind = "s3"
url = "{bucket}"
interval = "100ms"
"""


class Stack:
    """Both processes, and where to find what."""

    def __init__(self, directory: pathlib.Path, more_config: str = "", demo_arguments=()):
        self.demo = self.gateway = None
        bucket = directory / "bucket"
        bucket.mkdir()
        self.bucket = Bucket(bucket)
        try:
            arguments = ["demo", "--record-ring", *demo_arguments]
            self.demo = Child(arguments, directory, "demo")
            self.config = directory / "corelog.toml"
            text = CONFIG.format(demo=self.demo.address, bucket=bucket.as_uri())
            self.config.write_text(text + more_config)
            self.gateway = start_gateway(self.config, directory)
        except BaseException:
            self.stop()
            raise
        self.url = f"http://{self.gateway.address}"
        self.openai_url = f"{self.url}/openai/v1"
        self.anthropic_url = f"{self.url}/anthropic"
        self.local_url = f"{self.url}/local"

    def stop(self):
        for child in (self.gateway, self.demo):
            if child is not None:
                child.stop()

    def last(self):
        """The last exchange, as the demo provider saw it."""
        url = f"http://{self.demo.address}/demo/exchanges?last=1"
        with urllib.request.urlopen(url) as answer:
            (exchange,) = json.load(answer)["exchanges"]
        return Seen(exchange)


def start_gateway(config: pathlib.Path, directory: pathlib.Path) -> Child:
    data = directory / "data"
    return Child(["up", "--config", str(config), "--data", str(data)], directory, "gateway")


class Seen(Exchange):
    """An exchange as the demo provider saw it."""

    def __init__(self, raw):
        self.raw = raw
        self.request_headers = {name: value for name, value in raw["requestHeaders"]}
        self.chunks = [base64.b64decode(chunk) for chunk in raw["responseChunks"]]
        self.body = b"".join(self.chunks)
        super().__init__(
            raw["method"],
            raw["uri"],
            base64.b64decode(raw["requestBody"]),
            raw["status"],
            raw["responseHeaders"],
            self.body,
        )

    @property
    def request_id(self):
        return self.headers.get("x-amzn-requestid")

    @property
    def sent(self):
        """The request's body as JSON."""
        return json.loads(self.request_body)


def corelog(stack, tmp_path, *arguments, text=None, code=0):
    """Runs a command to its end, with this exit code; what it says on standard error, and its standard output."""
    hidden = ("AWS_", "CORELOG_", "HTTP_PROXY", "HTTPS_PROXY")
    environment = {k: v for k, v in os.environ.items() if not k.upper().startswith(hidden)}
    command = [str(binary()), *arguments, "--config", str(stack.config), "--data", str(tmp_path / "data")]
    done = subprocess.run(command, input=text, capture_output=True, env=environment, text=True)
    assert done.returncode == code, done.stderr
    return done.stderr, done.stdout
