"""What a record should say, read from an exchange's bytes by rules written down for this purpose.

Independent of the code under test on purpose: small, slow, straightforward. Token rules:
cached tokens are taken out of an input number that holds them (OpenAI, Gemini) and then the number is
`derived`; thinking tokens that stand beside the output (Gemini) are added to it and then it is `derived`;
every other number is `reported`; what nobody said is absent.
"""

import base64
import gzip
import json
import struct
import zlib

REPORTED, DERIVED = "reported", "derived"


class Exchange:
    """A request and its answer as they were on the wire, with bodies decoded."""

    def __init__(self, method, path, request_body, status, headers, response_body):
        self.method, self.path = method, path
        self.request_body, self.status = request_body, status
        self.headers = {name.lower(): value for name, value in headers}
        self.response_body = decoded(response_body, self.headers.get("content-encoding"))
        self.family = family_of(path)

    @property
    def streamed(self):
        """Whether the answer is a stream of events."""
        kind = self.headers.get("content-type", "")
        return any(
            word in kind for word in ("event-stream", "eventstream", "ndjson", "stream+json")
        )


def decoded(body: bytes, encoding):
    """Takes a content encoding off."""
    if encoding == "gzip":
        return gzip.decompress(body)
    assert encoding in (None, "identity"), encoding
    return body


