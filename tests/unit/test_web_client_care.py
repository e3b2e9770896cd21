"""What the web client reckons of a case is what Python does: sections, visits, days, closing and handovers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from hub.aftercare import benchmarks, closing, deadlines, observer, schedule
from hub.aftercare.benchmarks import By, Risk
from hub.casefile.sections import completeness, considerations, forms
from hub.casefile.sections.situation import Child, Phase, Situation, child_of
from hub.client import handover, kin
from hub.errors import HubError, Malformed
from hub.followup.calendar import Calendar, due_after, months_after
from tests.conftest import NOW
from tests.support.factories import some_hash, some_id
from tests.support.web_modules import WebModules

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "web_care.mjs"
MANY = 120
TODAY = date(2026, 3, 17)
ZONES = (
    "Africa/Djibouti",
    "Asia/Kathmandu",
    "America/Chicago",
    "Asia/Beirut",
    "America/Santiago",
    "Africa/Cairo",
    None,
)


@pytest.fixture(scope="module")
def web():
    with WebModules(SCRIPT) as running:
        yield running


def refused(question):
    try:
        return question()
    except HubError as error:
        return {"refused": error.code, **({"fields": error.facts["fields"]} if "fields" in error.facts else {})}


def both(web, ask, rows, question):
    """Ask both, and hold each answer to the other."""
    found = web.ask(ask, rows=rows)["ok"]
    for row, theirs in zip(rows, found, strict=True):
        assert theirs == question(row), row


# Sections

ODD = (
    None,
    True,
    False,
    0,
    -1,
    1,
    10**12,
    "",
    "x",
    "No",
    "2026-02-30",
    "2026-02-28",
    "so",
    "ET",
    [],
    {},
    [1],
    {"id": ""},
    ["a", "a"],
)


def filled(rng, part, definitions, depth=0):
    """A value that a schema may take, most of the time."""
    while "$ref" in part:
        part = definitions[part["$ref"].rpartition("/")[2]]
    if rng.random() < 0.04:
        return rng.choice(ODD)
    if "enum" in part or "const" in part:
        return rng.choice(part.get("enum", [part.get("const")]))
    kind = part.get("type", "object" if "properties" in part else "string")
    if kind == "array":
        return [filled(rng, part["items"], definitions, depth + 1) for _ in range(rng.choice((0, 1, 1, 2)))]
    if kind == "object":
        return members(rng, part, definitions, depth)
    numbers = (part.get("minimum", 0), part.get("maximum", 9), part.get("minimum", 1) + 1)
    return rng.choice({"boolean": (True, False), "integer": numbers}.get(kind) or text_of(part))


def members(rng, part, definitions, depth):
    names, more = part.get("properties", {}), part.get("additionalProperties")
    chosen = {name for name in names if rng.random() < (0.6 if depth < 3 else 0.3)}
    chosen |= {name for name in part.get("required", ()) if rng.random() < 0.95}
    made = {name: filled(rng, names[name], definitions, depth + 1) for name in sorted(chosen) if name in names}
    if more:
        made |= {rng.choice(("why_left", "No!")): filled(rng, more, definitions, depth + 1)}
    return made | ({"of_a_later_release": {"kept": 1}} if rng.random() < 0.1 else {})


def text_of(part):
    known = {"^[0-9]{4}": ("2026-01-31", "2026-13-01"), "^urn": ("urn:rcp:agency:a@b.example",), "^[A-Z]{2}": ("ET",)}
    known |= {
        "^[a-z]{2,3}": ("so", "ar-EG", "Amharic"),
        "^[A-Za-z0-9_-]{43}": (some_hash("x"),),
        "^[a-z][a-z0-9_]": ("a_1",),
    }
    fits = [texts for start, texts in known.items() if part.get("pattern", "").startswith(start)]
    return fits[0] if fits else ("SYN text", "ثلاثة", "")


def section(rng, name):
    form = forms.schema(name)
    made = filled(rng, form, form["$defs"])
    return {**made, "v": 1} if isinstance(made, dict) and rng.random() < 0.97 else made


def files(rng):
    return {name: section(rng, name) for name in forms.NAMES if rng.random() < 0.6}


def test_both_find_the_same_places_where_a_section_leaves_its_form(web):
    rng = Random(1)
    rows = [{"name": name, "document": section(rng, name)} for name in forms.NAMES * 12]
    rows += [{"name": name, "document": {"v": v}} for name in ("hiv", "none", "plan") for v in (1, 2, True, "1")]
    both(
        web,
        "check",
        rows,
        lambda row: sorted([found.pointer, found.code] for found in forms.check(row["name"], row["document"])),
    )


def test_both_change_a_section_alike_or_refuse(web):
    rng = Random(2)
    rows = []
    for _ in range(MANY):
        name = rng.choice(forms.NAMES)
        kept, change = section(rng, name), section(rng, name)
        change = (
            {key: None if rng.random() < 0.2 else item for key, item in change.items()}
            if isinstance(change, dict)
            else {}
        )
        rows.append({"name": name, "kept": kept, "change": change})

    def outcome(found):
        """A newer release's section is refused under a code of its own where there is no hub to say so."""
        if "refused" not in found:
            return found
        return sorted(found["fields"]) if "fields" in found else "refused"

    found = web.ask("changed", rows=rows)["ok"]
    for row, theirs in zip(rows, found, strict=True):
        ours = refused(lambda row=row: forms.changed(row["name"], row["kept"], row["change"]))
        assert outcome(theirs) == outcome(ours), row


