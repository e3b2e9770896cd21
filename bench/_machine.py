"""What `bench.national` needs of the machine: a mail server in a process of its own, and how much memory was held."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.processes import until
from tests.support.smtp import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def mail_sink() -> Iterator[str]:
    """Run a mail server that keeps nothing, in a process of its own, so that its work is not the hub's."""
    address = f"127.0.0.1:{free_port()}"
    words = ("-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", address)
    sink = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(address), "the mail server")
        yield address
    finally:
        sink.terminate()
        sink.wait(20)


def _listens(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def reset_peak() -> None:
    """Forget how much this process has held so far, where the system can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak(process: str) -> int:
    """Return the most bytes of memory that a process has held; 0 where the system does not say."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return 1024 * int(line.split()[1])
    return 0
