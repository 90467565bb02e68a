"""Reads delivered records out of a bucket directory, as any consumer of the S3 layout would."""

import gzip
import json
import pathlib

from processes import wait_for

DELIVERY_SECONDS = 30


class Bucket:
    """The records of a `file://` destination, read as they arrive."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.by_record_id = {}
        self.by_request_id = {}
        self.duplicates = []
        self._seen = set()

    def refresh(self):
        """Reads the batch files that came since the last time."""
        for path in sorted(self.root.rglob("*.json.gz")):
            # Large bodies lie in `data/` beside the batches and are no records.
            if path in self._seen or path.parent.name == "data":
                continue
            self._seen.add(path)
            for line in gzip.decompress(path.read_bytes()).splitlines():
                self._take(json.loads(line))

    def _take(self, record):
        record_id = record["corelog"]["recordId"]
        if record_id in self.by_record_id:
            self.duplicates.append(record_id)
        self.by_record_id[record_id] = record
        self.by_request_id[record["requestId"]] = record

    def find(self, record_id=None, request_id=None, seconds=DELIVERY_SECONDS):
        """The record with this id; waits for its delivery."""

        def found():
            index, key = (self.by_record_id, record_id)
            if record_id is None:
                index, key = (self.by_request_id, request_id)
            if key not in index:
                self.refresh()
            return index.get(key)

        return wait_for(found, f"the record {record_id or request_id}", seconds)

    def wait_for_all(self, record_ids, seconds):
        """Waits until every one of these records is delivered."""
        wanted = set(record_ids)

        def all_there():
            self.refresh()
            return wanted <= self.by_record_id.keys()

        try:
            wait_for(all_there, f"{len(wanted)} records", seconds)
        except AssertionError as error:
            missing = sorted(wanted - self.by_record_id.keys())
            raise AssertionError(f"{error}; {len(missing)} missing: {missing[:5]}") from None

    def input_of(self, record):
        """The request's body as JSON, wherever it lies; None if it is not in the record."""
        return self._body(record.get("input") or {}, "input")

    def output_of(self, record):
        """The answer's body as JSON, wherever it lies; None if it is not in the record."""
        return self._body(record.get("output") or {}, "output")

    def _body(self, part, name):
        inline, path = part.get(f"{name}BodyJson"), part.get(f"{name}BodyS3Path")
        assert inline is None or path is None, "a body is either in the record or beside it"
        if path is None:
            return inline
        data = self.data(path)
        return json.loads(gzip.decompress(data)) if path.endswith(".json.gz") else data

    def data(self, path: str) -> bytes:
        """The bytes of an object that a record points to."""
        assert "/data/" in path, path
        return (self.root / path[path.index("AWSLogs/") :]).read_bytes()
