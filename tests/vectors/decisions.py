"""The facts of the vectors of decisions: a few whole sets of facts, and what is changed in them case by case.

Each case written by hand says which rules must block, or until when it is permitted; the rest takes out of each set one
member after the other, because what is missing must never permit more.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_348_800  # 2026-11-22, noon
SENDER = "urn:rcp:agency:shelter@dj.example"
TRANSIT = "urn:rcp:agency:transit@et.example"
CLINIC = "urn:rcp:agency:clinic@et.example"
OTHER = "urn:rcp:agency:other@et.example"


def _grant(**change: Any) -> dict[str, Any]:
    return {
        "id": "g1",
        "recipient": TRANSIT,
        "categories": ["identity", "health"],
        "purpose": "transfer",
        "country": "ET",
        "from": "2026-11-01",
        "until": "2027-03-31",
        "onward": [],
        "turned_on": [],
    } | change


def _denial(**change: Any) -> dict[str, Any]:
    return {"categories": None, "recipient": None, "party": None, "purpose": None, "because": "not_said"} | change


def _override(rule: str, *roles: str, **change: Any) -> dict[str, Any]:
    row = {"rule": rule, "from": "2026-11-20", "until": "2026-12-20", "recipient": None, "categories": None}
    return {**row, "members": len(roles), "roles": sorted(set(roles)), "child_told": True, **change}


_RECIPIENT = {
    "agency": TRANSIT,
    "kind": "authority",
    "country": "ET",
    "person": None,
    "active": True,
    "firewall_until": "2027-06-30",
    "safeguarding_until": "2027-06-30",
}
_REQUEST = {"purpose": "transfer", "service": None, "onward": False, "holder": None, "sections": ["health", "identity"]}
_TOPICS = ["what", "who", "why", "where_country", "how_long", "risks", "right_to_refuse", "right_to_withdraw"]
_AROUND = {
    "sender": {"agency": SENDER, "country": "DJ"},
    "protocols": [
        {
            "countries": ["DJ", "ET"],
            "agencies": None,
            "categories": ["identity", "health", "minimal_contact", "needs_risk", "child_views", "economic", "status"],
            "from": "2026-01-01",
            "until": "2027-12-31",
        }
    ],
}
_CONSENT: dict[str, Any] = {
    **_AROUND,
    "recipient": _RECIPIENT,
    "request": _REQUEST,
    "basis": {"kind": "consent"},
    "child": {"situation": "unaccompanied", "age_band": "12-14"},
    "giver": {
        "capacity": "guardian",
        "instead_of": None,
        "years": None,
        "law": "DJ",
        "order": {"from": "2026-06-01", "until": "2027-05-31", "scope": None},
    },
    "assent": {"answer": "agreed", "because": None},
    "expression": {"method": "thumbprint", "on": "2026-11-01", "artefact": None},
    "dates": {
        "status": "ConsentGiven",
        "given": "2026-11-01",
        "reconfirm_by": "2027-08-01",
        "withdrawn": None,
        "frozen": None,
    },
    "safety": {"location_protected": False, "allowed": [], "prohibited": [], "non_disclosure": None},
    "grants": [_grant()],
    "denials": [],
    "overrides": [],
    "informing": {
        "by": "m1",
        "language": "am",
        "explained": [*_TOPICS, "service_not_conditional", "limits_of_confidentiality"],
        "understanding": "teach_back",
        "interpreter": False,
        "understood": ["am", "om"],
    },
}
_ONCE_MORE = {"onward": True, "holder": SENDER}
BASES: dict[str, dict[str, Any]] = {
    "consent": _CONSENT,
    "clinic": {
        **_CONSENT,
        "recipient": {**_RECIPIENT, "agency": CLINIC, "kind": "health"},
        "request": {**_REQUEST, "purpose": "medical_care", "service": "clinic", "sections": ["health"]},
        "grants": [_grant(recipient=CLINIC, purpose="medical_care", categories=["health", "hiv"], turned_on=["hiv"])],
        "listing": {"verified": "2026-10-01", "answered": True, "fails": [], "labour_from": 144, "excludes": []},
        "person": {"months_from": 156},
    },
    "onward": {
        **_CONSENT,
        "recipient": {**_RECIPIENT, "agency": OTHER, "kind": "ngo"},
        "request": {**_REQUEST, "onward": True, "holder": TRANSIT},
        "grants": [_grant(onward=[OTHER])],
    },
    "community": {
        **_CONSENT,
        "child": {"situation": "in_family", "age_band": "15-17"},
        "giver": {"capacity": "parent", "instead_of": None, "years": None, "law": "ET", "order": None},
        "recipient": {**_RECIPIENT, "kind": "community_structure", "person": "m7"},
        "request": {**_REQUEST, "sections": ["economic", "minimal_contact"]},
        "grants": [_grant(categories=["economic", "minimal_contact"])],
    },
    "protection": {
        **_AROUND,
        "recipient": _RECIPIENT,
        "request": {**_REQUEST, "purpose": "protection", "sections": ["child_views", "minimal_contact"]},
        "basis": {
            "kind": "mandatory_protection",
            "given": "2026-11-20",
            "until": "2026-12-20",
            "recipients": [TRANSIT],
            "assent": "agreed",
        },
        "child": {"age_band": "0-5"},
        "assent": {"answer": "agreed", "because": None},
    },
    "vital": {
        **_AROUND,
        "recipient": {**_RECIPIENT, "agency": CLINIC, "kind": "health"},
        "request": {**_REQUEST, "purpose": "emergency", "service": "clinic", "sections": ["health", "minimal_contact"]},
        "basis": {
            "kind": "vital_interest",
            "made": NOW - 3600,
            "review_by": NOW + 2 * 86_400,
            "review_day": "2026-11-24",
            "lasts": 2 * 86_400 + 3600,
            "recipients": [CLINIC],
            "supervisor": "m2",
            "reason": "bleeding",
        },
    },
}

Case = tuple[str, str, dict[str, Any], "str | set[str]"]
"""Name, the set of facts, what is changed in it, and the last day of a yes or the rules that block."""

CASES: list[Case] = [
    ("a guardian's consent", "consent", {}, "2027-03-31"),
    ("at the receiver", "consent", {"end": "receiver"}, "2027-03-31"),
    ("a clinic", "clinic", {}, "2026-12-30"),
    ("passed on with the giver's leave", "onward", {}, "2027-03-31"),
    ("a named person of a committee", "community", {}, "2027-03-31"),
    ("a duty to tell", "protection", {}, "2026-12-20"),
    ("life in danger", "vital", {}, "2026-11-24"),
    # R07, R08
    *(
        (f"{kind} never receives by {base}", base, {"recipient.kind": kind}, {"R07"})
        for kind in ("police", "border_police", "detention", "migration_authority", "immigration_enforcement")
        for base in ("consent", "protection", "vital")
    ),
    ("a kind nobody knows", "consent", {"recipient.kind": "Authority"}, {"R07"}),
    ("a kind that is a list", "consent", {"recipient.kind": ["authority"]}, {"R07"}),
    ("a kind named as a member of objects", "consent", {"recipient.kind": "constructor"}, {"R07"}),
    ("a purpose that serves enforcement", "consent", {"request.purpose": "readmission"}, {"R08"}),
    ("police and a wrong purpose", "consent", {"recipient.kind": "police", "request.purpose": "x"}, {"R07", "R08"}),
    # R01
    ("nothing granted", "consent", {"grants": []}, {"R01"}),
    ("granted to another", "consent", {"grants": [_grant(recipient=OTHER)]}, {"R01"}),
    ("granted for another purpose", "consent", {"grants": [_grant(purpose="education")]}, {"R01"}),
    ("granted for another country", "consent", {"grants": [_grant(country="KE")]}, {"R01"}),
    ("one section too many", "consent", {"request.sections": ["documents", "health"]}, {"R01", "R10"}),
    ("a section nobody knows", "consent", {"request.sections": ["gossip"]}, {"R01", "R10", "R12"}),
    ("no section at all", "consent", {"request.sections": []}, {"R01"}),
    ("everything denied", "consent", {"denials": [_denial()]}, {"R01"}),
    ("health denied", "consent", {"denials": [_denial(categories=["health"])]}, {"R01"}),
    ("another section denied", "consent", {"denials": [_denial(categories=["economic"])]}, "2027-03-31"),
    ("this agency denied", "consent", {"denials": [_denial(recipient=TRANSIT)]}, {"R01"}),
    ("another agency denied", "consent", {"denials": [_denial(recipient=OTHER)]}, "2027-03-31"),
    ("this purpose denied", "consent", {"denials": [_denial(purpose="transfer")]}, {"R01"}),
    ("a party denied", "consent", {"denials": [_denial(party="father")]}, "2027-03-31"),
    ("a party at this agency denied", "consent", {"denials": [_denial(party="clerk", recipient=TRANSIT)]}, {"R01"}),
    ("a denial of a strange form", "consent", {"denials": ["no"]}, {"R01"}),
    ("denials that are no list", "consent", {"denials": {}}, {"R01"}),
    # R02, R05
    ("a caregiver for an unaccompanied child", "consent", {"giver.capacity": "caregiver"}, {"R02"}),
    ("a parent in a family", "community", {"giver.capacity": "caregiver"}, "2027-03-31"),
    ("a child of twelve alone", "consent", {"giver.capacity": "self"}, {"R02"}),
    (
        "a mature minor where the law says so",
        "consent",
        {"giver.capacity": "self", "giver.law": "ZZ", "giver.years": 16},
        "2027-03-31",
    ),
    (
        "a mature minor too young",
        "consent",
        {"giver.capacity": "self", "giver.law": "ZZ", "giver.years": 15},
        {"R02"},
    ),
    (
        "an adult",
        "consent",
        {"child.situation": "adult", "child.age_band": "18+", "giver.capacity": "self"},
        "2027-03-31",
    ),
    ("a guardian of an adult", "consent", {"child.age_band": "18+"}, {"R02"}),
    ("the guardian is the danger", "consent", {"giver.capacity": "court", "giver.instead_of": "danger"}, "2027-03-31"),
    ("an appointment that ended", "consent", {"giver.order.until": "2026-11-21"}, {"R05"}),
    ("an appointment that ends first", "consent", {"giver.order.until": "2026-12-24"}, "2026-12-24"),
    ("an appointment to come", "consent", {"giver.order.from": "2026-11-23"}, {"R05"}),
    ("no appointment", "consent", {"giver.order": None}, {"R05"}),
    ("an appointment for school only", "consent", {"giver.order.scope": ["education"]}, {"R05"}),
    ("an interim authority for too long", "consent", {"giver.capacity": "interim_authority"}, {"R05"}),
    (
        "an interim authority in time",
        "consent",
        {
            "giver.capacity": "interim_authority",
            "giver.order.from": "2026-11-20",
            "giver.order.until": "2026-12-04",
        },
        "2026-12-04",
    ),
    # R03, R06
    ("the child said no", "consent", {"assent.answer": "refused"}, {"R03"}),
    ("the child said no to the duty", "protection", {"assent.answer": "refused"}, {"R03"}),
    (
        "too young to be asked",
        "consent",
        {"assent.answer": "not_asked", "assent.because": "too_young", "child.age_band": "0-5"},
        "2027-03-31",
    ),
    ("called too young at twelve", "consent", {"assent.answer": "not_asked", "assent.because": "too_young"}, {"R03"}),
    (
        "a no that two have weighed",
        "consent",
        {"assent.answer": "refused", "overrides": [_override("R03", "supervisor", "panel")]},
        "2026-12-20",
    ),
    (
        "a no that one has weighed",
        "consent",
        {"assent.answer": "refused", "overrides": [_override("R03", "supervisor")]},
        {"R03"},
    ),
    (
        "a no that two have weighed for one section of two",
        "consent",
        {
            "assent.answer": "refused",
            "overrides": [_override("R03", "supervisor", "panel") | {"categories": ["health"]}],
        },
        {"R03"},
    ),
    (
        "a no that two have weighed for both",
        "consent",
        {
            "assent.answer": "refused",
            "overrides": [_override("R03", "supervisor", "panel") | {"categories": ["health", "identity", "status"]}],
        },
        "2026-12-20",
    ),
    (
        "an override of this one day",
        "consent",
        {
            "assent.answer": "refused",
            "overrides": [_override("R03", "supervisor", "panel") | {"from": "2026-11-22", "until": "2026-11-22"}],
        },
        "2026-11-22",
    ),
    ("limits not explained", "consent", {"informing.explained": ["what"]}, {"R06"}),
    ("explained in a strange language", "consent", {"informing.language": "fr"}, {"R06"}),
    ("by an interpreter", "consent", {"informing.language": "fr", "informing.interpreter": True}, "2027-03-31"),
    ("the receiver does not ask how", "consent", {"informing": None, "end": "receiver"}, "2027-03-31"),
    # R04
    ("withdrawn", "consent", {"dates.withdrawn": "2026-11-22"}, {"R04"}),
    ("withdrawn in status only", "consent", {"dates.status": "ConsentWithdrawn"}, {"R04"}),
    ("frozen", "consent", {"dates.frozen": "2026-11-22"}, {"R04"}),
    ("not yet given", "consent", {"dates.given": "2026-11-23"}, {"R04"}),
    ("to be confirmed again", "consent", {"dates.reconfirm_by": "2026-11-21"}, {"R04"}),
    ("to be confirmed tomorrow", "consent", {"dates.reconfirm_by": "2026-11-23"}, "2026-11-23"),
    ("the last day", "consent", {"grants": [_grant(until="2026-11-22")]}, "2026-11-22"),
    ("a day late", "consent", {"grants": [_grant(until="2026-11-21")]}, {"R04"}),
    ("a day early", "consent", {"grants": [_grant(**{"from": "2026-11-23"})]}, {"R04"}),
    ("an impossible day", "consent", {"grants": [_grant(until="2026-11-31")]}, {"R04"}),
    (
        "two grants that join",
        "consent",
        {"grants": [_grant(until="2026-12-01"), _grant(**{"from": "2026-12-02", "until": "2027-01-31"})]},
        "2027-01-31",
    ),
    (
        "two grants with a day between",
        "consent",
        {"grants": [_grant(until="2026-12-01"), _grant(**{"from": "2026-12-03", "until": "2027-01-31"})]},
        "2026-12-01",
    ),
    ("the clock before 2020", "consent", {"now": 1}, {"R04"}),
    ("the clock beyond 2100", "consent", {"now": 4_102_444_801}, {"R04"}),
    ("a duty that ended", "protection", {"basis.until": "2026-11-21"}, {"R04"}),
    ("a note that was not reviewed", "vital", {"now": NOW + 2 * 86_400 + 1}, {"R04"}),
    ("a note that lasts too long", "vital", {"basis.lasts": 259_201}, {"R04"}),
    ("a note of the future", "vital", {"basis.made": NOW + 601}, {"R04"}),
    ("a note of the near future", "vital", {"basis.made": NOW + 600}, "2026-11-24"),
    # R09, R10, R17
    ("no firewall declaration", "consent", {"recipient.firewall_until": None}, {"R09"}),
    ("a declaration that ended", "consent", {"recipient.safeguarding_until": "2026-11-21"}, {"R09"}),
    ("a declaration that ends first", "consent", {"recipient.safeguarding_until": "2026-11-30"}, "2026-11-30"),
    (
        "the receiver does not ask for it",
        "consent",
        {"recipient.firewall_until": None, "end": "receiver"},
        "2027-03-31",
    ),
    ("no protocol", "consent", {"protocols": []}, {"R10"}),
    ("no protocol, one country", "consent", {"protocols": [], "sender.country": "ET"}, "2027-03-31"),
    ("no protocol, life in danger", "vital", {"protocols": []}, "2026-11-24"),
    (
        "no protocol, both data officers",
        "consent",
        {"protocols": [], "overrides": [_override("R10", "data_officer", "data_officer")]},
        "2026-12-20",
    ),
    ("nobody has a key", "consent", {"recipient.active": False}, {"R17"}),
    # R11, R12, R13, R16
    (
        "HIV turned on for a clinic",
        "clinic",
        {"request.sections": ["hiv"], "protocols.0.categories": ["hiv"]},
        "2026-12-30",
    ),
    (
        "HIV not turned on",
        "clinic",
        {"request.sections": ["hiv"], "protocols.0.categories": ["hiv"], "grants.0.turned_on": []},
        {"R12"},
    ),
    (
        "a clinic and the story",
        "clinic",
        {"request.sections": ["identity"], "grants.0.categories": ["identity"]},
        {"R11"},
    ),
    (
        "a clinic and the story, for a reason",
        "clinic",
        {
            "request.sections": ["identity"],
            "grants.0.categories": ["identity"],
            "overrides": [_override("R11", "supervisor")],
        },
        "2026-12-20",
    ),
    ("a service nobody knows", "clinic", {"request.service": "spa"}, {"R11"}),
    ("a place to protect", "consent", {"safety.location_protected": True}, "2027-03-31"),
    (
        "a place that two have unsealed",
        "consent",
        {"safety.location_protected": True, "overrides": [_override("R13", "supervisor", "panel")]},
        "2027-03-31",
    ),
    ("a committee without a person", "community", {"recipient.person": None}, {"R16"}),
    (
        "a committee and two needs",
        "community",
        {"request.sections": ["economic", "health"], "grants.0.categories": ["economic", "health"]},
        {"R16"},
    ),
    # R15
    ("passed on by who never had it", "onward", {"request.holder": CLINIC}, {"R15"}),
    ("passed on without leave", "onward", {"grants.0.onward": []}, {"R15"}),
    ("passed on, though denied", "onward", {"denials": [_denial(recipient=OTHER)]}, {"R15"}),
    # R18, R19, R20
    ("not checked for 91 days", "clinic", {"listing.verified": "2026-08-23"}, {"R18"}),
    (
        "not checked, but called",
        "clinic",
        {"listing.verified": "2026-08-23", "overrides": [_override("R18", "caseworker")]},
        "2026-12-20",
    ),
    ("too old for the place", "clinic", {"listing.fails": ["age"]}, {"R19"}),
    (
        "too old, but the provider takes the child",
        "clinic",
        {"listing.fails": ["age"], "overrides": [_override("R19", "caseworker")]},
        "2026-12-20",
    ),
    (
        "too young to work, whoever lifts it",
        "clinic",
        {"listing.labour_from": 180, "overrides": [_override("R19", "supervisor", "caseworker")]},
        {"R19"},
    ),
    ("work, and an age nobody wrote down", "clinic", {"person": None}, {"R19"}),
    ("full", "clinic", {"listing.fails": ["capacity"]}, {"R19"}),
    ("neither focal point nor deputy answers", "clinic", {"listing.answered": False}, {"R17"}),
    ("criteria that nobody asked about", "clinic", {"listing.fails": None}, {"R19"}),
    ("lack of papers", "clinic", {"listing.excludes": [{"legal_reason": None, "review_by": "2027-01-01"}]}, {"R20"}),
    # R39
    ("more than the duty allows", "protection", {"request.sections": ["health"]}, {"R39"}),
    ("the duty, to a shelter", "protection", {"recipient.kind": "shelter"}, {"R39"}),
    # overrides
    *(
        (
            f"an override {what}",
            "consent",
            {"protocols": [], "overrides": [_override("R10", "data_officer", "x") | how]},
            {"R10"},
        )
        for what, how in {
            "of another agency": {"recipient": OTHER},
            "of another section": {"categories": ["economic"]},
            "that ended": {"until": "2026-11-21"},
            "to come": {"from": "2026-11-23"},
            "without an end": {"until": None},
            "of another rule": {"rule": "R11"},
            "by one": {"members": 1},
            "by strangers": {"roles": ["caseworker"]},
            "for a text of sections": {"categories": "health identity"},
        }.items()
    ),
    (
        "nobody lifts R02",
        "consent",
        {"giver.capacity": "parent", "overrides": [_override("R02", "supervisor", "panel")]},
        {"R02"},
    ),
    # forms
    ("no basis", "consent", {"basis": None}, {"R01", "R04", "R39"}),
    ("another basis", "consent", {"basis.kind": "legitimate_interest"}, {"R01", "R04"}),
    ("grants that are an object", "consent", {"grants": {"0": _grant()}}, {"R01", "R04"}),
    ("a grant that is null", "consent", {"grants": [None, _grant()]}, "2027-03-31"),
    ("overrides that are a text", "consent", {"overrides": "R01", "grants": []}, {"R01"}),
]


def case(change: dict[str, Any]) -> dict[str, Any]:
    """Return a change as a vector says it: clock and end apart, members that are set, members that are taken out."""
    return {
        "now": change.get("now", NOW),
        "end": change.get("end", "sender"),
        "set": {path: value for path, value in change.items() if path not in {"now", "end"} and value is not ...},
        "out": [path for path, value in change.items() if value is ...],
    }


def question(row: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a vector, whole."""
    facts = copy.deepcopy(BASES[row["base"]])
    for path, value in row["set"].items():
        place, last = _place(facts, path)
        place[last] = copy.deepcopy(value)
    for path in row["out"]:
        place, last = _place(facts, path)
        del place[last]
    return {"facts": facts, "now": row["now"], "end": row["end"]}


def _place(facts: Any, path: str) -> tuple[Any, str]:
    *way, last = path.split(".")
    for step in way:
        facts = facts[int(step)] if isinstance(facts, list) else facts[step]
    return facts, last


def members() -> Iterator[tuple[str, str]]:
    """Yield set and path of every member that can be taken out."""
    for base, facts in BASES.items():
        for path in _paths(facts, ""):
            yield base, path


def _paths(value: Any, before: str) -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        path = f"{before}.{name}" if before else str(name)
        if isinstance(value, dict):
            yield path
        yield from _paths(inner, path)
