"""The explorer under load: a server of its own on loopback, asked as the page asks, many at once.

The server is another process, so that its memory is its own; its requests are counted and it is stopped at the end.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from nmn.bench.figure import Figure
from nmn.errors import NmnError
from nmn.resources import SCENES

STARTS_SECONDS, ANSWERS_SECONDS = 120.0, 60.0
AT_ONCE, REQUESTS, LASTING, EDITS, PAGES = 16, 200, 2000, 40, 20
QUESTION = "What color is the large shape left of the star?"


class Server(NamedTuple):
    """A server that answers: its process and port."""

    process: "subprocess.Popen[bytes]"
    port: int

    def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and body of a GET."""
        return self._request("GET", path, None)

    def post(self, path: str, data: Any) -> tuple[int, bytes]:
        """Return the status and body of a POST of JSON."""
        return self._request("POST", path, json.dumps(data))

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWERS_SECONDS)
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def megabytes(self) -> float:
        """Return the memory that the process has in use."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def bench_serve() -> list[Figure]:
    """Return how fast, how surely and with how much more memory the explorer answers."""
    with _server() as server:
        page = _page_seconds(server)
        edit = _edit_seconds(server)
        load = _load(server, REQUESTS)
        before = server.megabytes()
        lasting = _load(server, LASTING)
        after = server.megabytes()
    edits = statistics.quantiles(edit, n=20)
    times = statistics.quantiles(load.seconds, n=20)
    return [
        Figure("page and its files, median", page, "s", at_most=1.0),
        Figure("an edit at 128 x 128, median", 1000 * statistics.median(edit), "ms", at_most=100.0),
        Figure("an edit at 128 x 128, 95th percentile", 1000 * edits[18], "ms"),
        Figure(f"{REQUESTS} requests, {AT_ONCE} at once: failed", load.failed, "requests", at_most=0.0),
        Figure(f"{REQUESTS} requests, {AT_ONCE} at once: median", 1000 * times[9], "ms"),
        Figure(f"{REQUESTS} requests, {AT_ONCE} at once: 95th percentile", 1000 * times[18], "ms"),
        Figure(f"{LASTING} more requests: failed", lasting.failed, "requests", at_most=0.0),
        Figure(f"{LASTING} more requests: memory gained", after - before, "MB", at_most=20.0),
    ]


@contextmanager
def _server() -> Iterator[Server]:
    """Start a server that has answered once, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "nmn", "serve", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    server = Server(process, port)
    try:
        until = time.monotonic() + STARTS_SECONDS
        while not _is_up(server):
            if process.poll() is not None:
                said = b"" if process.stderr is None else process.stderr.read()
                raise NmnError(f"the server did not start: {said.decode(errors='replace').strip()}")
            if time.monotonic() > until:
                raise NmnError(f"the server did not answer within {STARTS_SECONDS:g} s")
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.communicate()


def _is_up(server: Server) -> bool:
    asked = {"question": QUESTION, "picture": {"bundled": "demo"}}
    try:
        return server.get("/health")[0] == 200 and server.post("/api/ask", asked)[0] == 200
    except OSError:
        return False


def _page_seconds(server: Server) -> float:
    """Return the median time for the page with all its files and its first answer, one after another."""
    names = [path.name for path in (Path(__file__).parents[1] / "app" / "page").iterdir() if path.suffix != ".html"]
    asked = {"question": QUESTION, "picture": {"bundled": "demo"}}
    times = []
    for _ in range(PAGES):
        start = time.perf_counter()
        found = [server.get(f"/{name}")[0] for name in ("", *names, "api/models")]
        found += [server.post("/api/picture", {"bundled": "demo"})[0], server.post("/api/ask", asked)[0]]
        times.append(time.perf_counter() - start)
        if set(found) != {200}:
            raise NmnError(f"a file of the page did not come: {found}")
    return statistics.median(times)


def _edit_seconds(server: Server) -> list[float]:
    """Return the times in which a scene, a shape moved a little, is painted and answered again."""
    scene = json.loads((SCENES / "demo.json").read_text(encoding="utf-8"))
    times = []
    for step in range(EDITS):
        left, top, right, bottom = scene["objects"][0]["box"]
        moved = {**scene["objects"][0], "box": [left + step / 8, top, right + step / 8, bottom]}
        edited = {**scene, "objects": [moved, *scene["objects"][1:]]}
        asked = {"question": QUESTION, "picture": {"scene": {"preset": "world", "scene": edited}}}
        start = time.perf_counter()
        status, _ = server.post("/api/ask", asked)
        times.append(time.perf_counter() - start)
        if status != 200:
            raise NmnError(f"an edit was answered with status {status}")
    return times[EDITS // 4 :]  # the first ones warm up


class Load(NamedTuple):
    """The times of requests and how many failed."""

    seconds: list[float]
    failed: int


def _load(server: Server, requests: int) -> Load:
    """Ask as the page does, so many requests at once: questions, questions that are typed, scenes and bad requests."""
    kinds: list[tuple[str, Any, int]] = [
        ("/api/ask", {"question": QUESTION, "picture": {"bundled": "demo"}}, 200),
        ("/api/ask", {"question": "how many circles are there", "picture": {"scene": {"preset": "world"}}}, 200),
        ("/api/parse", {"question": "is there a red ci"}, 200),
        ("/api/ask", {"question": "is the purpel circle left of", "picture": {"bundled": "demo"}}, 422),
    ]

    def one(number: int) -> tuple[float, bool]:
        path, data, wanted = kinds[number % len(kinds)]
        start = time.perf_counter()
        try:
            fine = server.post(path, data)[0] == wanted
        except OSError:
            fine = False
        return time.perf_counter() - start, fine

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(one, range(requests)))
    return Load([seconds for seconds, _ in found], sum(not fine for _, fine in found))
