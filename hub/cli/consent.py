"""Commands about lawful bases: consents, duties to protect, supervisors' notes; keep, ask, approve, revise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent import policy
from consent.basis import CONSENT
from consent.decide import Deny
from consent.policy import CATEGORIES, PURPOSES, SERVICES
from consent.words import LANGUAGES
from consent.words import words as spoken
from hub.cli import formats, freeze, paper, withdrawal, words
from hub.cli.common import FILE, FORBIDDEN, Session, command, out, read_json, read_text, why, with_reason
from hub.cli.people import resolve
from hub.client import around
from hub.client import basis as bases
from hub.client.approvals import SAID
from hub.errors import InvalidRequest
from hub.packets.encoding import b64u, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from consent.decide import Finding

_day = click.DateTime(["%Y-%m-%d"])
_FACTS = ("kind", "status", "revision", "review_due")
_ANSWERS = ("subject", "giver", "assent", "informing", "expression", "grants", "denials", "refused", "safety")
_GROUPS = (*_ANSWERS, "reconfirm_by", "legal_basis", "storage")
"""What `revise` takes."""
_FOUND = {"met": "yes", "blocked": "no", "overridden": "lifted"}
_section = click.option(
    "--section", "sections", multiple=True, type=click.Choice(sorted(CATEGORIES)), help="Repeatable."
)


@click.group()
def consent() -> None:
    """Lawful bases: consents, duties to protect, supervisors' notes."""


@command(
    consent,
    click.argument("file", type=FILE),
    click.option("--label", prompt=True, help="Your own word for it, sealed; no names: other programs may see it."),
    click.option("--attach", "attachments", multiple=True, type=FILE, help="The signed form or recording. Repeatable."),
)
def new(session: Session, file: Path, label: str, attachments: tuple[Path, ...]) -> None:
    """Keep the basis in FILE (JSON, see docs/consent.md) as a sealed record of your agency."""
    value = _full(read_json(file))
    if attachments:
        _attach(value, b64u(sha256(attachments[0].read_bytes())))
    held = bases.draft(session.member(), value, label, attachments)
    lines = [f"Kept. Name it as: --basis {held.handoff}"]
    if held.kind == CONSENT:
        card = {"code_only": " --code-only", "not_given": None}.get(held.basis["receipt"]["given_as"], "")
        lines.append(f"Ask again by {held.basis['review_due']}.")
        lines += [] if card is None else [f"Next: hub consent receipt {held.handoff} --out receipt.pdf{card}"]
    session.tell({"record": held.handoff, "kind": held.kind, "review_due": held.basis.get("review_due")}, *lines)


@command(consent, click.argument("record"), out, why)
def show(session: Session, record: str, out: Path | None, why: str | None) -> None:
    """Show a basis as it stands, without its token; with --out, a file to change and give to `hub consent revise`."""
    member = session.member()
    held = with_reason(lambda reason: bases.load(member, record, reason), why)
    value = {name: held.basis[name] for name in _GROUPS if name in held.basis} or dict(held.basis)
    if out is not None:
        session.hand_over({"record": record}, words.plain(json.dumps(value, ensure_ascii=False, indent=1)), out)
        return
    facts = {name: held.basis[name] for name in _FACTS if name in held.basis}
    shown = {**facts, **value, "lifted": [_lifted(row) for row in held.basis.get("overrides", ())]}
    session.tell(shown, *map(escape, words.outline(shown)))


@command(consent, click.argument("record"), click.argument("file", type=FILE), why)
def revise(session: Session, record: str, file: Path, why: str | None) -> None:
    """Keep the next revision of a consent: the groups that FILE (JSON) names take the place of the old ones."""
    member = session.member()
    held = with_reason(lambda reason: bases.load(member, record, reason), why)
    kept = bases.revise(member, held, _full(read_json(file)))
    number, due = kept.basis["revision"], kept.basis["review_due"]
    then = f"Ask again by {due}." if kept.live else "The consent stays withdrawn."
    session.tell({"record": record, "revision": number}, f"Revision {number} is kept. {then}")


