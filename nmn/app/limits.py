"""What a request may cost, and the guard that stands before everything: sizes, hosts, time, errors, headers.

The guard keeps out pages of other sites (which a browser would let talk to a server on loopback) by the Host and
Origin headers, counts bodies while they arrive, and adds the headers that keep a browser from loading or running
anything that is not ours.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Result = TypeVar("Result")
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
log = logging.getLogger("nmn.serve")
UNEXPECTED = "an unexpected error; the server's log has it"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost: bytes of its body and of an image, pixels, characters of a question, seconds.

    ``at_once`` requests are worked on, ``waiting`` more wait for their turn, and further ones are turned away.
    """

    image_bytes: int = 8_000_000
    body_bytes: int = 11_000_000  # an image in base64, and room for the rest
    pixels: int = 16_000_000
    question_characters: int = 500
    objects: int = 64
    at_once: int = 2
    waiting: int = 64
    seconds: float = 30.0
    body_seconds: float = 20.0  # for a body to arrive


class Refused(HTTPException):
    """A request is answered with a status and one message, and nothing else is done about it."""


class Slots:
    """A few threads that work is handed to in turn; who comes when too many wait is refused."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._pool = ThreadPoolExecutor(limits.at_once, "nmn")
        self._lock = Lock()
        self._taken = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what some work returns; raise Refused where too many wait or it takes too long."""
        with self._lock:
            if self._taken >= self.limits.at_once + self.limits.waiting:
                raise Refused(503, "too many requests are waiting; try again in a moment")
            self._taken += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._release)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.limits.seconds)
        except TimeoutError:
            raise Refused(503, f"this took longer than {self.limits.seconds:g} s and was given up") from None

    def behind(self, work: Callable[[], Result]) -> "Future[Result]":
        """Hand in work that nobody waits for; it takes its turn as any other."""
        return self._pool.submit(work)

    def close(self) -> None:
        """Finish what is being worked on and drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _release(self, _: "Future[Any]") -> None:
        with self._lock:
            self._taken -= 1


class Guard:
    """ASGI middleware before the whole application; ``hosts`` None lets any host name through."""

    def __init__(self, app: ASGIApp, limits: Limits, hosts: frozenset[str] | None = LOCAL_HOSTS) -> None:
        self.app, self.limits, self.hosts = app, limits, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
            await send(message)

        try:
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            self._check(headers)
            await self.app(scope, self._counted(receive), send_guarded)
        except Refused as refused:
            if not started:
                await _refuse(refused, send_guarded)
        except Exception:
            log.exception("unexpected error in %s %s", scope["method"], scope["path"])
            if not started:
                await _refuse(Refused(500, UNEXPECTED), send_guarded)

    def _check(self, headers: dict[bytes, str]) -> None:
        """Raise Refused for another site's page, and for a body that says it is too long."""
        host = headers.get(b"host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            raise Refused(421, "this server answers to the name it was started with, such as localhost")
        origin = headers.get(b"origin")
        if origin is not None and urlsplit_host(origin) != host:
            raise Refused(403, "pages of other sites may not ask here")
        length = headers.get(b"content-length", "0")
        if not length.isdigit() or int(length[:20]) > self.limits.body_bytes:
            raise self._too_long()

    def _too_long(self) -> Refused:
        return Refused(413, f"a request may have {self.limits.body_bytes:,} bytes")

    def _counted(self, receive: Receive) -> Receive:
        """Return ``receive`` with the bytes of a body counted and their time limited."""
        size, whole = 0, False

        async def counted() -> Message:
            nonlocal size, whole
            if whole:  # waiting for the client to leave, which may take as long as it likes
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self.limits.body_seconds)
            except TimeoutError:
                raise Refused(408, f"the request took longer than {self.limits.body_seconds:g} s to arrive") from None
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > self.limits.body_bytes:
                raise self._too_long()
            return message

        return counted


def error_body(message: str, **more: object) -> dict[str, object]:
    """Return the one form that every error has."""
    return {"error": {"message": message, **more}}


def urlsplit_host(origin: str) -> str:
    """Return the host and port of an origin, nothing where it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name(host: str) -> str:
    """Return a host without its port."""
    return host.lower() if host.endswith("]") else host.lower().rsplit(":", 1)[0] if ":" in host else host.lower()


async def _refuse(refused: Refused, send: Send) -> None:
    body = json.dumps(error_body(refused.detail)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if refused.status_code == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": refused.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
