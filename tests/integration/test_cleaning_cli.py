"""`hub packet clean`, as a worker uses it: a new folder without places, or a copy for the family, and what went."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from tests.support import terminal


def hub(*words, code=0):
    return terminal.hub("packet", "clean", *words, code=code)


@pytest.fixture
def case(tmp_path):
    folder = tmp_path / "case"
    (folder / "sections").mkdir(parents=True)
    (folder / "attachments").mkdir()
    identity = {"given_name": "Hagos", "address": "Bole Road 12"}
    needs = {"note": "Sleeps at Bole Road 12.", "items": [{"text": "Uncle", "not_for": ["family"]}, {"text": "Shoes"}]}
    (folder / "sections" / "identity.json").write_text(json.dumps(identity))
    (folder / "sections" / "needs_risk.json").write_text(json.dumps(needs))
    exif = Image.Exif()
    exif[0x010E] = "Bole Road 12"
    Image.new("RGB", (8, 8)).save(folder / "attachments" / "hagos-at-bole.jpg", exif=exif)
    return folder


def sections(folder):
    return {path.stem: json.loads(path.read_text()) for path in (folder / "sections").iterdir()}


def everything(folder):
    return b"".join(str(path).encode() + (path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*"))


def test_places_go_and_the_worker_sees_which(case, tmp_path):
    said = hub(case, "--into", tmp_path / "clean")
    assert "Location is protected; addresses were removed." in said
    assert "identity/address: an address or the name of a place" in said
    assert "hagos-at-bole.jpg is now photo-1.jpg" in said
    assert b"Bole" not in everything(tmp_path / "clean")
    assert b"bole" not in everything(tmp_path / "clean")
    assert sections(tmp_path / "clean")["needs_risk"]["note"] == "Sleeps at [removed]."
    assert (case / "attachments" / "hagos-at-bole.jpg").exists()


def test_the_familys_copy_has_no_marked_item_and_no_files(case, tmp_path):
    told = json.loads(hub(case, "--into", tmp_path / "copy", "--family", "--json"))
    assert told["removed"] == [{"section": "needs_risk", "path": "/items/0", "why": "not_for"}]
    assert told["left_out"] == ["hagos-at-bole.jpg"]
    assert sections(tmp_path / "copy")["needs_risk"]["items"] == [{"text": "Shoes"}]
    assert not (tmp_path / "copy" / "attachments").exists()
    hub(case, "--into", tmp_path / "childs", "--child")
    assert len(sections(tmp_path / "childs")["needs_risk"]["items"]) == 2


def test_a_protected_family_copy_is_two_runs(case, tmp_path):
    hub(case, "--into", tmp_path / "copy", "--family")
    hub(tmp_path / "copy", "--into", tmp_path / "both")
    assert b"Bole" not in everything(tmp_path / "both")
    assert b"Uncle" not in everything(tmp_path / "both")
    assert "There was nothing to leave out." in hub(tmp_path / "both", "--into", tmp_path / "third")


def test_a_file_that_cannot_be_cleaned_stops_it_and_nothing_is_written(case, tmp_path):
    (case / "attachments" / "letter.pdf").write_bytes(b"%PDF-1.7")
    said = hub(case, "--into", tmp_path / "clean", code=2)
    assert "Take a photo of the page, or ask the panel." in said
    assert "letter.pdf" in said
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


def test_a_folder_that_is_there_is_not_touched(case, tmp_path):
    (tmp_path / "clean").mkdir()
    hub(case, "--into", tmp_path / "clean", code=6)
    assert not list((tmp_path / "clean").iterdir())