def test_both_score_a_file_alike_and_ask_the_same(web):
    rng = Random(3)
    rows = [
        {
            "held": files(rng),
            "child": rng.choice(list(Child)).value,
            "phase": rng.choice(list(Phase)).value,
            "only": rng.choice((None, ["identity", "plan", "nothing"])),
        }
        for _ in range(MANY)
    ]

    def situation(row):
        return Situation(Child(row["child"]), Phase(row["phase"]))

    def complete(row):
        found = completeness.completeness(row["held"], situation(row), row["only"])
        gaps = [[gap.section, gap.pointer, gap.key, gap.weight] for gap in found.gaps]
        return {"score": found.score, "scores": dict(found.sections), "gaps": gaps, "newer": list(found.newer)}

    def asked(row):
        known = {name: dict(said) for name, said in considerations.answers(row["held"]).items()}
        ids = [one.id for one in considerations.asked(situation(row))]
        return {"child": child_of(row["held"]).value, "asked": ids, "answers": known}

    both(web, "complete", rows, complete)
    both(web, "asked", rows, asked)


# Visits


def day(rng, low=-900, high=60):
    return TODAY + timedelta(days=rng.randint(low, high))


def planned(rng):
    data = benchmarks._data()
    name = rng.choice([one for one in data if one != "after_closure"])
    begins = day(rng, -800, 0)
    streams = [stream for risk in Risk for stream in benchmarks.published()[name].streams[risk]]
    risks = [(begins, rng.choice(list(Risk)))]
    risks += [(day(rng, -800, 30), rng.choice(list(Risk))) for _ in range(rng.randint(0, 3))]
    excuses = []
    for _ in range(rng.randint(0, 3)):
        said = day(rng, -300, 0)
        excuses.append(schedule.Excuse(rng.choice(streams).name, said, said + timedelta(days=rng.randint(1, 40))))
    ends = rng.choice((None, None, TODAY + timedelta(days=rng.randint(-200, 100))))
    plan = schedule.Plan(begins, benchmarks.named(name), tuple(risks), ends, tuple(excuses))
    visits = [
        schedule.Visit(
            day(rng, -800, 10),
            rng.choice(list(By)),
            in_person=rng.random() < 0.5,
            met=rng.random() < 0.8,
            about=rng.choice((None, None, "survey", "report")),
        )
        for _ in range(rng.choice((0, 3, 40)))
    ]
    return name, plan, visits


def as_json(value):
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list | tuple) else value


def visit_of(one):
    return {"day": as_json(one.day), "by": one.by.value, "inPerson": one.in_person, "met": one.met, "about": one.about}


def test_both_say_who_is_due_to_be_seen_when(web):
    rng, rows, expect = Random(4), [], []
    until = TODAY + timedelta(days=45)
    for _ in range(MANY):
        name, plan, visits = planned(rng)
        given = {
            "set": benchmarks._data()[name],
            "begins": as_json(plan.begins),
            "risks": [[as_json(since), risk.value] for since, risk in plan.risks],
            "ends": as_json(plan.ends),
            "excuses": [as_json(asdict(one)) for one in plan.excuses],
        }
        rows.append(
            {
                "plan": given,
                "visits": [visit_of(one) for one in visits],
                "today": as_json(TODAY),
                "until": as_json(until),
            }
        )
        expect.append(
            {
                "next": [as_json(asdict(c)) for c in schedule.next_contacts(plan, visits, TODAY)],
                "calendar": None
                if plan.ends
                else [as_json(asdict(c)) for c in schedule.calendar(plan, visits, TODAY, until)],
                "share": asdict(schedule.share(plan, visits, TODAY)),
                "unseen": as_json(schedule.missing_face_to_face(plan, visits, TODAY)),
                "risk": plan.risk.value,
            }
        )
    found = web.ask("due", rows=rows)["ok"]
    for row, theirs, ours in zip(rows, found, expect, strict=True):
        assert theirs == ours, row


