"""Own records that scale, and what colleagues keep about one another's work: training, openings, samples (R46)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from hub.client import access, basis, opening, reading, records, referrals, sampling, training
from hub.client.member import DAY, unlock
from hub.client.referrals import Outgoing
from hub.clock import FileClock, SetClock
from hub.errors import Conflict, Forbidden, InvalidRequest, NotFound, WrongRecipient
from hub.ids import random_id
from tests.conftest import NOW
from tests.support import terminal
from tests.support.world import PASSPHRASE, SECTIONS, populated, reception, today, world

HOST = "hub.example"
WHY = "Amina is ill and the mother rang."


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST) as made:
        populated(made, HOST, HOST)
        amina = made.members["amina"]
        for login, roles in (
            ("omar", {"caseworker"}),
            ("sada", {"caseworker"}),
            ("hodan", {"supervisor"}),
            ("fatuma", {"supervisor"}),
            ("idil", {"focal_point"}),
            ("liban", {"caseworker"}),
        ):
            made.join(amina, login, roles)
        for login in ("omar", "hodan"):
            made.train(made.members[login], amina)
        for login, roles in (("kidane", {"caseworker"}), ("selam", {"supervisor"}), ("clerk", {"coordinator"})):
            made.join(made.members["hana"], login, roles)
        yield made


@pytest.fixture(autouse=True)
def _another_day(place):
    """Each test has days of its own; what stood in the registers before stays there."""
    place.clock.at += 9 * DAY
    for member in place.members.values():
        member.trust.forget()


@pytest.fixture
def people(place):
    return place.members


def refer(place, by="amina", to="hana"):
    sender, recipient = place.members[by], place.members[to]
    held = reception(sender, place.clock, recipient.agency)
    handoff = referrals.send(sender, Outgoing(recipient.agency, SECTIONS, held, "reception", "urgent")).handoff
    return handoff, held.handoff


def entries(member, handoff):
    return [row for row in access.listing(member) if row.handoff == handoff]


def waiting(member, handoff):
    return [row for row in access.listing(member, unreviewed=True) if row.handoff == handoff]


def asked(requests):
    """How often each path below /api/v1 was asked for."""
    return {name: sum(f"/{name}" in path for path in requests) for name in ("handoffs?", "handoffs/", "packets/")}


def counting(member, monkeypatch):
    """Return the list in which the member's requests are noted from now on."""
    made, ask = [], member.hub._ask

    def noting(method, path, **given):
        made.append(path + ("?" if given.get("params") else ""))
        return ask(method, path, **given)

    monkeypatch.setattr(member.hub, "_ask", noting)
    return made


# Records


def test_a_listing_fetches_only_what_changed_and_only_the_kinds_asked_for(place, people, monkeypatch):
    amina = people["amina"]
    kept = [records.put(amina, kind, {"n": n}) for n in range(3) for kind in ("note", "case")]
    first = unlock(amina.profile.folder, PASSPHRASE, clock=place.clock)
    records.listing(first, "note")
    again = unlock(amina.profile.folder, PASSPHRASE, clock=place.clock)
    requests = counting(again, monkeypatch)
    found = {row.handoff: row for row in records.listing(again, "note")}
    assert set(kept[::2]) <= set(found)
    assert not set(kept[1::2]) & set(found)
    assert asked(requests) == {"handoffs?": 1, "handoffs/": 0, "packets/": 0}
    records.put(amina, "note", {"n": "changed"}, handoff=kept[0])
    requests.clear()
    assert {row.handoff: row.value for row in records.listing(again, "note")}[kept[0]] == {"n": "changed"}
    assert asked(requests) == {"handoffs?": 1, "handoffs/": 1, "packets/": 1}


