"""Services from a worker's desk against a served hub: matched here, chosen, sent to; what the hub learns of it."""

from __future__ import annotations

import json
import logging
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pypdfium2 as pdfium
import pytest
import requests

from hub.client import basis as bases
from hub.client import inquiries, opening, referrals, routing, services
from hub.client.paper.sheet import family_sheet
from hub.client.referrals import Outgoing
from hub.clock import FileClock, SetClock
from hub.directory.areas.store import Areas
from hub.directory.matching import reasons
from hub.directory.matching.asking import person_of, where_of
from hub.directory.matching.match import Question
from hub.directory.matching.places import Where
from hub.directory.records.slices import SLICE_TYPE
from hub.directory.servicemap.viewer import Viewer
from hub.directory.text.search import Question as SearchQuestion
from hub.directory.text.search import search
from hub.errors import BadSignature, ConsentMissing, InvalidRequest, NotFound, PeerMisbehaved
from hub.ids import random_id
from hub.packets.dsse import Envelope, sign_canonical, sign_envelope
from hub.packets.encoding import canonical
from tests.conftest import NOW
from tests.support import maps, terminal
from tests.support.factories import hub_signer
from tests.support.world import FOUNDER, PASSPHRASE, consent, grant, populated, world

HOST = "hub.example"
DAY = datetime.fromtimestamp(NOW, UTC).date().isoformat()
GROUPS = ("offer", "contact", "focal_point", "capacity", "eligibility", "hours", "pathway")
GIRL = {
    "age": "14",
    "sex": "female",
    "situation": "unaccompanied",
    "languages": ["so"],
    "nationalities": ["SO"],
    "statuses": ["asylum_seeker"],
    "documents": [],
    "vulnerabilities": ["trafficked"],
    "attributes": {"religion": ["canary-faith"]},
}
CANARIES = ("canary-faith", "female", "unaccompanied", "asylum_seeker", "trafficked", "168", "179", '"so"')


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with ExitStack() as stack:
        made = stack.enter_context(world(tmp_path_factory.mktemp("world"), SetClock(NOW), HOST))
        populated(made, HOST, HOST)
        made.found(HOST, "clinic", "health", "DJ", "halima", FOUNDER | {"focal_point"})
        with made.hubs[HOST].hub.database.write() as connection:
            _fill(connection, made)
        yield made


def _fill(connection, made):
    halima = made.members["halima"]
    Areas(connection).put(maps.AREAS)
    checked = maps.checked(*GROUPS, on=DAY)
    clinic = maps.provider("Hill Clinic", agency=halima.agency, kind="health_facility", verified=checked)
    elders = maps.provider("Elders", kind="traditional_leader", formal=False, verified=checked)
    hill, shelter = maps.site(), maps.site("Shelter", visibility={"latitude": "focal", "addresses": "focal"})
    shelter |= {"addresses": [_address("9 Hidden Lane")], "access_point": {"description": "the gate", "area": "XA11"}}
    open_to = {"open_to": "all", "nationalities": "any", "statuses": "any", "documents": "any", "residence": "any"}
    every = {**open_to, "vulnerabilities": "any"}
    bands = [{"age_from": 0, "age_to": 17, "sexes": "any", "situations": "any"}]
    focal = {"title": "Nurse", "member": halima.id, "deputy": {"title": "Midwife", "member": "nobody-here"}}
    known = {"eligibility": {"bands": bands, **every}, "verified": checked, "focal_point": focal}
    capacity = {"state": "capacity", "available": 3, "as_of": DAY}
    small = [{"age_from": 0, "age_to": 12, "sexes": "any", "situations": "any"}]
    maps.put(
        connection,
        *(clinic, elders, hill, shelter),
        maps.service("Clinic", clinic, (hill,), capacity=capacity, **known),
        maps.service("Small", clinic, (hill,), **{**known, "eligibility": {"bands": small, **every}}),
        maps.service("Silent", elders, (hill,), verified=checked, eligibility={}, role="support"),
        maps.service("Refuge", clinic, (shelter,), needs=["alternative_care"], **known),
        maps.service("Old", clinic, (hill,), **{**known, "verified": maps.checked(*GROUPS, on="2026-01-05")}),
        maps.service("Van", clinic, (), needs=["food"], coverage={"areas": ["XA11"], "extent": "area"}, **known),
        maps.service("Secret", clinic, (hill,), **known, visibility={"*": "focal"}),
        maps.service("Away", clinic, (hill,), **{**known, "focal_point": {"title": "x", "member": "gone"}}),
        now=NOW,
    )