def test_both_refuse_the_same_sets_of_benchmarks(web):
    stream = {"by": ["worker"], "steps": [{"every": {"days": 7}}]}
    whole = {"title": "T", "source": "S", "high": {"contact": stream}, "medium": {"contact": stream}, "low": {}}
    odd = [
        {**stream, "by": ["nobody"]},
        {**stream, "steps": []},
        {**stream, "steps": [{"every": {"weeks": 1}}]},
        {**stream, "steps": [{"until": {"days": 9}, "every": {"days": 7}}, {"every": {"days": 3}}]},
        {**stream, "steps": [{"until": {"days": 9}, "every": {"days": 7}}]},
        {"by": ["worker"], "at": [3, 2]},
        {"by": ["worker"], "at": [1, 37]},
        {"by": ["worker"], "at": [1, 36]},
        {**stream, "first": {"days": 1001}},
        "a stream",
    ]
    rows = [{"set": {**whole, "high": {"contact": one}}} for one in odd]
    rows += [
        {"set": one}
        for one in (
            whole,
            {},
            {**whole, "low": None},
            {"title": "T", "source": "S", "like": "standard"},
            {"like": "none"},
        )
    ]

    def python(row):
        try:
            benchmarks.read_set("tried", row["set"])
        except HubError as error:
            return {"refused": error.code}
        return ["low", "medium", "high"]

    both(web, "set", rows, python)


def test_reviews_terms_and_what_stands_in_the_way_of_closing_are_the_same(web):
    rng = Random(5)
    reviews = []
    for _ in range(MANY):
        begins = day(rng)
        due = deadlines.review_due(begins, [])
        known = (
            [{"of": as_json(due), "until": as_json(due + timedelta(days=rng.randint(1, 30)))}]
            if rng.random() < 0.3
            else []
        )
        held = [as_json(day(rng)) for _ in range(rng.randint(0, 3))]
        reviews.append(
            {
                "begins": as_json(begins),
                "reviews": held,
                "extensions": known,
                "until": as_json(due + timedelta(days=rng.randint(-2, 20))),
            }
        )

    def review(row):
        known = [
            deadlines.Extension(date.fromisoformat(one["of"]), date.fromisoformat(one["until"]))
            for one in row["extensions"]
        ]
        begins = date.fromisoformat(row["begins"])
        due = deadlines.review_due(begins, [date.fromisoformat(one) for one in row["reviews"]], known)
        extended = refused(lambda: as_json(asdict(deadlines.extend(due, date.fromisoformat(row["until"]), known))))
        return as_json(
            {
                "due": due,
                "extended": extended,
                "target": deadlines.target(begins),
                "turning": asdict(deadlines.turning(begins)),
            }
        )

    both(web, "review", reviews, review)
    since = {"produced": "2025-10-31", "ordered": "2026-01-01"}
    both(
        web,
        "terms",
        [{"country": c, "since": since} for c in ("IN", "DJ")],
        lambda row: [
            as_json(asdict(t))
            for t in deadlines.terms(row["country"], {k: date.fromisoformat(v) for k, v in since.items()})
        ],
    )
    tables = web.ask("tables")["ok"]
    assert tables == {
        "events": list(deadlines.events("IN")),
        "reasons": list(closing.Reason),
        "parts": list(closing.PARTS),
        "needs": list(closing.NEEDS),
    }
    asked = []
    for _ in range(MANY):
        said = {
            "reason": rng.choice(tables["reasons"]),
            "parts": [one for one in tables["parts"] if rng.random() < 0.7],
            "besides": [one for one in tables["needs"] if rng.random() < 0.7],
            "early": rng.choice(("", "  ", "SYN moved")),
            "panel": rng.random() < 0.3,
        }
        known = {"begins": as_json(day(rng)), "today": as_json(TODAY), "risk": rng.choice(list(Risk)).value}
        known |= {
            "openReferrals": rng.choice((0, 2)),
            "openAlerts": rng.choice((0, 1)),
            "reviewOverdue": rng.random() < 0.3,
        }
        asked.append({"said": said, "known": known})

    def hindered(row):
        said, known = row["said"], row["known"]
        proposal = closing.Proposal(
            closing.Reason(said["reason"]),
            frozenset(said["parts"]),
            frozenset(said["besides"]),
            said["early"],
            said["panel"],
        )
        standing = closing.Standing(
            date.fromisoformat(known["begins"]),
            TODAY,
            Risk(known["risk"]),
            known["openReferrals"],
            known["openAlerts"],
            known["reviewOverdue"],
        )
        return [asdict(one) for one in closing.to_closing(proposal, standing)]

    both(web, "closing", asked, hindered)
    archived = []
    for _ in range(MANY):
        visits = [schedule.Visit(day(rng, -120, 0), met=rng.random() < 0.8) for _ in range(rng.randint(0, 5))]
        archived.append((day(rng, -120, 0), rng.choice(tables["reasons"]), visits))
    rows = [
        {"closed": as_json(c), "reason": r, "visits": [visit_of(v) for v in vs], "today": as_json(TODAY)}
        for c, r, vs in archived
    ]
    found = web.ask("archiving", rows=rows)["ok"]
    assert found == [
        [asdict(one) for one in closing.to_archiving(c, closing.Reason(r), vs, TODAY)] for c, r, vs in archived
    ]
    kept = [
        {"closed": "2026-02-28", "born": born, "retention": term}
        for born in (None, "2012-02-29")
        for term in (None, {"years": 1, "after_majority_years": 20})
    ]
    both(
        web,
        "kept",
        kept,
        lambda row: as_json(
            closing.kept_until(date(2026, 2, 28), row["born"] and date.fromisoformat(row["born"]), row["retention"])
        ),
    )


