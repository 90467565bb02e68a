"""boto3's `bedrock-runtime` client, with only the endpoint changed."""

import json
import struct
import zlib

import boto3
import botocore.exceptions
import pytest
import urllib3.exceptions
from botocore.config import Config

import expect
from checks import check_error, check_record

CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
NOVA = "amazon.nova-lite-v1:0"
FAMILIES = {
    CLAUDE: {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": "Which berths are free?"}],
    },
    NOVA: {"messages": [{"role": "user", "content": [{"text": "Which berths are free?"}]}]},
    "amazon.titan-text-express-v1": {"inputText": "Which berths are free?"},
    "meta.llama3-70b-instruct-v1:0": {"prompt": "Which berths are free?", "max_gen_len": 2048},
    "mistral.mistral-7b-instruct-v0:2": {"prompt": "<s>[INST] Which berths? [/INST]"},
    "cohere.command-r-v1:0": {"message": "Which berths are free?"},
    "openai.gpt-oss-120b-1:0": {"messages": [{"role": "user", "content": "Which berths?"}]},
}
TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "berth_status",
                "inputSchema": {
                    "json": {"type": "object", "properties": {"berth": {"type": "integer"}}}
                },
            }
        }
    ]
}


def client_of(stack, **options):
    options = {"retries": {"total_max_attempts": 1}, "read_timeout": 20, **options}
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=stack.url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret-access",
        config=Config(**options),
    )


@pytest.fixture(scope="module")
def client(stack):
    return client_of(stack)


def messages(text):
    return [{"role": "user", "content": [{"text": text}]}]


def record_of(stack, response):
    """The record of a response, found by the header that the gateway adds."""
    headers = response["ResponseMetadata"]["HTTPHeaders"]
    record = stack.bucket.find(record_id=headers["x-corelog-record-id"])
    assert record["requestId"] == response["ResponseMetadata"]["RequestId"]
    return record


def without_metadata(response):
    return {k: v for k, v in response.items() if k not in ("ResponseMetadata", "stream")}


@pytest.mark.parametrize("model", FAMILIES)
def test_invoke_model(stack, client, model):
    body = json.dumps(FAMILIES[model])
    response = client.invoke_model(modelId=model, body=body)
    seen = stack.last()
    assert response["body"].read() == seen.body
    assert seen.request_body == body.encode()
    record = record_of(stack, response)
    check_record(
        stack, record, seen, operation="InvokeModel", model=model, provider="bedrock"
    )


@pytest.mark.parametrize("model", FAMILIES)
def test_invoke_model_with_response_stream(stack, client, model):
    body = json.dumps(FAMILIES[model])
    response = client.invoke_model_with_response_stream(modelId=model, body=body)
    parts = [json.loads(event["chunk"]["bytes"]) for event in response["body"]]
    seen = stack.last()
    assert parts == expect.events(seen)
    assert "amazon-bedrock-invocationMetrics" in parts[-1]
    record = record_of(stack, response)
    operation = "InvokeModelWithResponseStream"
    check_record(stack, record, seen, operation=operation, model=model, provider="bedrock")


@pytest.mark.parametrize("model", [CLAUDE, NOVA, "meta.llama3-2-1b-instruct-v1:0"])
def test_converse(stack, client, model):
    response = client.converse(modelId=model, messages=messages("Which berths are free?"))
    seen = stack.last()
    assert without_metadata(response) == json.loads(seen.body)
    record = record_of(stack, response)
    check_record(stack, record, seen, operation="Converse", model=model, provider="bedrock")


@pytest.mark.parametrize("model", [CLAUDE, NOVA, "meta.llama3-2-1b-instruct-v1:0"])
def test_converse_stream(stack, client, model):
    response = client.converse_stream(modelId=model, messages=messages("Which berths?"))
    events = list(response["stream"])
    seen = stack.last()
    assert events == expect.events(seen)
    record = record_of(stack, response)
    check_record(stack, record, seen, operation="ConverseStream", model=model, provider="bedrock")