def test_what_a_colleague_put_in_the_same_second_is_seen(place, people):
    amina, omar = people["amina"], people["omar"]
    record = records.put(amina, "note", {"n": 1})
    assert records.listing(amina, "note")[0].value == {"n": 1}
    records.put(omar, "note", {"n": 2}, handoff=record)
    (row,) = [row for row in records.listing(amina, "note") if row.handoff == record]
    assert (row.value, row.begun_by.member, row.by.member) == ({"n": 2}, amina.id, omar.id)


def test_records_are_found_again_after_the_hubs_clock_was_put_back(place, people):
    amina, omar = people["amina"], people["omar"]
    records.put(amina, "note", {"n": "future"})
    records.listing(amina, "note")
    place.clock.at -= DAY // 2
    late = records.put(omar, "note", {"n": "late"})
    assert late in {row.handoff for row in records.listing(amina, "note")}


def test_the_index_shows_nothing_to_who_has_only_the_disk(place, people):
    amina = people["amina"]
    records.put(amina, "note", {"about": "SYN Hagos"})
    records.put(amina, "case", {"about": "SYN Selam"})
    records.listing(amina)
    data = (amina.profile.folder / "records.sealed").read_bytes()
    for word in (b"SYN", b"note", b"consent", b"case"):
        assert word not in data
    index = json.dumps(amina.load_sealed("records.sealed"))
    assert "SYN Hagos" in index
    assert "SYN Selam" not in index


def test_an_index_that_was_changed_or_is_another_members_is_made_again(place, people):
    amina, omar = people["amina"], people["omar"]
    record = records.put(amina, "note", {"n": 1})
    for member in (amina, omar):
        records.listing(member)
    path = amina.profile.folder / "records.sealed"
    for data in (b"", b"x" * 200, (omar.profile.folder / "records.sealed").read_bytes(), path.read_bytes()[:-1]):
        path.write_bytes(data)
        assert amina.load_sealed("records.sealed") == {}
        assert record in {row.handoff for row in records.listing(amina, "note")}


def test_an_old_index_put_back_misses_nothing(place, people):
    amina = people["amina"]
    record = records.put(amina, "note", {"n": 1})
    records.listing(amina)
    path = amina.profile.folder / "records.sealed"
    old = path.read_bytes()
    records.put(amina, "note", {"n": 2}, handoff=record)
    records.listing(amina)
    path.write_bytes(old)
    assert next(row.value for row in records.listing(amina, "note") if row.handoff == record) == {"n": 2}


def test_a_record_of_no_known_form_does_not_end_a_listing(place, people, monkeypatch):
    amina, omar = people["amina"], people["omar"]
    monkeypatch.setattr(records, "KINDS", records.KINDS | {"of_next_year"})
    strange = records.put(omar, "of_next_year", {"n": 1})
    plain = records.put(omar, "note", {"n": 1})
    found = {row.handoff for row in records.listing(amina)}
    assert plain in found
    assert strange not in found


def test_a_members_own_records_of_a_committee_do_not_stop_the_others(place, people):
    tesfaye = people["tesfaye"]
    other = place.join(tesfaye, "almaz", {"focal_point", "caseworker"})
    mine, hers = records.put(tesfaye, "note", {"n": 1}), records.put(other, "note", {"n": 2})
    found = {row.handoff for row in records.listing(tesfaye)}
    assert mine in found
    assert hers not in found


def test_a_new_device_opens_a_new_handoff_without_reading_all_that_is_old(place, people, monkeypatch):
    for n in range(5):
        records.put(people["hana"], "note", {"n": n})
    place.clock.at += 5 * DAY
    handoff, _ = refer(place)
    new = place.join(people["hana"], "nardos", {"caseworker"})
    requests = counting(new, monkeypatch)
    opening.open_handoff(new, handoff)
    assert asked(requests)["handoffs/"] == 1
    assert len(records.listing(new, "note")) >= 5


