"""Real data that is not part of the project: beside a checkout, or nowhere; then the test says why it skips."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def shared_data(name: str) -> Path:
    """Return a file or folder of the shared data, `directory/unhcr-jordan/...`; skip where there is none."""
    folder = Path(os.environ.get("HANDOVER_SHARED", ROOT.parent / "shared")) / "data"
    found = folder / name
    if not found.exists():
        pytest.skip(f"real data for trials is not here: shared/data/{name}")
    return found
