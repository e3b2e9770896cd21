"""Run every bench module's `main()` in order, or those named: `python -m bench [name…]`.

Prints the machine first: figures are ratios between contestants of one run, and mean nothing across machines.
"""

from __future__ import annotations

import importlib
import os
import platform
import sqlite3
import sys
import time
from importlib.metadata import version
from pathlib import Path


def main(names: list[str]) -> int:
    """Run the benches; return the exit code."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    print(machine(), flush=True)
    for name in names or known:
        print(f"== {name}", flush=True)
        start = time.perf_counter()
        importlib.import_module(f"bench.{name}").main()
        print(f"   ({time.perf_counter() - start:.0f} s)", flush=True)
    return 0


def machine() -> str:
    """Return what the figures depend on beside our code."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg", "pynacl", "pyrage"))
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{platform.platform(terse=True)} {platform.machine()}"
    return f"{os.cpu_count()} cores{load}, {system}, {python}, SQLite {sqlite3.sqlite_version}, {packages}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