def test_a_new_device_reads_what_is_older_than_any_packet_is_accepted(tmp_path):
    with world(tmp_path, SetClock(NOW), HOST) as alone:  # its own: certificates end after two years
        amina = alone.found(HOST, "shelter", "shelter", "DJ", "amina")
        record = records.put(amina, "note", {"n": "old"})
        alone.clock.at += 401 * DAY
        new = alone.join(amina, "halima", {"caseworker"})
        assert record in {row.handoff for row in records.listing(new, "note")}


# Training


def test_training_counts_until_its_day(place, people):
    liban, now = people["liban"], place.clock.now()
    assert training.facts(liban, now) == {"training": {"consent": None, "bid": None}}
    until = today(place.clock) + timedelta(days=30)
    training.record(people["hodan"], liban.id, {"consent"}, until)
    assert training.facts(liban, now) == {"training": {"consent": until.isoformat(), "bid": None}}
    assert training.current(people["amina"], liban.id, "consent", now + 30 * DAY) == until
    assert training.current(people["amina"], liban.id, "consent", now + 31 * DAY) is None
    place.clock.at += 60
    training.record(people["amina"], liban.id, {"consent"}, today(place.clock) - timedelta(days=1))
    assert training.current(liban, liban.id, "consent", now) is None


def test_nobody_records_their_own_training_and_no_colleague_does(place, people):
    hodan, omar, until = people["hodan"], people["omar"], date(2030, 1, 1)
    with pytest.raises(Forbidden):
        training.record(hodan, hodan.id, {"consent"}, until)
    with pytest.raises(Forbidden):
        training.record(omar, people["sada"].id, {"consent"}, until)
    with pytest.raises(WrongRecipient):
        training.record(hodan, people["hana"].id, {"consent"}, until)
    with pytest.raises(InvalidRequest):
        training.record(hodan, omar.id, {"juggling"}, until)


def forged_trainings(people):
    sada, hodan = people["sada"], people["hodan"]
    plain = {"topics": ["consent"], "until": "2030-01-01"}
    return {
        "herself": (sada, {**plain, "member": sada.id}),
        "a colleague without the role": (people["omar"], {**plain, "member": sada.id}),
        "who says that a supervisor did": (sada, {**plain, "member": sada.id, "by": hodan.id}),
        "a day that is none": (hodan, {**plain, "member": sada.id, "until": "for ever"}),
        "no topic": (hodan, {**plain, "member": sada.id, "topics": ["everything"]}),
    }


@pytest.mark.parametrize("case", ["herself", "a colleague without the role", "who says that a supervisor did",
                                  "a day that is none", "no topic"])  # fmt: skip
def test_a_training_that_no_supervisor_signed_counts_for_nothing(place, people, case):
    author, value = forged_trainings(people)[case]
    records.put(author, "training", value)
    assert training.current(people["sada"], people["sada"].id, "consent", place.clock.now()) is None


def test_a_supervisor_is_not_trained_by_her_own_signature(place, people):
    fatuma = people["fatuma"]
    value = {"member": fatuma.id, "topics": ["consent"], "until": "2030-01-01"}
    records.put(fatuma, "training", value)
    assert training.facts(fatuma, place.clock.now())["training"]["consent"] is None


def test_a_training_that_the_trained_member_rewrote_counts_for_nothing(place, people):
    kidane, selam = people["kidane"], people["selam"]
    record = training.record(selam, kidane.id, {"bid"}, today(place.clock))
    value = records.get(kidane, record).value
    records.put(kidane, "training", {**value, "topics": ["bid", "consent"], "until": "2040-01-01"}, handoff=record)
    assert training.facts(kidane, place.clock.now()) == {"training": {"consent": None, "bid": None}}


# Openings


def test_the_first_look_has_to_be_taken_by_somebody(place, people):
    handoff, _ = refer(place)
    opening.open_handoff(people["kidane"], handoff)
    (row,) = entries(people["hana"], handoff)
    assert (row.member, row.kind, row.due) == (people["kidane"].id, "first_look", None)
    with pytest.raises(InvalidRequest) as refusal:
        opening.open_handoff(people["hana"], handoff)
    assert refusal.value.detail == "Say why you need this record."
    assert refusal.value.facts["rule"] == "R46"
    opening.open_handoff(people["kidane"], handoff)
    (row,) = entries(people["hana"], handoff)
    assert row.times == 2


