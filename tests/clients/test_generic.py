"""APIs without a dialect of their own, with plain HTTP clients: relayed and recorded whole."""

import json

import httpx
import pytest
import requests

import expect
from checks import check_record

ASKING = [{"role": "user", "content": "Berths?"}]
CALLS = {
    "ollama chat": ("/api/chat", {"model": "llama3", "messages": ASKING, "stream": False}, None),
    "ollama chat stream": ("/api/chat", {"model": "llama3", "messages": ASKING}, None),
    "ollama generate": ("/api/generate", {"model": "llama3", "prompt": "Berths?"}, None),
    "cohere": ("/v2/chat", {"model": "command-r", "messages": ASKING}, None),
    "cohere stream": ("/v2/chat", {"model": "command-r", "messages": ASKING, "stream": True}, None),
    "gemini": (
        "/v1beta/models/gemini-2.5-flash:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "Berths?"}]}]},
        "GenerateContent",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(stack, name):
    path, body, operation = CALLS[name]
    answer = requests.post(stack.local_url + path, json=body, timeout=20)
    seen = stack.last()
    assert answer.content == seen.body
    assert seen.path == path
    record = stack.bucket.find(record_id=answer.headers["x-corelog-record-id"])
    model = body.get("model", "gemini-2.5-flash")
    operation = operation or record["operation"]
    check_record(stack, record, seen, operation=operation, model=model, provider="local")


def test_an_unknown_path_is_relayed_with_its_status(stack):
    answer = requests.get(stack.local_url + "/no/such/path?with=query", timeout=20)
    seen = stack.last()
    assert (answer.status_code, answer.content) == (404, seen.body)
    assert seen.path == "/no/such/path?with=query"
    record = stack.bucket.find(record_id=answer.headers["x-corelog-record-id"])
    assert record["corelog"]["httpStatus"] == 404 and record["operation"] == "Other"


def test_headers_pass_both_ways_and_only_two_are_added(stack):
    headers = {"x-unheard-of": "kept as it is", "authorization": "Bearer sk-secret-local"}
    body = {"model": "llama3", "messages": ASKING}
    answer = httpx.post(f"{stack.local_url}/api/chat", json=body, headers=headers, timeout=20)
    seen = stack.last()
    assert seen.request_headers["x-unheard-of"] == "kept as it is"
    assert seen.request_headers["authorization"] == "Bearer sk-secret-local"
    of_connection = {"date", "transfer-encoding", "content-length", "connection"}
    added = set(answer.headers) - set(seen.headers) - of_connection
    assert added == {"x-corelog-record-id", "server-timing"}
    for name in set(seen.headers) - of_connection:
        assert answer.headers[name] == seen.headers[name]
    record = stack.bucket.find(record_id=answer.headers["x-corelog-record-id"])
    assert "sk-secret" not in json.dumps(record)
    assert len(record["corelog"]["caller"]["keyFingerprint"]) == 16


def test_chunks_come_as_they_were_sent(stack):
    body = {"model": "demo-slow", "messages": ASKING, "options": {"num_predict": 12}}
    with httpx.stream("POST", f"{stack.local_url}/api/chat", json=body, timeout=20) as answer:
        chunks = list(answer.iter_raw())
    seen = stack.last()
    # The end may come in pieces, for it waits for the record; what came before is not touched.
    assert chunks[: len(seen.chunks) - 1] == seen.chunks[:-1]
    assert b"".join(chunks) == seen.body


def test_a_prompt_of_a_megabyte(stack):
    text = "tide table " * 100_000
    body = {"model": "demo-echo", "messages": [{"role": "user", "content": text}], "stream": False}
    answer = requests.post(f"{stack.local_url}/api/chat", json=body, timeout=60)
    assert answer.json()["message"]["content"] == text
    record = stack.bucket.find(record_id=answer.headers["x-corelog-record-id"])
    assert stack.bucket.input_of(record) == body
    assert stack.bucket.output_of(record)["message"]["content"] == text
    assert expect.recorded_counts(record) == expect.counts(stack.last())
