"""The case files of the scenarios, whole: invented children, each section in its published form.

`FILES[reference](day)` makes one; `day(n)` is the date n days after the scenario begins, so that any clock can be used.
What a packet of a scenario holds is a choice of these sections (`part`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from hub.packets.encoding import b64u, sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    Day = Callable[[int], str]
HARMS = (
    "life",
    "detention",
    "child_marriage",
    "gender_based_violence",
    "genital_mutilation",
    "recruitment",
    "trafficking",
    "child_labour",
    "reprisals",
)


def days_from(begin: date) -> Day:
    """Return `day` for a scenario that begins on a date."""
    return lambda n: (begin + timedelta(days=n)).isoformat()


def part(file: dict[str, Any], *sections: str) -> dict[str, Any]:
    """Return some sections of a file: what a packet holds."""
    return {name: file[name] for name in sections}


def contact(reference: str, name: str, band: str, sex: str, language: str) -> dict[str, Any]:
    return {"v": 1, "reference": reference, "given_name": name, "age_band": band, "sex": sex, "language": language}


def identity(full: str, year: int, sex: str, country: str, *languages: str) -> dict[str, Any]:
    born = {"year": year, "estimated": True, "how": "by the child's account"}
    return {
        "v": 1,
        "names": {"full": full},
        "born": born,
        "sex": sex,
        "nationality": [country],
        "languages": [*languages],
    }


def screen(day: str, **found: str) -> dict[str, Any]:
    return {"on": day, "by": "protection officer", "harms": {harm: found.get(harm, "clear") for harm in HARMS}}


def bia(number: str, trigger: str, day: str) -> dict[str, Any]:
    return {"id": number, "trigger": trigger, "on": day, "by": "caseworker", "findings": "as told by the child-Syn"}


def bid(number: str, outcome: str, day: str, country: str, **more: Any) -> dict[str, Any]:
    panel = [{"role": role, "present": True} for role in ("caseworker", "guardian", "psychologist", "supervisor")]
    return {
        "id": number,
        "outcome": outcome,
        "on": day,
        "by": "panel",
        "country": country,
        "panel": [*panel, {"role": "legal_representative", "present": False, "reason": "none appointed-Syn"}],
        "child_took_part": {"answer": "yes", "how": "spoke for herself or himself"},
        "views": [{"topic": "where to live", "weight": "great", "reason": "understands what it means-Syn"}],
        "options": [{"option": outcome, "speaks_for": "family is willing-Syn"}, {"option": "local_integration"}],
        "measures": {
            "immediate": ["somebody to call-Syn"],
            "interim": ["visits-Syn"],
            "long_term": ["school or work-Syn"],
        },
        "dissent": [],
        **more,
    }


def views(words: str, day: str, language: str, topic: str = "where to live") -> dict[str, Any]:
    row = {"id": "v1", "topic": topic, "words": words, "method": "talk", "language": language, "on": day}
    told = {"stage": "before the offer", "on": day, "language": language, "format": "talk"}
    weighed = {"weight": "great", "reason": "knows what the choice means-Syn"}
    return {"v": 1, "views": [{**row, "by": "caseworker", **weighed}], "told": [told]}


def study(number: str, day: str, person: str, safe: str = "yes") -> dict[str, Any]:
    six = ("risks", "strengths", "siblings", "readiness", "ability", "economy")
    row = {"id": number, "on": day, "by": "local worker", "person": person, "safe_for_child": safe}
    return {**row, **dict.fromkeys(six, "looked at and written down-Syn")}


def coo(number: str, day: str, country: str, area: str, safe: str = "yes") -> dict[str, Any]:
    row = {"id": number, "on": day, "country": country, "area": area, "sources": ["area office-Syn"]}
    return {**row, "security": "quiet-Syn", "services": "clinic, school-Syn", "safe_for_child": safe}


def kin(person: str, relationship: str, day: str, **more: Any) -> dict[str, Any]:
    tracing = [{"id": "t1", "of": "parents", "asked": day, "outcome": "found", "on": day, "by": "local worker"}]
    return {
        "v": 1,
        "members": [{"id": person, "name": f"{person}-Syn", "relationship": relationship, "in_household": True}],
        "tracing": tracing,
        "relationship": {
            "person": person,
            "result": "verified",
            "method": "photos, questions to both",
            "on": day,
            "by": "x",
        },
        "willingness": {
            "person": person,
            "willing": "yes",
            "how": "written",
            "on": day,
            "language": "en",
            "explained": True,
        },
        "contacts": [{"id": "c1", "type": "letter_call", "on": day, "outcome": "good", "person": person}],
        **more,
    }


def guardian(name: str, begin: str, by: str) -> dict[str, Any]:
    row = {"id": name, "name": name, "kind": "guardian", "from": begin, "appointed_by": by, "order": f"{name}/1"}
    return {**row, "act": "order of appointment-Syn", "trained": True}


def care(situation: str, *guardians: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"v": 1, "situation": situation, "guardians": [*guardians], **more}


def safety(day: str) -> dict[str, Any]:
    contacts = [
        {"id": n, "name": f"{n}-Syn", "relationship": "neighbour", "reachable": True, "checked": day}
        for n in ("one", "two")
    ]
    return {
        "v": 1,
        "contacts": contacts,
        "steps": ["go to the first, call the second-Syn"],
        "contingency": [{"happens": "quarrel at home-Syn", "then": "a night with the neighbour-Syn"}],
        "card": {"given": True, "on": day},
    }


def plan(day: str, review: str, due: str) -> dict[str, Any]:
    def action(n: int, need: str, dimension: str, horizon: str) -> dict[str, Any]:
        row = {"id": f"a{n}", "need": need, "dimension": dimension, "level": "individual", "horizon": horizon}
        return {**row, "responsible": "caseworker", "due": due, "status": "open", "objective": "by then done-Syn"}

    rows = (("education", "social"), ("livelihood", "economic"), ("mhpss_basic", "psychosocial"))
    roles = ("child", "caregiver", "caseworker")
    return {
        "v": 1,
        "actions": [action(n, *row, "short_term" if n else "immediate") for n, row in enumerate(rows)],
        "signatures": [{"role": role, "how": "signature", "on": day} for role in roles],
        "copies": [
            {"to": "child", "given": True, "on": day},
            {"to": "family", "given": False, "reason": "not safe at home-Syn"},
        ],
        "agreed_on": day,
        "next_review": review,
    }


def travel(day: str, first: int, last: int, where: str, receiver: str) -> dict[str, Any]:
    return {
        "v": 1,
        "departs_on": day,
        "earliest_at": first,
        "latest_at": last,
        "means": "bus",
        "route": "by the main road-Syn",
        "escort": {"name": "Omar-Syn", "role": "escort", "chosen_by_child": True},
        "arrival_place": where,
        "duty_receiver": {"name": receiver, "role": "duty officer"},
        "reception": {"accepted": True, "on": day, "first_contact": day},
    }


def monitoring(first: str, benchmark: str = "medium") -> dict[str, Any]:
    return {
        "v": 1,
        "lead": {"name": "Alem-Syn", "role": "community service worker"},
        "observer": {"name": "Teacher-Syn", "role": "teacher", "told": True},
        "first_visit": first,
        "benchmark": benchmark,
        "risk": "medium",
        "method": ["visit", "observer"],
    }


def needs(risk: str, *codes: str) -> dict[str, Any]:
    return {"v": 1, "risk": risk, "needs": [{"id": f"n{n}", "need": code} for n, code in enumerate(codes)]}


def paper(number: str, kind: str, day: str, language: str = "en") -> dict[str, Any]:
    row = {"id": number, "type": kind, "state": "obtained", "issuer": "registry-Syn", "issued": day, "copy": "copy"}
    translated = [{"language": "fr", "translator": "N. Sow-Syn", "certified": False}] if language != "fr" else []
    digest = b64u(sha256(number.encode()))
    return {**row, "attachment": f"{number}.pdf", "sha256": digest, "translations": translated}


def hagos(day: Day, reference: str = "SYN-ET-001", name: str = "Hagos", sex: str = "male") -> dict[str, Any]:
    """S1: DJ to Addis Ababa to the Kebele, the determination made in origin."""
    decided = bid("bid1", "family_reunification", day(15), "ET", coo=["coo1"], home_studies=["home1"])
    return {
        "minimal_contact": contact(reference, name, "15-17", sex, "ti"),
        "identity": identity(f"{name} Syn", 2009, sex, "ET", "ti"),
        "status": {"v": 1, "statuses": ["returnee"], "host_country": "DJ", "country_of_origin": "ET"},
        "family_links": kin("mother", "mother", day(12)),
        "child_views": views("I want to go home if my mother is there-Syn", day(2), "ti"),
        "needs_risk": needs("medium", "livelihood", "health"),
        "health": {"v": 1, "treatment_needed": False, "immunisations": [{"vaccine": "measles", "on": day(3)}]},
        "documents": {"v": 1, "items": [paper("d1", "birth_certificate", day(1))]},
        "bia_bid": {
            "v": 1,
            "bia": [bia("bia1", "unaccompanied", day(0)), bia("bia2", "arrival", day(8))],
            "refoulement": screen(day(2)),
            "return_mode": "assisted_voluntary",
            "exception": {
                "mode": "bid_in_origin",
                "reason": "the host cannot complete it-Syn",
                "supervisor": "supervisor of the shelter",
                "bia_due": day(10),
                "bid_due": day(14),
            },
            "bid": decided,
            "harm_check": [{"id": "h1", "decision": "go", "on": day(3), "harms": []}],
        },
        "coo_home_study": {
            "v": 1,
            "home_studies": [study("home1", day(14), "mother")],
            "coo": [coo("coo1", day(13), "ET", "Tigray-Syn")],
            "community": [{"id": "com1", "on": day(13), "stigma": "little-Syn", "safe_for_child": "yes"}],
        },
        "care_guardianship": care(
            "unaccompanied",
            {**guardian("SYN-GD-11", day(1), "court in Djibouti-Syn"), "until": day(6)},
            guardian("SYN-GD-12", day(6), "Bureau-Syn"),
            next_placement={"kind": "parents", "from": day(20), "carer": "mother", "accepted": True},
        ),
        "safety_plan": safety(day(17)),
        "plan": plan(day(18), day(100), day(60)),
        "travel_arrival": travel(day(20), 1_742_634_000, 1_742_662_800, "Kebele office-Syn", "Alem-Syn"),
        "monitoring_plan": monitoring(day(22)),
        "economic": {
            "v": 1,
            "household_income": "a small field-Syn",
            "wanted": [{"kind": "loan", "subject": "caregiver"}],
            "benefit_to_child": "no need to leave again-Syn",
        },
    }


def selam(day: Day) -> dict[str, Any]:
    """S1, the girl: her own file."""
    return {**hagos(day, "SYN-ET-002", "Selam", "female"), "health": {"v": 1, "treatment_needed": True}}


def meron(day: Day) -> dict[str, Any]:
    """S2: a forced return; best interests are determined in origin alone."""
    decided = bid("bid1", "kin_care", day(21), "ET", home_studies=["home1"])
    parents = {"id": "t1", "of": "parents", "asked": day(3), "outcome": "untraceable", "on": day(10)}
    aunt = {"id": "t2", "of": "extended_family", "person": "aunt", "outcome": "found", "on": day(12)}
    return {
        "minimal_contact": {**contact("SYN-ET-010", "Meron", "12-14", "female", "aa"), "interpreter": True},
        "identity": identity("Meron Syn", 2011, "female", "ET", "aa"),
        "family_links": kin("aunt", "aunt", day(12), tracing=[parents, aunt]),
        "child_views": views("I want to live with my aunt-Syn", day(18), "aa"),
        "bia_bid": {
            "v": 1,
            "return_mode": "forced",
            "bia": [bia("bia1", "arrival", day(2))],
            "bid": decided,
            "refoulement": screen(day(3)),
        },
        "coo_home_study": {"v": 1, "home_studies": [study("home1", day(18), "aunt")]},
        "needs_risk": needs("high", "education", "mhpss_basic"),
        "health": {"v": 1, "symptom": "fever", "treatment_needed": True},
        "exploitation": {
            "v": 1,
            "kinds": ["domestic_servitude"],
            "proximity": {"state": "far", "resolved": True, "on": day(15), "custody": "unknown"},
        },
        "care_guardianship": care("unaccompanied", guardian("SYN-GD-21", day(1), "Bureau-Syn")),
        "education_skills": {"v": 1, "schooling": [{"level": "primary", "grade": "4"}], "ready": {"accepted": True}},
        "plan": plan(day(24), day(114), day(60)),
        "safety_plan": safety(day(24)),
        "monitoring_plan": monitoring(day(26), "high"),
    }


def kouadio(day: Day) -> dict[str, Any]:
    """S3, the boy of 16 who wants to earn."""
    return {
        "minimal_contact": contact("SYN-CI-021", "Kouadio", "15-17", "male", "fr"),
        "family_links": kin("father", "father", day(17)),
        "child_views": views("I want to mend cars, not go to school-Syn", day(1), "fr", "work"),
        "bia_bid": {"v": 1, "bid": bid("bid1", "family_reunification", day(0), "NE"), "refoulement": screen(day(0))},
        "education_skills": {"v": 1, "skills": ["mechanics"], "ready": {"accepted": True, "alternative": "training"}},
        "mhpss": {"v": 1, "level": "focused", "support": [{"kind": "group", "since": day(20)}]},
        "plan": plan(day(18), day(100), day(90)),
        "care_guardianship": care("unaccompanied", guardian("SYN-GD-31", day(0), "judge in Agadez-Syn")),
    }


def in_the_family(reference: str, name: str, band: str, sex: str) -> Callable[[Day], dict[str, Any]]:
    """S3 and S6: a small child who comes with the mother, with a file of its own."""

    def made(day: Day) -> dict[str, Any]:
        return {
            "minimal_contact": contact(reference, name, band, sex, "fr"),
            "family_links": {"v": 1, "members": [{"id": "mother", "relationship": "mother", "in_household": True}]},
            "needs_risk": needs("medium", "childcare", "education"),
            "health": {"v": 1, "treatment_needed": False},
            "care_guardianship": care("in_family", {"name": "mother", "kind": "parent", "from": day(0)}),
            "economic": {"v": 1, "wanted": [{"kind": "rent", "months": 3, "amount": 150000, "currency": "XOF"}]},
            "plan": plan(day(10), day(98), day(60)),
        }

    return made


def mateo(day: Day) -> dict[str, Any]:
    """S6: a real risk in the father's barrio stopped the first determination."""
    first = bid("bid1", "return", day(0), "US", coo=["coo1"])
    second = bid("bid2", "kin_care", day(9), "US", coo=["coo2"], home_studies=["home1"])
    return {
        "minimal_contact": contact("SYN-SV-050", "Mateo", "12-14", "male", "es"),
        "identity": identity("Mateo Syn", 2012, "male", "SV", "es"),
        "family_links": kin("grandmother", "grandmother", day(8)),
        "child_views": views("With my grandmother-Syn", day(8), "es"),
        "bia_bid": {
            "v": 1,
            "bid": second,
            "earlier_bids": [first],
            "refoulement": screen(day(9)),
            "return_mode": "assisted_voluntary",
        },
        "coo_home_study": {
            "v": 1,
            "home_studies": [study("home1", day(8), "grandmother")],
            "coo": [
                coo("coo1", day(2), "SV", "barrio of the father-Syn", "no"),
                coo("coo2", day(8), "SV", "centre-Syn"),
            ],
        },
        "needs_risk": needs("high", "mhpss_basic", "flexible_learning"),
        "care_guardianship": care("unaccompanied", guardian("SYN-GD-51", day(0), "court-Syn")),
        "travel_arrival": travel(day(13), 1_742_200_000, 1_742_230_000, "reception centre-Syn", "duty officer-Syn"),
    }