def _address(street):
    about = {"city": "X", "state_province": "X", "postal_code": "1", "country": "XA", "address_type": "physical"}
    return {"id": maps.some_id(street), "address_1": street, **about}


@pytest.fixture
def amina(place):
    return place.members["amina"]


@pytest.fixture
def girl():
    return person_of(GIRL, DAY)


def asked(person, **more):
    return Question(**{"need": "health", "person": person, "where": where_of("XA1", None), **more})


def names(rows):
    return [row.listing["name"] for row in rows]


def test_a_worker_finds_what_fits_then_what_has_to_be_asked_then_near_misses(amina, girl):
    found = services.find(amina, asked(girl))
    assert names(found.fitting) == ["Clinic", "Away", "Silent"]
    assert names(found.near_misses) == ["Small"]
    assert found.fitting[0].sure
    assert found.fitting[2].informal
    (why,) = [row for row in found.near_misses[0].criteria if row.said == "does_not"]
    assert (why.id, why.code, why.since, why.tells["to"]) == ("age", "above", DAY, "12")


def test_what_is_past_its_last_day_is_found_only_when_it_is_wanted(amina, girl):
    found = services.find(amina, asked(girl), stale=True)
    old = next(row for row in found.ranked if row.listing["name"] == "Old")
    assert old.rank[4] == 2
    assert {row.id for row in old.criteria if row.code == "stale"} == {"focal_point"}


def test_a_point_with_a_radius_finds_the_nearest(amina, girl):
    found = services.find(amina, asked(girl, where=where_of(None, "1.21,30,5")))
    assert found.fitting[0].near.area == "within"
    assert found.fitting[0].near.metres == 1100


def test_who_covers_only_a_part_of_the_area_is_asked(amina, girl):
    (van,) = services.find(amina, asked(girl, need="food")).ranked
    assert (van.near.area, van.fits, van.sure) == ("part", True, False)


def test_nothing_of_the_person_reaches_the_hub_or_its_log(amina, girl, monkeypatch, caplog):
    sent = []
    once = requests.Session.request

    def watch(self, method, url, **given):
        sent.append((method, url, json.dumps(given.get("json"))))
        return once(self, method, url, **given)

    monkeypatch.setattr(requests.Session, "request", watch)
    with caplog.at_level(logging.DEBUG):
        services.find(amina, asked(girl, when=NOW))
        services.choose(amina, maps.some_id("service Clinic"), girl)
    bodies = [json.loads(body) for _, url, body in sent if "/directory/" in url and body != "null"]
    allowed = {"need", "area", "date", "stale", "service", "public"}
    assert bodies
    assert all(set(body) <= allowed for body in bodies)
    told = "".join(map(str, sent))
    assert [word for word in CANARIES if word in told] == []
    assert "XA1" not in caplog.text
    assert maps.some_id("service Clinic") not in "".join(url for _, url, _ in sent)


def test_the_hub_refuses_what_is_about_a_person(amina):
    for extra in ({"age": 14}, {"sex": "female"}, {"person": {}}, {"nationality": "SO"}, {"vulnerability": "hiv"}):
        with pytest.raises(InvalidRequest):
            amina.hub.post("/api/v1/directory/slice", {"need": "health", "area": "XA1", **extra})


# A hub that lies


