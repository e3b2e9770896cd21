"""Commands about lawful bases: consents, duties to protect, supervisors' notes; keeping, listing, withdrawing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from consent.policy import CATEGORIES, PURPOSES
from hub.cli import freeze, paper, withdrawal, words
from hub.cli.common import FILE, Session, command, read_json
from hub.client import basis as bases
from hub.errors import InvalidRequest
from hub.packets.encoding import b64u, sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


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
    """Keep the basis in FILE (JSON, see docs/cli.md) as a sealed record of your agency."""
    value = read_json(file)
    if isinstance(value, dict) and attachments and value.get("kind") != "vital_interest":
        value.setdefault("expression", b64u(sha256(attachments[0].read_bytes())))
    held = bases.keep(session.member(), bases.parse(_full(value)), label, attachments)
    session.tell({"record": held.handoff, "kind": held.basis.kind}, f"Kept. Name it as: --basis {held.handoff}")


@command(consent, name="list")
def list_consents(session: Session) -> None:
    """List your agency's lawful bases."""
    held = bases.listing(session.member())
    rows = [{"record": h.handoff, "label": h.label, "kind": h.basis.kind, "live": h.live} for h in held]
    columns = {"record": "Record", "label": "Label", "kind": "Kind", "live": "Live"}
    session.table(rows, columns, live=lambda row: "yes" if row["live"] else "withdrawn")


def _full(value: Any) -> Any:
    """Return a basis in which recipients may be named as name@host, after refusing words that the policy has not."""
    if not isinstance(value, dict):
        return value
    scopes = [row for name in ("grants", "denials") for row in value.get(name) or () if isinstance(row, dict)]
    for row in (value, *scopes):
        if isinstance(row.get("recipients"), list):
            row["recipients"] = [
                name if str(name).startswith(words.SCHEME) else f"{words.SCHEME}{name}" for name in row["recipients"]
            ]
        for name, known in (("categories", CATEGORIES), ("purposes", PURPOSES)):
            if unknown := _strange(row.get(name), known):
                raise InvalidRequest(f"There are no {name} {', '.join(unknown)}.", todo=f"Use {words.either(known)}.")
    return value


def _strange(named: object, known: frozenset[str]) -> Sequence[str]:
    return sorted({str(name) for name in named} - known) if isinstance(named, list) else ()


for _group in (freeze.top, paper.top, withdrawal.top):
    consent.commands.update(_group.commands)