def json_or_none(body: bytes):
    """A body as JSON, or None if it is something else."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def family_of(path: str) -> str:
    """The shape of the bodies at a path."""
    path = path.split("?")[0]
    for ending, family in (
        ("/converse", "converse"),
        ("/converse-stream", "converse"),
        ("/invoke", "invoke"),
        ("/invoke-with-response-stream", "invoke"),
        ("/chat/completions", "chat"),
        ("/v1/completions", "chat"),
        ("/responses", "responses"),
        ("/v1/messages", "messages"),
        ("/v1/complete", "messages"),
        ("/api/chat", "ollama"),
        ("/api/generate", "ollama"),
        ("/v1/chat", "cohere"),
        ("/v2/chat", "cohere"),
        ("/v1/generate", "cohere"),
        ("/v2/embed", "cohere"),
        ("/v2/rerank", "cohere"),
        (":generateContent", "gemini"),
    ):
        if path.endswith(ending):
            return family
    return "other"


# Framings


def frames(body: bytes):
    """(headers, payload) of each event-stream frame, with both check sums verified."""
    while body:
        total, head_length, head_sum = struct.unpack(">III", body[:12])
        assert zlib.crc32(body[:8]) == head_sum
        assert zlib.crc32(body[: total - 4]) == struct.unpack(">I", body[total - 4 : total])[0]
        head, headers = body[12 : 12 + head_length], {}
        while head:
            name_end = 1 + head[0]
            name = head[1:name_end].decode()
            assert head[name_end] == 7, "only text headers are expected"
            (length,) = struct.unpack(">H", head[name_end + 1 : name_end + 3])
            headers[name] = head[name_end + 3 : name_end + 3 + length].decode()
            head = head[name_end + 3 + length :]
        yield headers, body[12 + head_length : total - 4]
        body = body[total:]


def events(exchange):
    """The JSON events of a streamed answer, in order; converse events as {name: payload}."""
    body, kind = exchange.response_body, exchange.headers["content-type"]
    if "amazon.eventstream" in kind:
        found = []
        for headers, payload in frames(body):
            payload = json.loads(payload)
            if headers[":message-type"] == "exception":
                found.append({"exception": headers[":exception-type"], **payload})
            elif headers[":event-type"] == "chunk":
                found.append(json.loads(base64.b64decode(payload["bytes"])))
            else:
                payload.pop("p", None)
                found.append({headers[":event-type"]: payload})
        return found
    lines = body.decode().splitlines()
    if "event-stream" in kind:
        lines = [line[5:].strip() for line in lines if line.startswith("data:")]
    return [json.loads(line) for line in lines if line and line != "[DONE]"]


# What an answer says: text, tool calls, stop reason, usage


def said(exchange, body=None):
    """Facts of an answer: of `body` in the whole-answer shape, or of the exchange itself."""
    family = exchange.family
    if body is None and exchange.streamed:
        return STREAMED[family](events(exchange)) if family in STREAMED else {}
    body = json_or_none(exchange.response_body) if body is None else body
    if isinstance(body, list) and family in STREAMED:
        return STREAMED[family](body)
    return WHOLE[family](body) if family in WHOLE and isinstance(body, dict) else {}


def arguments(text):
    """Tool arguments, parsed where they are JSON."""
    parsed = json_or_none(text.encode()) if isinstance(text, str) else text
    return text if parsed is None else parsed


def facts(text, tools=(), stop=None, usage=None):
    return {"text": text, "tools": list(tools), "stop": stop, "usage": usage}


def chat_whole(body):
    text, tools, stop = {}, [], None
    for choice in body.get("choices", ()):
        index, message = choice.get("index", 0), choice.get("message")
        text[index] = choice.get("text") if message is None else message.get("content")
        text[index] = text[index] or ""
        for call in (message or {}).get("tool_calls") or ():
            call = call["function"]
            tools.append((call["name"], arguments(call["arguments"])))
        stop = choice.get("finish_reason") or stop
    usage = body.get("usage") or (body.get("x_groq") or {}).get("usage")
    return facts(text, tools, stop, openai_counts(usage))


def chat_streamed(parts):
    text, tools, stop, usage = {}, {}, None, None
    for part in parts:
        for choice in part.get("choices", ()):
            index, delta = choice.get("index", 0), choice.get("delta") or {}
            piece = choice.get("text") or delta.get("content") or ""
            text[index] = text.get(index, "") + piece
            for call in delta.get("tool_calls") or ():
                tool = tools.setdefault((index, call["index"]), ["", ""])
                function = call.get("function") or {}
                tool[0] += function.get("name") or ""
                tool[1] += function.get("arguments") or ""
            stop = choice.get("finish_reason") or stop
        usage = part.get("usage") or (part.get("x_groq") or {}).get("usage") or usage
    calls = [(name, arguments(text)) for name, text in tools.values()]
    return facts(text, calls, stop, openai_counts(usage))


def openai_counts(usage):
    """Chat's and Responses' counts: the input holds the cached tokens."""
    if not usage:
        return {}
    counts = {}
    old = "prompt_tokens" in usage
    names = ("prompt_tokens", "completion_tokens") if old else ("input_tokens", "output_tokens")
    into = usage.get(f"{names[0]}_details") or {}
    out = usage.get(f"{names[1]}_details") or {}
    read, written = into.get("cached_tokens"), into.get("cache_write_tokens")
    if (whole := usage.get(names[0])) is not None:
        cached = (read or 0) + (written or 0)
        counts["input"] = (whole - cached, DERIVED if cached else REPORTED)
    for kind, value in (
        ("output", usage.get(names[1])),
        ("cacheRead", read),
        ("cacheWrite", written),
        ("reasoning", out.get("reasoning_tokens")),
        ("inputAudio", into.get("audio_tokens")),
        ("outputAudio", out.get("audio_tokens")),
        ("inputImage", into.get("image_tokens")),
        ("outputImage", out.get("image_tokens")),
        ("total", usage.get("total_tokens")),
    ):
        if value is not None:
            counts[kind] = (value, REPORTED)
    if details := usage.get("cacheDetails"):
        hour = [detail["inputTokens"] for detail in details if detail["ttl"] == "1h"]
        counts["cacheWrite1h"] = (sum(hour), REPORTED)
    return counts


def responses_whole(body):
    text, tools = "", []
    for item in body.get("output", ()):
        if item["type"] == "message":
            text += "".join(part.get("text", "") for part in item["content"])
        elif item["type"] == "function_call":
            tools.append((item["name"], arguments(item["arguments"])))
    stop = body.get("status")
    return facts(text, tools, stop, openai_counts(body.get("usage")))


def responses_streamed(parts):
    last = next((part["response"] for part in reversed(parts) if "response" in part), {})
    result = responses_whole(last)
    deltas = [p["delta"] for p in parts if p["type"] == "response.output_text.delta"]
    if parts[-1]["type"] == "response.completed":
        assert "".join(deltas) == result["text"], "the stream's deltas and its last event agree"
    return result


def messages_counts(usage):
    counts = {}
    for kind, name in (
        ("input", "input_tokens"),
        ("output", "output_tokens"),
        ("cacheRead", "cache_read_input_tokens"),
        ("cacheWrite", "cache_creation_input_tokens"),
    ):
        if (usage or {}).get(name) is not None:
            counts[kind] = (usage[name], REPORTED)
    thinking = ((usage or {}).get("output_tokens_details") or {}).get("thinking_tokens")
    if thinking is not None:
        counts["reasoning"] = (thinking, REPORTED)
    hour = ((usage or {}).get("cache_creation") or {}).get("ephemeral_1h_input_tokens")
    if hour is not None:
        counts["cacheWrite1h"] = (hour, REPORTED)
    return counts


def messages_whole(body):
    if "completion" in body:
        return facts(body["completion"], (), body.get("stop_reason"), {})
    text = "".join(b["text"] for b in body.get("content", ()) if b["type"] == "text")
    tools = [(b["name"], b["input"]) for b in body.get("content", ()) if b["type"] == "tool_use"]
    return facts(text, tools, body.get("stop_reason"), messages_counts(body.get("usage")))


def messages_streamed(parts):
    text, tools, stop, usage = "", {}, None, {}
    for part in parts:
        kind = part.get("type")
        if kind == "message_start":
            # Its count of output tokens is provisional.
            usage = {k: v for k, v in part["message"]["usage"].items() if k != "output_tokens"}
        elif kind == "content_block_start" and part["content_block"]["type"] == "tool_use":
            tools[part["index"]] = [part["content_block"]["name"], ""]
        elif kind == "content_block_delta":
            text += part["delta"].get("text", "")
            if part["index"] in tools:
                tools[part["index"]][1] += part["delta"].get("partial_json", "")
        elif kind == "message_delta":
            stop = part["delta"].get("stop_reason") or stop
            newer = {k: v for k, v in (part.get("usage") or {}).items() if v is not None}
            usage.update(newer)
    calls = [(name, arguments(text or "{}")) for name, text in tools.values()]
    return facts(text, calls, stop, messages_counts(usage))


def converse_counts(usage):
    counts = {}
    for kind, name in (
        ("input", "inputTokens"),
        ("output", "outputTokens"),
        ("cacheRead", "cacheReadInputTokens"),
        ("cacheWrite", "cacheWriteInputTokens"),
        ("total", "totalTokens"),
    ):
        value = usage.get(name, usage.get(name.replace("Tokens", "TokenCount")))
        if value is not None:
            counts[kind] = (value, REPORTED)
    return counts


def converse_whole(body):
    content = ((body.get("output") or {}).get("message") or {}).get("content") or ()
    text = "".join(block.get("text", "") for block in content)
    tools = [(b["toolUse"]["name"], b["toolUse"]["input"]) for b in content if "toolUse" in b]
    return facts(text, tools, body.get("stopReason"), converse_counts(body.get("usage") or {}))


def converse_streamed(parts):
    return converse_whole(converse_joined(parts))


def converse_joined(parts):
    """The whole-answer shape of a ConverseStream, as the service's own log writes it."""
    blocks, whole = {}, {"output": {"message": {}}}
    for part in parts:
        if "messageStart" in part:
            whole["output"]["message"]["role"] = part["messageStart"]["role"]
        elif "contentBlockStart" in part:
            start = part["contentBlockStart"]
            block = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
            blocks[start["contentBlockIndex"]] = block
        elif "contentBlockDelta" in part:
            delta = part["contentBlockDelta"]
            block = blocks.setdefault(delta["contentBlockIndex"], {})
            join_delta(block, delta["delta"])
        elif "messageStop" in part:
            whole.update(part["messageStop"])
        elif "metadata" in part:
            whole.update(part["metadata"])
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
    whole["output"]["message"]["content"] = [blocks[index] for index in sorted(blocks)]
    return whole


