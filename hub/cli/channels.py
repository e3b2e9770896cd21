"""`hub account notices` and `hub webhook`: how a member is told, and where an agency's own systems are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from hub.cli import words
from hub.cli.common import Session, command
from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

top = click.Group("channels")
_NOTICES, _WEBHOOKS = "/api/v1/me/notices", "/api/v1/webhooks"
_QUIET = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_SHOWN = {"id": "Webhook", "url": "Address", "seq": "Events", "sent": "Taken", "tries": "Tries"}
_EVENTS = {"seq": "No.", "type": "What", "handoff": "Handoff", "state": "State", "at": "When"}
_webhook = click.argument("webhook")


@top.group()
def account() -> None:
    """Your own account."""


@command(
    account,
    click.option("--language", type=click.Choice(["en", "fr", "es", "ar"]), help="In which language you are told."),
    click.option("--channel", "channels", multiple=True, type=click.Choice(["mail", "sms"]), help="In order; repeat."),
    click.option("--phone", help="Your number with + and the country's code; none takes it away."),
    click.option("--quiet", metavar="21:00-06:00", help="When no text comes, but in an emergency; none ends it."),
    click.option("--zone", help="The zone of the quiet hours, such as Africa/Djibouti."),
)
def notices(session: Session, quiet: str | None, **given: Any) -> None:
    """Show how you are told that something waits, or change what is named."""
    hub = session.member().hub
    now = hub.get(_NOTICES)
    changes = {name: _none(value) for name, value in given.items() if value}
    changes |= {"quiet": _minutes(quiet)} if quiet else {}
    if changes:
        hub.put(_NOTICES, now := {**now, **changes})
    session.facts({**now, "channels": ", ".join(now["channels"]), "quiet": _hours(now)})


@top.group()
def webhook() -> None:
    """Your agency's own systems, which are told what happens to its handoffs, without content."""


@command(webhook, click.argument("url"))
def add(session: Session, url: str) -> None:
    """Tell the system at URL what happens from now on."""
    made = session.member().hub.post(_WEBHOOKS, {"url": url})
    session.tell(made, f"Registered as {made['id']}: {escape(made['url'])}.")


@command(webhook, name="list")
def listed(session: Session) -> None:
    """List the addresses, and how far each has come."""
    session.table(session.member().hub.get(_WEBHOOKS)["items"], _SHOWN)


@command(webhook, _webhook, click.option("--after", type=click.IntRange(0), default=0, help="Only after this number."))
def events(session: Session, webhook: str, after: int) -> None:
    """List events of WEBHOOK again, to fill a gap."""
    hub, rows = session.member().hub, list[dict[str, Any]]()
    while found := hub.get(f"{_WEBHOOKS}/{webhook}/events", after=after, limit=500)["events"]:
        rows, after = rows + found, found[-1]["seq"]
    session.table(rows, _EVENTS, at=lambda row: words.when(row["at"]))


@command(webhook, _webhook)
def remove(session: Session, webhook: str) -> None:
    """Stop telling WEBHOOK, and forget its events."""
    session.member().hub.delete(f"{_WEBHOOKS}/{webhook}")
    session.tell({"removed": webhook}, "Removed.")


def _none(value: Any) -> Any:
    """Return None for the word `none`, which takes a value away."""
    return None if value == "none" else value


def _minutes(quiet: str) -> list[int] | None:
    if quiet == "none":
        return None
    found = _QUIET.fullmatch(quiet)
    if found is None:
        raise InvalidRequest("Quiet hours are two times of the day.", todo="For instance 21:00-06:00, or none.")
    hours, minutes, to_hours, to_minutes = map(int, found.groups())
    return [hours * 60 + minutes, to_hours * 60 + to_minutes]


def _hours(choice: Mapping[str, Any]) -> str:
    if choice["quiet"] is None:
        return "none"
    begin, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in choice["quiet"])
    return f"{begin}-{end} {choice['zone']}"
