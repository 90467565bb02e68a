"""All the real prompts and answers through each dialect, streaming and not.

The demo provider answers row N of the data to the model `demo-script-N`, and refuses a prompt that is not
exactly the row's. By default each dialect gets every row in one of its two forms and an eighth of the rows
in the other, the two taking turns; CORELOG_FULL=1 gives every form every row.
"""

import asyncio
import gzip
import json
import os
import time

import pytest

import expect
from stack import Stack
from wire import in_parallel

ROWS = 6_440
CONNECTIONS = 32
SHARE = 8
FULL = os.environ.get("CORELOG_FULL") == "1"
DELIVERY_SECONDS = 180


def user(text):
    return [{"role": "user", "content": text}]


def converse(text):
    return {"messages": [{"role": "user", "content": [{"text": text}]}]}


def claude(text):
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 4096}
    return {**body, "messages": user(text)}


# name: (path of a whole answer, path of a stream, body, the prompt in a recorded body)
DIALECTS = {
    "chat": (
        "/openai/v1/chat/completions",
        "/openai/v1/chat/completions",
        lambda model, text: {"model": model, "messages": user(text)},
        lambda body: body["messages"][0]["content"],
    ),
    "responses": (
        "/openai/v1/responses",
        "/openai/v1/responses",
        lambda model, text: {"model": model, "input": text},
        lambda body: body["input"],
    ),
    "messages": (
        "/anthropic/v1/messages",
        "/anthropic/v1/messages",
        lambda model, text: {"model": model, "max_tokens": 4096, "messages": user(text)},
        lambda body: body["messages"][0]["content"],
    ),
    "converse": (
        "/model/anthropic.{model}/converse",
        "/model/anthropic.{model}/converse-stream",
        lambda _model, text: converse(text),
        lambda body: body["messages"][0]["content"][0]["text"],
    ),
    "invoke": (
        "/model/anthropic.{model}/invoke",
        "/model/anthropic.{model}/invoke-with-response-stream",
        lambda _model, text: claude(text),
        lambda body: body["messages"][0]["content"],
    ),
    "ollama": (
        "/local/api/chat",
        "/local/api/chat",
        lambda model, text: {"model": model, "messages": user(text)},
        lambda body: body["messages"][0]["content"],
    ),
}


@pytest.fixture(scope="module")
def rows(test_data):
    with gzip.open(test_data / "conversations.jsonl.gz", "rt") as lines:
        found = [json.loads(line) for line in lines]
    assert len(found) == ROWS
    return found


@pytest.fixture(scope="module")
def scripted(test_data, tmp_path_factory):
    """A stack whose demo provider answers from the data."""
    directory = tmp_path_factory.mktemp("script")
    script = directory / "script.jsonl"
    script.write_bytes(gzip.decompress((test_data / "conversations.jsonl.gz").read_bytes()))
    running = Stack(directory, demo_arguments=["--script", str(script)])
    yield running
    running.stop()


def share(dialect, streamed):
    """Which rows go through: all of them, or every eighth, from another one for each dialect."""
    number = list(DIALECTS).index(dialect)
    if FULL or streamed == (number % 2 == 0):
        return range(ROWS)
    return range(number, ROWS, SHARE)


def text_of(dialect, exchange_or_body):
    """The answer's text; chat's is by choice, and there is one."""
    facts = expect.said(*exchange_or_body)
    return facts["text"][0] if dialect == "chat" else facts["text"]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_prompt_and_answer_is_recorded(scripted, rows, dialect, streamed):
    paths, body_of, prompt_of = DIALECTS[dialect][:2], *DIALECTS[dialect][2:]
    numbers = share(dialect, streamed)

    async def ask(client, number):
        model = f"demo-script-{number}"
        body = body_of(model, rows[number]["prompt"])
        if "{model}" not in paths[0]:
            body["stream"] = streamed
        path = paths[streamed].format(model=model)
        sent = json.dumps(body, ensure_ascii=number % 2 == 0).encode()
        headers = [("content-type", "application/json")]
        answer = await client.request("POST", path, headers, sent)
        assert answer.status == 200, answer.body[:500]
        exchange = expect.Exchange("POST", path, sent, 200, answer.headers, answer.body)
        assert exchange.streamed == streamed
        text = text_of(dialect, (exchange,))
        assert text == rows[number]["response"], f"row {number}"
        return answer.header("x-corelog-record-id"), path, expect.counts(exchange)

    start = time.monotonic()
    asked = asyncio.run(in_parallel(scripted.gateway.address, numbers, ask, CONNECTIONS))
    took = time.monotonic() - start
    print(f"{dialect}: {len(asked)} in {took:.1f} s, {len(asked) / took:.0f} a second")
    scripted.bucket.wait_for_all((record_id for record_id, *_ in asked), DELIVERY_SECONDS)
    for number, (record_id, path, counts) in zip(numbers, asked):
        record = scripted.bucket.by_record_id.pop(record_id)
        row, bodies = rows[number], scripted.bucket
        assert prompt_of(bodies.input_of(record)) == row["prompt"], f"row {number}"
        said = expect.Exchange("POST", path, b"", 200, [], b"")
        assert text_of(dialect, (said, bodies.output_of(record))) == row["response"]
        assert expect.recorded_counts(record) == counts, f"row {number}"
        assert "errorCode" not in record
    assert scripted.bucket.duplicates == []
