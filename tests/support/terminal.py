"""The command line inside the test's own process: what a command prints, and its exit code."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from hub.cli.main import run


def hub(*words: object, code: int = 0, **environment: str) -> str:
    """Run `hub WORDS…` and return what it says: errors only where it fails in words."""
    said, wrong = io.StringIO(), io.StringIO()
    nobody = patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with redirect_stdout(said), redirect_stderr(wrong), nobody, patch.dict(os.environ, environment):
        done = run([str(word) for word in words])
    assert done == code, said.getvalue() + wrong.getvalue()
    return said.getvalue() or wrong.getvalue()
