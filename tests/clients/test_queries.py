"""Questions about log events with unmodified clients: boto3, the AWS CLI, and Corelog's own command line.

What asks the `engine` fixture needs the query engine, and is skipped where the binary was built without it; all else
holds for every binary.
"""

import csv
import hashlib
import io
import json
import os
import subprocess
import time

import openai
import pytest
from botocore.exceptions import ClientError

from logs_client import ACCOUNT, REGION, client_of, refused
from processes import binary, wait_for
from stack import Stack
from test_aws_cli import FAILED, aws

GROUP = "/corelog/invocations"
MODELS = {"demo-echo": 12, "demo-lorem": 9}
CALLS = sum(MODELS.values())
NO_ENGINE = "was built without its query engine"
OPERATIONS = {
    "DescribeQueries", "GetLogGroupFields", "GetLogRecord", "GetQueryResults", "StartQuery", "StopQuery",
}  # fmt: skip


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A stack whose log group holds a known set of calls."""
    # Tests are quicker than ten queries a second.
    stack = Stack(tmp_path_factory.mktemp("queries"), "\n[query]\nstarts_per_second = 0\n")
    client = openai.OpenAI(base_url=stack.openai_url, api_key="sk-test")
    try:
        for model, calls in MODELS.items():
            for number in range(calls):
                client.chat.completions.create(
                    model=model,
                    messages=[{"role": "user", "content": f"needle-{model}-{number} in a haystack"}],
                    user=f"user-{number % 3}",
                )
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def logs(asked):
    return client_of(asked.url)


@pytest.fixture(scope="module")
def engine(logs):
    """The calls can be asked for; skips where nothing answers."""
    try:
        logs.start_query(**question("limit 1"))
    except ClientError as error:
        if NO_ENGINE in error.response["Error"]["Message"]:
            pytest.skip("this binary was built without its query engine")
        raise

    def all_there():
        rows = answer(logs, "stats count(*) as n")["results"]
        return rows and int(fields(rows[0])["n"]) >= CALLS

    wait_for(all_there, f"{CALLS} events")


def question(text, **more):
    now = int(time.time())
    base = {"logGroupName": GROUP, "startTime": now - 3600, "endTime": now + 60, "queryString": text}
    return {name: value for name, value in {**base, **more}.items() if value is not None}


def done(logs, query_id, **more):
    def ended():
        found = logs.get_query_results(queryId=query_id, **more)
        return found if found["status"] not in ("Scheduled", "Running") else None

    return wait_for(ended, "the query's end")


def answer(logs, text, **more):
    found = done(logs, logs.start_query(**question(text, **more))["queryId"])
    assert found["status"] == "Complete", found
    return found


def fields(row):
    return {field["field"]: field["value"] for field in row}


def corelog(url, *arguments, expect_code=0):
    """Runs Corelog's own command line; returns what it printed and what it said."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "CORELOG_URL": url}
    command = [str(binary()), *arguments]
    finished = subprocess.run(command, capture_output=True, env=environment, timeout=60, text=True)
    assert finished.returncode == expect_code, finished.stderr
    return finished.stdout, finished.stderr


# What holds with and without an engine.


def test_a_malformed_query_has_its_place(logs):
    with pytest.raises(logs.exceptions.MalformedQueryException) as raised:
        logs.start_query(**question("filter modelId = | limit 5"))
    said = "unexpected symbol found | at line 1 and position 17"
    response = raised.value.response
    assert response["Error"] == {"Code": "MalformedQueryException", "Message": said}
    location = {"startCharOffset": 17, "endCharOffset": 18}
    assert response["queryCompileError"] == {"location": location, "message": said}
    for text in [
        "fields @timestamp | fields count()",
        'stats count(*) by modelId | filter @message like "x"',
        "dedup modelId | sort @timestamp asc",
        "filter modelId = 'it''s'",
        "",
    ]:
        refused(logs, "MalformedQueryException", "start_query", **question(text))


def test_groups_that_cannot_be_read(logs):
    said = refused(logs, "ResourceNotFoundException", "start_query", **question("limit 1", logGroupName="/gone"))
    assert said.startswith(f"Log group '/gone' does not exist for account ID '{ACCOUNT}' (Service: AWSLogs; ")
    for more in [
        {"logGroupName": None},
        {"logGroupNames": [GROUP]},
        {"logGroupName": None, "logGroupNames": [f"/g{n}" for n in range(51)]},
        {"queryString": f"SOURCE '{GROUP}' | limit 1"},
        {"queryLanguage": "PPL"},
        {"endTime": 1},
        {"limit": 100_001},
    ]:
        asked = question(**{"text": "limit 1", **more})
        refused(logs, "InvalidParameterException", "start_query", **asked)