def idrissa(day: Day) -> dict[str, Any]:
    """S7: papers in Portuguese, packet in French, the translator named."""
    return {
        "minimal_contact": {
            **contact("SYN-GW-060", "Idrissa", "6-11", "male", "ff"),
            "languages": ["ff", "pov"],
            "interpreter": True,
        },
        "identity": identity("Idrissa Syn", 2014, "male", "GW", "ff", "pov"),
        "family_links": kin("mother", "mother", day(20)),
        "child_views": views("I want to see my mother-Syn", day(3), "pov"),
        "documents": {"v": 1, "items": [paper("d1", "birth_certificate", day(5), "pt")]},
        "bia_bid": {"v": 1, "bid": bid("bid1", "family_reunification", day(26), "SN"), "refoulement": screen(day(26))},
        "coo_home_study": {"v": 1, "home_studies": [study("home1", day(20), "mother")]},
        "care_guardianship": care("separated", guardian("SYN-GD-61", day(3), "authority-Syn")),
        "education_skills": {"v": 1, "languages": [{"language": "ff", "level": "mother_tongue", "reads": False}]},
    }


def asmita(day: Day) -> dict[str, Any]:
    """S8: contact by steps, from a letter to a stay, and a thumbprint."""
    rungs = (
        ("letter_call", 20),
        ("letter_call", 30),
        ("meeting", 45),
        ("supervised_stay", 70),
        ("unsupervised_stay", 85),
    )
    steps = [
        {"id": f"c{n}", "type": kind, "on": day(at), "outcome": "good", "siblings_present": at > 45}
        for n, (kind, at) in enumerate(rungs)
    ]
    mark = {
        "willing": "yes",
        "how": "mark",
        "witnesses": [{"name": "Village teacher-Syn", "role": "teacher"}],
        "language": "ne",
        "on": day(99),
        "explained": True,
    }
    return {
        "minimal_contact": contact("SYN-NP-070", "Asmita", "12-14", "female", "ne"),
        "family_links": kin("parents", "parents", day(10), contacts=steps, willingness=mark),
        "child_views": views("I forgot how to cook like my mother-Syn", day(30), "ne", "home"),
        "bia_bid": {"v": 1, "bid": bid("bid1", "family_reunification", day(100), "NP"), "refoulement": screen(day(98))},
        "education_skills": {"v": 1, "culture": "cooking, songs-Syn", "ready": {"accepted": True, "starts": day(110)}},
        "exploitation": {
            "v": 1,
            "kinds": ["trafficking"],
            "proximity": {"state": "far", "resolved": True, "on": day(60), "custody": "free"},
        },
        "care_guardianship": care("unaccompanied", guardian("SYN-GD-71", day(0), "authority-Syn")),
        "monitoring_plan": {**monitoring(day(130), "remote"), "remote": True, "low_visibility": {"texts": False}},
        "safety_plan": safety(day(95)),
    }


