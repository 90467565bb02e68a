"""Every recorded exchange with a real provider, replayed through the gateway."""

import asyncio
import base64
import gzip
import json
import urllib.parse

import pytest

import expect
from conftest import SEED
from records import Bucket
from replay import INDEX_HEADER, OF_CONNECTION, ReplayServer
from stack import start_gateway
from wire import in_parallel

# Host of the recording: the provider's block, and how much of the path its base URL holds.
PROVIDERS = {
    "api.openai.com": ("openai", "openai", "/v1"),
    "traceloop-stg.openai.azure.com": ("azure", "openai", ""),
    "test-resource.openai.azure.com": ("azure", "openai", ""),
    "api.groq.com": ("groq", "openai", "/openai/v1"),
    "api.mistral.ai": ("mistral", "openai", "/v1"),
    "api.together.xyz": ("together", "openai", "/v1"),
    "api.anthropic.com": ("anthropic", "anthropic", ""),
    "bedrock-runtime.us-east-1.amazonaws.com": ("bedrock", "bedrock", ""),
    "api.cohere.com": ("cohere", "generic", ""),
    "generativelanguage.googleapis.com": ("gemini", "generic", ""),
    "127.0.0.1": ("ollama", "generic", ""),
}
OPERATIONS = {
    "chat": "ChatCompletions",
    "responses": "Responses",
    "messages": "Messages",
    "gemini": "GenerateContent",
}
ENDINGS = {
    "/embeddings": "Embeddings",
    "/images/generations": "ImageGeneration",
    "/completions": "Completions",
    "/chat/completions": "ChatCompletions",
    "/complete": "Completions",
    "/invoke": "InvokeModel",
    "/invoke-with-response-stream": "InvokeModelWithResponseStream",
    "/converse": "Converse",
    "/converse-stream": "ConverseStream",
}
CONNECTIONS = 16
# What the gateway may add to an answer, and what says how the body is framed on this connection.
ADDED = {"x-corelog-record-id", "server-timing"}


class Recording:
    """One recorded exchange, and the path it takes through the gateway."""

    def __init__(self, index, raw):
        self.index, self.raw = index, raw
        raw["response_body"] = base64.b64decode(raw["response"]["body"] or "")
        self.body = base64.b64decode(raw["request"]["body"] or "")
        uri = urllib.parse.urlsplit(raw["request"]["uri"])
        self.provider, self.dialect, self.base = PROVIDERS[uri.hostname]
        self.upstream_path = uri.path + (f"?{uri.query}" if uri.query else "")
        rest = self.upstream_path.removeprefix(self.base)
        front = {"openai": "/openai/v1", "bedrock": ""}
        self.path = front.get(self.provider, f"/{self.provider}") + rest
        response = raw["response"]
        self.seen = expect.Exchange(
            raw["request"]["method"],
            uri.path,
            self.body,
            response["status"],
            list(response["headers"].items()),
            raw["response_body"],
        )

    def __str__(self):
        return f"{self.index} {self.raw['case']} {self.raw['request']['uri']}"

    def request_headers(self):
        skip = OF_CONNECTION | {"host", "accept-encoding"}
        headers = self.raw["request"]["headers"].items()
        kept = [(name, value) for name, value in headers if name.lower() not in skip]
        return [*kept, (INDEX_HEADER, str(self.index))]

    @property
    def operation(self):
        path = self.seen.path
        if self.seen.family in OPERATIONS and not path.endswith("completions"):
            if not path.endswith("/complete"):
                return OPERATIONS[self.seen.family]
        if path.startswith("/v1/threads") or path.startswith("/v1/assistants"):
            return "Other"
        found = [ending for ending in ENDINGS if path.endswith(ending)]
        return ENDINGS[max(found, key=len)] if found else None


@pytest.fixture(scope="module")
def recordings(test_data):
    with gzip.open(test_data / "recorded-exchanges.jsonl.gz", "rt") as lines:
        return [Recording(index, json.loads(line)) for index, line in enumerate(lines)]


@pytest.fixture(scope="module")
def replayed(recordings, tmp_path_factory):
    """All of them through the gateway: (recording, what the upstream got, answer, record)."""
    directory = tmp_path_factory.mktemp("replay")
    (directory / "bucket").mkdir()
    bucket = Bucket(directory / "bucket")
    with ReplayServer([recording.raw for recording in recordings], SEED) as server:
        blocks = [
            f'[[provider]]\nname = "{name}"\ndialect = "{dialect}"\n'
            f'base_url = "http://{server.address}{base}"\n'
            for name, dialect, base in sorted(set(PROVIDERS.values()))
        ]
        blocks.append(
            f'[[destination]]\nname = "bucket"\nkind = "s3"\n'
            f'url = "{bucket.root.as_uri()}"\ninterval = "1s"\n'
        )
        config = directory / "corelog.toml"
        config.write_text("\n".join(blocks))
        gateway = start_gateway(config, directory)

        async def replay(client, recording):
            method = recording.raw["request"]["method"]
            headers = recording.request_headers()
            return await client.request(method, recording.path, headers, recording.body)

        try:
            answers = asyncio.run(in_parallel(gateway.address, recordings, replay, CONNECTIONS))
            ids = [answer.header("x-corelog-record-id") for answer in answers]
            assert all(ids), "every answer names its record"
            bucket.wait_for_all(ids, seconds=60)
        finally:
            assert gateway.stop() == 0
        found = []
        for recording, answer, record_id in zip(recordings, answers, ids):
            record = bucket.by_record_id[record_id]
            received = server.received[recording.index]
            found.append((recording, received, answer, record, bucket))
        return found