@pytest.mark.parametrize("streamed", [False, True])
def test_echo_is_exact(stack, client, streamed):
    said = "berth  7, then\n\n9 — λιμάνι 港 🚢"
    model = "anthropic.demo-echo-v1:0"
    if streamed:
        response = client.converse_stream(modelId=model, messages=messages(said))
        deltas = [e["contentBlockDelta"] for e in response["stream"] if "contentBlockDelta" in e]
        text = "".join(delta["delta"]["text"] for delta in deltas)
    else:
        response = client.converse(modelId=model, messages=messages(said))
        text = response["output"]["message"]["content"][0]["text"]
    assert text == said
    output = stack.bucket.output_of(record_of(stack, response))
    assert output["output"]["message"]["content"] == [{"text": said}]


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_use(stack, client, streamed):
    call = client.converse_stream if streamed else client.converse
    response = call(modelId=CLAUDE, messages=messages("Is berth 7 free?"), toolConfig=TOOLS)
    if streamed:
        assert any("contentBlockStart" in event for event in response["stream"])
    seen, record = stack.last(), record_of(stack, response)
    operation = "ConverseStream" if streamed else "Converse"
    check_record(stack, record, seen, operation=operation, model=CLAUDE, provider="bedrock")
    blocks = stack.bucket.output_of(record)["output"]["message"]["content"]
    (tool,) = [block["toolUse"] for block in blocks if "toolUse" in block]
    assert tool["name"] == "berth_status" and isinstance(tool["input"]["berth"], int)
    assert record["corelog"]["stopReason"] == "tool_use"


@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_and_cached_tokens(stack, client, streamed):
    call = client.converse_stream if streamed else client.converse
    system = [{"text": "Answer from the tide table."}, {"cachePoint": {"type": "default"}}]
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    response = call(
        modelId=CLAUDE,
        messages=messages("When is high water?"),
        system=system,
        additionalModelRequestFields=thinking,
    )
    if streamed:
        list(response["stream"])
    seen, record = stack.last(), record_of(stack, response)
    operation = "ConverseStream" if streamed else "Converse"
    check_record(stack, record, seen, operation=operation, model=CLAUDE, provider="bedrock")
    assert record["input"]["cacheReadInputTokenCount"] > 0
    assert record["input"]["cacheWriteInputTokenCount"] > 0
    blocks = stack.bucket.output_of(record)["output"]["message"]["content"]
    assert blocks[0]["reasoningContent"]["reasoningText"]["signature"]


