"""The consent record: its revisions, its separately salted parts, and the excerpt that one recipient is shown.

A revision is split into parts. Each part is hashed with a salt of its own; the head of the revision lists the hashes,
sorted and filled up with decoys, and names the head before it. A recipient gets the head and only the parts that
concern it: it can check that they stand in the record, learns nothing of the others, not even how many there are, and
an auditor who is later given the whole record can check what each recipient was shown. Pure; keeps and sends nothing.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import rfc8785

from consent import blanks, policy
from consent.basis import CONSENT, EXCERPT, BasisError, check, check_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SCHEMA: Final = "handover-consent/1"
GIVEN, RENEWED, REFUSED, WITHDRAWN = "ConsentGiven", "RenewedConsentGiven", "ConsentRefused", "ConsentWithdrawn"
_ONCE: Final = ("child", "giver", "assent", "expression", "dates", "safety")
_MANY: Final = {"grant": "grants", "denial": "denials", "override": "overrides"}
_ALL: Final = "*"
_FEWEST = 32


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a revision; `to` is the agency it concerns, `*` for every recipient, empty for nobody."""

    name: str
    to: str
    value: dict[str, Any]


def parts(record: Mapping[str, Any]) -> tuple[Part, ...]:
    """Return the parts of a revision in their order: first what every recipient is shown, then the rest."""
    return (*_for_all(record), *_for_some(record), *_for_nobody(record))


def _for_all(record: Mapping[str, Any]) -> Iterator[Part]:
    subject, giver, order = record["subject"], record["giver"], record["giver"]["order"]
    events, safety = record["withdrawal"]["events"], record["safety"]
    yield Part("child", _ALL, {name: subject[name] for name in ("situation", "age_band")})
    public = {name: giver[name] for name in ("capacity", "instead_of")}
    appointed = None if order is None else {name: order[name] for name in ("from", "until", "scope")}
    years = giver["years"] if giver["capacity"] == "self" else None
    yield Part("giver", _ALL, {**public, "years": years, "law": subject["law"], "order": appointed})
    yield Part("assent", _ALL, {name: record["assent"][name] for name in ("answer", "because")})
    yield Part("expression", _ALL, {name: record["expression"][name] for name in ("method", "on", "artefact")})
    dates = {"status": record["status"], "given": record["expression"]["on"], "reconfirm_by": record["reconfirm_by"]}
    ended = {"withdrawn": events[0]["on"] if events else None, "frozen": record["frozen"]}
    yield Part("dates", _ALL, {**dates, **ended})
    names = ("location_protected", "allowed", "prohibited", "non_disclosure")
    yield Part("safety", _ALL, {name: safety[name] for name in names})


def _for_some(record: Mapping[str, Any]) -> Iterator[Part]:
    for row in record["grants"]:
        public = {name: value for name, value in row.items() if name != "id"}
        for onward in ([], *([name] for name in row["onward"])):
            yield Part("grant", row["recipient"], {**public, "onward": onward})
    for row in (*record["denials"], *record["refused"]):
        yield Part("denial", row["recipient"] or _ALL, dict(row))
    for row in record["overrides"]:
        public = {name: value for name, value in row.items() if name != "reason"}
        yield Part("override", row["recipient"] or _ALL, public)


def _for_nobody(record: Mapping[str, Any]) -> Iterator[Part]:
    subject, giver, order = record["subject"], record["giver"], record["giver"]["order"]
    yield Part("subject", "", {name: subject[name] for name in ("pseudonym", "languages")})
    person = {name: giver[name] for name in ("relationship", "party", "reason")}
    yield Part("giver_person", "", {**person, "order": order and {name: order[name] for name in ("body", "reference")}})
    said = {name: value for name, value in record["assent"].items() if name not in {"answer", "because"}}
    yield Part("assent_words", "", said)
    for name in ("informing", "storage", "withdrawal", "receipt", "recorded_by"):
        yield Part(name, "", dict(record[name]))
    yield Part("expression_seen", "", {name: record["expression"][name] for name in ("place", "witness")})
    yield Part("grant_ids", "", {"ids": [row["id"] for row in record["grants"]]})
    yield Part("reasons", "", {"overrides": [row["reason"] for row in record["overrides"]]})
    yield Part("safety_note", "", {"note": record["safety"]["note"]})
    yield Part("parties", "", {name: record[name] for name in ("controllers", "legal_basis", "review_due")})


# Hashes


