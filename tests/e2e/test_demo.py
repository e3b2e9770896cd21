"""The newcomer's one command: two hubs, a packet over a border, silence chased, everything proven."""

import json
import os
import re
import signal
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browsing import browser

ROOT = Path(__file__).resolve().parents[2]
HUB = [sys.executable, "-m", "hub.cli.main"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "TERM": "dumb"}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The demonstration, left running: what it said, and where it keeps everything. It ends in order."""
    folder = tmp_path_factory.mktemp("demo")
    own, kept = folder / "own", folder / "kept"
    (own / "sections").mkdir(parents=True)
    (own / "attachments").mkdir()
    (own / "sections" / "identity.json").write_text(json.dumps({"given_name": "SYN Zewditu Kalkidan"}))
    (own / "attachments" / "drawing.txt").write_text("a house by the river Gibe")
    words = [*HUB, "demo", "--serve", "--packet", str(own), "--keep", str(kept)]
    with subprocess.Popen(
        words, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        said = ""
        for line in running.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        assert "Left running" in said, said
        yield said, kept
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == 0


@pytest.mark.slow
def test_the_demonstration_plays_the_main_job_and_proves_it(played):
    said, kept = " ".join(played[0].split()), played[1]
    for line in (
        "Without consent only it may be told",
        "Nothing was sealed",
        "delivered: stored, signed for by the receiver's hub",
        "both hubs agree: accepted",
        "No best-interests determination supports this return.",
        "signs the exception",
        "responsible transit-addis, by both logs, and nobody else",
        "responsible kebele-office, by both logs, and nobody else",
        "From here on responsible: kebele-office",
        "rung 1",
        "rung 2",
        "reported by the sender",
        "whole, in order, unedited",
        "found nowhere",
    ):
        assert line in said
    assert said.count("found nowhere") == 3
    pages = sorted(kept.glob("journey-*.html"))
    assert [page.name for page in pages] == ["journey-SYN-ET-001.html", "journey-SYN-ET-002.html"]
    for page in pages:
        drawn = page.read_text(encoding="utf-8")
        assert "<script" not in drawn
        assert "http" not in drawn.replace("http-equiv", "")
        assert drawn.count("From here on responsible") == 2
    assert "FOUND" not in said
    mails = [message_from_bytes(path.read_bytes()) for path in (kept / "mail").iterdir()]
    assert mails
    for mail in mails:
        told = (mail["Subject"] + mail.get_payload()).lower()
        assert not any(word in told for word in ("hagos", "kiosk", "referral", "child", "ccc-kebele", "livelihood"))


@pytest.mark.slow
def test_own_packets_travel_and_whoever_signs_in_at_a_terminal_finds_them(played):
    said, kept = played
    listed = subprocess.run(
        [*HUB, "--profile", str(kept / "people" / "selamawit"), "--passphrase-file", "-", "--json", "list"],
        input=secret_of(said),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr
    assert "accepted" in listed.stdout
    assert "Zewditu" not in listed.stdout


@pytest.mark.slow
def test_four_people_can_sign_in_to_the_app_by_the_addresses_that_it_ends_with(played):
    said, _ = played
    addresses = re.findall(r"http://localhost:\d+/app/#/sign-in\S+", said)
    assert len(addresses) == 4
    with browser() as chromium:
        for address in addresses:
            page = chromium.new_page()
            page.goto(address)
            page.locator("input[type=password]").first.fill(secret_of(said))
            page.locator("button[type=submit]").first.click()
            expect(page.locator(".frame h1")).to_be_visible(timeout=30_000)
            page.close()


def secret_of(said):
    return re.search(r"passphrase of all invented people: (\S+)", said)[1]


def test_a_folder_without_sections_is_refused_in_one_sentence(tmp_path):
    run = subprocess.run(
        [*HUB, "demo", "--packet", str(tmp_path)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 2
    assert "sections" in run.stderr
    assert "Traceback" not in run.stderr