def test_who_sent_and_who_took_it_need_no_reason(place, people):
    handoff, _ = refer(place)
    referrals.take(people["kidane"], handoff, "acknowledge")
    opening.open_handoff(people["kidane"], handoff)
    referrals.take(people["kidane"], handoff, "ask", text="Which language?")
    opening.open_handoff(people["amina"], handoff)
    assert [row.kind for row in entries(people["hana"], handoff)] == ["assigned"]
    assert [row.kind for row in entries(people["amina"], handoff)] == ["assigned"]
    with pytest.raises(InvalidRequest):
        opening.open_handoff(people["omar"], handoff)
    with pytest.raises(InvalidRequest):
        opening.open_handoff(people["selam"], handoff)


def test_acknowledging_again_takes_nothing(place, people):
    handoff, _ = refer(place)
    referrals.take(people["kidane"], handoff, "acknowledge")
    referrals.take(people["hana"], handoff, "acknowledge")
    with pytest.raises(InvalidRequest):
        opening.open_handoff(people["hana"], handoff)


def test_nothing_is_shown_or_written_before_the_reason(place, people, tmp_path, monkeypatch):
    handoff, _ = refer(place)
    referrals.take(people["kidane"], handoff, "acknowledge")
    requests = counting(people["selam"], monkeypatch)
    for why in (None, "", "  \n"):
        with pytest.raises(InvalidRequest):
            opening.open_handoff(people["selam"], handoff, into=tmp_path, why=why)
    packet = reading.show(people["selam"], handoff).packets[0].hash
    assert not [path for path in requests if packet in path]
    assert list(tmp_path.iterdir()) == []


def test_an_opening_for_a_reason_is_reviewed_by_somebody_else(place, people):
    handoff, _ = refer(place)
    referrals.take(people["hana"], handoff, "acknowledge")
    opening.open_handoff(people["selam"], handoff, why=f"{WHY}\n")
    (row,) = waiting(people["hana"], handoff)
    assert (row.member, row.kind, row.why, row.due) == (
        people["selam"].id, "reason", (WHY,), place.clock.now() + 7 * DAY,
    )  # fmt: skip
    with pytest.raises(Forbidden):
        access.review(people["selam"], row.record, ok=True)
    with pytest.raises(Forbidden):
        access.review(people["kidane"], row.record, ok=True)
    access.review(people["hana"], row.record, ok=False)
    assert waiting(people["hana"], handoff) == []
    assert entries(people["selam"], handoff)[0].review == "concern"
    with pytest.raises(Conflict):
        access.review(people["hana"], row.record, ok=True)


def test_one_record_a_day_until_it_is_reviewed(place, people):
    handoff, _ = refer(place)
    referrals.take(people["hana"], handoff, "acknowledge")
    for why in (WHY, WHY, "A second question."):
        opening.open_handoff(people["selam"], handoff, why=why)
    (row,) = entries(people["hana"], handoff)
    assert (row.times, row.why) == (3, (WHY, "A second question."))
    access.review(people["hana"], row.record, ok=True)
    opening.open_handoff(people["selam"], handoff, why=WHY)
    assert len(entries(people["hana"], handoff)) == 2
    place.clock.at += DAY
    opening.open_handoff(people["selam"], handoff, why=WHY)
    assert len(entries(people["hana"], handoff)) == 3


def test_what_is_overdue_comes_first(place, people):
    old, _ = refer(place)
    new, _ = refer(place)
    for handoff in (old, new):
        referrals.take(people["hana"], handoff, "acknowledge")
    opening.open_handoff(people["selam"], old, why=WHY)
    place.clock.at += 8 * DAY
    opening.open_handoff(people["hana"], new)
    opening.open_handoff(people["selam"], new, why=WHY)
    found = access.listing(people["hana"])
    waiting = [row for row in found if row.handoff in {old, new}]
    assert [row.handoff for row in waiting] == [old, new, new]
    assert waiting[0].due < place.clock.now() < waiting[1].due
    assert waiting[2].due is None