# Handovers


def meeting(rng, side, named=None):
    made = handover.draft(side, named or some_id("meeting"))
    person = {"name": "SYN Asha", "role": "aunt"}
    papers = [{"document": some_hash("p"), "title": "SYN", "seen": True, "form": "original", "legible": True}]
    family = {
        "read": True,
        "language": "so",
        "how": rng.choice(list(handover.How)).value,
        "on": "2026-03-01",
        "witnesses": rng.choice(([], [person], [person] * 2)),
    }
    said = {
        "when": NOW,
        "where": rng.choice(("SYN gate", "SYN office")),
        "accompanied_by": [person],
        "papers": papers,
        "official": rng.choice((person, {"reason": "SYN none"})),
        "family": family,
        "child": {"present": True, "told": rng.random() < 0.5, "reason": None},
        "safety_card": {"given_to": "SYN aunt"},
        "next_contact": {"on": "2026-03-20", "who": "SYN", "how": "phone"},
    }
    made = handover.change(made, {name: value for name, value in said.items() if rng.random() < 0.6})
    for item in handover.CHECKLIST:
        if rng.random() < 0.6:
            made = handover.tick(made, [item], some_id("worker"), NOW, rng.choice((None, None, "SYN lost")))
    if rng.random() < 0.3:
        rows = made["checklist"]
        other = handover.Side(side).other.value
        made = {
            **made,
            "checklist": [{**rows[0], other: {"by": "SYN", "at": NOW, "reason": None}}, *rows[1:]],
            "later": 1,
        }
    return made


def test_both_put_two_sides_of_a_handover_together_alike(web):
    rng, rows = Random(6), []
    for _ in range(MANY):
        mine = meeting(rng, "sender")
        theirs = rng.choice(
            (
                None,
                meeting(rng, "receiver"),
                meeting(rng, "receiver"),
                meeting(rng, "sender"),
                meeting(rng, "receiver", some_id("other")),
            )
        )
        rows.append({"mine": mine, "theirs": theirs})

    def python(row):
        try:
            merged = handover.merge(row["mine"], row["theirs"])
        except HubError as error:
            return {"refused": error.code}
        ours = handover.missing(row["mine"], side=handover.Side(row["mine"]["side"]))
        known = {"document": merged.document, "differences": list(merged.differences)}
        return {**known, "missing": handover.missing(merged.document), "ours": ours}

    both(web, "merge", rows, python)


