"""`hub packet` on files, as a person and as a machine use it; as docs/cli.md says its exit codes are."""

from __future__ import annotations

import json
import stat

import pytest

from tests.support import terminal

SHELTER = "urn:rcp:agency:shelter@dj.example"
TRANSIT = "urn:rcp:agency:transit@et.example"


def hub(*words, code=0):
    return terminal.hub("packet", *words, code=code)


def told(*words, code=0):
    return json.loads(hub(*words, "--json", code=code))


@pytest.fixture
def place(tmp_path):
    told("keygen", tmp_path / "me", "--agency", SHELTER)
    told("keygen", tmp_path / "you", "--agency", TRANSIT)
    (tmp_path / "case" / "sections").mkdir(parents=True)
    (tmp_path / "case" / "attachments").mkdir()
    (tmp_path / "case" / "sections" / "identity.json").write_text('{"name": "Amina Example"}')
    (tmp_path / "case" / "attachments" / "scan.jpg").write_bytes(bytes(2**20 + 1))
    (tmp_path / "basis.json").write_text('{"country": "ET", "until": "2099-12", "excerpt": {"basis": "consent"}}')
    return tmp_path


def sealed(place, *words, code=0):
    to = place / "you" / "card.json"
    return hub(
        "seal", place / "case", "--keys", place / "me", "--to", to, "--basis", place / "basis.json", "-o",
        place / "packet.zip", *words, code=code,
    )  # fmt: skip


def opening(place):
    return "--keys", place / "you", "--from", place / "me" / "card.json"


def test_a_packet_goes_from_folder_to_folder(place):
    sealed(place)
    facts = told("inspect", place / "packet.zip")
    assert facts["verified"] is False
    assert facts["to"] == TRANSIT
    assert "Amina" not in json.dumps(facts)
    assert told("verify", place / "packet.zip", *opening(place))["verified"] is True
    told("open", place / "packet.zip", *opening(place), "-o", place / "out")
    assert json.loads((place / "out" / "sections" / "identity.json").read_text()) == {"name": "Amina Example"}
    assert (place / "out" / "attachments" / "scan.jpg").read_bytes() == bytes(2**20 + 1)
    assert json.loads((place / "out" / "basis.json").read_text()) == {"basis": "consent"}
    assert stat.S_IMODE((place / "out").stat().st_mode) == 0o700


def test_keys_are_for_their_owner_alone(place):
    for name in ("age.key", "device.key"):
        assert stat.S_IMODE((place / "me" / name).stat().st_mode) == 0o600
    secret = (place / "me" / "age.key").read_text().strip()
    assert secret not in hub("keygen", place / "third", "--agency", SHELTER)
    assert secret not in sealed(place)


def test_people_read_a_table(place):
    assert "packet" in sealed(place)
    assert "transit@et.example" in hub("inspect", place / "packet.zip")


def test_a_packet_is_sealed_to_an_agencys_epoch(place):
    sealed(place, "--epoch", 3)
    assert told("verify", place / "packet.zip", *opening(place))["verified"] is True


def test_an_own_record_needs_no_basis(place):
    me = place / "me"
    hub("seal", place / "case", "--keys", me, "--to", me / "card.json", "--epoch", 1, "-o", place / "own.zip")
    told("open", place / "own.zip", "--keys", me, "--from", me / "card.json", "-o", place / "mine")


def test_what_is_not_acceptable_ends_with_3_and_writes_nothing(place):
    sealed(place)
    data = bytearray((place / "packet.zip").read_bytes())
    data[5000] ^= 1
    (place / "bad.zip").write_bytes(data)
    for words in (("verify", place / "bad.zip"), ("open", place / "bad.zip", "-o", place / "out")):
        assert told(*words, *opening(place), code=3)["code"] == "bad_signature"
    swapped = ("--keys", place / "you", "--from", place / "you" / "card.json")
    assert told("verify", place / "packet.zip", *swapped, code=3)["code"] == "unknown_signer"
    mine = ("--keys", place / "me", "--from", place / "me" / "card.json")
    assert told("verify", place / "packet.zip", *mine, code=3)["code"] == "wrong_recipient"
    assert "not what was sealed" in hub("verify", place / "bad.zip", *opening(place), code=3)
    assert not (place / "out").exists()


def test_bad_files_are_refused_by_name(place):
    (place / "basis.json").write_text('{"country": "ET"}')
    sealed(place, code=2)
    (place / "you" / "card.json").write_text('{"agency": 1, "member": 2, "sign": 3, "recipient": 4}')
    sealed(place, code=3)
    (place / "you" / "card.json").write_text("{}")
    sealed(place, code=3)
    assert not (place / "packet.zip").exists()


def test_usage_ends_with_2_and_missing_files_with_4(place):
    hub("seal", code=2)
    hub("keygen", place / "x", "--agency", "shelter", code=2)
    hub("keygen", place / "me", "--agency", SHELTER, code=4)
    (place / "case" / "sections" / "health.json").write_text("{")
    assert "health.json is not JSON" in sealed(place, code=2)
    (place / "case" / "sections" / "health.json").unlink()
    assert told("inspect", place / "nowhere.zip", code=4)["code"] == "unavailable"
    sealed(place)
    (place / "out").mkdir()
    assert told("open", place / "packet.zip", *opening(place), "-o", place / "out", code=6)["code"] == "conflict"


def test_an_output_that_cannot_be_made_leaves_nothing_of_a_child_behind(place):
    sealed(place)
    (place / "out").symlink_to(place / "nowhere")
    assert told("open", place / "packet.zip", *opening(place), "-o", place / "out", code=6)["code"] == "conflict"
    assert not [path for path in place.rglob("identity.json") if "case" not in path.parts]
