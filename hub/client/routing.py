"""What a referral asks for and why this service was chosen, as its recipient reads it; and what is counted of it.

Goes sealed into the section `request`, which no consent has to cover, so it holds codes alone, and only such as say
something about the service. Criteria about the person (age, sex, papers, what they lived through) stay here: that a
service for survivors fits would tell what nobody agreed to share. For the same reason other services are not named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from consent import record
from consent.basis import VITAL
from consent.policy import PURPOSES, SERVICES
from hub.directory.matching.match import DOES_NOT, MEETS, UNKNOWN
from hub.directory.records.record import UUID
from hub.directory.records.vocabulary import NEEDS, codes
from hub.errors import InvalidRequest, Malformed
from hub.packets import shapes as a

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.client.referrals import Outgoing
    from hub.directory.matching.match import Ranked

TOLD: Final = ("need", "running", "ends", "area", "open", "capacity", "language", "cost", "focal_point")
"""The criteria that say something about a service and nothing about the person."""
CALLED, EXCEPTION = "R18", "R19"
"""What a worker signs after a call to the provider: the entry is right all the same, or an exception was made.

The provider's own word on an exception is its answer to an inquiry (`hub.client.inquiries.exception`), and goes first.
"""
UNNAMED: Final = {
    "minimal_contact": frozenset({"age_band", "sex", "language", "interpreter"}),
    "needs_risk": frozenset({"age_band", "language", "interpreter", "risk", "urgent", "needs"}),
    "health": frozenset({"symptom", "symptoms", "since", "urgent", "allergies", "medicine", "pregnant"}),
}
"""What may be said of somebody who is not registered yet (S2: age band, symptom, language only)."""
_SHORT: Final = 120
_MOST_NEEDS: Final = 20
_CHOSEN = {
    "service": a.matches(UUID),
    "criteria": a.distinct(
        a.list_of(
            a.object_of(
                {"id": a.one_of(*TOLD), "said": a.one_of(MEETS, DOES_NOT, UNKNOWN), "since": a.null_or(a.date)}
            ),
            len(TOLD),
        ),
        "id",
    ),
    "near_misses": a.null_or(a.integer(0, 1000)),
    "missed_for": a.distinct(a.list_of(a.one_of(*TOLD), len(TOLD))),
}
_MADE = a.object_of({"on": a.date, "inquiry": a.null_or(a.identifier)})
_SIGNED = {"called": a.null_or(a.date), "exception": a.null_or(_MADE)}
_REQUEST = a.object_of(
    {
        "v": a.integer(1, 1),
        "purpose": a.one_of(*PURPOSES),
        "service": a.one_of(None, *SERVICES),
        "needs": a.distinct(a.list_of(a.one_of(*NEEDS), _MOST_NEEDS)),
        "why": a.null_or(a.object_of({**_CHOSEN, **_SIGNED})),
    }
)


def request(out: Outgoing) -> dict[str, Any]:
    """Return the section `request` of a packet."""
    why = None if out.routing is None else {**out.routing, **_signed(out)}
    return {"v": 1, "purpose": out.purpose, "service": out.service, "needs": list(out.needs), "why": why}


def read(value: object) -> Mapping[str, Any] | None:
    """Return a section `request` that is of its form and so holds codes alone; else None."""
    try:
        _REQUEST(value)
    except Malformed:
        return None
    return value if isinstance(value, dict) else None


def chosen(ranked: Ranked, near_misses: Sequence[Ranked] | None) -> dict[str, Any]:
    """Return why a service was chosen, and how many others nearly fitted; None where no others were looked at."""
    rows = [row for row in ranked.criteria if row.id in TOLD]
    others = near_misses or ()
    return {
        "service": ranked.listing["id"],
        "criteria": [{"id": row.id, "said": row.said, "since": row.since} for row in rows],
        "near_misses": None if near_misses is None else len(others),
        "missed_for": [name for name in TOLD if any(other.answers.get(name) is False for other in others)],
    }


def check(out: Outgoing) -> None:
    """Return if what is asked for is known, and if nothing names a person who is not registered yet.

    Raises:
        InvalidRequest: it is not, or a member of a section is none of the few that an emergency needs.
    """
    if not set(out.needs) <= NEEDS.keys() or len(set(out.needs)) != len(out.needs):
        raise InvalidRequest("A need that is asked for is not on the list, or stands twice.", field="needs")
    if not out.unnamed:
        return
    if out.basis.kind != VITAL or out.attachments:
        raise InvalidRequest(
            "Before registration only an emergency goes out: on a supervisor's note of vital interest, without files.",
            rule="R01",
        )
    for section, value in out.sections.items():
        members = value.items() if isinstance(value, dict) else [("", value)]
        if any(name not in UNNAMED.get(section, ()) or not _plain(said) for name, said in members):
            raise InvalidRequest(
                f"Before registration {section} says age band, language, symptoms and what is urgent, and no name.",
                todo=f"Leave the rest out; known are {', '.join(sorted(UNNAMED.get(section, ()))) or 'none'}.",
                field=section,
            )


def counted(out: Outgoing) -> dict[str, Any]:
    """Return what the agency's own records say of a referral for lists and counts."""
    subject = _subject(out)
    section = out.sections.get("minimal_contact")
    contact = section if isinstance(section, dict) else {}
    sex = out.sex or out.about.get("sex") or contact.get("sex")
    return {
        "needs": list(out.needs),
        "needed_from": out.needed_from,
        "area": out.area,
        "age_band": subject.get("age_band") or contact.get("age_band"),
        "sex": sex if sex in codes("sexes") else None,
        "again_for": out.again_for,
    }