def lying(amina, monkeypatch, change, signer=None):
    honest = amina.hub.post

    def post(path, value, **more):
        answer = honest(path, value, **more)
        if "/directory/" in path:
            envelope = Envelope.from_bytes(canonical(answer["slice"]), SLICE_TYPE)
            told = {**envelope.value, **change(envelope.value)}
            return {"slice": json.loads(sign_envelope(SLICE_TYPE, told, [signer]).to_bytes())}
        return answer

    monkeypatch.setattr(amina.hub, "post", post)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda _: {"host": "other.example"}, PeerMisbehaved),
        (lambda _: {"v": 2}, PeerMisbehaved),
        (lambda value: {"asked": {**value["asked"], "area": "XA2"}}, PeerMisbehaved),
        (lambda value: {"asked": {**value["asked"], "stale": True}}, PeerMisbehaved),
        (lambda value: {"at": value["at"] - 3600}, BadSignature),
        (lambda value: {"at": value["at"] + 3600}, BadSignature),
        (lambda _: {"at": "now"}, PeerMisbehaved),
        (lambda _: {"candidates": [1]}, PeerMisbehaved),
        (lambda _: {"candidates": None}, PeerMisbehaved),
        (lambda _: {"areas": [1]}, PeerMisbehaved),
        (lambda _: {"candidates": [{"id": "x", "places": 5}]}, PeerMisbehaved),
        (lambda _: {"candidates": [{"id": "x", "verified": {"offer": 5}, "shown_until": "9"}]}, PeerMisbehaved),
    ],
)
def test_an_answer_to_another_question_of_another_time_or_form_counts_for_nothing(
    place, amina, girl, monkeypatch, change, error
):
    lying(amina, monkeypatch, change, place.hubs[HOST].hub.signer)
    with pytest.raises(error):
        services.find(amina, asked(girl))


def test_an_answer_that_the_hub_did_not_sign_counts_for_nothing(amina, girl, monkeypatch):
    lying(amina, monkeypatch, lambda _: {}, hub_signer("other.example"))
    with pytest.raises(BadSignature):
        services.find(amina, asked(girl))


def test_an_answer_of_another_kind_of_document_counts_for_nothing(place, amina, girl, monkeypatch):
    signed = sign_canonical("application/vnd.rcp.other+json;v=1", b"{}", [place.hubs[HOST].hub.signer])
    monkeypatch.setattr(amina.hub, "post", lambda *_, **__: {"slice": json.loads(signed.to_bytes())})
    with pytest.raises(Exception, match="another type"):
        services.find(amina, asked(girl))


# Choosing


def refer(place, amina, chosen, **more):
    clock = place.clock
    scope = grant(clock, chosen.to, categories={"health"}, purpose="medical_care", country="DJ")
    held = bases.draft(amina, consent(clock, scope), "health")
    known = {"sections": {"health": {"note": "SYN"}}, "basis": held, "purpose": "medical_care"}
    return referrals.send(amina, Outgoing(**{**known, **chosen.outgoing(), **more}))


def test_a_referral_goes_to_the_agency_of_the_service_as_the_map_says(place, amina, girl):
    chosen = services.choose(amina, maps.some_id("service Clinic"), girl)
    assert (chosen.to, chosen.service) == (place.members["halima"].agency, "clinic")
    assert chosen.warnings == ("no_deputy",)
    assert refer(place, amina, chosen).shown["to_agency"] == chosen.to


def test_who_does_not_fit_is_not_sent_without_an_exception(place, amina, girl):
    chosen = services.choose(amina, maps.some_id("service Small"), girl)
    assert chosen.listing["fails"] == ["age"]
    with pytest.raises(ConsentMissing) as denied:
        refer(place, amina, chosen)
    assert {row["rule"] for row in denied.value.facts["reasons"]} == {"R19"}


def test_the_provider_reads_why_it_was_chosen_and_nothing_about_the_girl_by_it(place, amina, girl):
    chosen = services.choose(amina, maps.some_id("service Clinic"), girl, where=Where(area="XA1"))
    handoff = refer(place, amina, chosen, needs=("health",)).handoff
    halima = place.members["halima"]
    (opened,) = opening.open_handoff(halima, handoff)
    request = opened.sections["request"]
    assert (request["service"], request["needs"]) == ("clinic", ["health"])
    assert request["why"]["service"] == maps.some_id("service Clinic")
    assert {"need", "area", "capacity"} <= {row["id"] for row in request["why"]["criteria"]}
    assert (request["why"]["near_misses"], request["why"]["missed_for"]) == (1, [])
    assert not any(word in json.dumps(request) for word in (*CANARIES, "vulnerability", "status", '"age"'))
    lines = list(routing.why_you(request, reasons.words("en")["criteria"]))
    assert lines[0].startswith("why you: ")