def pooja(day: Day) -> dict[str, Any]:
    """S9: the trafficker is on bail next door."""
    near = {"state": "near", "resolved": False, "on": day(13), "custody": "on_bail"}
    return {
        "minimal_contact": contact("SYN-IN-080", "Pooja", "15-17", "female", "hi"),
        "bia_bid": {"v": 1, "bia": [bia("bia1", "registration", day(2))], "refoulement": screen(day(2))},
        "coo_home_study": {"v": 1, "home_studies": [study("home1", day(45), "grandparents")]},
        "exploitation": {
            "v": 1,
            "kinds": ["trafficking", "sexual"],
            "proximity": {**near, "bail": {"state": "granted", "next": day(40), "checked": day(13)}},
            "proceedings": {"decision": "later", "reason": "not able to now-Syn", "on": day(20)},
        },
        "legal": {
            "v": 1,
            "orders": [{"kind": "order of the committee", "by": "CWC", "on": day(1)}],
            "proceedings": [{"kind": "custody", "body": "CWC", "state": "open", "next": day(70)}],
        },
        "mhpss": {"v": 1, "level": "specialised", "indicators": [{"seen": "does not sleep-Syn", "on": day(3)}]},
        "family_links": kin("grandparents", "grandparents", day(30)),
        "care_guardianship": care("separated", guardian("SYN-GD-81", day(0), "CWC-Syn")),
    }


