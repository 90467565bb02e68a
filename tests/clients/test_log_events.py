"""Log events: what boto3 and the AWS CLI put comes back to them, before and after the table has it, page by page."""

import json
import time

import pytest

from logs_client import client_of, refused
from processes import wait_for
from stack import Stack, start_gateway
from test_aws_cli import aws

DAY = 24 * 60 * 60 * 1000
# The table gets events soon, so that reading crosses from it to what is recent; or not at all.
SOON = '[store]\ninterval = "50ms"\ncompaction_interval = "300ms"\n'
LATE = '[store]\ninterval = "1h"\n'


def now():
    return int(time.time() * 1000)


def made(logs, group, *streams):
    logs.create_log_group(logGroupName=group)
    for stream in streams:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    return group


def put(logs, group, stream, *events):
    events = [{"timestamp": at, "message": message} for at, message in events]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def messages(page):
    return [event["message"] for event in page["events"]]


@pytest.fixture(scope="module", params=[SOON, LATE], ids=["table", "recent"])
def gateway(request, tmp_path_factory):
    """A gateway whose table gets events at once, and one whose events stay in memory."""
    running = Stack(tmp_path_factory.mktemp("events"), request.param)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def logs(gateway):
    return client_of(gateway.url)


@pytest.fixture
def group(logs, request):
    name = made(logs, f"/events/{request.node.name.split('[')[0]}", "web-1", "web-2", "db")
    yield name
    logs.delete_log_group(logGroupName=name)


def test_every_event_comes_back_once_from_either_end(logs, group):
    at = now() - 60_000
    expected = [f"event {number:03}" for number in range(250)]
    for first in range(5):
        # Batches whose times lie between each other's.
        put(logs, group, "web-1", *[(at + n, expected[n]) for n in range(first, 250, 5)])
    forward, token = [], None
    while True:
        more = {"nextToken": token} if token else {"startFromHead": True}
        page = logs.get_log_events(logGroupName=group, logStreamName="web-1", limit=40, **more)
        forward += messages(page)
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert forward == expected
    backward, token = [], None
    while True:
        more = {"nextToken": token} if token else {}
        page = logs.get_log_events(logGroupName=group, logStreamName="web-1", limit=40, **more)
        backward = messages(page) + backward
        if page["nextBackwardToken"] == token:
            break
        token = page["nextBackwardToken"]
    assert backward == expected
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, PaginationConfig={"PageSize": 30}
    )
    assert [message for page in pages for message in messages(page)] == expected
    newest = logs.filter_log_events(logGroupName=group, startFromHead=False, startTime=at, limit=3)
    assert messages(newest) == expected[:-4:-1]


def test_streams_times_and_patterns_choose(logs, group):
    at = now() - 1_000
    put(logs, group, "web-1", (at, '{"status": 200, "path": "/a"}'), (at + 2, '{"status": 503, "path": "/b"}'))
    put(logs, group, "web-2", (at + 1, '{"status": 503, "path": "/c"}'), (at + 3, "plain ERROR text"))
    put(logs, group, "db", (at + 2, "[ERROR] slow query"))

    def found(**asked):
        return messages(logs.filter_log_events(logGroupName=group, **asked))

    every = found()
    assert [json.loads(one)["path"] for one in every[:2]] == ["/a", "/c"] and len(every) == 5
    assert found(logStreamNames=["db"]) == ["[ERROR] slow query"]
    assert len(found(logStreamNamePrefix="web")) == 4
    assert found(startTime=at + 3) == ["plain ERROR text"] == found(startTime=at + 3, endTime=at + 3)
    assert found(filterPattern="ERROR -slow") == ["plain ERROR text"]
    assert [json.loads(one)["path"] for one in found(filterPattern="{ $.status = 5* || $.status = 503 }")] == ["/c", "/b"]
    assert found(filterPattern="%^.ERROR%") == ["[ERROR] slow query"]
    assert found(filterPattern="nowhere") == []
    page = logs.get_log_events(logGroupName=group, logStreamName="web-1", startTime=at, endTime=at + 2)
    assert len(page["events"]) == 1, "the end is exclusive here"


def test_a_page_has_a_mebibyte_at_most_and_large_events_come_whole(logs, group):
    at = now()
    large = [chr(97 + n) * 400_000 for n in range(4)]
    for number, message in enumerate(large):
        put(logs, group, "db", (at + number, message))
    largest = "ä" * ((1_048_576 - 26) // 2)
    put(logs, group, "db", (at + 9, largest))
    sizes, found = [], []
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        sizes.append(sum(len(message.encode()) + 26 for message in messages(page)))
        found += messages(page)
    assert found == [*large, largest]
    assert max(sizes) <= 1_048_576
    said = refused(
        logs, "InvalidParameterException", "put_log_events", logGroupName=group, logStreamName="db",
        logEvents=[{"timestamp": at, "message": largest + "x"}],
    )  # fmt: skip
    assert said == "Log event too large: 1048577 bytes exceeds limit of 1048576"


def test_a_full_batch_is_ten_thousand_events(logs, group):
    at = now() - 10_000
    put(logs, group, "db", *[(at + n, f"{n}") for n in range(10_000)])
    page = logs.get_log_events(logGroupName=group, logStreamName="db", startFromHead=True)
    assert messages(page) == [f"{n}" for n in range(10_000)]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern="99", PaginationConfig={"PageSize": 7}
    )
    found = [message for page in pages for message in messages(page)]
    assert found == [f"{n}" for n in range(10_000) if "99" in f"{n}"]
    said = refused(
        logs, "InvalidParameterException", "put_log_events", logGroupName=group, logStreamName="db",
        logEvents=[{"timestamp": at, "message": "m"}] * 10_001,
    )  # fmt: skip
    assert said.endswith("at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to 10000")