def join_delta(block, delta):
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        block["toolUse"]["input"] += delta["toolUse"]["input"]
    elif "reasoningContent" in delta:
        reasoning = block.setdefault("reasoningContent", {}).setdefault("reasoningText", {})
        for name, piece in delta["reasoningContent"].items():
            reasoning[name] = reasoning.get(name, "") + piece


def invoke_whole(body):
    if "content" in body or "completion" in body:
        return messages_whole(body)
    if "choices" in body:
        return chat_whole(body)
    if "output" in body:
        return converse_whole(body)
    counts = {}
    numbers = [
        ("input", body.get("inputTextTokenCount")),
        ("input", body.get("prompt_token_count")),
        ("output", body.get("generation_token_count")),
    ]
    results = body.get("results") or ()
    numbers += [("output", result.get("tokenCount")) for result in results]
    for kind, value in numbers:
        if value is not None:
            counts[kind] = (value, REPORTED)
    if results:
        return facts(results[0]["outputText"], (), results[0]["completionReason"], counts)
    if "generation" in body:
        return facts(body["generation"], (), body.get("stop_reason"), counts)
    if "text" in body:
        return facts(body["text"], (), body.get("finish_reason"), counts)
    for name, member in (("generations", "text"), ("outputs", "text")):
        if body.get(name):
            first = body[name][0]
            stop = first.get("finish_reason") or first.get("stop_reason")
            return facts(first[member], (), stop, counts)
    return facts(None, (), None, counts)


