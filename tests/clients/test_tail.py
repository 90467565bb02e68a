"""`corelog tail` as a program: each line is there before the next call is made."""

import contextlib
import http.server
import json
import queue
import subprocess
import threading
import types

import openai
import pytest

from processes import binary

GROUP = "/corelog/invocations"

PROVIDER = """
[[provider]]
name = "openai"
dialect = "openai"
base_url = "http://127.0.0.1:{port}/v1"
"""


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


@contextlib.contextmanager
def provider():
    """Answers each call with a stream of what is put into the queue, until `None` is."""
    pieces = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            while (piece := pieces.get()) is not None:
                self.chunk(f"data: {piece}\n\n".encode())
            self.chunk(b"data: [DONE]\n\n")
            self.chunk(b"")

        def chunk(self, data):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, pieces
        finally:
            pieces.put(None)
            server.shutdown()
            thread.join()


def test_a_stream_is_seen_before_its_next_token_is_there(tmp_path):
    from stack import start_gateway

    def token(**delta):
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        return json.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})

    with provider() as (port, pieces):
        config = tmp_path / "corelog.toml"
        config.write_text(PROVIDER.format(port=port))
        gateway = start_gateway(config, tmp_path)
        try:
            url = f"http://{gateway.address}"
            client = openai.OpenAI(base_url=f"{url}/openai/v1", api_key="sk-test")
            asked = [{"role": "user", "content": "say"}]
            calling = client.chat.completions.with_streaming_response.create(
                model="held", messages=asked, stream=True
            )
            with calling as answer:
                pieces.put(token(content="To"))
                lines = answer.iter_lines()
                assert "To" in next(lines)
                # It began before anybody looked.
                with tail(types.SimpleNamespace(url=url), "--stream") as program:
                    record = answer.headers["x-corelog-record-id"]
                    began = json.loads(program.stdout.readline())
                    assert (began["id"], began["began"]["modelId"]) == (record, "held")
                    expected = {"id": record, "text": "To"}
                    assert json.loads(program.stdout.readline()) == expected
                    for piece, line in [
                        (token(content=" be"), {"text": " be"}),
                        (token(reasoning_content="hm"), {"reasoning": "hm"}),
                        (token(content=" or"), {"text": " or"}),
                    ]:
                        # No other comes before this one was seen.
                        pieces.put(piece)
                        assert json.loads(program.stdout.readline()) == {"id": record, **line}
                    pieces.put(None)
                    expected = {"id": record, "ended": True}
                    assert json.loads(program.stdout.readline()) == expected
        finally:
            gateway.stop()


def next_line(program, bound):
    """The next line, if it is there within some seconds."""
    import selectors

    with selectors.DefaultSelector() as selector:
        selector.register(program.stdout, selectors.EVENT_READ)
        return program.stdout.readline() if selector.select(bound) else None