def head(record: Mapping[str, Any], secret: bytes) -> dict[str, Any]:
    """Return the head of a revision: what all recipients see of it, and what the next revision names."""
    salted = list(_salted(record, secret))
    room = max(_FEWEST, 1 << (len(salted) - 1).bit_length())
    decoys = (_decoy(record, secret, n) for n in range(room - len(salted)))
    digests = sorted([*(digest(row) for row in salted), *decoys])
    named = {name: record[name] for name in ("schema", "record", "revision", "prev", "at")}
    return {**named, "digests": digests}


def head_hash(value: Mapping[str, Any]) -> str:
    """Return the hash by which the next revision names a head: SHA-256 of its RFC 8785 form."""
    return _b64u(hashlib.sha256(_canonical(value)).digest())


def digest(part: Mapping[str, Any]) -> str:
    """Return the hash of a salted part."""
    row = [part["salt"], part["name"], part["value"]]
    return _b64u(hashlib.sha256(b"rcp/1/consent-part\0" + _canonical(row)).digest())


def _salted(record: Mapping[str, Any], secret: bytes) -> Iterator[dict[str, Any]]:
    for n, part in enumerate(parts(record)):
        salt = _keyed(secret, ["salt", record["record"], record["revision"], n], 16)
        yield {"salt": _b64u(salt), "name": part.name, "value": part.value}


def _decoy(record: Mapping[str, Any], secret: bytes, n: int) -> str:
    return _b64u(_keyed(secret, ["decoy", record["record"], record["revision"], n], 32))


def _keyed(secret: bytes, value: list[Any], size: int) -> bytes:
    return hashlib.blake2b(_canonical(value), digest_size=size, key=secret, person=b"rcp/1/consent").digest()


# Revisions


def begin(draft: Mapping[str, Any], *, record: str, agency: str, member: str, at: int, token: str) -> dict[str, Any]:
    """Return the first revision that a worker's draft makes: what the form leaves open is filled in, then checked.

    A draft says at least subject, giver, assent, expression and grants or denials; `born` (a day) may stand for the
    age band and is not kept.

    Raises:
        BasisError: a field is missing or of a wrong form; `field` names it.
    """
    day = _day_of(at)
    value = {
        **blanks.blank(day, blanks.given(draft, day)),
        **{name: row for name, row in draft.items() if name != "born"},
    }
    for name in ("subject", "giver", "assent", "informing", "expression", "safety", "receipt"):
        if isinstance(value.get(name), dict):
            value[name] = {**blanks.BLANKS[name], **value[name]}
    _age(value, draft.get("born"), day)
    _ends_with_the_band(value, draft)
    for name in ("grants", "denials", "refused", "overrides"):
        value[name] = [blanks.row(name, n, row, day) for n, row in enumerate(blanks.rows(value[name]))]
    value |= {"schema": SCHEMA, "kind": CONSENT, "record": record, "revision": 1, "prev": None, "at": at}
    value |= {"recorded_by": {"agency": agency, "member": member}, "status": _status(value, GIVEN)}
    if isinstance(value["receipt"], dict):
        value["receipt"] |= {"id": record, "token": token}
    value["review_due"] = day.isoformat()
    if "storage" not in draft:
        value["storage"]["locations"] = blanks.countries(value)
    checked = dict(check(value, CONSENT))
    checked["review_due"] = review_due(checked)
    return checked


def revise(
    record: Mapping[str, Any], secret: bytes, changes: Mapping[str, Any], *, member: str, at: int
) -> dict[str, Any]:
    """Return the next revision: the same record with `changes` of whole groups, chained to the one before.

    Raises:
        BasisError: the result is no record, is older than the one before, undoes a withdrawal, is about somebody
            else or under another token, or permits more although nobody says how that was given.
    """
    if at < record["at"]:
        raise BasisError("A revision is not older than the one before.", "at")
    value = {**record, **changes, **{name: record[name] for name in ("schema", "kind", "record")}}
    value |= {"revision": record["revision"] + 1, "prev": head_hash(head(record, secret)), "at": at}
    value["recorded_by"] = {"agency": record["recorded_by"]["agency"], "member": member}
    anew = "expression" in changes
    value["status"] = _status(value, _status_after(str(record["status"]), anew=anew))
    checked = dict(check(value, CONSENT))
    _same_and_given(record, checked, anew=anew)
    ended = record["withdrawal"]["events"]
    if checked["withdrawal"]["events"][: len(ended)] != ended:
        raise BasisError("A withdrawal stays in the record.", "withdrawal.events")
    return {**checked, "review_due": review_due(value)}


def _status_after(before: str, *, anew: bool) -> str:
    """Return what a consent is after a revision: renewed only where somebody gave it anew."""
    return GIVEN if before not in {GIVEN, RENEWED} else RENEWED if anew else before