def invoke_streamed(parts):
    if any("type" in part for part in parts):
        result = messages_streamed(parts)
    elif any("messageStart" in part for part in parts):
        result = converse_streamed(parts)
    elif any("choices" in part for part in parts):
        result = chat_streamed(parts)
    else:
        pieces = [
            part.get("outputText") or part.get("generation") or part.get("text") or ""
            for part in parts
        ]
        result = facts("".join(pieces), usage={})
        for part in parts:
            for kind, name in (
                ("input", "inputTextTokenCount"),
                ("input", "prompt_token_count"),
                ("output", "totalOutputTextTokenCount"),
                ("output", "generation_token_count"),
            ):
                if part.get(name) is not None:
                    result["usage"][kind] = (part[name], REPORTED)
            for name in ("completionReason", "stop_reason", "finish_reason"):
                result["stop"] = part.get(name) or result["stop"]
    for part in parts:
        metrics = part.get("amazon-bedrock-invocationMetrics") or {}
        measured(result["usage"], metrics.get, "{}TokenCount", "Input")
    return result


def measured(counts, get, form, inside):
    """What the platform measured wins over what the body says."""
    names = {"input": "input", "output": "output"}
    names |= {"cacheRead": f"cacheRead{inside}", "cacheWrite": f"cacheWrite{inside}"}
    for kind, name in names.items():
        if (value := get(form.format(name))) is not None:
            counts[kind] = (int(value), REPORTED)


def header_counts(counts, headers):
    for kind, name in (
        ("input", "input"),
        ("output", "output"),
        ("cacheRead", "cache-read-input"),
        ("cacheWrite", "cache-write-input"),
    ):
        if (value := headers.get(f"x-amzn-bedrock-{name}-token-count")) is not None:
            counts[kind] = (int(value), REPORTED)


def ollama_counts(body):
    names = (("input", "prompt_eval_count"), ("output", "eval_count"))
    return {kind: (body[name], REPORTED) for kind, name in names if body.get(name) is not None}


def ollama_streamed(parts):
    text, tools, stop = "", [], None
    for part in parts:
        message = part.get("message") or {}
        text += part.get("response") or message.get("content") or ""
        for call in message.get("tool_calls") or ():
            tools.append((call["function"]["name"], call["function"]["arguments"]))
        stop = part.get("done_reason") or stop
    return facts(text, tools, stop, ollama_counts(parts[-1]))


def cohere_counts(usage):
    counts, usage = {}, usage or {}
    tokens, billed = usage.get("tokens") or {}, usage.get("billed_units") or {}
    for kind in ("input", "output"):
        value = tokens.get(f"{kind}_tokens", billed.get(f"{kind}_tokens"))
        if value is not None:
            counts[kind] = (int(value), REPORTED)
    if usage.get("cached_tokens") is not None:
        counts["cacheRead"] = (int(usage["cached_tokens"]), REPORTED)
    return counts