def test_an_exception_told_on_the_phone_is_shown_as_reported_and_its_reason_stays(place, amina, girl):
    chosen = services.choose(amina, maps.some_id("service Small"), girl)
    clock = place.clock
    scope = grant(clock, chosen.to, categories={"health"}, purpose="medical_care", country="DJ")
    held = bases.draft(amina, consent(clock, scope), "health")
    said = {"rule": "R19", "categories": None, "recipient": chosen.to, "from": DAY, "until": DAY, "code": "provider"}
    said |= {"reason": "SYN The nurse takes her, two years over.", "child_told": True, "child_agreed": True}
    held = bases.approve(amina, held.handoff, said)
    out = Outgoing(**{"sections": {"health": {}}, "basis": held, "purpose": "medical_care", **chosen.outgoing()})
    sent = referrals.send(amina, out)
    (opened,) = opening.open_handoff(place.members["halima"], sent.handoff)
    assert opened.sections["request"]["why"]["exception"] == {"on": DAY, "inquiry": None}
    lines = list(routing.why_you(opened.sections["request"], reasons.words("en")["criteria"]))
    assert lines[-1] == f"you made an exception on {DAY}, as the sender reports of a call"
    assert "two years over" not in json.dumps(dict(opened.sections))


SMALL = maps.some_id("service Small")
MADE = {"criteria": ["age"], "until": "2026-12-31", "reason": "SYN We have a nurse for bigger ones."}


def excepted(place, amina, made=MADE, leg=None, **more):
    """Ask the provider, who answers with an exception; return it as the sender cites it."""
    halima = place.members["halima"]
    question = {"need": "health", "service": SMALL, "age_band": "12-14", "sex": "female", "from": DAY, "how_many": 1}
    inquiry = inquiries.ask(amina, halima.agency, {**question, **more}, leg=leg)["id"]
    inquiries.answer(halima, inquiry, "capacity", exception=made)
    return inquiries.exception(amina, inquiry)


def test_a_provider_signs_its_own_exception_and_reads_that_it_did(place, amina, girl):
    made = excepted(place, amina)
    chosen = services.choose(amina, SMALL, girl)
    handoff = refer(place, amina, chosen, exception=made).handoff
    (opened,) = opening.open_handoff(place.members["halima"], handoff)
    request = opened.sections["request"]
    assert request["why"]["exception"] == {"on": DAY, "inquiry": made.inquiry}
    lines = list(routing.why_you(request, reasons.words("en")["criteria"]))
    assert lines[-1] == f"you made an exception on {DAY}, by your answer to inquiry {made.inquiry}"
    assert MADE["reason"] not in json.dumps(dict(opened.sections))


def test_a_hub_says_of_no_answer_that_it_does_not_count(place, amina, monkeypatch):
    made = excepted(place, amina)
    honest = amina.hub.get

    def get(path, **query):
        told = honest(path, **query)
        rows = told.get("statements", []) if isinstance(told, dict) else []
        return {**told, "statements": [{**row, "standing": "refused"} for row in rows]} if rows else told

    monkeypatch.setattr(amina.hub, "get", get)
    assert inquiries.exception(amina, made.inquiry) == made


def test_an_exception_in_a_leg_of_a_transfer_is_read_like_any_other(place, amina):
    assert excepted(place, amina, leg=random_id()).criteria == {"age"}


@pytest.mark.parametrize(
    "slip", [{"age_band": "6-11"}, {"sex": "male"}, {"service": maps.some_id("service Clinic")}, {}]
)
def test_an_exception_is_for_its_service_its_limits_and_somebody_like_them(place, amina, girl, slip):
    made = excepted(place, amina, {**MADE, "criteria": ["age" if slip else "capacity"]}, **slip)
    with pytest.raises(ConsentMissing) as denied:
        refer(place, amina, services.choose(amina, SMALL, girl), exception=made)
    assert {row["rule"] for row in denied.value.facts["reasons"]} == {"R19"}


def test_an_exception_ends_on_its_last_day(place, amina, girl):
    made = replace(excepted(place, amina), until="2020-01-01")
    with pytest.raises(ConsentMissing):
        refer(place, amina, services.choose(amina, SMALL, girl), exception=made)