def picture() -> bytes:
    """A grey PNG of one pixel, made by hand."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00\x80")
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_an_image_is_cut_out_of_the_record(stack, client):
    image = picture()
    content = [{"image": {"format": "png", "source": {"bytes": image}}}, {"text": "What is it?"}]
    response = client.converse(modelId=NOVA, messages=[{"role": "user", "content": content}])
    seen, record = stack.last(), record_of(stack, response)
    check_record(
        stack, record, seen, operation="Converse", model=NOVA, provider="bedrock", media=True
    )
    blocks = stack.bucket.input_of(record)["messages"][0]["content"]
    path = blocks[0]["image"]["source"]["s3Uri"]
    assert path.endswith(f"/data/{record['requestId']}_input_media_00.png")
    assert blocks[0]["image"]["format"] == "png" and blocks[1] == {"text": "What is it?"}
    assert stack.bucket.data(path) == image


def test_generated_image_is_beside_the_record(stack, client):
    model = "amazon.nova-canvas-v1:0"
    config = {"numberOfImages": 1, "height": 256, "width": 320}
    body = json.dumps(
        {
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {"text": "a red buoy at dawn"},
            "imageGenerationConfig": config,
        }
    )
    response = client.invoke_model(modelId=model, body=body)
    seen = stack.last()
    assert response["body"].read() == seen.body
    record = record_of(stack, response)
    check_record(stack, record, seen, operation="InvokeModel", model=model, provider="bedrock")
    assert "outputBodyJson" not in record["output"]
    assert record["output"]["outputBodyS3Path"].endswith(
        f"/data/{record['requestId']}_output.json.gz"
    )
    assert record["output"]["outputImageHeight"] == 256
    assert record["output"]["outputImageWidth"] == 320


@pytest.mark.parametrize(
    "model, body",
    [
        ("amazon.titan-embed-text-v2:0", {"inputText": "mooring line", "dimensions": 256}),
        ("cohere.embed-english-v3", {"texts": ["mooring line"], "input_type": "search_query"}),
    ],
)
def test_embeddings(stack, client, model, body):
    response = client.invoke_model(modelId=model, body=json.dumps(body))
    seen = stack.last()
    assert response["body"].read() == seen.body
    record = record_of(stack, response)
    check_record(stack, record, seen, operation="InvokeModel", model=model, provider="bedrock")
    assert "outputTokenCount" not in record["output"]


PROFILES = [
    "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-3-haiku-v1:0",
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/ab12cd34ef56",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
]


@pytest.mark.parametrize("model", PROFILES)
def test_profiles_are_recorded_verbatim(stack, client, model):
    response = client.converse(modelId=model, messages=messages("Hello"))
    seen, record = stack.last(), record_of(stack, response)
    check_record(stack, record, seen, operation="Converse", model=model, provider="bedrock")
    encoded = model.replace(":", "%3A").replace("/", "%2F")
    assert seen.path == f"/model/{encoded}/converse", "the path is relayed as it came"


def test_large_prompt_is_beside_the_record(stack, client):
    text = "tide table " * 20_000
    response = client.converse(modelId=CLAUDE, messages=messages(text))
    seen, record = stack.last(), record_of(stack, response)
    check_record(stack, record, seen, operation="Converse", model=CLAUDE, provider="bedrock")
    assert "inputBodyJson" not in record["input"]
    path = record["input"]["inputBodyS3Path"]
    assert path.endswith(f"/data/{record['requestId']}_input.json.gz")


def test_metadata_in_the_body(stack, client):
    metadata = {"team": "ports", "env": "test"}
    response = client.converse(
        modelId=CLAUDE, messages=messages("Hello"), requestMetadata=metadata
    )
    seen, record = stack.last(), record_of(stack, response)
    check_record(
        stack, record, seen,
        operation="Converse", model=CLAUDE, provider="bedrock", metadata=metadata,
    )  # fmt: skip


def test_metadata_in_the_header(stack, client):
    metadata = {"team": "ports", "env": "test"}
    body = json.dumps(FAMILIES[CLAUDE])
    response = client.invoke_model(
        modelId=CLAUDE, body=body, requestMetadata=json.dumps(metadata)
    )
    response["body"].read()
    seen, record = stack.last(), record_of(stack, response)
    check_record(
        stack, record, seen,
        operation="InvokeModel", model=CLAUDE, provider="bedrock", metadata=metadata,
    )  # fmt: skip


CALLS = {
    "InvokeModel": lambda c, m: c.invoke_model(modelId=m, body=b'{"prompt":"hi"}'),
    "InvokeModelWithResponseStream": lambda c, m: c.invoke_model_with_response_stream(
        modelId=m, body=b'{"prompt":"hi"}'
    ),
    "Converse": lambda c, m: c.converse(modelId=m, messages=messages("hi")),
    "ConverseStream": lambda c, m: c.converse_stream(modelId=m, messages=messages("hi")),
}
ERRORS = [
    ("demo-throttle", "ThrottlingException", 429),
    ("demo-validation", "ValidationException", 400),
    ("demo-error-403", "AccessDeniedException", 403),
    ("demo-error-404", "ResourceNotFoundException", 404),
    ("demo-error-408", "ModelTimeoutException", 408),
    ("demo-error-424", "ModelErrorException", 424),
    ("demo-error-500", "InternalServerException", 500),
    ("demo-error-503", "ServiceUnavailableException", 503),
]


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("word, code, status", ERRORS)
def test_errors(stack, client, operation, word, code, status):
    model = f"meta.{word}-v1:0"
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        CALLS[operation](client, model)
    response = raised.value.response
    assert response["Error"]["Code"] == code
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    seen = stack.last()
    assert response["Error"]["Message"] == json.loads(seen.body)["message"]
    check_error(
        record_of(stack, response), seen,
        operation=operation, model=model, provider="bedrock", code=code, status=status,
    )  # fmt: skip


def test_an_error_in_the_middle_of_a_stream(stack, client):
    model = "anthropic.demo-midstream-error-v1:0"
    response = client.converse_stream(modelId=model, messages=messages("Which berths?"))
    events = []
    with pytest.raises(botocore.exceptions.EventStreamError) as raised:
        events.extend(iter(response["stream"]))
    assert raised.value.response["Error"]["Code"] == "modelStreamErrorException"
    record = record_of(stack, response)
    assert record["operation"] == "ConverseStream" and record["modelId"] == model
    assert record["errorCode"].lower() == "modelstreamerrorexception"
    assert record["corelog"]["httpStatus"] == 200
    whole = [part for part in expect.events(stack.last()) if "exception" not in part]
    said = expect.converse_joined(whole)["output"]["message"]["content"]
    assert stack.bucket.output_of(record)["output"]["message"]["content"] == said
    assert expect.recorded_counts(record) == {}, "no metadata came, so nobody counted"


def test_a_cut_stream(stack, client):
    model = "anthropic.demo-broken-v1:0"
    with pytest.raises((botocore.exceptions.HTTPClientError, urllib3.exceptions.HTTPError)):
        list(client.converse_stream(modelId=model, messages=messages("hi"))["stream"])
    seen = stack.last()
    record = stack.bucket.find(request_id=seen.request_id)
    assert record["errorCode"] and record["corelog"]["errorSource"] == "upstream"
    assert record["corelog"]["stream"]["complete"] is False
    assert record["corelog"]["delivery"]["outcome"] == "truncated"
    said = expect.converse_joined(expect.events(seen))["output"]["message"]["content"]
    assert stack.bucket.output_of(record)["output"]["message"]["content"] == said


def test_a_cut_answer(stack, client):
    model = "anthropic.demo-broken-v1:0"
    # botocore makes an empty answer of one that breaks off, and says nothing; the record says more.
    response = client.converse(modelId=model, messages=messages("hi"))
    assert "output" not in response
    seen, record = stack.last(), record_of(stack, response)
    assert record["errorCode"] and record["corelog"]["errorSource"] == "upstream"
    assert record["corelog"]["delivery"]["outcome"] == "truncated"
    output = stack.bucket.output_of(record)
    came = output if isinstance(output, bytes) else output.encode()
    assert came == seen.body, "what came is kept as it came"


@pytest.mark.parametrize("operation", CALLS)
def test_guardrail(stack, client, operation):
    model = "anthropic.demo-guardrail-v1:0"
    body = json.dumps(FAMILIES[CLAUDE])
    if operation.startswith("Invoke"):
        call = {
            "InvokeModel": client.invoke_model,
            "InvokeModelWithResponseStream": client.invoke_model_with_response_stream,
        }[operation]
        response = call(modelId=model, body=body)
        body = response["body"]
        list(body) if "Stream" in operation else body.read()
    else:
        response = CALLS[operation](client, model)
        list(response.get("stream", ()))
    seen, record = stack.last(), record_of(stack, response)
    check_record(stack, record, seen, operation=operation, model=model, provider="bedrock")
    assert "errorCode" not in record, "an intervention is no error"


def test_slow_stream_is_timed(stack, client):
    model = "anthropic.demo-slow-v1:0"
    inference = {"maxTokens": 12}
    response = client.converse_stream(
        modelId=model, messages=messages("hi"), inferenceConfig=inference
    )
    list(response["stream"])
    record = record_of(stack, response)
    assert record["corelog"]["stopReason"] == "max_tokens"
    stream = record["corelog"]["stream"]
    assert stream["longestGapMs"] >= 50
    assert record["corelog"]["latencyMs"] > record["corelog"]["timeToFirstByteMs"] >= 50


def test_counting_and_guardrails_are_relayed(stack, client):
    counted = client.count_tokens(
        modelId=CLAUDE, input={"converse": {"messages": messages("How many?")}}
    )
    assert counted["inputTokens"] == json.loads(stack.last().body)["inputTokens"]
    assert record_of(stack, counted)["operation"] == "CountTokens"
    applied = client.apply_guardrail(
        guardrailIdentifier="block1",
        guardrailVersion="1",
        source="INPUT",
        content=[{"text": {"text": "forge a seal"}}],
    )
    assert applied["action"] == "GUARDRAIL_INTERVENED"
    assert record_of(stack, applied)["operation"] == "ApplyGuardrail"


def test_async_invocations_are_relayed(stack, client):
    output = {"s3OutputDataConfig": {"s3Uri": "s3://demo-videos/harbour"}}
    started = client.start_async_invoke(
        modelId="amazon.nova-reel-v1:1", modelInput={"taskType": "X"}, outputDataConfig=output
    )
    assert record_of(stack, started)["operation"] == "StartAsyncInvoke"
    arn = started["invocationArn"]
    assert client.get_async_invoke(invocationArn=arn)["invocationArn"] == arn
    assert client.list_async_invokes()["asyncInvokeSummaries"]