def cohere_whole(body):
    message = body.get("message")
    if isinstance(message, dict):
        text = "".join(part.get("text", "") for part in message.get("content") or ())
        calls = message.get("tool_calls") or ()
        tools = [(c["function"]["name"], arguments(c["function"]["arguments"])) for c in calls]
        return facts(text, tools, body.get("finish_reason"), cohere_counts(body.get("usage")))
    text, stop = body.get("text"), body.get("finish_reason")
    if body.get("generations"):
        text, stop = body["generations"][0]["text"], body["generations"][0]["finish_reason"]
    return facts(text, (), stop, cohere_counts(body.get("meta")))


def cohere_streamed(parts):
    last = parts[-1]
    if last.get("event_type") == "stream-end":
        return cohere_whole(last["response"])
    text, tools, stop, usage = "", [], None, {}
    for part in parts:
        delta = part.get("delta") or {}
        if part["type"] == "content-delta":
            text += delta["message"]["content"].get("text", "")
        elif part["type"] == "tool-call-start":
            call = delta["message"]["tool_calls"]["function"]
            tools.append([call["name"], call["arguments"]])
        elif part["type"] == "tool-call-delta":
            tools[-1][1] += delta["message"]["tool_calls"]["function"]["arguments"]
        elif part["type"] == "message-end":
            stop, usage = delta.get("finish_reason"), cohere_counts(delta.get("usage"))
    return facts(text, [(name, arguments(text)) for name, text in tools], stop, usage)


def gemini_whole(body):
    usage, counts = body.get("usageMetadata") or {}, {}
    prompt, cached = usage.get("promptTokenCount"), usage.get("cachedContentTokenCount")
    extra = usage.get("toolUsePromptTokenCount") or 0
    if prompt is not None:
        moved = bool(extra or cached)
        counts["input"] = (prompt + extra - (cached or 0), DERIVED if moved else REPORTED)
    if cached is not None:
        counts["cacheRead"] = (cached, REPORTED)
    answer, thoughts = usage.get("candidatesTokenCount"), usage.get("thoughtsTokenCount")
    if thoughts is not None:
        counts["reasoning"] = (thoughts, REPORTED)
    if answer is not None or thoughts:
        value = (answer or 0) + (thoughts or 0)
        counts["output"] = (value, DERIVED if thoughts else REPORTED)
    if usage.get("totalTokenCount") is not None:
        counts["total"] = (usage["totalTokenCount"], REPORTED)
    candidate = (body.get("candidates") or [{}])[0]
    parts = (candidate.get("content") or {}).get("parts") or ()
    text = "".join(part.get("text", "") for part in parts)
    return facts(text, (), candidate.get("finishReason"), counts)


def other_whole(body):
    return facts(None, (), None, openai_counts(body.get("usage")))


def other_streamed(parts):
    usage = {}
    for part in parts:
        usage = part.get("usage") or usage
    return facts(None, (), None, openai_counts(usage))


WHOLE = {
    "chat": chat_whole,
    "responses": responses_whole,
    "messages": messages_whole,
    "converse": converse_whole,
    "invoke": invoke_whole,
    "ollama": lambda body: ollama_streamed([body]),
    "cohere": cohere_whole,
    "gemini": gemini_whole,
    "other": other_whole,
}
STREAMED = {
    "chat": chat_streamed,
    "responses": responses_streamed,
    "messages": messages_streamed,
    "converse": converse_streamed,
    "invoke": invoke_streamed,
    "ollama": ollama_streamed,
    "cohere": cohere_streamed,
    "other": other_streamed,
}


def counts(exchange):
    """Every token count that the provider gives: {kind: (value, provenance)}."""
    found = dict(said(exchange).get("usage") or {})
    if exchange.family == "invoke":
        header_counts(found, exchange.headers)
    return found


def recorded_counts(record):
    """The token counts in a record's extension, in the same form."""
    usage = record["corelog"].get("usage", {})
    return {kind: (entry["value"], entry["provenance"]) for kind, entry in usage.items()}