def test_nobody_cites_an_exception_that_was_not_made_or_not_to_them(place, amina):
    halima = place.members["halima"]
    with pytest.raises(NotFound):
        excepted(place, amina, None)
    made = excepted(place, amina)
    with pytest.raises(NotFound):
        inquiries.exception(halima, made.inquiry)
    with pytest.raises(InvalidRequest):
        excepted(place, amina, {**MADE, "criteria": ["labour"]})
    with pytest.raises(InvalidRequest):
        excepted(place, amina, service=None)


def test_a_service_that_was_not_checked_for_long_or_that_nobody_answers_for_gets_nothing(place, amina, girl):
    for name, rules in (("Old", {"R17", "R18"}), ("Away", {"R17"})):
        with pytest.raises(ConsentMissing) as denied:
            refer(place, amina, services.choose(amina, maps.some_id(f"service {name}"), girl))
        assert {row["rule"] for row in denied.value.facts["reasons"]} == rules


def test_a_service_of_another_type_than_the_map_says_is_refused(place, amina, girl):
    chosen = services.choose(amina, maps.some_id("service Clinic"), girl)
    with pytest.raises(InvalidRequest) as refused:
        refer(place, amina, chosen, service="child_protection")
    assert refused.value.facts["rule"] == "R11"
    with pytest.raises(InvalidRequest):
        services.choose(amina, maps.some_id("service Clinic"), girl, need="education")


def test_a_provider_that_is_no_agency_here_is_not_sent_to(amina, girl):
    with pytest.raises(InvalidRequest):
        services.choose(amina, maps.some_id("service Silent"), girl)
    with pytest.raises(NotFound):
        services.choose(amina, maps.some_id("service of nobody"), girl)


# The sheet


def words(data):
    document = pdfium.PdfDocument(data)
    return " ".join(document[n].get_textpage().get_text_range() for n in range(len(document)))


@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_a_family_gets_a_sheet_with_the_day_on_which_it_was_checked(amina, language):
    listing, found = services.look_up(amina, maps.some_id("service Clinic"), public=True)
    text = words(family_sheet(language, listing, found.areas, NOW))
    assert DAY in text
    assert "Clinic" in text


def test_a_sheet_says_which_words_nobody_translated_and_names_languages_in_its_own(amina):
    listing, found = services.look_up(amina, maps.some_id("service Clinic"), public=True)
    listing = {**listing, "languages": ["am", "xx"]}
    assert "amharique, xx" in words(family_sheet("fr", listing, found.areas, NOW))
    mark = reasons.words("fr")["sheet"]["not_translated"]
    assert mark in words(family_sheet("fr", listing, found.areas, NOW))
    listing["translations"] = {"fr": {"name": {"text": "Soins", "state": "human"}}}
    translated = words(family_sheet("fr", listing, found.areas, NOW))
    assert "Soins" in translated
    assert mark not in translated


def test_a_sheet_is_refused_past_its_last_day_unless_it_says_so(amina):
    listing, found = services.look_up(amina, maps.some_id("service Old"), public=True)
    with pytest.raises(InvalidRequest):
        family_sheet("en", listing, found.areas, NOW)
    assert "Not checked since 2026-01-05" in words(family_sheet("en", listing, found.areas, NOW, stale=True))


def test_no_hidden_place_is_printed_whoever_prints(place):
    halima, refuge = place.members["halima"], maps.some_id("service Refuge")
    seen, _ = services.look_up(halima, refuge)
    assert "9 Hidden Lane" in json.dumps(seen)
    listing, found = services.look_up(halima, refuge, public=True)
    text = words(family_sheet("en", listing, found.areas, NOW))
    assert "Hidden" not in text
    assert "the gate" in text


def test_a_hidden_service_is_there_for_nobody_else_and_on_no_paper(place, amina, girl):
    secret = maps.some_id("service Secret")
    assert services.look_up(place.members["halima"], secret)[0]["name"] == "Secret"
    for who, public in ((amina, False), (amina, True), (place.members["halima"], True)):
        with pytest.raises(NotFound):
            services.look_up(who, secret, public=public)
    assert "Secret" not in names(services.find(amina, asked(girl, need="health"), stale=True).ranked)


def test_a_place_has_to_be_named(amina, girl):
    with pytest.raises(InvalidRequest):
        services.find(amina, asked(girl, where=Where()))


# The command line


