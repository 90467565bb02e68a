"""`corelog tail` as a program: each line is there before the next call is made."""

import contextlib
import json
import subprocess

import openai
import pytest

from processes import binary

GROUP = "/corelog/invocations"


def ask(stack, word):
    """One call; returns the id of its record."""
    client = openai.OpenAI(base_url=stack.openai_url, api_key="sk-test")
    answer = client.chat.completions.with_raw_response.create(
        model="demo-echo", messages=[{"role": "user", "content": f"say {word}"}]
    )
    return answer.headers["x-corelog-record-id"]


@contextlib.contextmanager
def tail(stack, *arguments):
    """A running `corelog tail`."""
    command = [str(binary()), "tail", "--url", stack.url, *arguments]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield program
    finally:
        program.terminate()
        program.communicate()


def record_id(line):
    line = json.loads(line)
    record = json.loads(line["message"]) if "message" in line else line
    return record["corelog"]["recordId"]


@pytest.mark.parametrize("arguments", [["-f", "-n", "1"], ["--log-group", GROUP]])
def test_a_line_is_printed_with_its_record_and_not_with_the_next(stack, arguments):
    with tail(stack, "lantern", *arguments) as program:
        # Until one is seen, the program may not listen yet.
        first = None
        while first is None:
            made = ask(stack, "lantern")
            first = next_line(program, bound=0.2)
        while record_id(first) != made:
            first = program.stdout.readline()
        for _ in range(10):
            ask(stack, "a lamp")
            made = ask(stack, "lantern")
            # Nothing else happens from here on: a line that waited for more to come would never be read.
            assert record_id(program.stdout.readline()) == made


def test_a_pattern_that_is_none_is_said_before_anybody_is_asked():
    command = [str(binary()), "tail", "--url", "http://127.0.0.1:9", "{ $.a"]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"must end with '}'" in done.stderr


def test_the_end_of_the_server_ends_it(tmp_path):
    from stack import Stack

    stack = Stack(tmp_path)
    try:
        with tail(stack, "-f") as program:
            ask(stack, "harbour")
            assert program.stdout.readline()
            assert stack.gateway.stop() == 0
            assert program.wait(60) == 0
        assert "not finished in time" not in stack.gateway.log.read_text()
    finally:
        stack.stop()


def next_line(program, bound):
    """The next line, if it is there within some seconds."""
    import selectors

    with selectors.DefaultSelector() as selector:
        selector.register(program.stdout, selectors.EVENT_READ)
        return program.stdout.readline() if selector.select(bound) else None
