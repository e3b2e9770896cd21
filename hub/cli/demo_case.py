"""The invented case files of the demonstration (scenario S1), as they grow. Nobody in them exists; all are marked SYN.

`shelter_file` is what the shelter knows on the day of its offer, `origin_sections` what Addis Ababa adds until the
determination, `plan_sections` what goes with the child to the community.
"""

from __future__ import annotations

from dataclasses import dataclass
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
FIRST_PACKET = (
    "minimal_contact",
    "identity",
    "status",
    "family_links",
    "needs_risk",
    "health",
    "child_views",
    "documents",
    "travel_arrival",
)
"""What guardian and child let the shelter send to Addis Ababa (S1, D2)."""
SECOND_PACKET = (
    *FIRST_PACKET,
    "bia_bid",
    "coo_home_study",
    "care_guardianship",
    "plan",
    "safety_plan",
    "monitoring_plan",
)
"""What goes on to the community, on a new consent (S1, D18)."""
TURNED_ON = ("status",)


@dataclass(frozen=True, slots=True)
class Child:
    """One of the two children, who are not related: a case of its own each."""

    reference: str
    name: str
    family_name: str
    born: int
    sex: str
    mother: str
    wish: str

    @property
    def born_on(self) -> str:
        """The day of birth as it was first written down."""
        return f"{self.born}-04-17"


HAGOS = Child("SYN-ET-001", "Hagos", "Tekle-SYN", 2010, "male", "Letay-SYN", "Home, if my mother is there.")
SELAM = Child("SYN-ET-002", "Selam", "Berhe-SYN", 2011, "female", "Abrehet-SYN", "Back to my class in Zalambessa.")
LOAN: dict[str, Any] = {
    "minimal_contact": {"v": 1, "reference": HAGOS.reference, "given_name": HAGOS.name, "language": "ti"},
    "economic": {
        "v": 1,
        "wanted": [{"kind": "loan", "subject": "caregiver"}],
        "benefit_to_child": "A kiosk beside the church, so that nobody has to leave again.",
    },
}


def shelter_file(child: Child, day: Day, window: tuple[int, int]) -> dict[str, Any]:
    """Return what the shelter knows before the child travels; `window` is from when to when it may arrive."""
    return {
        "minimal_contact": {
            "v": 1,
            "reference": child.reference,
            "given_name": child.name,
            "age_band": "15-17",
            "sex": child.sex,
            "language": "ti",
        },
        "identity": {
            "v": 1,
            "names": {"given": child.name, "family": child.family_name},
            "born": {"year": child.born, "estimated": True, "how": "as told in Obock"},
            "sex": child.sex,
            "nationality": ["ET"],
            "birthplace": "Adigrat, near the old market",
            "languages": ["ti"],
        },
        "status": {
            "v": 1,
            "statuses": ["returnee"],
            "host_country": "DJ",
            "country_of_origin": "ET",
            "situation": "unaccompanied",
        },
        "family_links": _family(child, {"id": "t1", "of": "parents", "asked": day(2), "outcome": "under_way"}),
        "child_views": _views(child, day(2), "before the offer"),
        "needs_risk": {"v": 1, "risk": "medium", "needs": [{"id": "n1", "need": "livelihood"}]},
        "health": {"v": 1, "treatment_needed": False, "immunisations": [{"vaccine": "measles", "on": day(3)}]},
        "bia_bid": {
            "v": 1,
            "bia": [_assessment("bia1", "unaccompanied", day(0))],
            "refoulement": {"on": day(2), "by": "protection officer", "harms": dict.fromkeys(HARMS, "clear")},
            "return_mode": "assisted_voluntary",
        },
        "care_guardianship": {
            "v": 1,
            "situation": "unaccompanied",
            "guardians": [
                {**_guardian("SYN-GD-11", day(1), "Juvenile court in Djibouti, invented"), "until": day(6)},
                _guardian("SYN-GD-12", day(6), "Bureau of Women, Children and Youth, invented"),
            ],
        },
        "travel_arrival": _travel(day(6), window, "Transit centre, hall 2", "Selamawit-SYN"),
    }


