"""Keeping the map true: change requests, contact details that wait, checks. And those who would rather it were not."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.directory.records.freshness import day_after, day_of
from hub.directory.records.vocabulary import CONTACT_HOLD
from hub.directory.servicemap.store import ServiceMap
from hub.directory.servicemap.write import CHANGED, UNCHANGED, Actor, Draft, apply, edited, plan
from hub.directory.upkeep import checks, links, requests
from hub.directory.upkeep.requests import Decision, Proposal
from hub.directory.upkeep.store import Links, Purpose, Requests, State, map_links
from hub.errors import Conflict, Forbidden, IllegalTransition, InvalidRequest, NotFound, StaleVersion
from hub.notify.store import notices
from tests.support import maps

NOW, HOST, KEEPER = maps.NOW, maps.HOST, maps.KEEPER
NGO = f"urn:rcp:agency:ngo@{HOST}"
COORDINATOR = Actor(KEEPER, "coordinator", "coordinator")
COLLEAGUE = Actor(KEEPER, "colleague", "call", "They know of it.")
PROVIDER = Actor(NGO, "nurse", "provider")
THIEF = Actor(KEEPER, "thief", "coordinator")
OLD = [{"number": "+251 11 000 0001"}]
NEW = [{"number": "+251 11 000 0002"}]
WRONG = [{"number": "+251 11 666 6666"}]
HOUR = 3600


@pytest.fixture
def connection(database):
    with database.write() as found:
        maps.populated(found)
        maps.put(found, CLINIC)
        yield found


CLINIC = maps.service(phones=OLD, email="desk@example.org")


def now_of(connection, record=CLINIC["id"]):
    return ServiceMap(connection).get(record)


def change(connection, by=COORDINATOR, now=NOW, **members):
    row = now_of(connection)
    draft = Draft(row.kind, edited(row.document, members))
    return apply(connection, [draft], by, host=HOST, now=now)[0]


def propose(connection, by=PROVIDER, now=NOW, base=None, groups=(), **members):
    proposal = Proposal("service", CLINIC["id"], members, groups, base)
    return requests.propose(connection, proposal, by, host=HOST, now=now)


def approve(connection, request, by=COORDINATOR, version=None, members=None, now=NOW):
    seen = Decision(now_of(connection).version if version is None else version, members)
    return requests.approve(connection, Requests(connection).get(request.id), by, seen, host=HOST, now=now)


def waiting(connection):
    return Requests(connection).of_record([CLINIC["id"]], State.HELD)


def state(connection, request):
    return Requests(connection).get(request.id).state


# Change requests


def test_a_proposal_changes_nothing_until_a_coordinator_approves_it(connection):
    request = propose(connection, description="For children under five.")
    assert "description" not in now_of(connection).document
    done = approve(connection, request)
    assert done.what == CHANGED
    row = now_of(connection)
    assert row.document["description"] == "For children under five."
    assert state(connection, request) is State.APPROVED
    newest = ServiceMap(connection).history(row.id)[0]
    assert (newest.agency, newest.member, newest.how) == (NGO, "nurse", "provider")
    assert row.document["verified"]["offer"] == {"on": maps.TODAY, "how": "provider", "by": NGO}


def test_a_coordinator_takes_some_members_and_leaves_others(connection):
    request = propose(connection, description="For all.", free=True)
    approve(connection, request, members=["free"])
    assert now_of(connection).document["free"] is True
    assert "description" not in now_of(connection).document
    kept = Requests(connection).get(request.id)
    assert (kept.taken, kept.changes["description"]) == (["free"], "For all.")


def test_another_agencys_coordinator_decides_nothing_here_and_learns_nothing(connection):
    request = propose(connection, description="For all.")
    stranger = Actor(NGO, "coordinator", "coordinator")
    with pytest.raises(NotFound):
        approve(connection, request, by=stranger)
    with pytest.raises(NotFound):
        requests.refuse(connection, request, stranger, reason="x", now=NOW)


def test_what_was_changed_meanwhile_is_shown_from_three_sides_and_never_overwritten_unseen(connection):
    request = propose(connection, description="From the provider.")
    seen = now_of(connection).version
    change(connection, description="From the coordinator.")
    with pytest.raises(StaleVersion) as caught:
        approve(connection, request, version=seen)
    assert caught.value.facts["version"] == seen + 1
    row = now_of(connection)
    assert requests.differences(row, request) == {
        "description": {"was": None, "now": "From the coordinator.", "new": "From the provider."}
    }
    assert row.document["description"] == "From the coordinator."
    assert state(connection, request) is State.PROPOSED
    approve(connection, request)
    assert now_of(connection).document["description"] == "From the provider."


def test_what_was_seen_in_an_old_version_is_compared_with_that_version(connection):
    change(connection, description="One", free=True)
    seen = now_of(connection).version
    change(connection, description="Two", free=False)
    request = propose(connection, base=seen, description="Three", free=True)
    assert request.changes == {"description": "Three"}, "free was true when it was seen, so nothing was asked of it"
    assert request.old == {"description": "One"}
    assert request.base == seen


def test_somebody_has_one_open_request_for_a_record_and_the_later_one_stands(connection):
    first, second = propose(connection, description="One"), propose(connection, description="Two")
    other = propose(connection, by=Actor(NGO, "doctor", "provider"), description="Three")
    assert [state(connection, one) for one in (first, second, other)] == ["superseded", "proposed", "proposed"]


def test_a_request_is_decided_once(connection):
    request = propose(connection, description="One")
    requests.refuse(connection, request, COORDINATOR, reason="Not so.", now=NOW)
    assert Requests(connection).get(request.id).reason == "Not so."
    with pytest.raises(IllegalTransition):
        approve(connection, request)
    with pytest.raises(StaleVersion):
        requests.refuse(connection, request, COORDINATOR, reason="Again.", now=NOW)


def test_only_who_proposed_takes_it_back(connection):
    request = propose(connection, description="One")
    with pytest.raises(Forbidden):
        requests.withdraw(connection, request, COORDINATOR, now=NOW)
    requests.withdraw(connection, request, PROVIDER, now=NOW)
    assert state(connection, request) is State.WITHDRAWN


@pytest.mark.parametrize(
    "members",
    [{"verified": {}}, {"source": {"name": "x"}}, {"id": "x"}, {"status": "open"}, {"needs": ["telepathy"]}, {}],
)
def test_what_is_no_change_or_no_record_is_not_proposed(connection, members):
    with pytest.raises(InvalidRequest):
        propose(connection, **members)


def test_a_provider_proposes_a_new_service_and_the_keeper_of_the_provider_decides(connection):
    members = {"name": "Dental care", "status": "active", "organization_id": maps.provider()["id"]}
    request = requests.propose(connection, Proposal("service", None, members), PROVIDER, host=HOST, now=NOW)
    assert request.steward == KEEPER
    again = requests.propose(connection, Proposal("service", None, members), PROVIDER, host=HOST, now=NOW)
    assert (again.record, state(connection, request)) == (request.record, State.SUPERSEDED)
    done = approve(connection, again, version=0)
    assert now_of(connection, done.id).steward == KEEPER
    later = Proposal("service", None, {**members, "free": True})
    changed = requests.propose(connection, later, PROVIDER, host=HOST, now=NOW)
    assert (changed.record, changed.changes) == (done.id, {"free": True})


def test_still_right_makes_a_number_of_places_that_was_checked_new_and_no_other(connection):
    old, today = day_after(maps.TODAY, -10), maps.TODAY
    change(connection, capacity={"state": "capacity", "available": 3, "as_of": old})
    approve(connection, propose(connection, groups=["contact"]))
    assert now_of(connection).document["capacity"]["as_of"] == old
    approve(connection, propose(connection, groups=["capacity"]))
    assert now_of(connection).document["capacity"]["as_of"] == today


def test_a_word_given_a_month_ago_counts_from_that_day_and_never_undoes_a_later_one(connection):
    before = NOW - 30 * 24 * HOUR
    request = propose(connection, now=before, description="For all.")
    approve(connection, request)
    assert now_of(connection).document["verified"]["offer"]["on"] == maps.TODAY, "a later check stands"
    maps.put(connection, {**now_of(connection).document, "verified": {}})
    approve(connection, propose(connection, now=before, free=True))
    assert now_of(connection).document["verified"]["offer"]["on"] == day_of(before)


# Contact details


def test_a_changed_number_waits_whoever_changes_it_and_the_rest_of_the_change_does_not(connection):
    for by in (COORDINATOR, Actor(KEEPER, "import", "import"), PROVIDER):
        outcome = change(connection, by=by, phones=NEW, description=f"By {by.how}.")
        assert (outcome.what, outcome.held) == (CHANGED, ("phones",))
    row = now_of(connection)
    assert row.document["phones"] == OLD
    assert row.document["description"] == "By provider."
    assert [one.changes for one in waiting(connection)] == [{"phones": NEW}]


def test_the_same_number_asked_for_again_changes_nothing_and_starts_no_new_wait(connection):
    change(connection, phones=NEW)
    row = now_of(connection)
    (preview,) = plan(connection, [Draft(row.kind, edited(row.document, {"phones": NEW}))])
    assert (preview.what, preview.held) == (UNCHANGED, ("phones",))
    assert change(connection, phones=NEW, now=NOW + HOUR).what == UNCHANGED
    assert [one.until for one in waiting(connection)] == [NOW + CONTACT_HOLD]


def test_a_call_to_the_old_number_by_somebody_else_lets_it_through(connection):
    change(connection, phones=NEW)
    (request,) = waiting(connection)
    with pytest.raises(Forbidden):
        requests.confirm(connection, request, COORDINATOR, now=NOW + HOUR)
    with pytest.raises(NotFound):
        requests.confirm(connection, request, Actor(NGO, "other", "call"), now=NOW + HOUR)
    requests.confirm(connection, request, COLLEAGUE, now=NOW + HOUR)
    row = now_of(connection)
    kept = Requests(connection).get(request.id)
    assert (kept.decided_member, kept.reason) == ("colleague", "They know of it.")
    assert row.document["phones"] == NEW
    assert row.document["verified"]["contact"] == {"on": maps.TODAY, "how": "call", "by": KEEPER}
    assert waiting(connection) == []


def test_approving_a_provider_request_does_not_skip_the_wait(connection):
    request = propose(connection, phones=WRONG, description="For all.")
    done = approve(connection, request)
    assert (done.fields, done.held) == (("description", "verified"), ("phones",))
    (held,) = waiting(connection)
    assert (held.agency, held.member) == (NGO, "nurse"), "the proposer stays who asked, so the coordinator may call"
    assert now_of(connection).document["phones"] == OLD


def test_attack_two_quick_changes_inherit_no_time(connection):
    change(connection, phones=NEW)
    change(connection, by=THIEF, phones=WRONG, now=NOW + CONTACT_HOLD - 1)
    (request,) = waiting(connection)
    assert (request.changes, request.until) == ({"phones": WRONG}, NOW + 2 * CONTACT_HOLD - 1)
    assert Requests(connection).over(NOW + CONTACT_HOLD) == []


def test_attack_another_member_changed_beside_takes_only_what_overlaps(connection):
    change(connection, phones=NEW, email="new@example.org")
    change(connection, by=THIEF, phones=WRONG, now=NOW + HOUR)
    assert [(one.member, one.changes) for one in waiting(connection)] == [
        ("coordinator", {"email": "new@example.org"}),
        ("thief", {"phones": WRONG}),
    ]


def test_attack_to_empty_the_number_first_and_set_it_then_waits_twice(connection):
    change(connection, phones=[], email="")
    assert now_of(connection).document["phones"] == OLD
    change(connection, by=THIEF, phones=WRONG)
    assert now_of(connection).document["phones"] == OLD
    assert now_of(connection).document["email"] == "desk@example.org"


def test_attack_a_change_during_the_wait_does_not_carry_the_waiting_number_in(connection):
    change(connection, phones=WRONG)
    change(connection, description="Something harmless.")
    assert now_of(connection).document["phones"] == OLD
    (request,) = waiting(connection)
    assert request.until == NOW + CONTACT_HOLD


def test_attack_a_check_of_the_contact_does_not_vouch_for_the_waiting_number(connection):
    stale = day_after(maps.TODAY, -60)
    document = {**now_of(connection).document, "verified": maps.checked(on=stale)}
    maps.put(connection, document)
    fresh = {**document, "phones": WRONG, "verified": maps.checked()}
    maps.put(connection, fresh)
    said = now_of(connection).document["verified"]
    assert said["contact"]["on"] == stale, "the source says another number, so it did not check this one"
    assert said["offer"]["on"] == maps.TODAY


def test_attack_a_link_to_a_new_address_goes_to_the_old_one_while_it_waits(connection):
    change(connection, by=THIEF, email="thief@example.org")
    row = now_of(connection)
    links.send(connection, row, links.issue(connection, row, COORDINATOR, "en", NOW), NOW)
    sent = connection.scalars(select(notices.c.address).where(notices.c.template == "map_link"))
    assert list(sent) == ["desk@example.org"]


def test_attack_who_makes_a_link_and_answers_it_is_who_asked(connection):
    row = now_of(connection)
    link = links.issue(connection, row, THIEF, "en", NOW)
    links.answer(connection, link, row, changes={"phones": WRONG}, groups=[], note="", now=NOW)
    (request,) = Requests(connection).of_record([row.id], State.PROPOSED)
    approve(connection, request, by=THIEF)
    (held,) = waiting(connection)
    with pytest.raises(Forbidden):
        requests.confirm(connection, held, THIEF, now=NOW)
    assert now_of(connection).document["phones"] == OLD


def test_the_old_address_is_told_and_its_objection_stops_the_change(connection):
    change(connection, by=THIEF, email="thief@example.org", phones=WRONG)
    (request,) = waiting(connection)
    told = connection.execute(select(notices).where(notices.c.template == "map_held")).mappings().all()
    assert [row["address"] for row in told] == ["desk@example.org"]
    (link_id,) = connection.scalars(select(map_links.c.id).where(map_links.c.purpose == Purpose.OBJECT))
    link, _row = links.look(connection, link_id, NOW + HOUR)
    assert links.object_to(connection, link, note="We did not ask.", now=NOW + HOUR)
    assert state(connection, request) is State.REFUSED
    assert now_of(connection).document["phones"] == OLD
    with pytest.raises(Conflict):
        links.object_to(connection, link, note="", now=NOW + HOUR)


def test_a_change_that_its_old_contact_confirmed_cannot_be_objected_to_any_more(connection):
    change(connection, phones=NEW)
    (request,) = waiting(connection)
    requests.confirm(connection, request, COLLEAGUE, now=NOW)
    (link_id,) = connection.scalars(select(map_links.c.id).where(map_links.c.purpose == Purpose.OBJECT))
    link, _row = links.look(connection, link_id, NOW)
    assert not links.object_to(connection, link, note="Too late.", now=NOW)
    assert now_of(connection).document["phones"] == NEW


def test_attack_change_upon_change_sends_one_mail_whose_link_stops_the_last_of_them(connection):
    for number in range(5):
        change(connection, by=THIEF, phones=[{"number": str(number)}], now=NOW + number)
    told = connection.scalars(select(notices.c.address).where(notices.c.template == "map_held")).all()
    assert told == ["desk@example.org"]
    (link_id,) = connection.scalars(select(map_links.c.id).where(map_links.c.purpose == Purpose.OBJECT))
    link, _row = links.look(connection, link_id, NOW + HOUR)
    assert links.object_to(connection, link, note="", now=NOW + HOUR)
    assert waiting(connection) == []
    change(connection, by=THIEF, phones=WRONG, now=NOW + 2 * HOUR)
    assert len(connection.scalars(select(notices.c.id).where(notices.c.template == "map_held")).all()) == 2


def test_nobody_says_of_another_agency_that_it_is_this_provider(connection):
    provider = maps.provider()["id"]
    for by, agency, fits in ((COORDINATOR, NGO, False), (PROVIDER, KEEPER, False), (PROVIDER, NGO, True)):
        proposal = Proposal("provider", provider, {"agency": agency})
        if fits:
            request = requests.propose(connection, proposal, by, host=HOST, now=NOW)
            assert request.changes == {"agency": NGO}
        else:
            with pytest.raises(InvalidRequest):
                requests.propose(connection, proposal, by, host=HOST, now=NOW)


def test_a_number_that_another_way_changed_meanwhile_is_not_overwritten_by_one_that_waited(connection):
    change(connection, phones=WRONG)
    (request,) = waiting(connection)
    row = now_of(connection)
    settled = Draft(row.kind, edited(row.document, {"phones": NEW}), settled=True)
    apply(connection, [settled], COORDINATOR, host=HOST, now=NOW)
    requests.let_through(connection, request, None, called=False, now=NOW + CONTACT_HOLD)
    assert now_of(connection).document["phones"] == NEW
    assert state(connection, request) is State.SUPERSEDED


def test_no_row_holds_what_opens_a_link(connection):
    row = now_of(connection)
    link = links.issue(connection, row, COORDINATOR, "fr", NOW)
    links.send(connection, row, link, NOW)
    (facts,) = connection.scalars(select(notices.c.facts).where(notices.c.template == "map_link"))
    assert facts == f'{{"link": "{link.id}"}}'


# Links


def test_a_link_opens_once_for_seven_days_and_a_new_one_ends_it(connection):
    row = now_of(connection)
    first = links.issue(connection, row, COORDINATOR, "en", NOW)
    for _ in range(3):
        assert links.look(connection, first.id, NOW)[1].id == row.id
    second = links.issue(connection, row, COORDINATOR, "en", NOW)
    with pytest.raises(Conflict):
        links.look(connection, first.id, NOW)
    for at in (NOW - 1, second.expires):
        with pytest.raises(Conflict):
            links.look(connection, second.id, at)
    links.answer(connection, second, row, changes={"free": True}, groups=["hours"], note="", now=NOW)
    with pytest.raises(Conflict):
        links.answer(connection, second, row, changes={"free": False}, groups=[], note="", now=NOW)
    (request,) = Requests(connection).of_record([row.id], State.PROPOSED)
    assert (request.how, request.changes, request.groups) == ("link", {"free": True}, ["hours"])
    approve(connection, request)
    assert now_of(connection).document["verified"]["offer"]["how"] == "link"


def test_a_link_that_says_something_wrong_is_not_used_up(database):
    with database.write() as connection:
        maps.populated(connection)
        maps.put(connection, CLINIC)
        link = links.issue(connection, now_of(connection), COORDINATOR, "en", NOW)
    with pytest.raises(InvalidRequest), database.write() as connection:
        links.answer(connection, link, now_of(connection), changes={"ends": "soon"}, groups=[], note="", now=NOW)
    with database.read() as connection:
        assert Links(connection).get(link.id).open_at(NOW)


def test_a_record_without_an_address_gets_no_mail(connection):
    row = now_of(connection, maps.service("Lessons")["id"])
    with pytest.raises(InvalidRequest):
        links.send(connection, row, links.issue(connection, row, COORDINATOR, "en", NOW), NOW)


# Checks


def page(connection, agency=KEEPER, today=maps.TODAY, after="", limit=500, **filters):
    return checks.due_page(connection, agency, today, filters, after=after, limit=limit)


def test_the_due_list_holds_what_is_due_the_longest_first_and_pages_through_it(connection):
    late = day_after(maps.TODAY, 400)
    whole = page(connection, today=late)
    days = [row["due"] for row in whole["items"]]
    assert days == sorted(days)
    seen, after = [], ""
    while after is not None:
        some = page(connection, today=late, after=after, limit=2)
        seen += some["items"]
        after = some["after"]
    assert seen == whole["items"]
    assert whole["records"] == len({row["record"] for row in seen})
    assert page(connection)["items"] == []


def test_a_service_that_ended_is_on_the_due_list_however_fresh_it_is(connection):
    change(connection, ends=day_after(maps.TODAY, -1))
    (row,) = page(connection)["items"]
    assert (row["group"], row["state"], row["record"]) == ("ends", "past", CLINIC["id"])
    assert page(connection, groups=["capacity"])["items"] == []
    assert page(connection, groups=["ends"], kinds=["service"], home="XA/XA1")["records"] == 1
    assert page(connection, home="XA/XA2")["records"] == 0


def test_what_its_source_lost_is_on_the_due_list_and_stays_on_the_map(connection):
    source = {"name": "UNHCR", "key": "7", "seen": day_after(maps.TODAY, -40), "vanished": maps.TODAY}
    maps.put(connection, {**now_of(connection).document, "source": source})
    assert [row["group"] for row in page(connection)["items"]] == ["source"]
    assert now_of(connection).document["name"] == "Child health"


def test_another_agency_has_another_due_list(connection):
    late = day_after(maps.TODAY, 400)
    assert page(connection, agency=NGO, today=late)["items"] == []
    maps.put(connection, maps.provider(agency=NGO))
    assert {row["record"] for row in page(connection, agency=NGO, today=late)["items"]} == {
        CLINIC["id"],
        maps.provider()["id"],
    }


def test_one_click_says_that_all_of_a_record_is_still_right(connection):
    now = NOW + 200 * 24 * HOUR
    row = now_of(connection)
    assert page(connection, today=day_of(now))["records"]
    checks.verify(connection, row, [], Actor(KEEPER, "coordinator", "visit", "Was there."), now)
    assert CLINIC["id"] not in {item["record"] for item in page(connection, today=day_of(now))["items"]}
    newest = ServiceMap(connection).history(row.id)[0]
    assert (newest.how, newest.note, list(newest.fields)) == ("visit", "Was there.", ["verified"])
    with pytest.raises(InvalidRequest):
        checks.verify(connection, now_of(connection), ["capacity"], COORDINATOR, now)


def test_many_are_renewed_after_a_look_at_what_would_become_of_them(connection):
    now, end = NOW + 200 * 24 * HOUR, "2027-12-31"
    change(connection, ends="2026-06-30")
    renewal = checks.Renewal(["offer", "contact"], {}, {"kinds": ["service"]}, ends=end)
    by = Actor(KEEPER, "coordinator", "call")
    before = now_of(connection)
    seen = checks.renew(connection, renewal, by, host=HOST, now=now, write=False)
    assert now_of(connection) == before
    assert {one.what for one in seen} == {CHANGED}
    versions = {one.id: one.version - 1 for one in seen}
    wanted = checks.Renewal(["offer", "contact"], versions, {}, ends=end)
    done = checks.renew(connection, wanted, by, host=HOST, now=now, write=True)
    assert [one.id for one in done] == [one.id for one in seen]
    assert now_of(connection).document["ends"] == end
    assert "ends" not in now_of(connection, maps.service("Lessons")["id"]).document
    with pytest.raises(Conflict):
        checks.renew(connection, wanted, by, host=HOST, now=now, write=True)


def test_a_new_last_day_alone_says_nothing_of_what_is_offered(connection):
    now, end = NOW + 200 * 24 * HOUR, "2027-12-31"
    change(connection, ends="2026-06-30")
    before, by = now_of(connection), Actor(KEEPER, "coordinator", "call")
    looked = {before.id: before.version}
    with pytest.raises(InvalidRequest):
        checks.renew(connection, checks.Renewal([], looked, {}), by, host=HOST, now=now, write=True)
    assert now_of(connection) == before
    [done] = checks.renew(connection, checks.Renewal([], looked, {}, ends=end), by, host=HOST, now=now, write=True)
    assert (done.id, done.what) == (before.id, CHANGED)
    assert now_of(connection).document == {**before.document, "ends": end}


def test_nobody_renews_another_agencys_records(connection):
    renewal = checks.Renewal(["offer"], {CLINIC["id"]: None}, {})
    with pytest.raises(NotFound):
        checks.renew(connection, renewal, Actor(NGO, "x", "call"), host=HOST, now=NOW, write=True)
    with pytest.raises(InvalidRequest):
        checks.renew(
            connection, checks.Renewal(["offer"], {}, {}), Actor(NGO, "x", "call"), host=HOST, now=NOW, write=True
        )