def test_queries_that_nobody_started(logs):
    refused(logs, "ResourceNotFoundException", "get_query_results", queryId="gone")
    refused(logs, "ResourceNotFoundException", "stop_query", queryId="gone")
    refused(logs, "InvalidParameterException", "get_log_record", logRecordPointer="gone")
    refused(logs, "ResourceNotFoundException", "get_log_group_fields", logGroupName="/gone")
    assert logs.describe_queries(logGroupName="/gone")["queries"] == []


def test_more_than_ten_a_second_are_throttled(stack):
    """boto3's own retries get through, and are switched off here."""
    logs = client_of(stack.url)
    for _ in range(1_000):
        with pytest.raises(ClientError) as raised:
            logs.start_query(**question("fields |"))
        error = raised.value.response["Error"]
        if error["Code"] != "MalformedQueryException":
            break
    assert error == {"Code": "ThrottlingException", "Message": "Rate exceeded"}


def test_without_an_engine_it_is_said_so(logs):
    try:
        logs.start_query(**question("limit 1"))
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidOperationException"
        assert NO_ENGINE in error.response["Error"]["Message"]
    else:
        pytest.skip("this binary has its query engine")


def test_the_command_line_shows_the_place_of_a_mistake(asked):
    printed, said = corelog(asked.url, "query", "filter modelId = | limit 5", expect_code=1)
    assert printed == ""
    lines = said.splitlines()
    assert lines[0] == "error: unexpected symbol found | at line 1 and position 17"
    assert lines[1:3] == ["  filter modelId = | limit 5", " " * 19 + "^"]
    assert lines[3].startswith("hint: ")
    _, said = corelog(asked.url, "query", "limit 1", "-g", "/gone", expect_code=1)
    assert said.startswith("error: Log group '/gone' does not exist") and GROUP in said


def test_the_command_line_keeps_queries_that_boto3_finds(asked, logs):
    text = "filter modelId = '{{model}}' | stats count(*) as n"
    corelog(asked.url, "query", "save", "by model", text, "-g", GROUP, "--param", "model=demo-echo")
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="by model")["queryDefinitions"]
    assert found["queryString"] == text and found["logGroupNames"] == [GROUP]
    assert found["parameters"] == [{"name": "model", "defaultValue": "demo-echo"}]
    printed, _ = corelog(asked.url, "query", "list")
    assert json.loads(printed)["queryDefinitionId"] == found["queryDefinitionId"]
    corelog(asked.url, "query", "delete", "by model")
    assert logs.describe_query_definitions(queryDefinitionNamePrefix="by model")["queryDefinitions"] == []


# What needs the engine.


def test_rows_with_pointers_to_their_records(logs, engine):
    found = answer(logs, 'filter @message like "needle-demo-echo-7 " | fields @timestamp, modelId, user')
    assert found["queryLanguage"] == "CWLI"
    (row,) = found["results"]
    assert [field["field"] for field in row][-1] == "@ptr"
    assert fields(row)["modelId"] == "demo-echo"
    statistics = found["statistics"]
    assert statistics["recordsMatched"] == statistics["resultCount"] == 1.0
    assert statistics["recordsScanned"] >= 1 and statistics["logGroupsScanned"] == 1.0
    record = logs.get_log_record(logRecordPointer=fields(row)["@ptr"])["logRecord"]
    assert record["modelId"] == "demo-echo" and record["@log"] == f"{ACCOUNT}:{GROUP}"
    assert "needle-demo-echo-7 " in json.loads(record["@message"])["input"]["inputBodyJson"]["messages"][0]["content"]


def test_an_event_is_found_among_many_of_its_moment(logs, engine):
    group, now, many = "/moment", int(time.time() * 1000), 10_200
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    for first in range(0, many, 5_100):
        numbers = range(first, first + 5_100)
        events = [{"timestamp": now, "message": f"number {number}"} for number in numbers]
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    last = f"number {many - 1}"

    def found():
        return answer(logs, f"filter @message = '{last}' | fields @logStream", logGroupName=group)["results"]

    (row,) = wait_for(found, last)
    record = logs.get_log_record(logRecordPointer=fields(row)["@ptr"])["logRecord"]
    assert record["@message"] == last
    logs.delete_log_group(logGroupName=group)


def test_counts_by_model_are_those_of_the_calls(logs, engine):
    found = answer(logs, "stats count(*) as n by modelId | sort n desc")
    rows = [fields(row) for row in found["results"]]
    assert rows == [{"modelId": model, "n": str(calls)} for model, calls in MODELS.items()]
    assert found["statistics"]["recordsMatched"] == float(CALLS)
    assert found["statistics"]["resultCount"] == float(len(MODELS))


