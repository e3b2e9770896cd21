"""Commands of the map between hubs: who works with whom across a border."""

from __future__ import annotations

from typing import Any

import click

from hub.cli.common import Session, command

top = click.Group("feed")
_SAID = {
    "both": "both sides",
    "sender": "only the sender",
    "receiver": "only the receiver",
    "nobody": "nobody any more",
}


@command(
    top,
    click.argument("corridor", metavar="FROM-TO"),
    click.option("--both-ways", is_flag=True, help="The way back too."),
    click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Agreements as of this day; today if left out."),
)
def counterparts(session: Session, corridor: str, both_ways: bool, day: object) -> None:  # noqa: FBT001 - a flag
    """Show who may receive transfers along the corridor FROM-TO, such as DJ-ET, and whether both sides say so."""
    asked: dict[str, Any] = {"countries": corridor.upper().split("-")} if both_ways else {"corridor": corridor.upper()}
    asked |= {"day": f"{day:%Y-%m-%d}"} if day else {}
    rows = session.member().hub.post("/api/v1/directory/counterparts", asked)["counterparts"]
    columns = {"sender": "From", "receiver": "To", "may_receive": "May receive", "said": "Said by", "until": "Until"}
    session.table(
        rows,
        {**columns, "agreements": "Agreement"},
        sender=lambda row: row["sender"]["name"] or row["sender"]["id"],
        receiver=lambda row: row["receiver"]["name"] or row["receiver"]["id"],
        said=lambda row: _SAID[row["said"]],
        until=lambda row: row["until"] or "",
        agreements=lambda row: "; ".join(dict.fromkeys(said["agreement"] or "" for said in row["agreements"])),
    )
