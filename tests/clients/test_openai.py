"""The OpenAI SDK, with only the base URL changed."""

import json

import openai
import pytest

import expect
from checks import check_envelope, check_error, check_record

MODEL = "gpt-4o-mini"
SAID = "berth  7, then\n\n9 — λιμάνι 港 🚢"
TOOL = {
    "type": "function",
    "function": {
        "name": "berth_status",
        "parameters": {"type": "object", "properties": {"berth": {"type": "integer"}}},
    },
}


@pytest.fixture(scope="module")
def client(stack):
    return openai.OpenAI(
        base_url=stack.openai_url, api_key="sk-secret-openai", max_retries=0, timeout=20
    )


def asking(text):
    return [{"role": "user", "content": text}]


def record_of(stack, raw):
    return stack.bucket.find(record_id=raw.headers["x-corelog-record-id"])


def check(stack, raw, operation, model=MODEL, metadata=None):
    """The answer is the provider's, byte for byte, and the record tells of it."""
    seen, record = stack.last(), record_of(stack, raw)
    assert raw.http_response.content == seen.body
    return check_record(
        stack, record, seen,
        operation=operation, model=model, provider="openai", metadata=metadata,
    )  # fmt: skip


def test_chat(stack, client):
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=asking("Berths?"))
    record = check(stack, raw, "ChatCompletions")
    assert record["corelog"]["responseId"] == raw.parse().id
    assert record["corelog"]["stopReason"] == "stop"
    assert record["corelog"]["responseModel"] == MODEL
    assert len(record["corelog"]["caller"]["keyFingerprint"]) == 16


def stream(client, **more):
    """A streamed chat: the chunks, and the response's headers."""
    create = client.chat.completions.with_streaming_response.create
    with create(stream=True, **more) as raw:
        return list(raw.parse()), raw.headers


@pytest.mark.parametrize("with_usage", [False, True])
def test_chat_stream(stack, client, with_usage):
    more = {"stream_options": {"include_usage": True}} if with_usage else {}
    chunks, headers = stream(client, model=MODEL, messages=asking("Berths?"), **more)
    seen = stack.last()
    assert [chunk.model_dump(exclude_unset=True) for chunk in chunks] == expect.events(seen)
    record = stack.bucket.find(record_id=headers["x-corelog-record-id"])
    check_record(
        stack, record, seen, operation="ChatCompletions", model=MODEL, provider="openai"
    )
    assert bool(expect.recorded_counts(record)) == with_usage
    whole = stack.bucket.output_of(record)
    assert whole["object"] == "chat.completion", "put together into the whole answer's shape"


@pytest.mark.parametrize("streamed", [False, True])
def test_echo_is_exact(stack, client, streamed):
    if streamed:
        chunks, headers = stream(client, model="demo-echo", messages=asking(SAID))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    else:
        raw = client.chat.completions.with_raw_response.create(
            model="demo-echo", messages=asking(SAID)
        )
        text, headers = raw.parse().choices[0].message.content, raw.headers
    assert text == SAID
    record = stack.bucket.find(record_id=headers["x-corelog-record-id"])
    assert stack.bucket.output_of(record)["choices"][0]["message"]["content"] == SAID
    assert stack.bucket.input_of(record)["messages"] == asking(SAID)


@pytest.mark.parametrize("streamed", [False, True])
def test_tools_and_choices(stack, client, streamed):
    request = {"model": MODEL, "messages": asking("Berth 7?"), "tools": [TOOL], "n": 2}
    if streamed:
        _, headers = stream(client, **request)
        record = stack.bucket.find(record_id=headers["x-corelog-record-id"])
        check_record(
            stack, record, stack.last(),
            operation="ChatCompletions", model=MODEL, provider="openai",
        )  # fmt: skip
    else:
        raw = client.chat.completions.with_raw_response.create(**request)
        record = check(stack, raw, "ChatCompletions")
    choices = stack.bucket.output_of(record)["choices"]
    assert [choice["index"] for choice in choices] == [0, 1]
    for choice in choices:
        (call,) = choice["message"]["tool_calls"]
        assert call["function"]["name"] == "berth_status"
        assert isinstance(json.loads(call["function"]["arguments"])["berth"], int)


def test_metadata_and_user(stack, client):
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=asking("Berths?"),
        metadata={"team": "ports"},
        user="user-17",
        extra_headers={
            "x-corelog-session": "session-4",
            "x-corelog-tag-ship": "ms-example",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        },
    )
    record = check(stack, raw, "ChatCompletions", metadata={"team": "ports"})
    extension = record["corelog"]
    assert extension["user"] == "user-17"
    assert extension["session"] == "session-4"
    assert extension["tags"] == {"ship": "ms-example"}
    assert extension["trace"]["traceId"] == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("more", [{}, {"tools": [{**TOOL["function"], "type": "function"}]}])
def test_responses(stack, client, more):
    raw = client.responses.with_raw_response.create(model=MODEL, input="Berths?", **more)
    check(stack, raw, "Responses")


@pytest.mark.parametrize("more", [{}, {"tools": [{**TOOL["function"], "type": "function"}]}])
def test_responses_stream(stack, client, more):
    create = client.responses.with_streaming_response.create
    with create(model=MODEL, input="Berths?", stream=True, **more) as raw:
        events = list(raw.parse())
    seen = stack.last()
    assert [event.type for event in events] == [event["type"] for event in expect.events(seen)]
    assert events[-1].type == "response.completed"
    record = stack.bucket.find(record_id=raw.headers["x-corelog-record-id"])
    check_record(stack, record, seen, operation="Responses", model=MODEL, provider="openai")
    final = expect.events(seen)[-1]["response"]
    assert stack.bucket.output_of(record) == final, "the last event holds the whole answer"