@pytest.fixture
def says(place):
    FileClock(place.folder / "clock").put(NOW, factor=0)
    (place.folder / "passphrase").write_text(PASSPHRASE)

    def say(login, *words, code=0):
        given = ("--profile", place.folder / login, "--passphrase-file", place.folder / "passphrase")
        return terminal.hub(*given, *words, code=code, HUB_CLOCK_FILE=str(place.folder / "clock"))

    return say


def test_a_worker_reads_why_a_service_fits_or_not(says):
    told = says("amina", "directory", "match", "health", "--area", "XA1", "--age", "14", "--no-documents")
    assert "Clinic" in told
    assert "Hill House, North Hill (XA11)" in told
    assert "Age 14 is above this group's limit of 12." in told
    value = json.loads(says("amina", "directory", "match", "health", "--near", "1.2,30,5", "--age", "14", "--json"))
    assert [row["name"] for row in value["services"]][-1] == "Small"
    assert "\u0627\u0644\u0639\u0645\u0631" in says(
        "amina", "directory", "match", "health", "--area", "XA1", "--age", "14", "--lang", "ar"
    )
    assert "--area or --near" in says("amina", "directory", "match", "health", code=2)
    assert "No service was found" in says("amina", "directory", "match", "cash", "--area", "XA2")


def test_a_worker_prints_a_sheet(says, tmp_path):
    service, out = maps.some_id("service Old"), tmp_path / "sheet.pdf"
    says("amina", "directory", "sheet", service, "--out", out, code=2)
    assert not out.exists()
    says("amina", "directory", "sheet", service, "--out", out, "--even-if-stale", "--lang", "fr")
    assert out.read_bytes().startswith(b"%PDF")


def test_a_worker_sends_to_a_service_of_the_map(place, amina, says, tmp_path):
    scope = grant(
        place.clock, place.members["halima"].agency, categories={"health"}, purpose="medical_care", country="DJ"
    )
    held = bases.draft(amina, consent(place.clock, scope), "cli")
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections" / "health.json").write_text('{"note": "SYN"}')
    about = tmp_path / "about.json"
    about.write_text(json.dumps(GIRL))
    ask = ("send", tmp_path, "--basis", held.handoff, "--purpose", "medical_care", "--about", about)
    sent = says("amina", *ask, "--service-id", maps.some_id("service Clinic"))
    assert "Sent to" in sent
    refused = says("amina", *ask, "--service-id", maps.some_id("service Small"), code=5)
    assert "Age 14 is above this group's limit of 12." in refused
    wrong = ("--service", "school")
    assert "another type" in says("amina", *ask, "--service-id", maps.some_id("service Clinic"), *wrong, code=2)
    assert "--to or --service-id" in says("amina", *ask, code=2)


def test_an_area_is_asked_for_by_any_of_its_codes(place, amina, girl):
    with place.hubs[HOST].hub.database.write() as connection:
        Areas(connection).put_alias("XP01", "XA1")
    found = services.find(amina, asked(girl, where=where_of("XP01", None)))
    assert names(found.fitting) == ["Clinic", "Away", "Silent"]
    assert found.fitting[0].near.area == "here"
    with place.hubs[HOST].hub.database.read() as connection:
        by_code = search(connection, SearchQuestion(areas=["XP01"], needs=["health"]), Viewer(amina.agency), NOW)
    assert by_code.total == 4


def test_an_area_that_is_not_there_is_said_and_not_taken_for_one_without_services(amina, girl):
    with pytest.raises(NotFound):
        services.find(amina, asked(girl, where=where_of("XA404", None)))


@pytest.mark.parametrize(("home", "answer"), [("XA2", True), ("XA1", False), ("XA404", None)])
def test_where_somebody_lives_is_never_asked_for_and_unknown_where_no_service_names_it(
    place, amina, girl, home, answer
):
    with place.hubs[HOST].hub.database.write() as connection:
        locals_only = {"bands": [{"age_from": 0, "age_to": 17}], "residence": ["XA2"]}
        checked = maps.checked(*GROUPS, on=DAY)
        maps.put(connection, maps.service("Well", needs=["water"], eligibility=locals_only, verified=checked), now=NOW)
    (well,) = services.find(amina, asked(replace(girl, residence=(home,)), need="water")).ranked
    assert well.answers["residence"] is answer
