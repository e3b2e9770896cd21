"""`hub consent export` and `hub consent import`: a consent in the forms of others (docs/consent-formats.md).

Decides nothing: `consent.formats` says what is missing, and what is incomplete is not kept.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from consent.basis import CONSENT, BasisError
from consent.formats.fhir import to_fhir
from consent.formats.fhir_import import from_fhir
from consent.formats.iso27560 import receipt_to_iso, record_from_iso, record_to_iso
from hub.cli.common import FILE, Session, command, read_json, why, with_reason
from hub.client import basis as bases
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

    from consent.formats.imported import Imported

_FORMS: Final = {"iso27560": record_to_iso, "iso27560-receipt": receipt_to_iso, "fhir": to_fhir}
_TODO: Final = "Ask for what is missing, and say it in the context file (docs/consent-formats.md)."


top = click.Group("formats")


@command(
    top,
    click.argument("record"),
    click.option("--as", "form", required=True, type=click.Choice(sorted(_FORMS)), help="The form to write."),
    click.option("--out", required=True, type=FILE, help="Write it to this file, which only you can read."),
    why,
)
def export(session: Session, record: str, form: str, out: Path, why: str | None) -> None:
    """Write a consent in another form: ISO/IEC TS 27560 (the record, or the giver's receipt) or FHIR R4."""
    member = session.member()
    held = with_reason(lambda said: bases.load(member, record, said), why)
    if held.kind != CONSENT or held.came_by is not None:
        raise InvalidRequest("Only a consent of your own agency has these forms.")
    made = _FORMS[form](held.basis)
    missing = made.get("rcp:incomplete", [])
    told = {"record": record, "form": form, "incomplete": missing}
    session.hand_over(told, json.dumps(made, ensure_ascii=False, indent=1), out)
    if missing and not session.as_json:
        session.tell({}, f"Not in the record, so not in the file: {', '.join(missing)}.")


@command(
    top,
    click.argument("file", type=FILE),
    click.option("--context", type=FILE, help="JSON that says what a FHIR consent does not."),
    click.option("--label", prompt=True, help="Your own word for it, sealed; no names: other programs may see it."),
    click.option("--attach", "attachments", multiple=True, type=FILE, help="The signed form. Repeatable."),
    name="import",
)
def import_consent(
    session: Session, file: Path, context: Path | None, label: str, attachments: tuple[Path, ...]
) -> None:
    """Keep the consent in FILE (FHIR R4 Consent, or ISO/IEC TS 27560 in JSON-LD), if nothing is missing."""
    found = _read(read_json(file), {} if context is None else read_json(context))
    if found.draft is None:
        missing = ", ".join(found.incomplete)
        raise InvalidRequest(f"Nothing was kept: this consent is incomplete: {missing}.", todo=_TODO, fields=missing)
    if found.limits:
        raise InvalidRequest(
            "Nothing was kept: this consent is about single items, and our records are about whole sections.",
            todo="Ask the giver which sections may go, and record that.",
        )
    held = bases.draft(session.member(), dict(found.draft), label, attachments)
    value = {"record": held.handoff, "left_out": found.left_out, "review_due": held.basis["review_due"]}
    session.tell(value, f"Kept. Name it as: --basis {held.handoff}", *found.left_out)


def _read(value: Any, context: Any) -> Imported:
    try:
        fhir = isinstance(value, dict) and "resourceType" in value
        return from_fhir(value, context) if fhir else record_from_iso(value)
    except BasisError as error:
        raise InvalidRequest(str(error), field=error.field) from error