def test_patterns_come_with_what_clients_read_of_them(logs, engine):
    asked = "input.inputBodyJson.messages.0.content"
    found = answer(logs, f'filter modelId = "demo-lorem" | pattern {asked}')
    (row,) = (fields(row) for row in found["results"])
    calls = MODELS["demo-lorem"]
    assert (row["@pattern"], row["@sampleCount"]) == ("<Token-1> in a haystack", str(calls))
    needles = {f"needle-demo-lorem-{number}" for number in range(calls)}
    dynamic, fixed = json.loads(row["@tokens"])
    assert dynamic == {
        "dynamicTokenPosition": 1,
        "isDynamic": True,
        "tokenString": "<*>",
        "enumerations": dict.fromkeys(needles, 1),
        "inferredTokenName": "Token-1",
    }
    assert fixed == {"isDynamic": False, "tokenString": " in a haystack"}
    samples = json.loads(row["@logSamples"])
    times = [sample["timestamp"] for sample in samples]
    assert len(times) == 3 and times == sorted(times, reverse=True)
    assert {sample["message"].removesuffix(" in a haystack") for sample in samples} < needles
    assert sum(json.loads(row["@visualization"]).values()) == calls
    assert row["@PatternId"] == hashlib.md5(row["@pattern"].encode()).hexdigest()
    matching = f'filter modelId = "demo-lorem" and {asked} like /{row["@regexString"]}/ | stats count(*) as n'
    (row,) = answer(logs, matching)["results"]
    assert fields(row) == {"n": str(calls)}


def test_pages_have_every_row_once(logs, engine):
    query_id = logs.start_query(**question("fields @timestamp, requestId", limit=20))["queryId"]
    whole = done(logs, query_id)["results"]
    assert len(whole) == 20
    rows, token, pages = [], {}, 0
    while True:
        page = logs.get_query_results(queryId=query_id, maxItems=8, **token)
        rows += page["results"]
        pages += 1
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert (pages, rows) == (3, whole)
    refused(logs, "InvalidParameterException", "get_query_results", queryId=query_id, nextToken="x")


def test_what_has_ended_cannot_be_stopped_and_is_described(logs, engine):
    asked = question("fields @timestamp | limit 3")
    query_id = logs.start_query(**asked)["queryId"]
    done(logs, query_id)
    refused(logs, "InvalidParameterException", "stop_query", queryId=query_id)
    described = logs.describe_queries(logGroupName=GROUP, status="Complete")["queries"]
    (found,) = [one for one in described if one["queryId"] == query_id]
    times = f"START={asked['startTime']}000 END={asked['endTime']}999"
    assert found["queryString"] == f'SOURCE "{GROUP}" {times} | {asked["queryString"]}'
    assert found["logGroupName"] == GROUP and found["queryLanguage"] == "CWLI"


def test_a_query_is_stopped_or_has_ended(logs, engine):
    query_id = logs.start_query(**question("stats count(*) by @message"))["queryId"]
    try:
        assert logs.stop_query(queryId=query_id)["success"] is True
        assert done(logs, query_id)["status"] == "Cancelled"
    except logs.exceptions.InvalidParameterException:
        assert done(logs, query_id)["status"] == "Complete"
        logs.checked.seen.add("StopQuery")


def test_fields_of_the_group(logs, engine):
    found = logs.get_log_group_fields(logGroupName=GROUP)["logGroupFields"]
    percents = {field["name"]: field["percent"] for field in found}
    assert percents["@message"] == percents["modelId"] == 100
    assert [field["percent"] for field in found] == sorted(percents.values(), reverse=True)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"
    assert logs.get_log_group_fields(logGroupIdentifier=arn, time=int(time.time()))["logGroupFields"]


def test_the_text_names_its_groups_and_saved_queries(logs, engine):
    source = f"SOURCE logGroups(namePrefix: ['{GROUP}']) | stats count(*) as n"
    (row,) = answer(logs, source, logGroupName=None)["results"]
    assert int(fields(row)["n"]) == CALLS
    saved = logs.put_query_definition(
        name="of-model",
        queryString='filter modelId = "{{model}}" | stats count(*) as n',
        parameters=[{"name": "model"}],
    )
    (row,) = answer(logs, '$of-model(model = "demo-lorem")'.replace("of-model", "`of-model`"))["results"]
    assert fields(row) == {"n": str(MODELS["demo-lorem"])}
    logs.delete_query_definition(queryDefinitionId=saved["queryDefinitionId"])