def answered(child: Child, on: str, words: str) -> dict[str, Any]:
    """Return the section that answers a question of the receiver."""
    views = _views(child, on, "before the journey")
    return {"child_views": {**views, "views": [{**views["views"][0], "words": words}]}}


def first_days(day: Day) -> dict[str, Any]:
    """Return what the transit centre writes down in the first days: its own assessment, and a screen of its own."""
    return {
        "bia_bid": {
            "v": 1,
            "bia": [_assessment("bia1", "unaccompanied", day(0)), _assessment("bia2", "arrival", day(8))],
            "refoulement": {"on": day(8), "by": "protection officer", "harms": dict.fromkeys(HARMS, "clear")},
            "return_mode": "assisted_voluntary",
        }
    }


def origin_sections(child: Child, day: Day) -> dict[str, Any]:
    """Return what is found in Ethiopia from D9 to D16: tracing, home study, the child's views, the determination."""
    found = {"id": "t1", "of": "parents", "asked": day(9), "outcome": "found", "on": day(12), "by": "local worker"}
    return {
        "family_links": {
            **_family(child, found),
            "relationship": {
                "person": "mother",
                "result": "verified",
                "method": "photos and questions to both",
                "on": day(12),
                "by": "local worker",
            },
            "willingness": {
                "person": "mother",
                "willing": "yes",
                "how": "written",
                "on": day(14),
                "language": "ti",
                "explained": True,
            },
            "contacts": [{"id": "c1", "type": "letter_call", "on": day(13), "outcome": "good", "person": "mother"}],
        },
        "coo_home_study": {
            "v": 1,
            "home_studies": [_study("home1", day(14))],
            "coo": [
                {
                    "id": "coo1",
                    "on": day(13),
                    "country": "ET",
                    "area": "Tigray, the woreda of Ganta Afeshum",
                    "sources": ["Woreda office, by telephone"],
                    "security": "quiet since the spring",
                    "services": "school and health post within an hour",
                    "safe_for_child": "yes",
                }
            ],
            "community": [
                {"id": "com1", "on": day(13), "stigma": "little is said of who left", "safe_for_child": "yes"}
            ],
        },
        "child_views": _views(child, day(15), "before the panel"),
        "bia_bid": {
            "bid": _determination(day(16)),
        },
    }


def plan_sections(day: Day, window: tuple[int, int]) -> dict[str, Any]:
    """Return what is agreed on until D18 for the life at home."""
    rows = (("education", "social"), ("livelihood", "economic"), ("mhpss_basic", "psychosocial"))
    return {
        "care_guardianship": {
            "v": 1,
            "situation": "unaccompanied",
            "guardians": [_guardian("SYN-GD-12", day(6), "Bureau of Women, Children and Youth, invented")],
            "next_placement": {"kind": "parents", "from": day(20), "carer": "mother", "accepted": True},
        },
        "safety_plan": {
            "v": 1,
            "contacts": [_reachable("Priest-SYN of the church", day(17)), _reachable("Teacher-SYN next door", day(17))],
            "steps": ["Go to the first, call the second from there."],
            "contingency": [{"happens": "Quarrel about work in the field", "then": "A night at the teacher's house"}],
            "card": {"given": True, "on": day(18)},
        },
        "plan": {
            "v": 1,
            "actions": [_action(n, *row, day(60)) for n, row in enumerate(rows)],
            "signatures": [
                {"role": role, "how": "signature", "on": day(18)} for role in ("child", "caregiver", "caseworker")
            ],
            "copies": [{"to": "child", "given": True, "on": day(18)}],
            "agreed_on": day(18),
            "next_review": day(100),
        },
        "monitoring_plan": {
            "v": 1,
            "lead": {"name": "Meseret-SYN", "role": "community service worker"},
            "observer": {"name": "Teacher-SYN next door", "role": "teacher", "told": True},
            "first_visit": day(22),
            "benchmark": "medium",
            "risk": "medium",
            "method": ["visit", "observer"],
        },
        "travel_arrival": _travel(day(20), window, "Kebele social work office", "Meseret-SYN"),
    }