def test_both_refuse_what_is_no_record_of_a_handover(web):
    rng, rows = Random(7), []
    for _ in range(MANY):
        made = meeting(rng, rng.choice(("sender", "receiver")))
        name = rng.choice(list(made))
        broken = rng.choice((None, 1, "x" * 201, [], {}, {"reason": "SYN"}, {"reason": ""}, [{"item": "plan"}], True))
        rows.append(
            {**made, name: broken} if rng.random() < 0.8 else {key: item for key, item in made.items() if key != name}
        )

    def holds(row):
        try:
            handover.check(row)
        except Malformed:
            return False
        return True

    both(web, "meeting", rows, holds)
    both(
        web,
        "number",
        ["abcde-fgh1j", "O0IL1-22222", "01234", "UUUUU-UUUUU", " 0123 456789 "],
        lambda text: refused(lambda: handover.form_number(text)),
    )


def test_both_read_the_sign_of_an_observer_and_keep_people_apart(web):
    texts = ["ABCD 1", "abcd.3.", "ABCD٢", "ABCD२", "ABID 1", "ABCD 4", "ABCDE1", "", "ABCD 11"]

    def signal(text):
        found = refused(lambda: observer.read(text))
        return found if isinstance(found, dict) else {"mark": found.mark, "sign": found.sign.value}

    both(web, "signal", texts, signal)
    hodan = {
        "to": "urn:rcp:agency:a@b.example",
        "pseudonym": "K-1",
        "sections": {"identity": {"names": {"full": "SYN Hodan Ali"}}},
    }
    other = {**hodan, "pseudonym": "K-2", "sections": {"identity": {"names": {"full": "SYN Ayaan"}}, "plan": {"v": 1}}}
    said = [
        [hodan, other],
        [hodan],
        [hodan, {**other, "pseudonym": "k-1"}],
        [hodan, {**other, "to": "urn:rcp:agency:c@b.example"}],
        [hodan, {**other, "sections": {**other["sections"], "plan": {"note": "with hodan"}}}],
        [hodan, {**other, "sections": {**other["sections"], "plan": {"note": "see k-1."}}}],
        [hodan, {**other, "sections": {**other["sections"], "plan": {"note": ["Al", {"deep": "AL"}]}}}],
    ]

    def apart(outs):
        made = [
            SimpleNamespace(
                to=out["to"],
                sections=out["sections"],
                basis=SimpleNamespace(kind="consent", came_by=None, basis={"subject": {"pseudonym": out["pseudonym"]}}),
            )
            for out in outs
        ]
        return refused(lambda: kin.check_apart(made))

    both(web, "apart", said, apart)


# Days


def test_days_and_terms_end_at_the_same_second_in_every_zone(web):
    rng = Random(8)
    days = [date(2024, 1, 1) + timedelta(days=rng.randint(0, 1500)) for _ in range(60)]
    days += [
        date(2024, 3, 30),
        date(2024, 9, 7),
        date(2024, 4, 6),
        date(2024, 10, 26),
        date(2024, 4, 25),
        date(2024, 10, 31),
    ]
    months = [
        {"day": as_json(one), "months": rng.randint(-14, 40)} for one in [*days, date(2024, 2, 29), date(2025, 10, 31)]
    ]
    both(web, "months", months, lambda row: as_json(months_after(date.fromisoformat(row["day"]), row["months"])))
    calendars = {zone: Calendar(ZoneInfo(zone) if zone else None) for zone in ZONES}
    rows = [{"zone": zone, "day": as_json(one)} for zone in ZONES for one in days]
    both(web, "ends", rows, lambda row: calendars[row["zone"]].end_of(date.fromisoformat(row["day"])))
    moments = [int(datetime(one.year, one.month, one.day, 21, 30, tzinfo=UTC).timestamp()) for one in days]
    rows = [{"zone": zone, "at": at} for zone in ZONES for at in moments]
    both(web, "local", rows, lambda row: as_json(calendars[row["zone"]].local(row["at"]).date()))
    lengths = ({"days": 15}, {"months": 4}, {"hours": 7}, {}, {"days": 1, "hours": 1})
    rows = [{"zone": zone, "since": at, **length} for zone in ZONES for at in moments[:9] for length in lengths]

    def term(row):
        length = {name: row[name] for name in ("days", "months", "hours") if name in row}
        return refused(lambda: due_after(calendars[row["zone"]], row["since"], **length))

    both(web, "term", rows, term)