def test_an_assignment_counts_by_who_made_it(place, people):
    handoff, _ = refer(place)
    opener = people["omar"]
    referrals.take(people["hana"], handoff, "acknowledge")
    referrals.take(people["hana"], handoff, "ask", text="Which language?")

    def may_open():
        try:
            opening.open_handoff(opener, handoff)
        except InvalidRequest:
            return False
        return True

    for forger in (opener, people["sada"]):
        records.put(forger, "assignment", {"handoff": handoff, "members": [opener.id]})
        assert not may_open()
    with pytest.raises(Forbidden):
        access.assign(people["sada"], handoff, [opener.id])
    with pytest.raises(WrongRecipient):
        access.assign(people["amina"], handoff, [people["hana"].id])
    access.assign(people["idil"], handoff, [opener.id])
    assert may_open()
    access.assign(opener, handoff, [people["sada"].id])  # an assigned member passes it on
    opening.open_handoff(people["sada"], handoff)


def test_nobody_assigns_a_record_to_themselves(place, people):
    handoff, _ = refer(place)
    referrals.take(people["hana"], handoff, "acknowledge")
    referrals.take(people["hana"], handoff, "ask", text="Which language?")
    hodan = people["hodan"]
    with pytest.raises(Forbidden):
        access.assign(hodan, handoff, [hodan.id])
    records.put(hodan, "assignment", {"handoff": handoff, "members": [hodan.id]})
    with pytest.raises(InvalidRequest):
        opening.open_handoff(hodan, handoff)


def test_a_review_by_the_opener_or_a_colleague_does_not_count(place, people):
    handoff, _ = refer(place)
    referrals.take(people["hana"], handoff, "acknowledge")
    opening.open_handoff(people["selam"], handoff, why=WHY)
    (row,) = entries(people["hana"], handoff)
    value = records.get(people["hana"], row.record).value
    for forger in ("selam", "kidane"):
        records.put(people[forger], "access", {**value, "kind": "assigned", "review": "ok"}, handoff=row.record)
        (shown,) = entries(people["hana"], handoff)
        if forger == "kidane":
            assert (shown.member, shown.review) == (people["selam"].id, None)
            assert shown.due is not None
        assert shown.review is None


def test_an_opening_that_somebody_scribbled_over_waits_for_a_review(place, people):
    handoff, _ = refer(place)
    record = access.log(people["hana"], access.before_open(people["hana"], reading.show(people["hana"], handoff)))
    assert record not in {row.record for row in access.listing(people["hana"], unreviewed=True)}
    records.put(people["kidane"], "access", {"scribble": True}, handoff=record)
    assert record in {row.record for row in access.listing(people["hana"], unreviewed=True)}
    access.review(people["selam"], record, ok=False)
    assert record not in {row.record for row in access.listing(people["hana"], unreviewed=True)}


def test_nobody_logs_an_opening_in_a_colleagues_name(place, people):
    handoff, _ = refer(place)
    shown = reading.show(people["kidane"], handoff)
    access.log(people["kidane"], access.before_open(people["kidane"], shown))
    assert {row.member for row in entries(people["hana"], handoff)} == {people["kidane"].id}
    value = {"handoff": handoff, "kind": "first_look", "why": [], "times": 1, "review": None}
    with pytest.raises(Forbidden):
        records.put(people["clerk"], "access", value, roles=frozenset({"caseworker"}))


def test_a_coordinator_opens_nothing_and_logs_nothing(place, people):
    handoff, _ = refer(place)
    with pytest.raises(Forbidden):
        opening.open_handoff(people["clerk"], handoff, why=WHY)
    assert entries(people["hana"], handoff) == []


