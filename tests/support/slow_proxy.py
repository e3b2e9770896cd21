"""A TCP proxy that makes a line bad: it cuts after so many bytes, holds everything back, or lets it drip."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


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
            for source, sink, limit, drip in ((near, far, self.cut_up, None), (far, near, self.cut_down, self.drip)):
                threading.Thread(target=self._pump, args=(source, sink, limit, drip), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, limit: int | None, drip: float | None) -> None:
        with suppress(OSError):
            while data := source.recv(1 if drip else 65536):
                if drip and self.stopped.wait(drip):
                    break
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
