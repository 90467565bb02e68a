"""Subscription filters that boto3 and the AWS CLI put, and receivers of what they send: through kills and failures."""

import base64
import datetime
import gzip
import http.server
import ipaddress
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from logs_client import ACCOUNT, REGION, client_of, refused
from processes import binary, wait_for
from stack import Stack, start_gateway

GROUP = "/app"
OPERATIONS = {"DeleteSubscriptionFilter", "DescribeSubscriptionFilters", "PutSubscriptionFilter"}


def function(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def stream(name):
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"


ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"


class Receiver:
    """A server that takes whatever is posted; `on_request` says how it answers, or holds it up."""

    def __init__(self, port=0):
        self.requests, self.on_request = [], lambda request: (200, b"")
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = {"path": self.path, "headers": headers, "body": body}
                status, answer = receiver.on_request(request)
                receiver.requests.append(request | {"status": status})
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST

            def parse_request(self):
                parsed = super().parse_request()
                if parsed and "content-length" not in self.headers:
                    self.headers["content-length"] = "0"
                return parsed

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def messages(self, path="/", kind="DATA_MESSAGE"):
        """What it took at a path, decoded."""
        taken = [r for r in self.requests if r["path"].startswith(path) and r["status"] == 200]
        messages = [decoded(request) for request in taken]
        return [message for message in messages if message["messageType"] == kind]

    def texts(self, path="/"):
        return [event["message"] for message in self.messages(path) for event in message["logEvents"]]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def decoded(request):
    """The message of a request, as the documentation's endpoint reads it."""
    body = request["body"]
    if request["headers"].get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    document = json.loads(body)
    if "awslogs" in document:
        document = json.loads(gzip.decompress(base64.b64decode(document["awslogs"]["data"])))
    return document


def once(events):
    """Events without those that came a second time."""
    return list({event["id"]: event for event in events}.values())


class World:
    """A gateway with its subscribers, which may be killed and started again."""

    def __init__(self, directory, config):
        self.directory, self.config = directory, directory / "corelog.toml"
        self.config.write_text(config)
        self.start()

    def start(self):
        self.gateway = start_gateway(self.config, self.directory)
        self.url = f"http://{self.gateway.address}"
        self.logs = client_of(self.url)

    def kill(self):
        self.gateway.process.kill()
        self.gateway.process.wait()

    def make(self, *streams):
        self.logs.create_log_group(logGroupName=GROUP)
        for name in streams:
            self.logs.create_log_stream(logGroupName=GROUP, logStreamName=name)

    def subscribe(self, name, destination, pattern="", group=GROUP, **more):
        self.logs.put_subscription_filter(
            logGroupName=group, filterName=name, filterPattern=pattern, destinationArn=destination, **more
        )

    def put(self, name, messages):
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": message} for message in messages]
        self.logs.put_log_events(logGroupName=GROUP, logStreamName=name, logEvents=events)

    def doctor(self):
        command = [str(binary()), "doctor", "--url", self.url, "--config", str(self.config)]
        command += ["--data", str(self.directory / "data")]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CORELOG_")}
        done = subprocess.run(command, capture_output=True, env=environment, text=True, timeout=60)
        assert "server" in done.stdout, done
        return done.stdout

    def metrics(self):
        with urllib.request.urlopen(f"{self.url}/metrics") as answer:
            return answer.read().decode()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def worlds(tmp_path):
    made = []

    def make(config):
        made.append(World(tmp_path, config))
        return made[-1]

    yield make
    for world in made:
        world.gateway.stop()


def hook(address, name="hook", path="", more=""):
    return f'[[subscriber]]\nname = "{name}"\nurl = "http://{address}/{path}"\ninterval = "100ms"\n{more}\n'


def test_filters_are_put_listed_and_deleted(worlds, receiver):
    world = worlds(hook(receiver.address))
    logs = world.logs
    named = {"logGroupName": GROUP}
    missing = "The specified log group does not exist."
    assert refused(logs, "ResourceNotFoundException", "describe_subscription_filters", **named) == missing
    world.make()
    world.subscribe("errors", function("hook"), "[]")
    world.subscribe("all", stream("hook"), roleArn=ROLE, distribution="Random")
    third = dict(named, filterName="third", filterPattern="", destinationArn=function("hook"))
    said = refused(logs, "LimitExceededException", "put_subscription_filter", **third)
    assert said == "Resource limit exceeded."
    pages = logs.get_paginator("describe_subscription_filters").paginate(
        logGroupName=GROUP, PaginationConfig={"PageSize": 1}
    )
    pages = list(pages)
    assert len(pages) == 2
    first, second = (item for page in pages for item in page["subscriptionFilters"])
    assert (first["filterName"], first["roleArn"], first["distribution"]) == ("all", ROLE, "Random")
    created = second.pop("creationTime")
    assert second == {
        "applyOnTransformedLogs": False, "destinationArn": function("hook"), "distribution": "ByLogStream",
        "filterName": "errors", "filterPattern": "[]", "logGroupName": GROUP,
    }  # fmt: skip
    world.subscribe("errors", function("hook:live"), "ERROR")
    changed = logs.describe_subscription_filters(logGroupName=GROUP, filterNamePrefix="err")["subscriptionFilters"]
    assert [(it["filterPattern"], it["creationTime"]) for it in changed] == [("ERROR", created)]
    # The command line sees the same.
    listed = aws(world, "describe-subscription-filters", "--log-group-name", GROUP)
    assert [it["filterName"] for it in listed["subscriptionFilters"]] == ["all", "errors"]
    aws(world, "delete-subscription-filter", "--log-group-name", GROUP, "--filter-name", "errors")
    aws(
        world, "put-subscription-filter", "--log-group-name", GROUP, "--filter-name", "cli",
        "--filter-pattern", '{ $.level = "error" }', "--destination-arn", function("hook"),
    )  # fmt: skip
    said = refused(
        logs, "ResourceNotFoundException", "delete_subscription_filter", logGroupName=GROUP, filterName="errors"
    )
    assert said == "The specified subscription filter does not exist."
    # Each filter that was put looked whether somebody is there.
    controls = receiver.messages(kind="CONTROL_MESSAGE")
    assert len(controls) == 4
    for control in controls:
        assert (control["owner"], control["logGroup"], control["logStream"]) == ("CloudwatchLogs", "", "")
        assert control["logEvents"][0]["message"].startswith("CWL CONTROL MESSAGE: Checking health of destination")
    logs.delete_subscription_filter(logGroupName=GROUP, filterName="cli")
    # They go with their group.
    logs.delete_log_group(logGroupName=GROUP)
    world.make()
    assert logs.describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"] == []
    assert "subscription." not in world.doctor()
    assert OPERATIONS <= logs.checked.seen


def aws(world, *arguments):
    """Runs the AWS CLI; what it answers."""
    command = [sys.executable, "-m", "awscli", "logs", *arguments, "--endpoint-url", world.url, "--region", REGION]
    environment = dict(os.environ, AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="secret", AWS_PAGER="")
    done = subprocess.run(command, capture_output=True, env=environment, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_a_destination_that_takes_nothing_is_refused(worlds, receiver):
    world = worlds(hook(receiver.address, path="secret-path"))
    world.make()
    receiver.on_request = lambda _: (500, b"no /secret-path here")
    put = dict(logGroupName=GROUP, filterName="x", filterPattern="", destinationArn=function("hook"))
    said = refused(world.logs, "InvalidParameterException", "put_subscription_filter", **put)
    assert said.startswith("Could not execute the lambda function. Make sure you have given CloudWatch Logs permission")
    assert "the subscriber answered 500: no *** here" in said
    nobody = put | {"destinationArn": function("nobody")}
    said = refused(world.logs, "InvalidParameterException", "put_subscription_filter", **nobody)
    assert "[[subscriber]]" in said
    assert world.logs.describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"] == []
    assert "secret-path" not in world.gateway.log.read_text()


def test_events_come_as_the_service_sends_them(worlds, receiver):
    config = hook(receiver.address, path="function", more='headers = "x-api-key=hunter2"')
    config += hook(receiver.address, "shards", "shards", 'arns = ["Elsewhere"]')
    world = worlds(config)
    world.make("one", "two")
    world.put("one", ["ERROR before"])
    world.subscribe("errors", function("hook"), "[level=ERROR, what]")
    world.subscribe("all", stream("Elsewhere"), roleArn=ROLE)
    world.put("one", ["ERROR first", "INFO second", "ERROR third"])
    world.put("two", ["ERROR other"])
    wait_for(lambda: len(receiver.texts("/function")) == 3, "the errors")
    wait_for(lambda: len(receiver.texts("/shards")) == 4, "all")
    request = [r for r in receiver.requests if r["path"] == "/function"][-1]
    assert request["headers"]["content-type"] == "application/json"
    assert request["headers"]["x-api-key"] == "hunter2"
    assert set(json.loads(request["body"])) == {"awslogs"}
    request = [r for r in receiver.requests if r["path"] == "/shards"][-1]
    assert request["headers"]["content-encoding"] == "gzip" and request["body"][:2] == b"\x1f\x8b"
    for message in receiver.messages("/function"):
        assert list(message) == [
            "messageType", "owner", "logGroup", "logStream", "subscriptionFilters", "logEvents",
        ]  # fmt: skip
        assert (message["owner"], message["logGroup"]) == (ACCOUNT, GROUP)
        assert message["subscriptionFilters"] == ["errors"]
    events = [e for m in receiver.messages("/function") if m["logStream"] == "one" for e in m["logEvents"]]
    assert [e["extractedFields"] for e in events] == [
        {"level": "ERROR", "what": "first"}, {"level": "ERROR", "what": "third"},
    ]  # fmt: skip
    # Their ids are those that everybody else gives them.
    known = world.logs.filter_log_events(logGroupName=GROUP)["events"]
    ids = {event["eventId"]: event["message"] for event in known}
    sent = [event for message in receiver.messages("/shards") for event in message["logEvents"]]
    assert {event["id"]: event["message"] for event in sent} == {
        id: text for id, text in ids.items() if text != "ERROR before"
    }
    assert all(len(event["id"]) == 56 for event in sent)
    listed = [line for line in world.doctor().splitlines() if "subscription." in line]
    assert len(listed) == 2 and any("`errors` of /app" in line for line in listed), listed


def test_calls_are_sent_on(tmp_path, receiver):
    stack = Stack(tmp_path, hook(receiver.address))
    try:
        logs = client_of(stack.url)
        group = "/corelog/invocations"
        wait_for(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"], "the log group")
        logs.put_subscription_filter(
            logGroupName=group, filterName="calls", destinationArn=function("hook"),
            filterPattern='{ $.corelog.dialect = "bedrock" }',
        )  # fmt: skip
        bedrock = boto3.client(
            "bedrock-runtime", region_name=REGION, endpoint_url=stack.url,
            aws_access_key_id="testing", aws_secret_access_key="testing",
        )  # fmt: skip
        bedrock.converse(modelId="demo", messages=[{"role": "user", "content": [{"text": "hello harbour"}]}])
        (text,) = wait_for(lambda: receiver.texts(), "the call")
        record = json.loads(text)
        assert (record["operation"], record["modelId"]) == ("Converse", "demo")
        assert "hello harbour" in text
    finally:
        stack.stop()


def test_kills_and_failures_lose_nothing(worlds, receiver):
    world = worlds(hook(receiver.address))
    world.make("one")
    world.subscribe("all", function("hook"))
    world.put("one", ["0"])
    wait_for(lambda: receiver.texts() == ["0"], "the first event")
    # It fails, and what came meanwhile is in the spool.
    receiver.on_request = lambda _: (503, b"later")
    for number in range(1, 40):
        world.put("one", [str(number)])
    wait_for(lambda: any(request["status"] == 503 for request in receiver.requests), "a failure")
    wait_for(lambda: "fails" in world.doctor(), "doctor to say so")
    world.kill()
    world.start()
    # The receiver has it, and nobody is there for its answer.
    seen = []

    def take_and_kill(request):
        seen.extend(event for event in decoded(request)["logEvents"])
        world.kill()
        return 200, b""

    receiver.on_request = take_and_kill
    wait_for(lambda: world.gateway.process.poll() is not None, "the kill")
    receiver.on_request = lambda _: (200, b"")
    world.start()
    world.put("one", ["40"])
    wait_for(lambda: "40" in receiver.texts(), "the last event")
    events = [event for message in receiver.messages() for event in message["logEvents"]]
    assert seen, "something was under way when it was killed"
    assert [event["message"] for event in once(events)] == [str(number) for number in range(41)]
    # A start later, nothing of it comes again.
    count = len(receiver.requests)
    world.kill()
    world.start()
    world.put("one", ["41"])
    wait_for(lambda: receiver.texts()[-1] == "41", "one more")
    repeated = [event["message"] for r in receiver.requests[count:] for event in decoded(r)["logEvents"]]
    assert repeated[-1] == "41" and set(repeated) <= {"40", "41"}


def test_one_that_hangs_holds_up_no_other(worlds, receiver):
    config = hook(receiver.address) + hook(receiver.address, "other", "other", 'timeout = "1h"')
    world = worlds(config)
    world.make("one")
    world.subscribe("works", function("hook"))
    world.subscribe("hangs", function("other"))
    held = threading.Event()

    def hang(request):
        if request["path"] == "/other":
            held.wait(60)
        return 200, b""

    receiver.on_request = hang
    texts = [str(number) for number in range(20)]
    for text in texts:
        world.put("one", [text])

    def of_works():
        messages = [m for m in receiver.messages() if m["subscriptionFilters"] == ["works"]]
        return [event["message"] for message in messages for event in message["logEvents"]]

    wait_for(lambda: of_works() == texts, "the one that works")
    # The one that hangs can be taken away, and the process ends.
    world.logs.delete_subscription_filter(logGroupName=GROUP, filterName="hangs")
    assert "subscription.hangs" not in world.doctor()
    assert world.gateway.stop() == 0
    held.set()


def test_a_message_that_is_refused_for_good_is_given_up(worlds, receiver):
    world = worlds(hook(receiver.address))
    world.make("one")
    world.subscribe("all", function("hook"))
    receiver.on_request = lambda request: (400 if "bad" in str(decoded(request)) else 200, b"")
    world.put("one", ["bad"])
    wait_for(lambda: any(request["status"] == 400 for request in receiver.requests), "the refusal")
    world.put("one", ["good"])
    wait_for(lambda: receiver.texts() == ["good"], "the next")
    line = wait_for(
        lambda: [it for it in world.metrics().splitlines() if "rejected_records_total" in it and "subscription.all." in it],
        "the count",
    )
    assert line[0].endswith(" 1")
    assert "log events of a subscription are given up" in world.gateway.log.read_text()


def test_a_message_that_is_too_large_goes_in_halves(worlds, receiver):
    world = worlds(hook(receiver.address))
    world.make("one")
    world.subscribe("all", function("hook"))

    def answer(request):
        texts = [event["message"] for event in decoded(request)["logEvents"]]
        return (413 if len(texts) > 2 or "3" in texts else 200), b""

    receiver.on_request = answer
    world.put("one", [str(number) for number in range(7)])
    wait_for(lambda: "6" in receiver.texts(), "the last event")
    # One by itself is too large, and is given up.
    assert receiver.texts() == ["0", "1", "2", "4", "5", "6"]


def test_a_reload_changes_and_removes_subscribers(worlds, receiver):
    world = worlds(hook(receiver.address, path="first"))
    world.make("one")
    world.subscribe("all", function("hook"))
    world.put("one", ["1"])
    wait_for(lambda: receiver.texts("/first") == ["1"], "the first place")

    def reload(config, done):
        world.config.write_text(config)
        world.gateway.process.send_signal(1)
        wait_for(done, "the reload")

    reloads = lambda: world.gateway.log.read_text().count("configuration reloaded")
    reload(hook(receiver.address, path="second"), lambda: reloads() == 1)
    world.put("one", ["2"])
    wait_for(lambda: receiver.texts("/second") == ["2"], "the second place")
    reload("", lambda: reloads() == 2)
    assert "sends nothing: no [[subscriber]] stands for" in world.doctor()
    world.put("one", ["lost"])
    reload(hook(receiver.address, path="third"), lambda: reloads() == 3)
    world.put("one", ["4"])
    wait_for(lambda: receiver.texts("/third") == ["4"], "the third place")
    assert "sends nothing" not in world.doctor()


def test_lines_of_a_file(worlds, tmp_path):
    path = tmp_path / "out" / "lines.jsonl"
    config = f'[[subscriber]]\nname = "archive"\nkind = "file"\npath = "{path}"\ninterval = "100ms"\n'
    world = worlds(config)
    world.make("one")
    world.subscribe("all", function("archive"))
    assert json.loads(path.read_text())["messageType"] == "CONTROL_MESSAGE"
    texts = [f"{number} ü\n" for number in range(9)]
    world.put("one", texts)

    def events():
        # The last part has no end yet: a line on its way, or one that was cut off.
        *lines, _ = path.read_text().split("\n")
        messages = [json.loads(line) for line in lines]
        return [e for m in messages if m["messageType"] == "DATA_MESSAGE" for e in m["logEvents"]]

    wait_for(lambda: len(events()) == 9, "the lines")
    world.kill()
    with path.open("a") as file:
        file.write('{"messageType":"DATA_')
    world.start()
    world.put("one", ["after"])
    wait_for(lambda: events()[-1]["message"] == "after", "a line after the kill")
    assert [event["message"] for event in once(events())] == [*texts, "after"]
    assert path.stat().st_mode & 0o777 == 0o600


class Index:
    """What an OpenSearch cluster does with `_bulk`, as far as it is asked."""

    def __init__(self, receiver):
        self.documents, self.busy, self.asked = {}, 1, []
        receiver.on_request = self.answer

    def answer(self, request):
        self.asked.append(request["path"])
        if request["path"] == "/cluster/":
            return 200, b'{"version":{"distribution":"opensearch"}}'
        lines = [json.loads(line) for line in request["body"].decode().splitlines()]
        items = []
        for action, document in zip(lines[::2], lines[1::2], strict=True):
            target = action["index"]
            if self.busy:
                self.busy -= 1
                items.append({"index": {"status": 429, "error": {"type": "es_rejected_execution_exception"}}})
            elif "refused" in document["@message"]:
                items.append({"index": {"status": 400, "error": {"type": "mapper_parsing_exception"}}})
            else:
                self.documents[target["_index"], target["_id"]] = document
                items.append({"index": {"status": 201}})
        errors = any(item["index"]["status"] >= 300 for item in items)
        return 200, json.dumps({"errors": errors, "items": items}).encode()


def test_documents_of_opensearch(worlds, receiver):
    index = Index(receiver)
    config = f'[[subscriber]]\nname = "search"\nkind = "opensearch"\nurl = "http://{receiver.address}/cluster"\n'
    world = worlds(config + 'interval = "100ms"\n')
    world.make("one")
    world.subscribe("all", function("search"))
    assert index.asked == ["/cluster/"]
    world.put("one", ["a", "refused", "b"])
    wait_for(lambda: len(index.documents) == 2, "the documents")
    assert index.asked[1].startswith("/cluster/_bulk?")
    known = {e["eventId"]: e for e in world.logs.filter_log_events(logGroupName=GROUP)["events"]}
    for (name, id), document in index.documents.items():
        event = known[id]
        assert document["@message"] == event["message"] and document["@log_stream"] == "one"
        day = time.strftime("%Y.%m.%d", time.gmtime(event["timestamp"] / 1000))
        assert name == f"cwl-{day}" and document["@timestamp"].startswith(day.replace(".", "-"))
    line = wait_for(
        lambda: [it for it in world.metrics().splitlines() if "rejected_records_total" in it and "subscription.all." in it],
        "the count",
    )
    assert line[0].endswith(" 1")


def certificate(directory):
    """The files of a certificate for this machine, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nats")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = made.add_extension(here, critical=False).sign(key, hashes.SHA256())
    cert_file, key_file = directory / "cert.pem", directory / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return cert_file, key_file


@pytest.fixture(params=["nats", "tls"])
def nats(tmp_path, request):
    """A real server with JetStream, if there is one on this machine."""
    program = os.environ.get("NATS_SERVER") or shutil.which("nats-server")
    if program is None:
        pytest.skip("no nats-server; install it or set NATS_SERVER")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [program, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(tmp_path / "js")]
    command += ["--user", "me", "--pass", "pw"]
    cert_file = None
    if request.param == "tls":
        cert_file, key_file = certificate(tmp_path)
        command += ["--tls", "--tlscert", str(cert_file), "--tlskey", str(key_file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    nats = Nats(wait_for(lambda: connected(port), "the NATS server"), port, cert_file)
    yield nats
    process.terminate()
    process.wait()


def connected(port):
    try:
        return socket.create_connection(("127.0.0.1", port))
    except OSError:
        return None


class Nats:
    """As much of a client as a test needs: requests, one after the other."""

    def __init__(self, connection, port, cert_file):
        self.url, self.cert_file = f"nats://127.0.0.1:{port}", cert_file
        greeting = connection.makefile("rb", buffering=0).readline()
        assert greeting.startswith(b"INFO "), greeting
        if cert_file is not None:
            self.url = f"tls://127.0.0.1:{port}"
            trust = ssl.create_default_context(cafile=cert_file)
            connection = trust.wrap_socket(connection, server_hostname="127.0.0.1")
        self.file = connection.makefile("rwb")
        connect = {"verbose": False, "user": "me", "pass": "pw", "headers": True, "no_responders": True}
        self.send(b"CONNECT " + json.dumps(connect).encode() + b"\r\nSUB answers 1\r\nPING\r\n")
        assert self.file.readline() == b"PONG\r\n"

    def send(self, text):
        self.file.write(text)
        self.file.flush()

    def ask(self, subject, body=b""):
        self.send(b"PUB %s answers %d\r\n%s\r\n" % (subject.encode(), len(body), body))
        while not (line := self.file.readline()).startswith(b"MSG "):
            if line == b"PING\r\n":
                self.send(b"PONG\r\n")
        size = int(line.split()[-1])
        return json.loads(self.file.read(size + 2)[:size])

    def add_stream(self):
        made = self.ask("$JS.API.STREAM.CREATE.CALLS", json.dumps({"name": "CALLS", "subjects": ["calls.>"]}).encode())
        assert "error" not in made, made

    def messages(self):
        state = self.ask("$JS.API.STREAM.INFO.CALLS")["state"]
        kept = [
            self.ask("$JS.API.STREAM.MSG.GET.CALLS", json.dumps({"seq": number}).encode())["message"]
            for number in range(state["first_seq"], state["last_seq"] + 1)
        ]
        return [(it["subject"], json.loads(gzip.decompress(base64.b64decode(it["data"])))) for it in kept]


def test_a_stream_of_nats(worlds, nats):
    config = '[[subscriber]]\nname = "bus"\nkind = "nats"\nsubject = "calls.all"\ninterval = "100ms"\nuser = "me"\n'
    config += f'server = "{nats.url}"\npassword = "pw"\n'
    config += f'ca_file = "{nats.cert_file}"\n' if nats.cert_file else ""
    world = worlds(config)
    world.make("one")
    put = dict(logGroupName=GROUP, filterName="all", filterPattern="", destinationArn=stream("bus"), roleArn=ROLE)
    said = refused(world.logs, "InvalidParameterException", "put_subscription_filter", **put)
    assert "no stream of it takes `calls.all`" in said
    nats.add_stream()
    world.logs.put_subscription_filter(**put)
    for number in range(5):
        world.put("one", [str(number)])
    texts = lambda: [e["message"] for _, m in nats.messages()[1:] for e in m["logEvents"]]
    wait_for(lambda: texts() == [str(number) for number in range(5)], "the messages")
    subject, control = nats.messages()[0]
    assert (subject, control["messageType"]) == ("calls.all", "CONTROL_MESSAGE")
    world.kill()
    world.start()
    world.put("one", ["after"])
    wait_for(lambda: texts()[-1] == "after", "one after the kill")
    # What was sent again, the stream has known by its id.
    assert texts() == [*(str(number) for number in range(5)), "after"]