def test_a_consent_of_a_colleague_is_used_for_a_reason(place, people):
    handoff, record = refer(place)
    omar = people["omar"]
    basis.load(people["amina"], record)
    assert entries(people["amina"], record) == []
    with pytest.raises(InvalidRequest):
        basis.load(omar, record)
    basis.load(omar, record, WHY)
    (row,) = entries(people["hodan"], record)
    assert (row.member, row.kind, row.why) == (omar.id, "reason", (WHY,))
    access.assign(people["hodan"], handoff, [omar.id])
    basis.load(omar, record, through=reading.show(omar, handoff))
    assert {row.kind for row in entries(people["hodan"], record)} == {"reason", "assigned"}


def test_a_withdrawal_is_written_down_by_whoever_hears_of_it(place, people):
    _, record = refer(place)
    assert not basis.withdraw(people["sada"], record).live


# Samples


@pytest.fixture
def consents(place, people):
    """Twelve consents that omar recorded, and one of hodan's, at an agency of their own where nothing was drawn yet."""
    found = place.members.get("warsame") or place.found(HOST, "clinic", "health", "DJ", "warsame")
    for login, roles in (("yusuf", {"caseworker"}), ("deqa", {"supervisor"}), ("nimo", {"supervisor"})):
        if login not in place.members:
            place.join(found, login, roles)
            place.train(place.members[login], found)
    held = [reception(place.members["yusuf"], place.clock, people["hana"].agency).handoff for _ in range(12)]
    own = reception(place.members["deqa"], place.clock, people["hana"].agency).handoff
    return held, own


def test_a_sample_is_one_in_ten_and_nobodys_own(place, people, consents):
    held, own = consents
    deqa, nimo, now = people["deqa"], people["nimo"], place.clock.now()
    drawn = sampling.draw(deqa, now)
    assert len(drawn) == 2
    assert {row.record for row in drawn} <= set(held)
    assert sampling.draw(deqa, now) == []
    assert sampling.draw(nimo, now) == []
    place.clock.at += 8 * DAY
    seen = {row.record for row in drawn}
    for _ in range(11):  # one a week, whatever the share
        (row,) = sampling.draw(nimo, place.clock.now())
        assert row.record not in seen
        seen.add(row.record)
        place.clock.at += 8 * DAY
    assert seen == {*held, own}
    assert sampling.draw(nimo, place.clock.now()) == []
    basis.withdraw(people["yusuf"], held[0])
    (row,) = sampling.draw(nimo, place.clock.now())
    assert row.record == held[0]
    for row in sampling.listing(nimo):
        assert row.drawn_by not in {author.member for author in records.get(nimo, row.record).authors}
    with pytest.raises(Forbidden):
        sampling.draw(people["yusuf"], place.clock.now())


def test_a_comparison_is_by_a_supervisor_who_did_not_record_the_consent(place, people):
    fatuma, hodan, omar = people["fatuma"], people["hodan"], people["omar"]
    held = reception(hodan, place.clock, people["hana"].agency)
    sample = sampling._keep(fatuma, records.get(fatuma, held.handoff), place.clock.now())
    for forger in (hodan, omar):
        with pytest.raises(Forbidden):
            sampling.compared(forger, sample.id, "matches")
    with pytest.raises(InvalidRequest):
        sampling.compared(fatuma, sample.id, "fine")
    with pytest.raises(NotFound):
        sampling.compared(fatuma, held.handoff, "matches")
    value = records.get(fatuma, sample.id).value
    for forger in (hodan, omar):
        records.put(forger, "sample", {**value, "result": "matches"}, handoff=sample.id)
        assert sampling.listing(fatuma)[0].result is None
    sampling.compared(fatuma, sample.id, "differs", "Another date on the paper.")
    found = sampling.listing(fatuma)[0]
    assert (found.result, found.note) == ("differs", "Another date on the paper.")
    with pytest.raises(Conflict):
        sampling.compared(fatuma, sample.id, "matches")