def test_completions(stack, client):
    raw = client.completions.with_raw_response.create(model=MODEL, prompt="Berths?")
    check(stack, raw, "Completions")


@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings(stack, client, form):
    raw = client.embeddings.with_raw_response.create(
        model="text-embedding-3-small", input=["mooring", "line"], encoding_format=form
    )
    record = check(stack, raw, "Embeddings", model="text-embedding-3-small")
    assert len(raw.parse().data) == 2
    assert "outputTokenCount" not in record["output"]


def test_image(stack, client):
    raw = client.images.with_raw_response.generate(model="gpt-image-1", prompt="a buoy", n=1)
    check(stack, raw, "ImageGeneration", model="gpt-image-1")
    assert raw.parse().data[0].b64_json


def test_speech_is_relayed(stack, client):
    raw = client.audio.speech.with_raw_response.create(
        model="tts-1", voice="alloy", input="high water at nine"
    )
    seen, record = stack.last(), record_of(stack, raw)
    assert raw.http_response.content == seen.body
    check_envelope(record, seen, operation="Speech", model="tts-1", provider="openai")
    assert stack.bucket.output_of(record) == seen.body, "binary data is beside the record"


def test_transcription_is_relayed(stack, client):
    raw = client.audio.transcriptions.with_raw_response.create(
        model="whisper-1", file=("harbour.wav", b"RIFF\x00\x00\x00\x00WAVE", "audio/wav")
    )
    seen, record = stack.last(), record_of(stack, raw)
    assert raw.http_response.content == seen.body
    check_envelope(
        record, seen, operation="Transcription", model="whisper-1", provider="openai"
    )
    audio = json.loads(seen.body)["usage"]["input_token_details"]["audio_tokens"]
    assert record["corelog"]["usage"]["inputAudio"] == {
        "value": audio,
        "provenance": "reported",
    }
    assert stack.bucket.output_of(record) == json.loads(seen.body)


def test_moderation_models_files_and_batches_are_relayed(stack, client):
    raw = client.moderations.with_raw_response.create(model="omni-moderation-latest", input="ok")
    assert record_of(stack, raw)["operation"] == "Moderations"
    batch = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
    files = client.files.with_raw_response
    for operation, call in (
        ("Models", lambda: client.models.with_raw_response.list()),
        ("Files", lambda: files.create(file=("a.jsonl", b"{}\n"), purpose="batch")),
        ("Batches", lambda: client.batches.with_raw_response.create(input_file_id="file-1", **batch)),
    ):
        raw = call()
        assert raw.http_response.content == stack.last().body
        record = record_of(stack, raw)
        assert record["operation"] == operation and record["corelog"]["httpStatus"] == 200


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "word, error, status, code",
    [
        ("demo-throttle", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("demo-validation", openai.BadRequestError, 400, "invalid_request_error"),
        ("demo-error-401", openai.AuthenticationError, 401, "invalid_api_key"),
        ("demo-error-404", openai.NotFoundError, 404, "invalid_request_error"),
        ("demo-error-500", openai.InternalServerError, 500, "server_error"),
    ],
)
def test_errors(stack, client, word, error, status, code, streamed):
    with pytest.raises(error) as raised:
        client.chat.completions.create(model=word, messages=asking("hi"), stream=streamed)
    response = raised.value.response
    seen, record = stack.last(), record_of(stack, response)
    assert response.content == seen.body
    check_error(
        record, seen,
        operation="ChatCompletions", model=word, provider="openai", code=code, status=status,
    )  # fmt: skip


def test_an_error_in_the_middle_of_a_stream(stack, client):
    create = client.chat.completions.with_streaming_response.create
    model = "demo-midstream-error"
    with pytest.raises(openai.APIError):
        with create(model=model, messages=asking("hi"), stream=True) as raw:
            list(raw.parse())
    seen, record = stack.last(), record_of(stack, raw)
    assert record["errorCode"] == "server_error"
    assert record["corelog"]["httpStatus"] == 200
    said = expect.chat_streamed(expect.events(seen)[:-1])["text"]
    whole = stack.bucket.output_of(record)
    assert expect.chat_whole(whole)["text"] == said, "what came before the error is recorded"


def test_a_cut_stream(stack, client):
    create = client.chat.completions.with_streaming_response.create
    # The SDK lets its HTTP client's own errors through once a stream has begun; httpx and its successor
    # are told apart by name, for which of the two the SDK uses is its own affair.
    with pytest.raises(Exception) as raised:
        with create(model="demo-broken", messages=asking("hi"), stream=True) as raw:
            list(raw.parse())
    assert type(raised.value).__name__ in ("RemoteProtocolError", "ReadError", "APIConnectionError")
    seen, record = stack.last(), record_of(stack, raw)
    assert record["errorCode"] and record["corelog"]["stream"]["complete"] is False
    assert record["corelog"]["delivery"]["outcome"] == "truncated"
    said = expect.chat_streamed(expect.events(seen))["text"]
    assert expect.chat_whole(stack.bucket.output_of(record))["text"] == said


def test_a_caller_that_hangs_up_loses_nothing(stack, client):
    create = client.chat.completions.with_streaming_response.create
    more = {"stream_options": {"include_usage": True}, "max_completion_tokens": 40}
    with create(model="demo-slow", messages=asking("hi"), stream=True, **more) as raw:
        next(iter(raw.parse()))
    seen, record = stack.last(), record_of(stack, raw)
    assert record["corelog"]["delivery"]["outcome"] == "hung_up"
    assert record["corelog"]["delivery"]["bytes"] < len(seen.body)
    assert expect.recorded_counts(record) == expect.counts(seen)
    whole = stack.bucket.output_of(record)
    assert expect.chat_whole(whole)["text"] == expect.said(seen)["text"]