def test_lookup_tables_put_columns_beside_those_of_events(logs, engine):
    csv = "model,vendor\ndemo-echo,\"Echo, Inc.\"\n"
    arn = logs.create_lookup_table(lookupTableName="vendors", tableBody=csv)["lookupTableArn"]
    text = "lookup vendors model as modelId OUTPUT vendor | stats count(*) as n by vendor | sort n desc"
    rows = [fields(row) for row in answer(logs, text)["results"]]
    assert rows == [{"vendor": "Echo, Inc.", "n": "12"}, {"n": "9"}]
    # What a query found is a table, too.
    found = logs.start_query(**question("stats count(*) as calls by modelId"))["queryId"]
    done(logs, found)
    logs.update_lookup_table(lookupTableArn=arn, queryId=found)
    text = "stats count(*) as n by modelId | lookup vendors modelId OUTPUT calls | display modelId, n - calls as rest"
    rows = [fields(row) for row in answer(logs, text)["results"]]
    assert sorted(rows, key=lambda row: row["modelId"]) == [{"modelId": m, "rest": "0"} for m in sorted(MODELS)]
    logs.delete_lookup_table(lookupTableArn=arn)
    said = refused(logs, "MalformedQueryException", "start_query", **question(text))
    assert "the lookup table `vendors`, which does not exist" in said


def test_the_aws_cli_asks_and_waits(asked, engine):
    now = int(time.time())
    started = aws(
        asked.url, "logs", "start-query", "--log-group-names", GROUP,
        "--start-time", str(now - 3600), "--end-time", str(now + 60),
        "--query-string", "stats count(*) as n by modelId | sort n desc",
    )  # fmt: skip

    def ended():
        found = aws(asked.url, "logs", "get-query-results", "--query-id", started["queryId"])
        return found if found["status"] == "Complete" else None

    found = wait_for(ended, "the query's end")
    assert [fields(row)["modelId"] for row in found["results"]] == list(MODELS)
    described = aws(asked.url, "logs", "describe-queries", "--log-group-name", GROUP)
    assert started["queryId"] in [one["queryId"] for one in described["queries"]]
    said = aws(asked.url, "logs", "stop-query", "--query-id", started["queryId"], expect_code=FAILED)
    assert "(InvalidParameterException)" in said


def test_the_command_line_prints_lines_csv_and_charts(asked, engine):
    text = "stats count(*) as n by modelId | sort n desc"
    expected = [{"modelId": model, "n": str(calls)} for model, calls in MODELS.items()]
    printed, said = corelog(asked.url, "query", text)
    assert [json.loads(line) for line in printed.splitlines()] == expected and said == ""
    printed, _ = corelog(asked.url, "query", text, "-o", "csv")
    assert list(csv.DictReader(io.StringIO(printed))) == expected
    printed, said = corelog(asked.url, "query", text, "-o", "table")
    assert [line.split() for line in printed.splitlines()[1:]] == [[m, str(n)] for m, n in MODELS.items()]
    assert said.startswith("2 rows · ")
    printed, _ = corelog(asked.url, "query", "limit 1", "--estimate")
    estimate = json.loads(printed)
    assert estimate["read"]["rows"] <= estimate["of"]["rows"]
    assert 0 < estimate["read"]["bytes"] <= estimate["of"]["bytes"], "stored or not"
    printed, _ = corelog(asked.url, "query", text, "--explain")
    assert json.loads(printed)["parts"]


def test_the_command_line_asks_the_group_that_the_server_is_configured_with(tmp_path, engine):
    own = Stack(tmp_path, '[store]\nlog_group = "/llm/calls"\n')
    try:
        openai.OpenAI(base_url=own.openai_url, api_key="sk-test").chat.completions.create(
            model="demo-echo", messages=[{"role": "user", "content": "hello"}]
        )

        def found(*more):
            printed, _ = corelog(own.url, "query", "stats count(*) as n by @log", *more)
            return [json.loads(line) for line in printed.splitlines()]

        expected = [{"@log": f"{ACCOUNT}:/llm/calls", "n": "1"}]
        assert wait_for(found, "the record") == expected
        corelog(own.url, "query", "save", "own", "SOURCE '/llm/calls' | stats count(*) as n by @log")
        printed, _ = corelog(own.url, "query", "--saved", "own")
        assert [json.loads(line) for line in printed.splitlines()] == expected
    finally:
        own.stop()


def test_the_command_line_says_why_there_is_nothing(asked, engine):
    printed, said = corelog(asked.url, "query", "filter modelId = 'none'", "-o", "table")
    assert printed == "" and said.startswith(f"no rows in {GROUP} from ")
    assert "what the query filters for is in none of them" in said
    _, said = corelog(asked.url, "query", "limit 1", "--since", "2001-01-01", "--until", "2001-01-02", "-o", "table")
    assert "there are no events in this time" in said


def test_every_operation_was_answered(logs, engine):
    assert OPERATIONS <= logs.checked.seen