def why_you(value: Mapping[str, Any], labels: Mapping[str, str]) -> Iterable[str]:
    """Yield what a recipient is told about why it was chosen; `labels` are the criteria in words of a language."""
    why = value.get("why")
    if not why:
        return
    fits = [labels[row["id"]] for row in why["criteria"] if row["said"] == MEETS]
    asked = [labels[row["id"]] for row in why["criteria"] if row["said"] == UNKNOWN]
    yield f"why you: {', '.join(fits) or 'the nearest that was found'}"
    yield from [f"not known of you: {', '.join(asked)}"] if asked else []
    yield from [f"others that nearly fitted: {why['near_misses']}"] if why["near_misses"] else []
    yield from [f"somebody of yours was called on {why['called']}"] if why["called"] else []
    if made := why["exception"]:
        by = f"by your answer to inquiry {made['inquiry']}" if made["inquiry"] else "as the sender reports of a call"
        yield f"you made an exception on {made['on']}, {by}"


def _subject(out: Outgoing) -> Mapping[str, Any]:
    """Return what a consent says of whom it is about; of somebody else's consent, as far as this agency was shown."""
    basis = out.basis
    found = record.read_excerpt(dict(basis.basis)).get("child") if basis.came_by else basis.basis.get("subject")
    return found if isinstance(found, dict) else {}


def _signed(out: Outgoing) -> dict[str, Any]:
    """Return when the provider was called, and when it made an exception: as it signed, or as the sender reports."""
    rows = [row for row in out.basis.basis.get("overrides") or () if row["recipient"] in {None, out.to}]
    found = {row["rule"]: row["from"] for row in rows}
    signed, told = out.exception, found.get(EXCEPTION)
    made = (
        {"on": signed.since, "inquiry": signed.inquiry} if signed else {"on": told, "inquiry": None} if told else None
    )
    return {"called": found.get(CALLED), "exception": made}


def _plain(value: object) -> bool:
    """Whether a value is a short word or a list of them: no room for a story."""
    if isinstance(value, list):
        return all(_plain(item) for item in value)
    return value is None or isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= _SHORT)