def moussa(day: Day) -> dict[str, Any]:
    """S11: disagreement, appeal upheld, a second determination: stay."""
    return {
        "minimal_contact": contact("SYN-CI-100", "Moussa", "15-17", "male", "fr"),
        "child_views": {
            **views("I will be made to work-Syn", day(2), "fr", "return"),
            "wants_return": {"answer": "no", "on": day(2)},
        },
        "bia_bid": {
            "v": 1,
            "bid": bid("bid2", "local_integration", day(40), "GR"),
            "earlier_bids": [bid("bid1", "return", day(0), "GR")],
            "refoulement": screen(day(38), child_labour="real_risk"),
            "disputes": [
                {
                    "id": "x1",
                    "on": day(2),
                    "by": "child",
                    "reason": "forced labour-Syn",
                    "support_worker": "somebody-Syn",
                    "settled": {"on": day(40), "how": "bid_changed"},
                }
            ],
            "appeal": {
                "filed": day(9),
                "body": "appeal body-Syn",
                "until": day(45),
                "decided": day(40),
                "outcome": "upheld",
            },
            "halt": {"on": day(40), "reason": "not in best interests-Syn"},
        },
        "legal": {"v": 1, "representative": {"name": "lawyer-Syn"}, "advice": ["appeal-Syn"]},
        "care_guardianship": care("unaccompanied", guardian("SYN-GD-101", day(0), "prosecutor-Syn")),
    }


FILES: dict[str, Callable[[Day], dict[str, Any]]] = {
    "SYN-ET-001": hagos,
    "SYN-ET-002": selam,
    "SYN-ET-010": meron,
    "SYN-CI-020": in_the_family("SYN-CI-020", "Awa", "0-5", "female"),
    "SYN-CI-021": kouadio,
    "SYN-CI-022": in_the_family("SYN-CI-022", "Yao", "6-11", "male"),
    "SYN-SV-050": mateo,
    "SYN-SV-051": in_the_family("SYN-SV-051", "Ines", "6-11", "female"),
    "SYN-SV-052": in_the_family("SYN-SV-052", "Lucas", "6-11", "male"),
    "SYN-GW-060": idrissa,
    "SYN-NP-070": asmita,
    "SYN-IN-080": pooja,
    "SYN-CI-100": moussa,
}
