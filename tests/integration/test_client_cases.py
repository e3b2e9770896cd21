"""Case files: sections of known and unknown forms, papers with hashes, versions, and whose they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.client import cases, records
from hub.clock import SetClock
from hub.errors import BadSignature, Conflict, InvalidRequest, NotFound
from hub.ids import random_id
from tests.conftest import NOW
from tests.support.world import populated, world

HOME = "dj.example"
REGISTER, LEG = random_id(), random_id()
OTHER_LEG = "C" * 21 + "A"
NEWER = {"v": 7, "views": "in a form of next year"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOME, "et.example") as made:
        populated(made, HOME, "et.example")
        made.join(made.members["amina"], "colleague", {"caseworker"})
        yield made


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def colleague(place):
    return place.members["colleague"]


def test_a_case_file_begins_empty_and_grows_section_by_section(amina):
    held = cases.new(amina)
    assert (held.case, held.legs, dict(held.sections)) == (None, (), {})
    cases.update(amina, held.record, "needs_risk", {"risk": "high"})
    cases.update(amina, held.record, "needs_risk", {"needs": [{"id": "n1", "need": "health"}]})
    again = cases.load(amina, held.record)
    assert again.sections["needs_risk"] == {"v": 1, "risk": "high", "needs": [{"id": "n1", "need": "health"}]}
    assert again.record in {row.record for row in cases.listing(amina)}


def test_each_version_is_kept_and_can_be_read(amina):
    held = cases.new(amina, {"needs_risk": {"risk": "low"}})
    cases.update(amina, held.record, "needs_risk", {"risk": "high"})
    first, second = cases.history(amina, held.record)
    assert cases.load(amina, held.record, version=first.manifest).sections["needs_risk"]["risk"] == "low"
    assert cases.load(amina, held.record, version=second.manifest).sections["needs_risk"]["risk"] == "high"
    assert first.by.member == amina.id
    with pytest.raises(NotFound):
        cases.load(amina, held.record, version="x" * 43)


def test_a_change_that_changes_nothing_puts_nothing(amina):
    held = cases.new(amina, {"needs_risk": {"risk": "low"}})
    cases.update(amina, held.record, "needs_risk", {"risk": "low"})
    assert len(cases.history(amina, held.record)) == 1


def test_a_section_that_is_not_of_its_form_changes_nothing_and_is_not_repeated(amina):
    held = cases.new(amina, {"needs_risk": {"risk": "low"}})
    with pytest.raises(InvalidRequest) as refused:
        cases.update(amina, held.record, "needs_risk", {"risk": "SYN-secret"})
    assert refused.value.facts["fields"] == ["/risk"]
    assert "SYN-secret" not in str(refused.value.facts) + refused.value.detail
    assert len(cases.history(amina, held.record)) == 1


def test_what_another_agency_handed_over_is_kept_as_it_came(amina):
    came = {"identity": {"v": 1, "clan": "of a form of theirs"}, "child_views": NEWER, "next_year": {"v": 2, "x": [1]}}
    held = cases.keep(amina, came, case=REGISTER, leg=LEG)
    cases.update(amina, held.record, "identity", {"sex": "female"})
    again = cases.load(amina, held.record)
    assert again.sections == {**came, "identity": {**came["identity"], "sex": "female"}}
    assert (again.case, again.legs) == (REGISTER, (LEG,))
    with pytest.raises(InvalidRequest, match="newer"):
        cases.update(amina, held.record, "child_views", {"views": []})


def test_what_came_as_no_section_is_kept_and_not_changed(amina):
    held = cases.keep(amina, {"identity": ["of", "no", "form"], "health": "none"})
    with pytest.raises(InvalidRequest, match="kept as it came"):
        cases.update(amina, held.record, "identity", {"sex": "female"})
    assert cases.load(amina, held.record).sections["identity"] == ["of", "no", "form"]
    assert held.reference is None


def test_a_file_of_a_newer_release_is_shown_and_not_changed(amina):
    newer = {"v": 2, "case": None, "sections": {"needs_risk": {"v": 1}}, "legs": [], "more": "of next year"}
    record = records.put(amina, "case", newer)
    assert cases.load(amina, record).value == newer
    with pytest.raises(Conflict, match="newer"):
        cases.update(amina, record, "needs_risk", {"risk": "low"})


def test_the_register_and_the_legs_are_named_once(amina):
    held, again = cases.new(amina), random_id()
    for _ in range(2):
        held = cases.link(amina, held.record, case=REGISTER, leg=again)
    assert (held.case, held.legs) == (REGISTER, (again,))
    assert len(cases.history(amina, held.record)) == 2
    assert cases.of_leg(amina, again).record == held.record
    assert cases.of_leg(amina, random_id()) is None


def test_an_answer_stands_in_the_section_that_it_feeds(amina):
    held = cases.new(amina)
    held = cases.answer(amina, held.record, "child_wish", "To be with her aunt.")
    said = held.sections["child_views"]["considerations"]["child_wish"]
    assert said == {"answer": "To be with her aunt.", "on": "2026-11-21", "by": amina.id, "not_for": ["family"]}
    with pytest.raises(NotFound):
        cases.answer(amina, held.record, "no_such_question", "x")


def test_a_colleague_says_why(amina, colleague):
    held = cases.new(amina)
    with pytest.raises(InvalidRequest) as refused:
        cases.load(colleague, held.record)
    assert refused.value.facts["rule"] == "R46"
    assert cases.load(colleague, held.record, why="on duty tonight").record == held.record


def test_a_record_of_another_kind_is_no_case_file(amina):
    note = records.put(amina, "note", {"x": 1})
    with pytest.raises(NotFound):
        cases.load(amina, note)


# Papers


def test_a_paper_is_kept_under_a_name_that_says_nothing(amina, tmp_path):
    held = cases.new(amina)
    scan = tmp_path / "SYN Hagos birth certificate.PDF"
    scan.write_bytes(b"%PDF-of-a-certificate")
    held = cases.attach(amina, held.record, scan, {"type": "birth_certificate", "copy": "copy", "issuer": "registry"})
    (row,) = held.sections["documents"]["items"]
    assert row["attachment"] == f"paper-{row['id']}.pdf"
    (tmp_path / "out").mkdir()
    (path,) = cases.papers(amina, held, tmp_path / "out")
    assert path.read_bytes() == scan.read_bytes()
    again = cases.attach(
        amina, held.record, scan, {"type": "birth_certificate", "check": {"on": "2026-11-20", "by": "x"}}
    )
    (row,) = again.sections["documents"]["items"]
    assert row["check"]["by"] == "x"
    assert row["issuer"] == "registry"
    assert len(cases.papers(amina, again, tmp_path / "out")) == 1


@pytest.mark.parametrize("called", ["a.pdf", "SYN Hagos.PDF", "x", ".hidden", "a.tar.gz", "a.p%f", "a." + "x" * 200])
def test_a_paper_has_a_name_that_a_packet_takes_whatever_the_file_was_called(called):
    for _ in range(200):  # some random numbers begin with a hyphen
        row = cases._named(Path(called), b"content")
        assert cases._is_named(row)
        assert "Hagos" not in row["attachment"]


def test_a_paper_that_was_exchanged_is_not_handed_out(amina, tmp_path):
    held = cases.new(amina)
    scan = tmp_path / "a.pdf"
    scan.write_bytes(b"the true one")
    held = cases.attach(amina, held.record, scan, {"type": "court_order"})
    (row,) = held.sections["documents"]["items"]
    (tmp_path / row["attachment"]).write_bytes(b"another one")
    false = {"v": 1, "case": held.record, "document": row["id"], "sha256": row["sha256"]}
    records.put(amina, "paper", false, attachments=[tmp_path / row["attachment"]])
    (tmp_path / "out").mkdir()
    with pytest.raises(BadSignature):
        cases.papers(amina, held, tmp_path / "out")


def test_a_row_of_another_agency_does_not_choose_where_a_file_is_written(amina, tmp_path):
    scan = tmp_path / "a.pdf"
    scan.write_bytes(b"content")
    first = cases.attach(amina, cases.new(amina).record, scan, {"type": "passport"})
    (row,) = first.sections["documents"]["items"]
    evil = {**row, "attachment": "../../evil.pdf"}
    held = cases.keep(amina, {"documents": {"v": 1, "items": [evil]}})
    done = cases.attach(amina, held.record, scan, {"type": "passport"})
    assert [item["attachment"] for item in done.sections["documents"]["items"]].count("../../evil.pdf") == 1
    (tmp_path / "out").mkdir()
    (path,) = cases.papers(amina, done, tmp_path / "out")
    assert path.parent == tmp_path / "out"


def test_the_hub_learns_nothing_of_a_case_file(place, amina, tmp_path):
    (tmp_path / "p.pdf").write_bytes(b"SYN-canary-paper")
    held = cases.new(amina, {"identity": {"names": {"full": "SYN-canary-name"}}})
    cases.attach(amina, held.record, tmp_path / "p.pdf", {"type": "passport", "title": "SYN-canary-title"})
    folder = place.hubs[HOME].hub.settings.data
    blobs = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not [data for data in blobs if b"SYN-canary" in data]
    assert "SYN-canary" not in json.dumps(amina.hub.get(f"/api/v1/handoffs/{held.record}"))


def test_what_comes_later_by_a_leg_is_put_in_and_what_was_found_here_is_not_written_over(amina):
    first = {"identity": {"v": 1, "note": "one"}, "health": {"v": 1, "note": "one"}}
    held = cases.receive(amina, OTHER_LEG, [("p1", first)])
    cases.update(amina, held.record, "health", {"treatment_needed": True})
    later = [("p1", first), ("p2", {"identity": {"v": 1, "note": "two"}, "health": {"v": 1, "note": "two"}})]
    for _ in range(2):
        held = cases.receive(amina, OTHER_LEG, [*later, ("p3", {"documents": {"v": 1, "items": []}})])
    assert held.sections["identity"]["note"] == "two"
    assert held.sections["health"] == {"v": 1, "note": "one", "treatment_needed": True}
    assert held.sections["documents"] == {"v": 1, "items": []}
    assert len(cases.history(amina, held.record)) == 3
