"""What happened after arrival, as it is entered: visits, an observer's signs, early warnings, reviews, delays.

A visit stands under the time when it happened, however late it is entered, and the same one entered again is the same.
An alert is a timer of the hub's that does not say what it is about (`hub.client.timers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.aftercare import deadlines, observer, schedule, visits
from hub.aftercare.benchmarks import By
from hub.client import aftercare, timers
from hub.client.careforms import FORMS, SUPERVISOR
from hub.client.cleaning import clean_scan
from hub.client.member import workspace
from hub.client.timers import About
from hub.errors import InvalidRequest, NotFound
from hub.packets.encoding import b64u, sha256

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from hub.client.aftercare import Row
    from hub.client.member import Member

EARLY_WARNING: Final = "early_warning"
_AHEAD: Final = 600
_WARNINGS: Final = {"concern": "the observer is worried", "call_me": "the observer asks to be called"}
PRESENT: Final = frozenset({"child", "worker", "supervisor"})
"""Who has a say in a review (G7)."""


def visit(
    member: Member, case: str, happened: int, *, words: str | None = None, papers: Sequence[Path] = (), **said: Any
) -> Row:
    """Write down a visit or a call under the time when it happened, however late; the same again is the same.

    An early warning goes out first: entered again after a crash it is not lost, and not raised twice.

    Args:
        member: who enters it.
        case: the case file's record.
        happened: when it was.
        words: what people said; sealed, and in no index.
        papers: pages that show it, kept with the words.
        said: `method`, `place`, `who`, `met`, `about`, `themes`; of an observer also `by`, `sign` and `evidence`.

    Raises:
        InvalidRequest: it is in the future, or not of its form.
    """
    if happened > member.clock.now() + _AHEAD:
        raise InvalidRequest("A visit that has not been made cannot be written down.")
    value = {
        "happened": happened,
        "by": said.get("by") or By.WORKER.value,
        "method": said.get("method") or "visit",
        "place": said.get("place") or "none",
        "who": sorted(set(said.get("who") or ())),
        "met": said.get("met", True),
        "about": said.get("about"),
        "themes": _themes(said.get("themes")),
        "sign": said.get("sign"),
        "evidence": said.get("evidence"),
    }
    known = next((row for row in aftercare.rows_of(member, case) if _same_visit(row, value)), None)
    if known is not None:
        return known
    day = timers.calendar(member).local(happened).date()
    aftercare.check(FORMS["visit"], {"what": "visit", "case": case, "on": day.isoformat(), "words": None, **value})
    if value["sign"] in _WARNINGS or visits.alarming(value["themes"] or {}):
        alert(member, case, _WARNINGS.get(value["sign"], "not safe"), {"happened": happened})
    return aftercare.put(member, "visit", case, day, value, words, papers)


def signal(member: Member, text: str, happened: int, evidence: Path | None = None) -> Row:
    """Type in what a local observer sent or ticked; `evidence` is a photo or scan of it. It may raise an alert.

    Raises:
        InvalidRequest: it is no code, or the evidence no picture. NotFound: no case has these letters.
    """
    said = observer.read(text)
    plans = [row for row in aftercare.rows(member) if row.what == "plan" and row.value["mark"] == said.mark]
    if not plans:
        raise NotFound("No case has these four letters.", todo="Ask the observer to read them out.")
    facts: dict[str, Any] = {"by": By.OBSERVER.value, "sign": said.sign.value, "method": "observer"}
    facts |= {"met": said.sign is not observer.Sign.CALL_ME, "words": text}
    with workspace() as folder:
        if evidence is not None:
            facts["papers"] = clean_scan(evidence, folder)
            facts["evidence"] = b64u(sha256(evidence.read_bytes()))
        return visit(member, str(plans[-1].value["case"]), happened, **facts)


def alert(member: Member, case: str, label: str, facts: Mapping[str, Any] | None = None) -> str:
    """Raise an early warning, which the case's lead answers for, and return it; `label` stays sealed."""
    lead = aftercare.read(member, case).facts["lead"]
    return timers.alert(member, About(label, case, EARLY_WARNING, dict(facts or {})), lead)


def excuse(member: Member, case: str, stream: str, until: date, words: str) -> Row:
    """Say why a contact is made later, and when; a supervisor gets a date to look at it (R41).

    Raises:
        InvalidRequest: there is no such contact, no reason, or it is for too long.
    """
    held = aftercare.read(member, case)
    day = held.today
    due = next((c for c in schedule.next_contacts(held.plan, held.visits, day) if c.stream == stream), None)
    most = int(deadlines.rules()["excuse"]["most_days"])
    if due is None or not words.strip() or not due.due < until or (until - max(due.due, day)).days > most:
        raise InvalidRequest(f"A contact that is due is put off with a reason, by at most {most} days.", rule="R41")
    on = min(day, due.due)
    row = aftercare.put(member, "excuse", case, on, {"stream": stream, "until": until.isoformat()}, words)
    _inform(member, case, "a contact was put off: look at the reason", row.record)
    return row


def review(
    member: Member, case: str, on: date, present: Collection[str], *, changed: bool, words: str | None = None
) -> Row:
    """Write down that the plan was reviewed, and with whom.

    Raises:
        InvalidRequest: it was not with the child or a caregiver, the worker and a supervisor (G7), or is in the future.
    """
    heard = set(present) | ({"child"} if "caregiver" in present else set())
    if on > aftercare.today(member) or not heard >= PRESENT:
        raise InvalidRequest(
            "A review is held with the child, or a caregiver, the worker and a supervisor.",
            rule="R42",
            fields="present",
        )
    value = {"present": sorted(set(present)), "changed": changed}
    return aftercare.put(member, "review", case, on, value, words)


def extend(member: Member, case: str, until: date, words: str) -> Row:
    """Put the review off, once, as a supervisor.

    Raises:
        Conflict: it was put off before. InvalidRequest: by more than 14 days. Forbidden: the member is no supervisor.
    """
    held = aftercare.read(member, case)
    found = deadlines.extend(held.review_due, until, held.extensions)
    value = {"of": found.of.isoformat(), "until": found.until.isoformat()}
    return aftercare.put(member, "extension", case, held.today, value, aftercare.reason(words))


def happened(member: Member, case: str, event: str, on: date, words: str | None = None) -> Row:
    """Write down what a term runs from: `produced` before a committee, `ordered` an inquiry; or a term was done."""
    return aftercare.put(member, "event", case, on, {"event": event}, words)


def _inform(member: Member, case: str, label: str, record: str) -> None:
    """Give a supervisor who is somebody else, where there is one, a date to look at what was written."""
    certs = member.home().members(member.clock.now())
    others = sorted({cert.member for cert in certs if SUPERVISOR & cert.roles} - {member.id})
    if others:
        due = timers.term(member, member.clock.now(), days=int(deadlines.rules()["excuse"]["looked_at_days"]))
        timers.set_timer(member, About(label, case, "put_off", {"record": record}), due, owner=others[0])


def _same_visit(row: Row, value: Mapping[str, Any]) -> bool:
    names = ("happened", "by", "method", "sign")
    return row.what == "visit" and all(row.value[name] == value[name] for name in names)


def _themes(said: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if said is None else {**dict.fromkeys(visits.THEMES, "not_asked"), **said}