@command(consent, name="list")
def list_consents(session: Session) -> None:
    """List your agency's lawful bases: which are live, and when to ask again; what is due first."""
    member = session.member()
    now, kept = bases.today(member), bases.every(member)
    rows = [
        {
            "record": held.handoff,
            "label": held.label,
            "kind": held.kind,
            "live": held.live,
            "revision": held.basis.get("revision"),
            "review_due": held.basis.get("review_due") if held.live else None,
        }
        for _, held in kept
        if held is not None
    ]
    broken = {"label": "", "kind": "unreadable", "live": False, "revision": None, "review_due": None}
    rows += [{"record": handoff, **broken} for handoff, held in kept if held is None]
    rows.sort(key=lambda row: row["review_due"] or "9999")
    columns = {"record": "Record", "label": "Label", "kind": "Kind", "live": "Live", "review_due": "Ask again by"}
    session.table(
        rows,
        columns,
        live=_standing,
        review_due=lambda row: f"{row['review_due'] or ''}{' (now)' if (row['review_due'] or '9') <= now else ''}",
    )


def _standing(row: dict[str, Any]) -> str:
    if row["kind"] == "unreadable":
        return "cannot be read: permits nothing; ask the data officer"
    return "yes" if row["live"] else "withdrawn"


@command(
    consent,
    click.argument("record"),
    click.option("--to", required=True, help="The agency: name@host, or its name where that is enough."),
    click.option("--purpose", required=True, type=click.Choice(sorted(PURPOSES))),
    _section,
    click.option("--service", type=click.Choice(sorted(SERVICES))),
    click.option("--person", help="The member to seal to, where it goes to one person."),
    click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True),
    why,
)
def explain(
    session: Session, record: str, to: str, sections: tuple[str, ...], lang: str, why: str | None, **asked: Any
) -> int:
    """Print what would be decided on a basis, rule by rule, with the reasons and whom to ask. Sends nothing.

    Where no --section is named, it is about all that the basis grants to anybody.
    """
    member = session.member()
    held = with_reason(lambda reason: bases.load(member, record, reason), why)
    granted = {name for row in held.basis.get("grants", ()) for name in row["categories"]}
    wanted = frozenset(sections or granted) or CATEGORIES
    found = member.trust.agency(resolve(member, to))
    answer = bases.explain(member, held, bases.Asked(found, categories=wanted, **asked))
    reasons = answer.reasons if isinstance(answer, Deny) else ()
    value = {
        "permitted": not reasons,
        "policy": policy.POLICY_VERSION,
        "until": None if isinstance(answer, Deny) else answer.until.isoformat(),
        "findings": [{"rule": row.rule, "found": row.found, "section": row.section} for row in answer.findings],
        "reasons": bases.told(reasons),
    }
    labels = spoken(lang).labels
    told = f"{labels['not_permitted']}:" if reasons else f"{labels['permitted_until']} {value['until']}."
    lines = words.why([(row.section, row) for row in reasons], lang)
    session.tell(value, *_findings(answer.findings, labels), told, *(f"  {escape(line)}" for line in lines))
    return FORBIDDEN if reasons else 0


@command(
    consent,
    click.argument("record"),
    click.option("--rule", required=True, type=click.Choice([rule.id for rule in policy.RULES if rule.override])),
    _section,
    click.option("--for", "to", help="Only for this agency."),
    click.option("--until", required=True, type=_day, help="The last day of the approval: review it by then."),
    click.option("--code", default="best_interests", show_default=True, help="The reason in one word."),
    click.option("--reason", "words_file", required=True, help="A file with the reason; - for stdin. It stays here."),
    click.option("--child-told", is_flag=True, help="The child was told of it."),
    click.option("--child-agreed", is_flag=True, help="The child agreed."),
    why,
)
def approve(
    session: Session, record: str, sections: tuple[str, ...], to: str | None, words_file: str, **given: Any
) -> None:
    """Lift a rule on a consent, with a reason, signed by you; where two must sign, the second says the same again."""
    member, why = session.member(), given.pop("why")
    said = {
        "rule": given["rule"],
        "categories": sorted(sections) or None,
        "recipient": resolve(member, to) if to else None,
        "from": bases.today(member),
        "until": given["until"].date().isoformat(),
        "code": given["code"],
        "reason": read_text(words_file).strip(),
        "child_told": given["child_told"],
        "child_agreed": given["child_agreed"],
    }
    kept = with_reason(lambda reason: bases.approve(member, record, said, reason), why)
    same = (row for row in kept.basis["overrides"] if all(row[name] == said[name] for name in SAID if name != "from"))
    signed = len(next(same)["by"])
    value = {"record": record, "revision": kept.basis["revision"]}
    line = f"Approved, in revision {kept.basis['revision']}. Signatures on it: {signed}."
    session.tell(value, line, f"It counts once all have signed whom the rule names: hub consent explain {record}")