def meeting(when: int, where: str, day: str, child: Child) -> dict[str, Any]:
    """Return what is said of a handover meeting."""
    return {
        "when": when,
        "where": where,
        "accompanied_by": [{"name": "Omar-SYN", "role": "escort"}],
        "papers": [
            {
                "document": b64u(sha256(f"invented certificate of {child.reference}".encode())),
                "title": "School certificate",
                "seen": True,
                "form": "copy",
                "legible": True,
            }
        ],
        "official": {"name": "Ato Kidane-SYN", "role": "Kebele official"},
        "family": {"read": True, "language": "ti", "how": "signature", "on": day, "witnesses": []},
        "child": {"present": True, "told": True, "reason": None},
        "safety_card": {"given_to": "the child"},
        "next_contact": {"on": day, "who": "Meseret-SYN", "how": "in_person"},
    }


def _family(child: Child, tracing: dict[str, Any]) -> dict[str, Any]:
    return {
        "v": 1,
        "members": [{"id": "mother", "name": child.mother, "relationship": "mother", "in_household": True}],
        "tracing": [tracing],
    }


def _views(child: Child, on: str, stage: str) -> dict[str, Any]:
    view = {"id": "v1", "topic": "where to live", "words": child.wish, "method": "talk", "language": "ti", "on": on}
    weighed = {"by": "caseworker", "weight": "great", "reason": "Knows the place and what waits there."}
    return {
        "v": 1,
        "views": [{**view, **weighed}],
        "told": [{"stage": stage, "on": on, "language": "ti", "format": "talk"}],
    }


def _assessment(number: str, trigger: str, on: str) -> dict[str, Any]:
    return {
        "id": number,
        "trigger": trigger,
        "on": on,
        "by": "caseworker",
        "findings": "Stopped before a boat at Obock.",
    }


def _determination(on: str) -> dict[str, Any]:
    panel = [{"role": role, "present": True} for role in ("caseworker", "guardian", "psychologist", "supervisor")]
    return {
        "id": "bid1",
        "outcome": "family_reunification",
        "on": on,
        "by": "panel",
        "country": "ET",
        "panel": panel,
        "child_took_part": {"answer": "yes", "how": "Spoke in Tigrinya, the panel asked twice."},
        "views": [{"topic": "where to live", "weight": "great", "reason": "Knows the place and what waits there."}],
        "options": [
            {"option": "family_reunification", "speaks_for": "The mother is willing and well known."},
            {"option": "local_integration"},
        ],
        "measures": {
            "immediate": ["Somebody to call"],
            "interim": ["Visits every week"],
            "long_term": ["School, a kiosk"],
        },
        "dissent": [],
        "coo": ["coo1"],
        "home_studies": ["home1"],
    }


def _study(number: str, on: str) -> dict[str, Any]:
    looked_at = dict.fromkeys(
        ("risks", "strengths", "siblings", "readiness", "ability", "economy"), "Seen at the house."
    )
    return {"id": number, "on": on, "by": "local worker", "person": "mother", "safe_for_child": "yes", **looked_at}


def _guardian(name: str, begins: str, by: str) -> dict[str, Any]:
    row = {"id": name, "name": name, "kind": "guardian", "from": begins, "appointed_by": by}
    return {**row, "order": f"{name}/1", "act": "Order of appointment, invented", "trained": True}


def _travel(on: str, window: tuple[int, int], where: str, receiver: str) -> dict[str, Any]:
    return {
        "v": 1,
        "departs_on": on,
        "earliest_at": window[0],
        "latest_at": window[1],
        "means": "bus",
        "route": "By Galafi, with one stop at Semera",
        "escort": {"name": "Omar-SYN", "role": "escort", "chosen_by_child": True},
        "arrival_place": where,
        "duty_receiver": {"name": receiver, "role": "duty officer"},
        "reception": {"accepted": True, "on": on, "first_contact": on},
    }


def _reachable(name: str, on: str) -> dict[str, Any]:
    return {"id": name, "name": name, "relationship": "neighbour", "reachable": True, "checked": on}


def _action(n: int, need: str, dimension: str, due: str) -> dict[str, Any]:
    return {
        "id": f"a{n}",
        "need": need,
        "dimension": dimension,
        "level": "individual",
        "horizon": "short_term" if n else "immediate",
        "responsible": "caseworker",
        "due": due,
        "status": "open",
        "objective": "Begun, and looked at together after two months.",
    }
