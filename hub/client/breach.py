"""What came beyond its basis: held back by `opening`, told to the sender, kept for the own data officer (B8, R01).

The word to the sender is sealed and names sections and rules, never what stood there. It is said once for a packet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.client import opening, reading, records, referrals

if TYPE_CHECKING:
    from pathlib import Path

    from hub.client.member import Member
    from hub.client.opening import Opened

REPORT = "consent.report"


def open_and_report(
    member: Member, handoff: str, *, into: Path | None = None, packet: str | None = None, why: str | None = None
) -> list[Opened]:
    """Open what was sent, as `opening.open_handoff`, and report what was held back."""
    found = opening.open_handoff(member, handoff, into=into, packet=packet, why=why)
    for item in found:
        if item.quarantined:
            report(member, handoff, item)
    return found


def report(member: Member, handoff: str, item: Opened) -> bool:
    """Tell the sender of a packet what its basis does not cover; False where that was said before.

    Raises:
        IllegalTransition: consent was withdrawn meanwhile: then the packet goes anyway.
    """
    shown = reading.show(member, handoff)
    said = (line.statement for line in shown.lines if line.statement.type == REPORT and not line.refused)
    if shown.to_agency != member.agency or any(row.body["manifest"] == item.packet for row in said):
        return False
    held_back: dict[str, Any] = {
        name: sorted({row["rule"] for row in rows}) for name, rows in sorted(item.quarantined.items())
    }
    records.put(member, "note", {"handoff": handoff, "packet": item.packet, "held_back": held_back})
    with referrals.reply(member, shown, {"held_back": held_back}) as part:
        referrals.say(member, REPORT, shown, {"manifest": item.packet}, part)
    return True