def _same_and_given(before: Mapping[str, Any], after: Mapping[str, Any], *, anew: bool) -> None:
    for group, name in (("subject", "pseudonym"), ("receipt", "id"), ("receipt", "token")):
        if after[group][name] != before[group][name]:
            raise BasisError("A record stays about one person, under one receipt.", f"{group}.{name}")
    if before["safety"]["location_protected"] and not after["safety"]["location_protected"]:
        raise BasisError("A place is no longer protected by an approval of R13 only.", "safety.location_protected")
    if after["expression"]["on"] < before["expression"]["on"] or (_widens(before, after) and not anew):
        raise BasisError("Who permits more says so anew: give the expression of it, not dated back.", "expression")


def _widens(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a revision permits anything that the one before did not, or is given by somebody else."""
    kept = all(row in after["denials"] + after["refused"] for row in before["denials"] + before["refused"])
    within = all(any(_inside(row, old) for old in before["grants"]) for row in after["grants"])
    same = after["giver"] == before["giver"] and after["reconfirm_by"] <= before["reconfirm_by"]
    return not (kept and within and same)


def _inside(row: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    same = all(row[name] == old[name] for name in ("recipient", "purpose", "country"))
    fewer = all(set(row[name]) <= set(old[name]) for name in ("categories", "onward", "turned_on"))
    return same and fewer and old["from"] <= row["from"] and row["until"] <= old["until"]


def withdraw(record: Mapping[str, Any], secret: bytes, *, by: str, member: str, at: int) -> dict[str, Any]:
    """Return the revision in which a consent is withdrawn, once: by giver, child, guardian, agency or court."""
    if record["withdrawal"]["events"]:
        return dict(record)
    event = {"on": _day_of(at).isoformat(), "by": by, "reason": None}
    ended = {**record["withdrawal"], "events": [event]}
    return revise(record, secret, {"withdrawal": ended}, member=member, at=at)


def check_chain(heads: Sequence[Mapping[str, Any]]) -> None:
    """Check that heads, first one first, are the unbroken history of one record.

    Raises:
        BasisError: a revision is missing, changed, of another record, or older than the one before.
    """
    before: Mapping[str, Any] | None = None
    for n, found in enumerate(heads, 1):
        follows = before is None or (found["record"] == before["record"] and found["at"] >= before["at"])
        if found["revision"] != n or found["prev"] != (head_hash(before) if before else None) or not follows:
            raise BasisError("The history of the consent has a gap or was changed.", "prev")
        before = found


def review_due(record: Mapping[str, Any]) -> str:
    """Return the day on which to ask again: two weeks before the first thing ends, and not before it was given."""
    ends = [row["until"] for row in record["grants"]] + [record["reconfirm_by"]]
    ends += [record["giver"]["order"]["until"]] if record["giver"]["order"] else []
    first = date.fromisoformat(min(ends)) - timedelta(days=policy.REVIEW_BEFORE_DAYS)
    return max(first, date.fromisoformat(record["expression"]["on"])).isoformat()


# Excerpts


def excerpt_for(record: Mapping[str, Any], secret: bytes, agency: str) -> dict[str, Any]:
    """Return what `agency` is shown: the head of the revision and the parts that concern it."""
    onward, named = _onward(record, agency)
    salted = zip(_salted(record, secret), parts(record), strict=True)
    kept = [row for row, part in salted if _concerns(part, agency, onward, named)]
    return {"v": 2, "kind": CONSENT, "head": head(record, secret), "parts": kept}


def _onward(record: Mapping[str, Any], agency: str) -> tuple[set[str], list[Mapping[str, Any]]]:
    """Return to whom an agency may pass on, and the grants that name it."""
    named = [row for row in record["grants"] if row["recipient"] == agency]
    return {name for row in named for name in row["onward"]}, named


def _concerns(part: Part, agency: str, onward: set[str], named: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an agency is shown a part; whoever may pass on is shown the denials about those to whom (R15)."""
    if part.name == "denial" and part.to == _ALL:
        return _narrows(part.value, named)
    return part.to in {_ALL, agency} or (part.name == "denial" and part.to in onward)


def _narrows(denial: Mapping[str, Any], named: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a denial for all takes anything away from these grants; to others it would only tell what was denied."""
    categories = denial["categories"]
    touched = categories is None or any(not set(categories).isdisjoint(row["categories"]) for row in named)
    return touched and denial["purpose"] in {None, *(row["purpose"] for row in named)}


def onward_excerpt(excerpt: Mapping[str, Any], agency: str) -> dict[str, Any]:
    """Return what a holder shows to whom it passes on: of the parts it was shown itself, those that concern it."""
    named = [row["value"] for row in excerpt["parts"] if row["name"] == "grant" and agency in row["value"]["onward"]]

    def concerns(name: str, value: Mapping[str, Any]) -> bool:
        if name == "grant":
            return value in named
        if name == "denial" and value["recipient"] is None:
            return _narrows(value, named)
        return name not in _MANY or value["recipient"] in {None, agency}

    return {**excerpt, "parts": [row for row in excerpt["parts"] if concerns(row["name"], row["value"])]}


def read_excerpt(value: object) -> dict[str, Any]:
    """Return the facts in an excerpt, if its parts stand in the record whose head it shows.

    Raises:
        BasisError: not of the form, a part that is not in the record, or one that must be there is missing.
    """
    excerpt = check(value, EXCERPT)
    known = set(excerpt["head"]["digests"])
    if any(digest(part) not in known for part in excerpt["parts"]):
        raise BasisError("A part of the excerpt does not stand in the record.", "parts")
    for part in excerpt["parts"]:
        if part["name"] in _MANY:
            check_row(part["name"], part["value"])
    names = [part["name"] for part in excerpt["parts"]]
    if any(names.count(name) != 1 for name in _ONCE):
        raise BasisError("An excerpt shows giver, assent, expression and dates, each once.", "parts")
    return _facts([(part["name"], part["value"]) for part in excerpt["parts"]])


def facts(record: Mapping[str, Any], agency: str) -> dict[str, Any]:
    """Return the facts that `agency` would find in its excerpt; what decides at one end decides at the other."""
    onward, named = _onward(record, agency)
    return _facts([(part.name, part.value) for part in parts(record) if _concerns(part, agency, onward, named)])


def own_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that only the agency that keeps the record knows: how the giver was informed (R06)."""
    informing = record["informing"]
    found = {name: informing[name] for name in ("by", "language", "explained", "understanding")}
    used = informing["interpreter"]["used"]
    return {"informing": {**found, "interpreter": used, "understood": record["subject"]["languages"]}}


def _facts(rows: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"basis": {"kind": CONSENT}, **{name: [] for name in _MANY.values()}}
    for name, value in rows:
        if name in _MANY:
            found[_MANY[name]].append(value)
        elif name in _ONCE:
            found[name] = value
    found["overrides"] = [_counted(row) for row in found["overrides"]]
    return found


def _counted(override: Any) -> Any:
    """Return an override with how many members made it, in which roles: one member counts once."""
    if not isinstance(override, dict) or not isinstance(override.get("by"), list):
        return None
    by = [row for row in override["by"] if isinstance(row, dict)]
    names, roles = ({str(row.get(name)) for row in by} for name in ("member", "role"))
    return {**override, "members": len(names), "roles": sorted(roles)}


def _age(value: dict[str, Any], born: Any, day: date) -> None:
    """Set band and years from a day of birth, and ask again on the day before the next band begins (R04)."""
    if born is None or not isinstance(value.get("subject"), dict) or not isinstance(value.get("giver"), dict):
        return
    birthday = policy.day(born)
    if birthday is None or birthday > day:
        raise BasisError("The day of birth is no day in the past.", "born")
    band, next_band = policy.age_band(birthday, day)
    value["subject"]["age_band"] = band
    value["giver"]["years"] = policy.years(birthday, day) if value["giver"].get("capacity") == "self" else None
    if next_band is not None:
        last = (next_band - timedelta(days=1)).isoformat()
        value["reconfirm_by"] = min(last, value["reconfirm_by"]) if policy.day(value["reconfirm_by"]) else last


def _ends_with_the_band(value: Mapping[str, Any], draft: Mapping[str, Any]) -> None:
    """Refuse a minor's consent that would outlive the age band unnoticed (R04: asked again at each band, and at 18)."""
    subject = value.get("subject")
    band = subject.get("age_band") if isinstance(subject, dict) else None
    if band != policy.ADULT and not {"born", "reconfirm_by"} & {name for name, row in draft.items() if row is not None}:
        raise BasisError("Say born, or in reconfirm_by the day on which to ask again for this age.", "reconfirm_by")


def _status(value: Mapping[str, Any], given: str) -> str:
    assent, ended = value.get("assent"), value.get("withdrawal")
    if isinstance(ended, dict) and ended.get("events"):
        return WITHDRAWN
    refused = isinstance(assent, dict) and assent.get("answer") == "refused"
    return REFUSED if refused and not value.get("overrides") else given


def _day_of(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _canonical(value: Any) -> bytes:
    return rfc8785.dumps(value)


def _b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