def test_what_is_too_old_or_too_new_is_told(logs, group):
    at = now()
    info = put(logs, group, "db", (at - 15 * DAY, "old"), (at, "taken"), (at + DAY // 2, "new"))
    assert info["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    info = put(logs, group, "db", (at - 2 * DAY, "expired"), (at, "taken too"))
    assert info["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    info = put(logs, group, "db", (at - 2 * DAY, "expired"))
    assert info["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1} and info["nextSequenceToken"]
    assert messages(logs.filter_log_events(logGroupName=group)) == ["taken", "taken too"]
    for events, words in [
        ([(at, "a"), (at - 1, "b")], "chronological order"),
        ([(at - 1 - 20 * 60 * 60 * 1000, "a"), (at + 60 * 60 * 1000 * 5 // 4, "b")], None),
    ]:
        batch = [{"timestamp": at, "message": message} for at, message in events]
        if words:
            said = refused(logs, "InvalidParameterException", "put_log_events",
                           logGroupName=group, logStreamName="db", logEvents=batch)  # fmt: skip
            assert words in said
        else:
            assert "rejectedLogEventsInfo" not in logs.put_log_events(
                logGroupName=group, logStreamName="db", logEvents=batch
            )


def test_a_stream_shows_the_times_of_its_events(logs, group):
    at = now()
    put(logs, group, "web-1", (at - 500, "a"), (at - 100, "b"))
    put(logs, group, "web-1", (at - 900, "c"))

    def noted():
        found = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)
        first = found["logStreams"][0]
        return first if first.get("firstEventTimestamp") == at - 900 else None

    stream = wait_for(noted, "the times of a stream")
    assert (stream["logStreamName"], stream["lastEventTimestamp"]) == ("web-1", at - 100)
    assert stream["lastIngestionTime"] >= at and stream["uploadSequenceToken"]
    (other,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="db")["logStreams"]
    assert "lastIngestionTime" not in other and "uploadSequenceToken" not in other


def test_the_events_of_a_deleted_stream_go(tmp_path):
    config = tmp_path / "corelog.toml"
    base = '[[provider]]\nname = "openai"\ndialect = "openai"\nbase_url = "http://127.0.0.1:9"\n'
    config.write_text(base + SOON)
    gateway = start_gateway(config, tmp_path)
    try:
        logs = client_of(f"http://{gateway.address}")
        group = made(logs, "/deleted", "secret", "other")
        at = now()
        put(logs, group, "secret", (at, "to be forgotten"))
        put(logs, group, "other", (at + 1, "stays"))
        logs.delete_log_stream(logGroupName=group, logStreamName="secret")
        logs.create_log_stream(logGroupName=group, logStreamName="secret")
        put(logs, group, "secret", (at + 2, "came later"))

        def is_gone():
            return messages(logs.filter_log_events(logGroupName=group)) == ["stays", "came later"]

        wait_for(is_gone, "the events of a deleted stream to go")
    finally:
        gateway.stop()


class Tail:
    """Follows a group as `aws logs tail --follow` of version 2 does: asks again from the newest event's time on, and
    tells events that it has seen by their ids. Source: awscli/customizations/logs/tail.py."""

    def __init__(self, logs, group):
        self.logs, self.asked, self.seen = logs, {"logGroupName": group, "interleaved": True}, {}

    def poll(self):
        new = []
        while True:
            page = self.logs.filter_log_events(**self.asked)
            for event in page["events"]:
                known = self.seen.setdefault(event["timestamp"], set())
                if event["eventId"] not in known:
                    known.add(event["eventId"])
                    new.append(event["message"])
            if not (token := page.get("nextToken")):
                break
            self.asked["nextToken"] = token
        self.asked.pop("nextToken", None)
        if self.seen:
            newest = max(self.seen)
            self.seen = {newest: self.seen[newest]}
            self.asked["startTime"] = newest
        return new


def test_a_follower_sees_each_event_once(logs, group):
    tail = Tail(logs, group)
    assert tail.poll() == []
    at = now()
    put(logs, group, "web-1", (at, "same"), (at, "same"))
    assert tail.poll() == ["same", "same"]
    assert tail.poll() == []
    for number in range(20):
        # Another at the same time as the newest, and a newer one; meanwhile they go into the table.
        put(logs, group, "web-2", (at + number, f"again {number}"), (at + number + 1, f"new {number}"))
        assert sorted(tail.poll()) == [f"again {number}", f"new {number}"]
        assert tail.poll() == []


def test_records_of_calls_are_events_too(gateway, logs):
    import openai

    client = openai.OpenAI(base_url=gateway.openai_url, api_key="sk-test")
    raw = client.chat.completions.with_raw_response.create(
        model="demo-echo", messages=[{"role": "user", "content": "needle in a haystack"}]
    )
    record_id = raw.headers["x-corelog-record-id"]
    asked = {"logGroupName": "/corelog/invocations", "filterPattern": f'{{ $.corelog.recordId = "{record_id}" }}'}
    (event,) = logs.filter_log_events(**asked)["events"]
    assert event["logStreamName"] == "aws/bedrock/modelinvocations"
    assert "needle in a haystack" in event["message"]
    page = logs.get_log_events(
        logGroupName="/corelog/invocations", logStreamName="aws/bedrock/modelinvocations", limit=1
    )
    assert json.loads(page["events"][0]["message"])["corelog"]["recordId"] == record_id


def test_the_command_line_puts_and_reads(gateway, logs, group, tmp_path):
    at = now()
    batch = tmp_path / "events.json"
    batch.write_text(json.dumps([{"timestamp": at + n, "message": f"line {n}"} for n in range(25)]))
    named = ["--log-group-name", group]
    printed = aws(gateway.url, "logs", "put-log-events", *named, "--log-stream-name", "db",
                  "--log-events", f"file://{batch}")  # fmt: skip
    assert printed["nextSequenceToken"]
    printed = aws(gateway.url, "logs", "get-log-events", *named, "--log-stream-name", "db", "--limit", "2")
    assert messages(printed) == ["line 23", "line 24"]
    # The CLI's own paging: pages of five, ten events in all, and a token to go on with.
    printed = aws(gateway.url, "logs", "filter-log-events", *named, "--filter-pattern", "line",
                  "--page-size", "5", "--max-items", "10")  # fmt: skip
    assert messages(printed) == [f"line {n}" for n in range(10)]
    rest = aws(gateway.url, "logs", "filter-log-events", *named, "--filter-pattern", "line",
               "--starting-token", printed["NextToken"])  # fmt: skip
    assert messages(rest) == [f"line {n}" for n in range(10, 25)]


@pytest.mark.parametrize("store", [SOON, LATE], ids=["table", "recent"])
def test_kill_loses_no_event_that_was_acknowledged(tmp_path, store):
    config = tmp_path / "corelog.toml"
    config.write_text('[[provider]]\nname = "openai"\ndialect = "openai"\nbase_url = "http://127.0.0.1:9"\n' + store)
    expected, ids = [], []
    first = now() - 10_000
    for round_number in range(4):
        gateway = start_gateway(config, tmp_path)
        try:
            logs = client_of(f"http://{gateway.address}")
            if round_number == 0:
                made(logs, "/kill", "s")
            events = [
                event
                for page in logs.get_paginator("filter_log_events").paginate(logGroupName="/kill")
                for event in page["events"]
            ]
            assert [event["message"] for event in events] == expected
            assert [event["eventId"] for event in events][: len(ids)] == ids, "an id is an event's for good"
            ids = [event["eventId"] for event in events]
            for number in range(30):
                message = f"{round_number}-{number}"
                put(logs, "/kill", "s", (first + len(expected), message))
                expected.append(message)
            gateway.process.kill()
        finally:
            gateway.stop()
    assert len(set(ids)) == 90


def test_while_the_store_is_away_nobody_is_told_half_of_it(tmp_path, s3, s3_endpoint):
    s3.create_bucket(Bucket="events-away")
    # Nothing listens there.
    away = '[s3]\nendpoint = "http://127.0.0.1:9"\nregion = "us-east-1"\naccess_key_id = "x"\nsecret_access_key = "y"\n'
    base = '[[provider]]\nname = "openai"\ndialect = "openai"\nbase_url = "http://127.0.0.1:9"\n'
    table = '[store]\nurl = "s3://events-away/table"\ninterval = "50ms"\n'
    config = tmp_path / "corelog.toml"
    config.write_text(base + table + away)
    gateway = start_gateway(config, tmp_path)
    try:
        logs = client_of(f"http://{gateway.address}", connect_timeout=50, read_timeout=50)
        made(logs, "/away", "s")
        put(logs, "/away", "s", (now(), "kept meanwhile"))
        with pytest.raises(logs.exceptions.ServiceUnavailableException):
            logs.filter_log_events(logGroupName="/away")
        gateway.process.kill()
    finally:
        gateway.stop()
    back = away.replace("http://127.0.0.1:9", s3_endpoint).replace('"x"', '"testing"').replace('"y"', '"secret-access"')
    config.write_text(base + table + back)
    gateway = start_gateway(config, tmp_path)
    try:
        logs = client_of(f"http://{gateway.address}")
        assert messages(logs.filter_log_events(logGroupName="/away")) == ["kept meanwhile"]
    finally:
        gateway.stop()