def check_all(replayed, check):
    """Runs a check on every exchange, and reports all that fail, not the first alone."""
    failures = []
    for recording, received, answer, record, bucket in replayed:
        try:
            check(recording, received, answer, record, bucket)
        except AssertionError as error:
            failures.append(f"{recording}: {error}".splitlines())
        except Exception as error:  # A broken body is a failure of that exchange, like any other.
            failures.append([f"{recording}: {error!r}"])
    report = "\n".join("\n  ".join(lines[:6]) for lines in failures[:20])
    assert not failures, f"{len(failures)} of {len(replayed)} (seed {SEED}):\n{report}"


def test_there_are_all(recordings):
    assert len(recordings) == 444


def test_requests_are_relayed_byte_for_byte(replayed):
    def check(recording, received, _answer, _record, _bucket):
        assert received.method == recording.raw["request"]["method"]
        assert received.path == recording.upstream_path
        assert received.body == recording.body
        got = dict(received.headers)
        for name, value in recording.request_headers():
            assert got[name.lower()] == value, name

    check_all(replayed, check)


def test_answers_are_relayed_byte_for_byte(replayed):
    def check(recording, _received, answer, _record, _bucket):
        response = recording.raw["response"]
        assert answer.status == response["status"]
        assert answer.body == recording.raw["response_body"]
        sent = {name.lower(): str(value).strip() for name, value in response["headers"].items()}
        got = dict(answer.headers)
        for name in sent.keys() - OF_CONNECTION - {"server-timing"}:
            assert got[name] == sent[name], name
        assert got.keys() - sent.keys() - OF_CONNECTION <= ADDED

    check_all(replayed, check)


def test_recorded_bodies_are_the_decoded_ones(replayed):
    def check(recording, _received, _answer, record, bucket):
        seen = recording.seen
        if recording.body:
            sent = expect.json_or_none(recording.body)
            assert bucket.input_of(record) == sent
        output = bucket.output_of(record)
        if not seen.streamed:
            assert output == expect.json_or_none(seen.response_body)
        elif seen.family == "invoke":
            assert output == expect.events(seen)
        elif seen.family == "converse":
            assert output == expect.converse_joined(expect.events(seen))

    check_all(replayed, check)


def test_streams_are_put_together(replayed):
    streams = [entry for entry in replayed if entry[0].seen.streamed]
    assert len(streams) == 103

    def check(recording, _received, _answer, record, bucket):
        seen, output = recording.seen, bucket.output_of(record)
        if seen.family == "other":
            assert output == expect.events(seen) or output == [*expect.events(seen), "[DONE]"]
            return
        expected, found = expect.said(seen), expect.said(seen, output)
        assert expected["text"] or expected["tools"]
        for what in ("text", "tools", "stop"):
            assert found[what] == expected[what], what
        assert record["corelog"]["stream"]["complete"] is True

    check_all(streams, check)


def test_token_counts_are_what_the_provider_says(replayed):
    def check(recording, _received, _answer, record, _bucket):
        assert expect.recorded_counts(record) == expect.counts(recording.seen)

    check_all(replayed, check)


def test_operations_models_and_errors(replayed):
    def check(recording, _received, _answer, record, _bucket):
        if recording.operation:
            assert record["operation"] == recording.operation
        path = recording.seen.path
        model = (expect.json_or_none(recording.body) or {}).get("model")
        if path.startswith("/model/"):
            model = urllib.parse.unquote(path.split("/")[2])
        elif "/deployments/" in path and model is None:
            # A deployment is a name of the customer's own: where the body names a model, that is it.
            model = path.split("/deployments/")[1].split("/")[0]
        elif path.endswith(":generateContent"):
            model = path.split("/")[-1].removesuffix(":generateContent")
        if model:
            assert record["modelId"] == model
        status = recording.raw["response"]["status"]
        assert record["corelog"]["httpStatus"] == status
        said = expect.json_or_none(recording.seen.response_body)
        failed = status >= 400 or (isinstance(said, dict) and bool(said.get("error")))
        assert ("errorCode" in record) == failed, "an error, whatever the status says"
        if record["operation"] != "Other":
            stop = expect.said(recording.seen).get("stop")
            if stop and recording.seen.family not in ("responses",):
                assert record["corelog"].get("stopReason") == stop

    check_all(replayed, check)
