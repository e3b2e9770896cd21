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

ROOT = Path(__file__).resolve().parents[2]
HUB = [sys.executable, "-m", "hub.cli.main"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "TERM": "dumb"}


@pytest.mark.slow
def test_the_demonstration_plays_the_main_job_and_proves_it(tmp_path):
    run = subprocess.run(
        [*HUB, "demo", "--keep", str(tmp_path / "kept")],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    said = " ".join(run.stdout.split())
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
    pages = sorted((tmp_path / "kept").glob("journey-*.html"))
    assert [page.name for page in pages] == ["journey-SYN-ET-001.html", "journey-SYN-ET-002.html"]
    for page in pages:
        drawn = page.read_text(encoding="utf-8")
        assert "<script" not in drawn
        assert "http" not in drawn.replace("http-equiv", "")
        assert drawn.count("From here on responsible") == 2
    assert "FOUND" not in said
    mails = [message_from_bytes(path.read_bytes()) for path in (tmp_path / "kept" / "mail").iterdir()]
    assert mails
    for mail in mails:
        told = (mail["Subject"] + mail.get_payload()).lower()
        assert not any(word in told for word in ("hagos", "kiosk", "referral", "child", "ccc-kebele", "livelihood"))


@pytest.mark.slow
def test_own_packets_travel_and_the_hubs_stay_up_with_sign_ins_that_work(tmp_path):
    own = tmp_path / "own"
    (own / "sections").mkdir(parents=True)
    (own / "attachments").mkdir()
    (own / "sections" / "identity.json").write_text(json.dumps({"given_name": "SYN Zewditu Kalkidan"}))
    (own / "attachments" / "drawing.txt").write_text("a house by the river Gibe")
    kept = tmp_path / "kept"
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
        assert "FOUND" not in said
        secret = re.search(r"passphrase of all invented people: (\S+)", said)[1]
        listed = subprocess.run(
            [*HUB, "--profile", str(kept / "people" / "selamawit"), "--passphrase-file", "-", "--json", "list"],
            input=secret,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == 0
    assert listed.returncode == 0, listed.stderr
    assert "accepted" in listed.stdout
    assert "Zewditu" not in listed.stdout


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
