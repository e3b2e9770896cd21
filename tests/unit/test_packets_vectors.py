"""The vectors of packets: each is what the generator makes, and each ends as it says."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from hub.errors import PacketError, TooLarge
from tests.vectors.generate import FOLDER, run, write

if TYPE_CHECKING:
    from pathlib import Path

CASES = sorted((FOLDER / "packets").glob("*.json"))
GOOD = json.loads((FOLDER / "packets" / "00-good.json").read_text())["files"]


def test_the_generator_makes_these_very_vectors(tmp_path: Path):
    write(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {p.name: p.read_bytes() for p in CASES}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_packets_end_as_the_vector_says(path: Path):
    row = json.loads(path.read_text())
    if row["expect"] == "ok":
        _is_all_there(run(row, GOOD))
        return
    with pytest.raises((PacketError, TooLarge)) as found:
        run(row, GOOD)
    assert found.value.code == row["expect"]


def _is_all_there(packet):
    assert packet.sections == {"identity": {"name": "Amina Example"}}
    assert (packet.excerpt is None) == packet.manifest.own_record
    sink = io.BytesIO()
    packet.copy_attachment("note.txt", sink)
    assert sink.getvalue() == b"She asked for her aunt.\n"
    if "scan.bin" in packet.attachments:
        sink = io.BytesIO()
        packet.copy_attachment("scan.bin", sink)
        assert sink.getvalue() == bytes(3000)


def test_every_step_of_the_order_has_a_vector():
    steps = {path.stem[:2] for path in CASES}
    assert steps == {f"{i:02}" for i in range(13)}
