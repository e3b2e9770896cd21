"""Whoever tampers with a log: the auditor names the entry, from files alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.handofflog import merkle
from hub.handofflog.auditor import Kind, audit
from hub.packets.checkpoint import Checkpoint
from hub.packets.encoding import b64u

SIZE = 23


def build(documents, erased=()):
    """Make an export and the checkpoint of every size."""
    lines, frontier, heads = [], [], [Checkpoint.empty("hub.example")]
    for index, document in enumerate(documents):
        salt = index.to_bytes(32, "big")
        leaf = merkle.leaf_of(salt, document.encode())
        merkle.grow(frontier, index, leaf)
        root = merkle.fold(frontier)
        heads.append(Checkpoint("hub.example", index + 1, root))
        line = {"index": index, "leaf": b64u(leaf), "root": b64u(root), "salt": b64u(salt), "document": document}
        lines.append(line | {"salt": None, "document": None} if index in erased else line)
    return lines, heads


def found(lines, *checkpoints):
    findings = audit([json.dumps(line) for line in lines], checkpoints).findings
    return [(finding.kind, finding.first, finding.last) for finding in findings]


DOCUMENTS = [f"document {number}" for number in range(SIZE)]
LINES, HEADS = build(DOCUMENTS)
places = st.integers(0, SIZE - 1)


def remade(lines, *, roots=True):
    """Do what a thorough forger does: number the lines anew, make leaves and roots fit."""
    lines, _ = build([line["document"] for line in lines])
    if not roots:
        lines = [line | {"root": LINES[place]["root"]} for place, line in enumerate(lines)]
    return lines


def test_a_whole_log_has_no_findings():
    report = audit([json.dumps(line) for line in LINES], HEADS)
    assert (report.findings, report.size, report.covered, report.root) == ((), SIZE, SIZE, HEADS[-1].root)


def test_a_log_with_erased_entries_is_whole():
    lines, heads = build(DOCUMENTS, erased={0, 9, 22})
    report = audit([json.dumps(line) for line in lines], heads)
    assert (report.findings, report.erased) == ((), 3)


def test_what_no_checkpoint_covers_is_said():
    assert audit([json.dumps(line) for line in LINES], [HEADS[9], HEADS[4]]).covered == 9
    assert audit([json.dumps(line) for line in LINES]).covered == 0


@given(places, st.sampled_from(["document", "salt"]))
def test_an_edited_entry_is_named(place, member):
    value = "another" if member == "document" else b64u(b"x" * 32)
    lines = [line | {member: value} if line["index"] == place else line for line in LINES]
    assert found(lines, HEADS[-1]) == [(Kind.EDITED, place, place)]


@given(places)
def test_an_edited_entry_whose_leaf_was_made_to_fit_is_named(place):
    lines = [line | {"document": "another"} if line["index"] == place else line for line in LINES]
    assert found(remade(lines, roots=False), HEADS[-1]) == [(Kind.CHANGED, place, place)]


@given(places, places)
def test_all_edited_entries_are_named(first, second):
    lines = [line | {"document": "another"} if line["index"] in {first, second} else line for line in LINES]
    assert found(lines, HEADS[-1]) == [(Kind.EDITED, place, place) for place in sorted({first, second})]


@given(st.integers(0, SIZE - 2), st.integers(1, 3))
def test_deleted_entries_are_named(place, count):
    last = min(place + count, SIZE - 1) - 1
    lines = LINES[:place] + LINES[last + 1 :]
    assert found(lines, HEADS[-1]) == [(Kind.DELETED, place, last)]


@given(st.integers(0, SIZE - 2))
def test_a_deleted_entry_is_named_though_the_rest_was_numbered_anew(place):
    lines = LINES[:place] + [line | {"index": line["index"] - 1} for line in LINES[place + 1 :]]
    assert (Kind.CHANGED, place, place) in found(lines, HEADS[-1])


@given(places, places)
def test_reordered_entries_are_named(first, second):
    low, high = sorted((first, second))
    if low == high:
        return
    lines = list(LINES)
    lines[low], lines[high] = lines[high], lines[low]
    assert found(lines, HEADS[-1]) == [(Kind.MOVED, low, low)]
    lines = [line | {"index": place} for place, line in enumerate(lines)]
    assert found(lines, HEADS[-1]) == [(Kind.CHANGED, low, low)]


def test_an_entry_that_stands_twice_is_named():
    assert found([*LINES[:5], LINES[2], *LINES[5:]], HEADS[-1]) == [(Kind.MOVED, 2, 2)]


@given(places)
def test_a_log_that_was_rolled_back_names_the_first_entry_that_is_gone(size):
    assert found(LINES[:size], HEADS[-1]) == [(Kind.ROLLED_BACK, size, SIZE - 1)]
    assert found(LINES[:size], HEADS[size], HEADS[-1]) == [(Kind.ROLLED_BACK, size, SIZE - 1)]


def test_a_log_that_was_rolled_back_and_went_on_is_a_fork_after_the_last_common_checkpoint():
    lines, _ = build(DOCUMENTS[:10] + ["another"] * 20)
    assert found(lines, HEADS[4], HEADS[8], HEADS[12], HEADS[-1]) == [(Kind.FORKED, 8, 11)]


@given(places)
def test_a_forger_who_made_every_root_fit_is_found_between_two_checkpoints(place):
    lines = remade([line | {"document": "another"} if line["index"] == place else line for line in LINES])
    assert found(lines, *HEADS) == [(Kind.FORKED, place, place)]
    assert found(lines, HEADS[-1]) == [(Kind.FORKED, 0, SIZE - 1)]


def test_two_checkpoints_of_one_size_that_differ_are_a_fork():
    assert found(LINES, HEADS[9], Checkpoint("hub.example", 9, bytes(32))) == [(Kind.FORKED, 8, 8)]


def test_a_root_that_was_changed_beside_its_entry_is_named():
    lines = [line | {"root": LINES[0]["root"]} if line["index"] == 6 else line for line in LINES]
    assert found(lines, HEADS[-1]) == [(Kind.CHANGED, 6, 6)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "{}",
        "\udcff",
        json.dumps(LINES[3])[:-1],
        json.dumps(LINES[3] | {"more": 1}),
        json.dumps(LINES[3] | {"index": True}),
        json.dumps(LINES[3] | {"index": -1}),
        json.dumps(LINES[3] | {"document": 1}),
        json.dumps(LINES[3] | {"leaf": "AA"}),
        json.dumps(LINES[3] | {"leaf": None}),
        json.dumps(LINES[3] | {"salt": "="}),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line):
    texts = [json.dumps(each) for each in LINES]
    texts[3] = line
    assert [(finding.kind, finding.first) for finding in audit(texts, HEADS).findings] == [(Kind.UNREADABLE, 3)]


@given(st.lists(st.text(), max_size=3))
def test_no_line_makes_the_auditor_fail(texts):
    audit([json.dumps(LINES[0]), json.dumps(LINES[2]), *texts])
    audit(texts, HEADS)


def test_a_finding_is_a_sentence_with_its_entry():
    report = audit([json.dumps(line) for line in LINES[:4]], [HEADS[-1]])
    assert str(report.findings[0]) == "Entry 4 and all to 22 were published and are gone: the log was rolled back."


def test_auditing_imports_no_server_part():
    code = "import sys, hub.handofflog.auditor, hub.handofflog.note, hub.cli.log; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    )
    assert not loaded & {"sqlalchemy", "flask", "marshmallow", "apscheduler", "hub.db", "hub.handofflog.store"}
