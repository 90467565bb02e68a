"""The Anthropic SDK, with only the base URL changed."""

import anthropic
import pytest

import expect
from checks import check_error, check_record

MODEL = "demo-claude"
SAID = "berth  7, then\n\n9 — λιμάνι 港 🚢"
TOOL = {
    "name": "berth_status",
    "input_schema": {"type": "object", "properties": {"berth": {"type": "integer"}}},
}


@pytest.fixture(scope="module")
def client(stack):
    return anthropic.Anthropic(
        base_url=stack.anthropic_url, api_key="sk-secret-anthropic", max_retries=0, timeout=20
    )


def asking(text, model=MODEL, **more):
    messages = [{"role": "user", "content": text}]
    return {"model": model, "max_tokens": 4000, "messages": messages, **more}


def record_of(stack, raw):
    return stack.bucket.find(record_id=raw.headers["x-corelog-record-id"])


def check(stack, raw, model=MODEL, **more):
    seen, record = stack.last(), record_of(stack, raw)
    return check_record(
        stack, record, seen, operation="Messages", model=model, provider="anthropic", **more
    )


REQUESTS = {
    "plain": asking("Berths?"),
    "tools": asking("Berth 7?", tools=[TOOL]),
    "thinking": asking("Tides?", thinking={"type": "enabled", "budget_tokens": 1024}),
    "cached": asking(
        "Tides?",
        system=[{"type": "text", "text": "Table.", "cache_control": {"type": "ephemeral"}}],
    ),
    "cut short": asking("Berths?", max_tokens=20),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_messages(stack, client, name):
    raw = client.messages.with_raw_response.create(**REQUESTS[name])
    assert raw.http_response.content == stack.last().body
    record = check(stack, raw)
    message = raw.parse()
    assert record["corelog"]["stopReason"] == message.stop_reason
    assert record["corelog"]["responseId"] == message.id


@pytest.mark.parametrize("name", REQUESTS)
def test_messages_stream(stack, client, name):
    create = client.messages.with_streaming_response.create
    with create(stream=True, **REQUESTS[name]) as raw:
        events = list(raw.parse())
    seen = stack.last()
    said = [event["type"] for event in expect.events(seen)]
    assert "ping" in said, "pings are relayed; the SDK leaves them out"
    assert [event.type for event in events] == [kind for kind in said if kind != "ping"]
    record = check(stack, raw)
    whole = stack.bucket.output_of(record)
    assert whole["type"] == "message" and whole["role"] == "assistant"
    assert whole["model"] == MODEL


def test_a_stream_is_recorded_as_the_whole_answer(stack, client):
    # The same seed makes the same answer, so the two differ only in being streamed: the recorder's own
    # putting together is compared with the SDK's.
    request = REQUESTS["thinking"] | {"tools": [TOOL]}
    with client.messages.stream(**request) as stream:
        message = stream.get_final_message()
    seen = stack.last()
    record_id = stream.response.headers["x-corelog-record-id"]
    record = stack.bucket.find(record_id=record_id)
    check_record(stack, record, seen, operation="Messages", model=MODEL, provider="anthropic")
    whole = stack.bucket.output_of(record)
    blocks = [block.model_dump(exclude_unset=True) for block in message.content]
    kept = [{k: v for k, v in block.items() if k in known} for block in blocks
            for known in [whole["content"][blocks.index(block)]]]  # fmt: skip
    assert whole["content"] == kept
    assert [block["type"] for block in whole["content"]] == ["thinking", "text", "tool_use"]


@pytest.mark.parametrize("streamed", [False, True])
def test_echo_is_exact(stack, client, streamed):
    request = asking(SAID, model="demo-echo")
    if streamed:
        with client.messages.stream(**request) as stream:
            text = "".join(stream.text_stream)
        headers = stream.response.headers
    else:
        raw = client.messages.with_raw_response.create(**request)
        text, headers = raw.parse().content[0].text, raw.headers
    assert text == SAID
    record = stack.bucket.find(record_id=headers["x-corelog-record-id"])
    content = stack.bucket.output_of(record)["content"]
    assert [(block["type"], block["text"]) for block in content] == [("text", SAID)]


def test_user_id(stack, client):
    request = asking("Berths?", metadata={"user_id": "user-17"})
    raw = client.messages.with_raw_response.create(**request)
    assert record_of(stack, raw)["corelog"]["user"] == "user-17"


def test_counting_batches_and_models_are_relayed(stack, client):
    messages = [{"role": "user", "content": "How many?"}]
    raw = client.messages.with_raw_response.count_tokens(model=MODEL, messages=messages)
    assert raw.http_response.content == stack.last().body
    assert record_of(stack, raw)["operation"] == "CountTokens"
    params = asking("Berths?")
    raw = client.messages.batches.with_raw_response.create(
        requests=[{"custom_id": "1", "params": params}]
    )
    assert raw.http_response.content == stack.last().body
    record = record_of(stack, raw)
    assert record["operation"] == "Batches" and record["corelog"]["httpStatus"] == 200
    assert client.models.list().data


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "word, error, status, code",
    [
        ("demo-throttle", anthropic.RateLimitError, 429, "rate_limit_error"),
        ("demo-validation", anthropic.BadRequestError, 400, "invalid_request_error"),
        ("demo-error-401", anthropic.AuthenticationError, 401, "authentication_error"),
        ("demo-error-404", anthropic.NotFoundError, 404, "not_found_error"),
        ("demo-error-500", anthropic.InternalServerError, 500, "api_error"),
        ("demo-error-529", anthropic.APIStatusError, 529, "overloaded_error"),
    ],
)
def test_errors(stack, client, word, error, status, code, streamed):
    with pytest.raises(error) as raised:
        client.messages.create(**asking("hi", model=word, stream=streamed))
    response = raised.value.response
    seen, record = stack.last(), record_of(stack, response)
    assert response.content == seen.body
    check_error(
        record, seen,
        operation="Messages", model=word, provider="anthropic", code=code, status=status,
    )  # fmt: skip


def test_an_error_in_the_middle_of_a_stream(stack, client):
    create = client.messages.with_streaming_response.create
    with pytest.raises(anthropic.APIStatusError):
        with create(**asking("hi", model="demo-midstream-error", stream=True)) as raw:
            list(raw.parse())
    seen, record = stack.last(), record_of(stack, raw)
    assert record["errorCode"] == "overloaded_error"
    assert record["corelog"]["httpStatus"] == 200
    said = expect.messages_streamed(expect.events(seen)[:-1])["text"]
    assert expect.messages_whole(stack.bucket.output_of(record))["text"] == said


def test_a_guardrail_of_the_provider_is_no_error(stack, client):
    raw = client.messages.with_raw_response.create(**asking("hi", model="demo-guardrail"))
    record = check(stack, raw, model="demo-guardrail")
    assert record["corelog"]["stopReason"] == "refusal"