@click.group()
def protocol() -> None:
    """Sharing protocols between countries and agencies, kept by the data officer (R10)."""


@command(protocol, click.argument("file", type=FILE), name="new")
def new_protocol(session: Session, file: Path) -> None:
    """Keep the sharing protocol in FILE (JSON, see docs/consent.md)."""
    kept = around.put_protocol(session.member(), read_json(file))
    session.tell({"record": kept}, f"Kept: {kept}")


@command(protocol, name="list")
def list_protocols(session: Session) -> None:
    """List the sharing protocols that count."""
    columns = {"label": "Label", "countries": "Countries", "categories": "Categories", "from": "From", "until": "Until"}
    session.table(around.protocols(session.member()), columns)


def _lifted(row: Mapping[str, Any]) -> dict[str, Any]:
    signed = [f"{who['member']} ({who['role'].replace('_', ' ')})" for who in row["by"]]
    return {name: row[name] for name in ("rule", "categories", "recipient", "until", "reason")} | {"signed": signed}


def _findings(rows: Sequence[Finding], labels: Mapping[str, str]) -> list[str]:
    """Return a line for each rule that applies: what it found, and for which sections where it differs."""
    lines = []
    for rule in dict.fromkeys(row.rule for row in rows):
        found: dict[str, list[str]] = {}
        for row in rows:
            if row.rule == rule and row.found in _FOUND:
                found.setdefault(labels[_FOUND[row.found]].lower(), []).append(row.section)
        told = [f"{word}: {', '.join(names)}" if len(found) > 1 else word for word, names in found.items()]
        lines += [f"  {rule}  {'; '.join(told)}"] if told else []
    return lines


def _attach(value: Any, artefact: str) -> None:
    """Say the hash of the signed form where the record has none."""
    if not isinstance(value, dict):
        return
    if value.get("kind", CONSENT) != CONSENT:
        if value["kind"] == "mandatory_protection":
            value.setdefault("expression", artefact)
    elif isinstance(value.get("expression"), dict):
        value["expression"].setdefault("artefact", artefact)


def _full(value: Any) -> Any:
    """Return a basis in which agencies may be named as name@host, after refusing words that the policy has not."""
    if not isinstance(value, dict):
        return value
    rows = [row for name in ("grants", "denials", "refused") for row in value.get(name) or () if isinstance(row, dict)]
    for row in (value, *rows):
        for name in ("recipients", "onward"):
            if isinstance(row.get(name), list):
                row[name] = [_address(item) for item in row[name]]
        if isinstance(row.get("recipient"), str):
            row["recipient"] = _address(row["recipient"])
        for name, known in (("categories", CATEGORIES), ("turned_on", CATEGORIES), ("purpose", PURPOSES)):
            if unknown := _strange(row.get(name), known):
                raise InvalidRequest(f"There is no {name} {', '.join(unknown)}.", todo=f"Use {words.either(known)}.")
    return value


def _address(name: Any) -> Any:
    return name if not isinstance(name, str) or name.startswith(words.SCHEME) else f"{words.SCHEME}{name}"


def _strange(named: object, known: frozenset[str]) -> Sequence[str]:
    said = named if isinstance(named, list) else [named] if isinstance(named, str) else []
    return sorted({str(name) for name in said} - known)


for _group in (formats.top, freeze.top, paper.top, withdrawal.top):
    consent.commands.update(_group.commands)
