"""The command line as people type it: real processes, one hub, two agencies, from nothing to a closed referral."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.support.processes import ROOT, HubProcess, free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
PASSPHRASE = "correct horse battery staple"


@dataclass
class Terminal:
    """One person's terminal: their profile, their passphrase file, and what the last command said."""

    folder: Path
    name: str
    recovery: str = ""

    @property
    def profile(self) -> Path:
        return self.folder / self.name

    def run(self, *words: str, code: int = 0, stdin: str = "") -> str:
        secret = self.folder / "passphrase"
        secret.write_text(PASSPHRASE)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HUB_PROFILE": str(self.profile),
            "HUB_PASSPHRASE_FILE": str(secret),
            "TZ": "Africa/Djibouti",
            "COLUMNS": "160",
        }
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli.main", *words],
            env=environment,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"hub {' '.join(words)} -> {done.returncode}\n{said}"
        assert "Traceback" not in said
        return said

    def json(self, *words: str, **more: object) -> dict:
        return json.loads(self.run(*words, "--json", **more).splitlines()[-1])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A hub that serves, two certifiers it trusts, and terminals for everybody."""
    folder = tmp_path_factory.mktemp("cli")
    port = free_port()
    root = Terminal(folder, "operator")
    url = f"http://127.0.0.1:{port}"
    about = ("--operator", "Ministry", "--kind", "authority", "--country", "DJ", "--url", url)
    assert len(root.json("init", "data", "--host", "hub.example", *about)["fingerprint"].split()) == 12
    for name in ("one", "two"):
        key = root.json("certifier", "new", f"{name}.key")["key"]
        root.run("certifier", "trust", key, "--data", "data")
    process = HubProcess(folder / "data", port).start()
    yield folder
    process.kill()


def found(place: Path, name: str, kind: str, login: str) -> Terminal:
    """Found an agency as its founder, its operator and its certifiers would."""
    operator, founder = Terminal(place, "operator"), Terminal(place, login)
    operator.run("invite-agency", name, "--data", "data", "--out", f"{name}.invitation")
    about = ("--kind", kind, "--country", "DJ", "--operator", "Red Crescent", "--duty", "+253 1")
    words = ("--invitation", f"{name}.invitation", "--login", login, *about, "--out", f"{name}.request")
    made = founder.json("agency", "request", *words)
    founder.recovery, digits = made["recovery"], made["fingerprint"]
    certify = ("certify", f"{name}.request", "--fingerprint")
    operator.run(*certify, " ".join(["00000"] * 12), "--certifier", "one.key", code=2)
    for key in ("one", "two"):
        operator.run(*certify, digits, "--certifier", f"{key}.key", "--out", f"{name}.{key}")
    founder.run("agency", "create", f"{name}.one", f"{name}.two")
    founder.run("agency", "attest", "--until", (datetime.now(UTC).date() + timedelta(days=365)).isoformat())
    return founder


@pytest.fixture(scope="module")
def shelter(place):
    return found(place, "shelter", "shelter", "amina")


@pytest.fixture(scope="module")
def authority(place):
    return found(place, "authority", "authority", "daher")


def a_duty(place: Path, agency: str) -> Path:
    today = datetime.now(UTC).date()
    value = {
        "v": 1,
        "kind": "mandatory_protection",
        "recipients": [agency],
        "assent": "agreed",
        "given": today.isoformat(),
        "until": (today + timedelta(days=30)).isoformat(),
        "expression": "A" * 43,
    }
    path = place / "duty.json"
    path.write_text(json.dumps(value))
    return path


def a_packet(place: Path, name: str, **sections: object) -> str:
    folder = place / name
    (folder / "sections").mkdir(parents=True)
    (folder / "attachments").mkdir()
    for section, value in sections.items():
        (folder / "sections" / f"{section}.json").write_text(json.dumps(value))
    (folder / "attachments" / "letter.txt").write_text("SYN letter")
    return name


def test_a_referral_is_sent_opened_answered_and_closed(place, shelter, authority):
    assert "amina at shelter@hub.example: agency_admin, caseworker" not in shelter.run("list")
    assert shelter.run("whoami").startswith("amina at shelter@hub.example: agency_admin, caseworker")
    agency = authority.json("whoami")["agency"]
    assert shelter.json("agency", "show", "authority")["trusted"] in {"certified", "pinned"}
    record = shelter.json("consent", "new", str(a_duty(place, agency)), "--label", "duty")["record"]
    packet = a_packet(place, "packet", minimal_contact={"name": "SYN Hagos"}, needs_risk={"risk": "high"})
    send = ("send", packet, "--to", "authority", "--basis", record, "--purpose", "protection", "--urgency", "urgent")
    assert shelter.json(*send, "--check")["permitted"] is True
    handoff = shelter.json(*send)["handoff"]
    listed = authority.run("list")
    assert "delivered, not yet acknowledged" in listed
    assert "SYN Hagos" in authority.run("open", handoff, "--into", "opened")
    assert [p.read_text() for p in (place / "opened").rglob("letter.txt")] == ["SYN letter"]
    authority.run("acknowledge", handoff)
    today = datetime.now(ZoneInfo("Africa/Djibouti")).date().isoformat()  # where the agencies are
    authority.run("accept", handoff, "--first-contact", today)
    assert "under way" in authority.run("start", handoff, "--contact", today)
    authority.run(
        "outcome", handoff, "--got-help", "yes", "--service", "protection", "--text", "-", stdin="Guardian named."
    )
    assert "Guardian named." in shelter.run("open", handoff)
    asked = ("--asked", "child", "--how", "in_person", "--answer", "yes")
    shelter.run("close", handoff, *asked)
    told = shelter.run("show", handoff)
    assert "closed, the child was asked" in told
    assert "ball: nobody" in told
    kept = [json.loads(line) for line in shelter.run("prove", "--json").splitlines()]
    assert [row["type"] for row in kept if row["handoff"] == handoff] == ["referral.submit", "referral.close"]
    assert "It verifies" in shelter.run("prove", kept[0]["statement"])


def test_errors_are_a_sentence_and_an_exit_code(place, shelter, authority):
    agency = authority.json("whoami")["agency"]
    record = shelter.json("consent", "new", str(a_duty(place, agency)), "--label", "duty")["record"]
    packet = a_packet(place, "too much", health={"note": "fever"})
    send = ("send", packet, "--to", "authority", "--basis", record, "--purpose", "protection")
    refused = shelter.json(*send, code=5)
    assert (refused["code"], refused["reasons"][0]["rule"]) == ("consent_missing", "R39")
    assert "R39" in shelter.run(*send, code=5)
    handoff = shelter.json(*send[:1], a_packet(place, "fits", minimal_contact={}), *send[2:])["handoff"]
    asked = ("--asked", "child", "--how", "phone", "--answer", "yes")
    said = authority.json("close", handoff, *asked, code=5)
    assert said["code"] == "forbidden"
    possible = authority.json(
        "report", "accept", handoff, "--via", "phone", "--evidence", "duty.json", "--date", "2026-12-01", code=5
    )
    assert possible["code"] == "forbidden"
    stuck = shelter.json("close", handoff, *asked, code=6)
    assert (stuck["code"], stuck["state"]) == ("illegal_transition", "delivered")
    assert "Possible now: " in shelter.run("close", handoff, *asked, code=6)
    shelter.run("show", "AAAAAAAAAAAAAAAAAAAAAA", code=7)
    shelter.run("nonsense", code=2)
    shelter.run("send", "nowhere", code=2)
    Terminal(place, "nobody").run("list", code=7)
    (place / "wrong").write_text("not the passphrase at all")
    shelter.run("--passphrase-file", "wrong", "unlock", code=8)
    shelter.run("--passphrase-file", "no such file", "unlock", code=4)


def test_a_colleague_enrols_and_opens_what_came(place, shelter, authority):
    authority.run("member", "invite", "--role", "caseworker", "--out", "colleague.invitation")
    colleague = Terminal(place, "fatouma")
    digits = colleague.json("enrol", "--invitation", "colleague.invitation", "--login", "fatouma")["fingerprint"]
    assert "fatouma" in authority.run("member", "pending")
    wrong = " ".join(["00000"] * 12)
    authority.run("member", "certify", "fatouma", "--fingerprint", wrong, "--role", "caseworker", code=3)
    authority.run("member", "certify", "fatouma", "--fingerprint", digits, "--role", "caseworker")
    duty = a_duty(place, authority.json("whoami")["agency"])
    record = shelter.json("consent", "new", str(duty), "--label", "duty")["record"]
    packet = a_packet(place, "for all", minimal_contact={"name": "SYN Selam"})
    send = ("send", packet, "--to", "authority", "--basis", record, "--purpose", "protection")
    handoff = shelter.json(*send)["handoff"]
    assert "SYN Selam" in colleague.run("open", handoff)


def test_a_forgotten_passphrase_is_replaced_with_the_recovery_code(place):
    founder = found(place, "clinic", "health", "saida")
    (place / "mistyped").write_text("AAAA-BBBB")
    founder.run("unlock", "--recovery", "mistyped", code=3)
    (place / "sheet").write_text(founder.recovery.lower())
    (place / "new one").write_text("an entirely new passphrase")
    founder.run("--passphrase-file", "new one", "unlock", "--recovery", "sheet")
    founder.run("whoami", code=8)
    assert "saida at clinic" in founder.run("--passphrase-file", "new one", "whoami")


def test_no_command_takes_a_secret_as_an_argument(place, shelter):
    for words in (["enrol", "--help"], ["unlock", "--help"], ["agency", "request", "--help"], ["--help"]):
        said = shelter.run(*words)
        assert "--passphrase " not in said
        assert "--code-word" not in said
