"""A store that is away for a while: calls go on, the spool holds, and each record arrives once."""

import gzip
import json
import socket
import threading
import urllib.request

import httpx

from processes import Child, wait_for
from stack import start_gateway

CONFIG = """
[[provider]]
name = "openai"
dialect = "openai"
base_url = "http://{demo}/v1"

[[destination]]
name = "store"
kind = "s3"
url = "s3://outage-records/prod"
interval = "100ms"
sse = "AES256"

[s3]
endpoint = "http://{door}"
region = "us-east-1"
access_key_id = "testing"
secret_access_key = "secret-access"
"""
CALLS = 12
LONG = "a line that is said very often\n" * 8_000


class Door:
    """A way to the store that can be shut: connections then end as soon as they are made."""

    def __init__(self, host: str, port: int):
        self.behind = (host, port)
        self.is_open = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "%s:%d" % self.listener.getsockname()
        self.refused = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            if not self.is_open:
                self.refused += 1
                caller.close()
                continue
            store = socket.create_connection(self.behind)
            for source, sink in ((caller, store), (store, caller)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass(source, sink):
        try:
            while piece := source.recv(65_536):
                sink.sendall(piece)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def call(gateway: str, text: str) -> str:
    """Makes a call that is answered with its own words; returns the record's id."""
    body = {"model": "demo-echo", "messages": [{"role": "user", "content": text}]}
    answer = httpx.post(f"http://{gateway}/openai/v1/chat/completions", json=body, timeout=30)
    assert answer.json()["choices"][0]["message"]["content"] == text
    return answer.headers["x-corelog-record-id"]


def status(gateway: str):
    with urllib.request.urlopen(f"http://{gateway}/corelog/v1/status") as answer:
        destinations = json.load(answer)["destinations"]
    (destination,) = [it for it in destinations if it["name"] == "store"]
    return destination


def records(s3):
    """Every record of every batch object, and the keys of all objects."""
    listed = s3.list_objects_v2(Bucket="outage-records").get("Contents", [])
    keys = [entry["Key"] for entry in listed]
    found = []
    for key in keys:
        if key.endswith(".json.gz") and "/data/" not in key:
            body = s3.get_object(Bucket="outage-records", Key=key)["Body"].read()
            found += [json.loads(line) for line in gzip.decompress(body).splitlines()]
    return found, keys


def test_an_outage_of_the_store_loses_and_doubles_nothing(s3, s3_endpoint, tmp_path):
    s3.create_bucket(Bucket="outage-records")
    host, _, port = s3_endpoint.removeprefix("http://").rpartition(":")
    door = Door(host, int(port))
    children = []
    try:
        children.append(Child(["demo"], tmp_path, "demo"))
        config = tmp_path / "corelog.toml"
        config.write_text(CONFIG.format(demo=children[0].address, door=door.address))
        children.append(start_gateway(config, tmp_path))
        gateway = children[1].address
        ids = [call(gateway, f"call {number}") for number in range(CALLS)] + [call(gateway, LONG)]
        wait_for(lambda: status(gateway)["failures"] > 1, "a failed delivery to be tried again")
        assert status(gateway)["backlog"] == len(ids)
        assert door.refused > 0 and records(s3)[0] == []

        # It is stopped during the outage, and the next start goes on where this one was.
        assert children.pop().stop() == 0
        door.is_open = True
        children.append(start_gateway(config, tmp_path))
        gateway = children[1].address
        ids.append(call(gateway, "after the outage"))
        wait_for(lambda: status(gateway)["backlog"] == 0, "everything to be delivered", 60)
        delivered, keys = records(s3)
        assert sorted(r["corelog"]["recordId"] for r in delivered) == sorted(ids)
        assert sorted(r["corelog"]["sequence"] for r in delivered) == list(range(1, len(ids) + 1))

        (long,) = [r for r in delivered if "inputBodyS3Path" in r["input"]]
        assert long["corelog"]["recordId"] == ids[CALLS]
        bucket, _, key = long["input"]["inputBodyS3Path"].removeprefix("s3://").partition("/")
        assert bucket == "outage-records" and key.endswith(f"/data/{long['requestId']}_input.json.gz")
        stored = s3.get_object(Bucket=bucket, Key=key)
        body = json.loads(gzip.decompress(stored["Body"].read()))
        assert body["messages"][0]["content"] == LONG
        assert all(key.startswith("prod/AWSLogs/000000000000/BedrockModelInvocationLogs/") for key in keys)
        assert stored["ServerSideEncryption"] == "AES256"
    finally:
        codes = [child.stop() for child in reversed(children)]
        door.listener.close()
    assert codes == [0, 0]
