"""A TCP proxy that makes a line bad: it cuts after so many bytes, holds all back, lets it drip, or is slow and far."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 1024
_IDLE = 0.05


@dataclass
class Narrow:
    """One direction of a slow line, shared by all of its connections: so many bytes a second, so many seconds away."""

    rate: float
    delay: float
    carried: int = 0
    said: bytearray = field(default_factory=bytearray, repr=False)
    """All that went this way, of all connections."""
    _free: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def carry(self, data: bytes) -> float:
        """Return the seconds that these bytes have to wait for those before them."""
        with self._lock:
            now = time.monotonic()
            self._free = max(self._free, now) + len(data) / self.rate
            self.carried += len(data)
            self.said += data
            return self._free - now


@dataclass
class Proxy:
    """One bad line to one address. Counts are of bytes since the last connection was opened."""

    target: tuple[str, int]
    url: str = ""
    cut_up: int | None = None
    """Cut after so many bytes towards the target."""
    cut_down: int | None = None
    """Cut after so many bytes from the target."""
    drip: float | None = None
    """Seconds to wait before each single byte from the target."""
    up: Narrow | None = None
    down: Narrow | None = None
    connections: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    _open: list[socket.socket] = field(default_factory=list)

    def accept(self, listener: socket.socket) -> None:
        while not self.stopped.is_set():
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            far = socket.create_connection(self.target)
            self._open += [near, far]
            for line in (
                (near, far, self.cut_up, None, self.up),
                (far, near, self.cut_down, self.drip, self.down),
            ):
                threading.Thread(target=self._pump, args=line, daemon=True).start()

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        limit: int | None,
        drip: float | None,
        narrow: Narrow | None,
    ) -> None:
        size = 1 if drip else _PIECE if narrow else 65536
        last = 0.0
        with suppress(OSError):
            while data := source.recv(size):
                if drip and self.stopped.wait(drip):
                    break
                if narrow:
                    began = time.monotonic()
                    wait = narrow.carry(data) + (narrow.delay if began - last > _IDLE else 0)
                    if self.stopped.wait(wait):
                        break
                    last = time.monotonic()
                if limit is not None:
                    data, limit = data[:limit], limit - len(data)
                sink.sendall(data)
                if limit is not None and limit <= 0:
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.stopped.set()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def bad_line(url: str) -> Iterator[Proxy]:
    """Yield a proxy in front of the server at `url`."""
    parts = urlsplit(url)
    proxy = Proxy((str(parts.hostname), int(parts.port or 80)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=proxy.accept, args=(listener,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.stopped.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            proxy.close()


@contextmanager
def far_line(url: str, *, bits: int = 50_000, latency: float = 1.0) -> Iterator[Proxy]:
    """Yield a line of so many bits a second in each direction, on which an answer is `latency` seconds away."""
    with bad_line(url) as proxy:
        proxy.up, proxy.down = (Narrow(bits / 8, latency / 2) for _ in range(2))
        yield proxy
