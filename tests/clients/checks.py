"""Compares a delivered record with what the client sent and the provider said."""

import datetime
import uuid

import expect

# What a throttled call leaves, no more: the original's record has exactly these.
THROTTLED = {
    "timestamp", "accountId", "region", "requestId", "operation", "modelId", "errorCode",
    "identity", "schemaType", "schemaVersion", "corelog",
}  # fmt: skip
CLOCK_SECONDS = 120


def check_record(stack, record, seen, *, operation, model, provider, metadata=None, media=False):
    """Everything a record must say about an answered call, whatever the dialect.

    `seen` is the exchange at the provider: what it got is what the client sent, what it said is what the
    record must hold. `media` says that parts of the bodies were cut out, so they are compared elsewhere.
    """
    check_envelope(record, seen, operation=operation, model=model, provider=provider)
    assert "errorCode" not in record
    assert record["corelog"]["httpStatus"] == seen.status == 200
    assert record.get("requestMetadata") == metadata
    if not media:
        check_bodies(stack, record, seen)
    check_counts(record, seen)
    check_stream(record, seen)
    # The answer's end may still wait for this very record, so a little less than all is complete too.
    assert record["corelog"]["delivery"]["outcome"] == "complete"
    return record


def check_envelope(record, seen, *, operation, model, provider):
    """The fields that every record has."""
    assert record["schemaType"] == "ModelInvocationLog"
    assert record["schemaVersion"] == "1.0"
    assert record["operation"] == operation
    assert record.get("modelId") == model
    assert record["region"] == "us-east-1"
    assert len(record["accountId"]) == 12 and record["accountId"].isdigit()
    assert record["identity"]["arn"].startswith("arn:aws")
    uuid.UUID(record["requestId"])
    if seen is not None and seen.request_id:
        assert record["requestId"] == seen.request_id
    moment = datetime.datetime.strptime(record["timestamp"], "%Y-%m-%dT%H:%M:%SZ")
    age = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - moment
    assert abs(age.total_seconds()) < CLOCK_SECONDS
    extension = record["corelog"]
    assert extension["provider"] == provider
    assert extension["nodeId"] and extension["sequence"] >= 1
    assert extension["latencyMs"] >= extension.get("timeToFirstByteMs", 0) >= 0
    everything = str(record).lower()
    for secret in ("sk-secret", "secret-access", "bearer "):
        assert secret not in everything, "a secret is in the record"


def check_bodies(stack, record, seen):
    """The bodies in the record are those of the exchange."""
    sent = seen.sent
    if record["operation"].startswith("Converse"):
        # The original's log keeps what goes to the model; the metadata has its own field.
        sent.pop("requestMetadata", None)
        recorded = dict(stack.bucket.input_of(record))
        recorded.pop("requestMetadata", None)
        assert recorded == sent
    else:
        assert stack.bucket.input_of(record) == sent
    output = stack.bucket.output_of(record)
    assert record["output"]["outputContentType"] == "application/json"
    if not seen.streamed:
        assert output == expect.json_or_none(seen.response_body)
    elif seen.family == "converse":
        assert output == expect.converse_joined(expect.events(seen))
    elif seen.family == "invoke":
        assert output == expect.events(seen)
    else:
        check_said(seen, output)


def check_said(seen, output):
    """Text, tool calls and stop reason of a stream are in the whole answer put together from it."""
    expected, found = expect.said(seen), expect.said(seen, output)
    for what in ("text", "tools", "stop"):
        assert found[what] == expected[what], what


def check_counts(record, seen):
    """Token counts of every kind, each with where it comes from; absent where nobody said one."""
    expected = expect.counts(seen)
    assert expect.recorded_counts(record) == expected
    fields = {
        "input": ("input", "inputTokenCount"),
        "cacheRead": ("input", "cacheReadInputTokenCount"),
        "cacheWrite": ("input", "cacheWriteInputTokenCount"),
        "output": ("output", "outputTokenCount"),
    }
    for kind, (part, field) in fields.items():
        value = expected.get(kind, (None,))[0]
        assert (record.get(part) or {}).get(field) == value, field


def check_stream(record, seen):
    """Stream statistics, for streams and for nothing else."""
    stream = record["corelog"].get("stream")
    if not seen.streamed:
        assert stream is None
        return
    assert stream["complete"] is True
    assert stream["chunks"] >= 1
    assert stream["events"] >= len(expect.events(seen))


def check_error(record, seen, *, operation, model, provider, code, status):
    """A call that the provider refused."""
    check_envelope(record, seen, operation=operation, model=model, provider=provider)
    assert record["errorCode"] == code
    assert record["corelog"]["httpStatus"] == status
    assert record["corelog"]["errorSource"] == "upstream"
    assert record["corelog"]["errorMessage"]
    assert expect.recorded_counts(record) == {}
    if code == "ThrottlingException":
        assert set(record) <= THROTTLED, set(record) - THROTTLED
    return record
