"""A server that answers with recorded bytes, cut into chunks at random places."""

import asyncio
import random
import threading

from wire import LINE_BYTES_MAX, read_body, read_head

# Says which recording to answer with; an application's own header is nothing to the gateway.
INDEX_HEADER = "x-replay-index"
# Belong to a connection, or to the framing of a body that is framed anew here.
OF_CONNECTION = {"connection", "transfer-encoding", "content-length", "keep-alive"}
PIECES_MAX = 12


class Received:
    """A request as it came."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body


class ReplayServer:
    """Runs on a thread of its own while it is entered; `received` holds the last request by index."""

    def __init__(self, recordings, seed):
        self.recordings, self.seed, self.received = recordings, seed, {}
        self.failures = []

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        starting = asyncio.start_server(self.serve, "127.0.0.1", 0, limit=LINE_BYTES_MAX)
        self.server = asyncio.run_coroutine_threadsafe(starting, self.loop).result(10)
        host, port = self.server.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        return self

    def __exit__(self, *_):
        async def close():
            self.server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def serve(self, reader, writer):
        try:
            while True:
                start, headers = await read_head(reader)
                body = await read_body(reader, headers)
                method, path, _ = start.split(" ")
                index = int(dict(headers)[INDEX_HEADER])
                self.received[index] = Received(method, path, headers, body)
                await self.answer(writer, index)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, writer, index):
        response = self.recordings[index]["response"]
        lines = [f"HTTP/1.1 {response['status']} Recorded"]
        for name, value in response["headers"].items():
            if name.lower() not in OF_CONNECTION:
                lines.append(f"{name}: {value}")
        body = self.recordings[index]["response_body"]
        lengths = {name.lower(): value for name, value in response["headers"].items()}
        if lengths.get("content-length") == str(len(body)):
            lines.append(f"content-length: {len(body)}")
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
            await writer.drain()
            return
        lines.append("transfer-encoding: chunked")
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        for piece in self.pieces(index, body):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            # Each piece is its own write, so that the gateway has the chance to read it alone.
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def pieces(self, index, body):
        """The body cut at random places, the same for the same seed."""
        rng = random.Random(f"{self.seed}/{index}")
        cuts = {rng.randrange(len(body) + 1) for _ in range(rng.randrange(PIECES_MAX))}
        edges = sorted({0, len(body), *cuts})
        return [body[a:b] for a, b in zip(edges, edges[1:]) if b > a]
