"""A load client that costs little: the load runs on the same cores as the house."""

from __future__ import annotations

import select
import socket
import time
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Run:
    """What came back: seconds the run took, seconds of each request in order of arrival, answers by status."""

    seconds: float = 0.0
    latencies: array[float] = field(default_factory=lambda: array("d"))
    statuses: Counter[int] = field(default_factory=Counter)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, percent: float) -> float:
        """Milliseconds within which `percent` of the requests were answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000 if ordered else 0.0


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return a whole HTTP/1.1 request, ready to send; `content_type="…"` becomes `content-type: …`."""
    head = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body or method == "POST":
        head.append(f"content-length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class _Connection:
    """One keep-alive connection with one request under way."""

    __slots__ = ("expected", "received", "sent_at", "socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.expected = 0
        self.sent_at = 0.0

    def send(self, data: bytes) -> None:
        self.received.clear()
        self.expected = 0
        self.sent_at = time.perf_counter()
        self.socket.sendall(data)

    def is_answered(self) -> bool:
        """Read what is there; whether the answer is whole (answers carry content-length)."""
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.received += data
        if not self.expected and (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self.expected = end + 4 + length
        return bool(self.expected) and len(self.received) >= self.expected


def drive(
    address: tuple[str, int],
    requests: Iterable[bytes],
    *,
    connections: int,
    seconds: float = 10.0,
    keep_bodies: bool = False,
) -> Run:
    """Send the requests over so many connections, one under way on each, until they or the seconds are used up."""
    run, waiting = Run(), iter(requests)
    poll = select.epoll()
    open_: dict[int, _Connection] = {}
    started = time.perf_counter()
    deadline = started + seconds
    for _ in range(connections):
        connection = _Connection(address)
        open_[connection.socket.fileno()] = connection
        poll.register(connection.socket, select.EPOLLIN)
    started = time.perf_counter()
    deadline = started + seconds
    busy = set()
    for fd, connection in open_.items():
        if (data := next(waiting, None)) is not None:
            connection.send(data)
            busy.add(fd)
    while busy:
        for fd, _event in poll.poll(10):
            connection = open_[fd]
            if not connection.is_answered():
                continue
            now = time.perf_counter()
            run.latencies.append(now - connection.sent_at)
            run.statuses[int(connection.received[9:12])] += 1
            if keep_bodies:
                run.bodies.append(bytes(connection.received))
            data = next(waiting, None) if now < deadline else None
            if data is None:
                busy.discard(fd)
            else:
                connection.send(data)
        if time.perf_counter() > deadline + 30:
            raise TimeoutError(f"{len(busy)} requests were not answered within 30 s")
    run.seconds = time.perf_counter() - started
    for connection in open_.values():
        connection.socket.close()
    poll.close()
    return run
