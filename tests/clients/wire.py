"""HTTP/1.1 over bare sockets, client and server: what is on the wire and nothing made of it."""

import asyncio

LINE_BYTES_MAX = 1 << 20


class Answer:
    """An answer as it came."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        """The first header of that name, or None."""
        return next((value for found, value in self.headers if found == name), None)


async def read_head(reader):
    """The start line and the headers of a message, names in lower case."""
    head = await reader.readuntil(b"\r\n\r\n")
    start, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        headers.append((name.lower(), value.strip()))
    return start, headers


async def read_body(reader, headers):
    """The body of a message, its chunks joined."""
    named = dict(headers)
    if "chunked" not in named.get("transfer-encoding", ""):
        return await reader.readexactly(int(named.get("content-length", 0)))
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


class Client:
    """One connection, kept open between requests."""

    def __init__(self, address):
        self.host, _, self.port = address.rpartition(":")
        self.reader = self.writer = None

    async def request(self, method, path, headers, body):
        """Sends one request and reads its answer."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                self.host, int(self.port), limit=LINE_BYTES_MAX
            )
        head = [f"{method} {path} HTTP/1.1", f"host: {self.host}:{self.port}"]
        head += [f"{name}: {value}" for name, value in headers]
        head += [f"content-length: {len(body)}", "", ""]
        self.writer.write("\r\n".join(head).encode("latin-1") + body)
        start, got = await read_head(self.reader)
        answer = Answer(int(start.split()[1]), got, await read_body(self.reader, got))
        if (answer.header("connection") or "").lower() == "close":
            self.close()
        return answer

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.reader = self.writer = None


async def in_parallel(address, jobs, work, connections):
    """Runs `work(client, job)` for every job, on so many connections; returns the results in order."""
    results, pending = [None] * len(jobs), iter(enumerate(jobs))

    async def worker():
        client = Client(address)
        try:
            for index, job in pending:
                results[index] = await work(client, job)
        finally:
            client.close()

    await asyncio.gather(*(worker() for _ in range(connections)))
    return results