def test_a_sample_that_was_made_up_keeps_no_consent_out_of_the_draw(place, people):
    omar, hodan, fatuma = people["omar"], people["hodan"], people["fatuma"]
    held = reception(hodan, place.clock, people["hana"].agency)
    row = records.get(omar, held.handoff)
    value = {"record": row.handoff, "revision": row.manifest, "result": None, "note": ""}
    for forger in (omar, hodan):
        records.put(forger, "sample", value)
    assert row.handoff not in {sample.record for sample in sampling.listing(fatuma)}


def test_who_drew_a_consent_may_look_at_it(place, people):
    fatuma = people["fatuma"]
    held = reception(people["omar"], place.clock, people["hana"].agency)
    with pytest.raises(InvalidRequest):
        basis.load(fatuma, held.handoff)
    sampling._keep(fatuma, records.get(fatuma, held.handoff), place.clock.now())
    basis.load(fatuma, held.handoff)
    (row,) = entries(fatuma, held.handoff)
    assert row.kind == "assigned"


# The command line


@pytest.fixture
def says(place):
    """`says("amina", "list")`: what the command says to her."""
    FileClock(place.folder / "clock").put(place.clock.now(), factor=0)
    (place.folder / "passphrase").write_text(PASSPHRASE)

    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


def test_colleagues_look_after_one_another_in_plain_words(says, place, people, tmp_path):
    until = (today(place.clock) + timedelta(days=365)).isoformat()
    trained = ("training", "record", "idil", "--topic", "consent", "--until", until)
    assert "idil is trained in consent" in says("hodan", *trained)
    says("idil", *trained, code=5)
    assert all(word in says("omar", "training", "list") for word in ("idil", "hodan", until))
    handoff, _ = refer(place)
    says("kidane", "acknowledge", handoff)
    told = says("selam", "open", handoff, code=2)
    assert "Say why you need this record." in told
    assert "rule: R46" in told
    (tmp_path / "why").write_text(WHY)
    assert "SYN Hagos" in says("selam", "open", handoff, "--why", tmp_path / "why")
    (row,) = [
        json.loads(line)
        for line in says("hana", "access", "list", "--unreviewed", "--json").splitlines()
        if handoff in line
    ]
    assert WHY.split(maxsplit=1)[0] in says("hana", "access", "list")
    says("hana", "access", "review", row["record"], code=2)
    says("hana", "access", "review", row["record"], "--concern")
    assert row["record"] not in says("hana", "access", "list", "--unreviewed")
    says("kidane", "assign", handoff, "nobody", code=7)
    assert "Assigned to hana" in says("kidane", "assign", handoff, "hana")
    assert "SYN Hagos" in says("hana", "open", handoff)


def test_supervisors_compare_consents_with_the_paper_in_plain_words(says, place, people, tmp_path):
    held = reception(people["omar"], place.clock, people["hana"].agency)
    sample = sampling._keep(people["fatuma"], records.get(people["fatuma"], held.handoff), place.clock.now()).id
    assert {"to", "be", "compared"} <= set(says("hodan", "consent", "sample").split())
    says("omar", "consent", "sample", code=5)
    says("hodan", "consent", "sampled", sample, code=2)
    says("omar", "consent", "sampled", sample, "--matches", code=5)
    (tmp_path / "note").write_text("Another date.")
    assert "differs" in says("hodan", "consent", "sampled", sample, "--differs", "--note", tmp_path / "note")
    assert sample not in says("hodan", "consent", "sample")
    assert "differs" in says("hodan", "consent", "sample", "--list")


def test_an_opening_hides_its_reason_when_printed():
    made = access.Opening(random_id(), access.Kind.REASON, WHY, None)
    assert WHY not in repr(made)
    assert WHY not in repr(replace(made, kind=access.Kind.ASSIGNED))
