"""The referral as the intake's machine: joins the use cases of `service` with the stores, one transaction each.

Holds no rule. `hub.handoffs.ports.Machine` is the shape.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from hub.directory.areas.domain import parts
from hub.directory.areas.store import Areas
from hub.directory.calendars import calendar_of
from hub.errors import IllegalTransition, NotFound
from hub.followup.domain import CUSTODY, TRANSPORT_SILENCE
from hub.followup.store import FollowUps
from hub.handoffs.custody import halted
from hub.handoffs.holding import watch_holder
from hub.handoffs.links import chain_at, maker_left
from hub.handoffs.ports import Step, Word
from hub.handoffs.recall import custody
from hub.handoffs.store import HandoffStore
from hub.ids import host_of
from hub.keys.store import KeyStore
from hub.links.store import LinkStore
from hub.notify.store import Notices
from hub.notify.teller import Teller
from hub.notify.templates import AREA
from hub.outbox.store import Outbox
from hub.packets.dsse import Envelope
from hub.proxies.service import taken
from hub.proxies.store import Reviews
from hub.proxies.work import Joined
from hub.referrals import service
from hub.referrals.domain import HOLDER_ANSWER, LOCK_LINK, Side, ball, possible
from hub.referrals.store import ReferralStore
from hub.statements.grammar import BIND, STATEMENT_TYPE, Grade, Role, Statement
from hub.statements.links import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Connection

    from hub.followup.calendar import Calendar
    from hub.followup.domain import FollowUp
    from hub.handoffs.ports import Party
    from hub.keys.certificates import KeyEntry
    from hub.referrals.domain import Referral
    from hub.statements.verify import VerifiedStatement

_EVERY_ROLE = frozenset(role.value for role in Role)
_COORDINATORS = frozenset({Role.COORDINATOR.value})
_LEADERS = _COORDINATORS | {Role.FOCAL_POINT.value}


class _Teller(Teller):
    def tell_area(self, recipient: str, parties: Collection[str], *, about: str, key: str, now: int) -> None:
        """Tell the focal points of the recipient's area, as far as they are at home here: a count and a duty number.

        They are the agencies that lead the areas in which it works, by the service map; where none does, the
        coordinators of other agencies in its country.
        """
        keys = KeyStore(self.connection)
        entry = keys.find_agency(recipient)
        if entry is None:
            return
        name = recipient.removeprefix("urn:rcp:agency:")
        n = ReferralStore(self.connection).past_due(recipient, now)
        facts: dict[str, str | int] = {"recipient": name, "n": n, "duty": _duty(entry)}
        leads = self._leads(recipient) - set(parties)
        roles = _LEADERS if leads else _COORDINATORS
        near = leads or {one.agency for one in keys.agencies() if one.country == entry.country} - set(parties)
        for agency in sorted(near):
            self.tell(agency, roles, AREA, about=about, key=f"{key}:area", now=now, facts=facts)

    def _leads(self, recipient: str) -> set[str]:
        areas = Areas(self.connection)
        rows = [row for path in areas.assigned(recipient) for row in areas.agencies(parts(path)[-1])]
        return {row["agency"] for row in rows if row["lead"]}


class _Work:
    """The unit of work over one connection."""

    def __init__(self, connection: Connection, origin: str) -> None:
        self._connection = connection
        self.referrals = ReferralStore(connection)
        self.clocks = FollowUps(connection)
        self.notices = _Teller(connection, origin)

    def silence(self, agency: str, now: int) -> Mapping[str, str | int] | None:
        """Return what to say of an agency's hub that has not taken a word for too long."""
        since = away_since(self._connection, host_of(agency), now)
        if since is None:
            return None
        entry = KeyStore(self._connection).find_agency(agency)
        when = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return {"host": host_of(agency), "when": when, "duty": "unknown" if entry is None else _duty(entry)}

    def calendar(self, agency: str) -> Calendar:
        """Return the calendar of an agency."""
        return calendar_of(self._connection, agency)


class ReferralMachine:
    """Referrals for the intake of the hub at `origin`."""

    kind = "referral"

    def __init__(self, origin: str, draw: Callable[[int], int] = secrets.randbelow) -> None:
        self._origin = origin
        self._draw = draw

    def begin(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Take a submission."""
        referral = service.begin(verified.statement, handoff.to_agency, self._work(connection), now)
        self._keep_link(connection, handoff, verified.statement)
        return Step(referral.state.value, referral.position, moved=True)

    def apply(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> Step:
        """Give a statement its position."""
        _check_link(connection, handoff, verified.statement)
        applied = service.apply(verified.statement, verified.hash, self._work(connection), now)
        if applied.moved:
            taken(verified, handoff, Joined(connection, self._origin, now), now, self._draw)
        self._keep_link(connection, handoff, verified.statement)
        return Step(applied.referral.state.value, applied.referral.position, moved=applied.moved)

    def expect(self, connection: Connection, handoff: Party, verified: VerifiedStatement, now: int) -> None:
        """Check a member's or a link's step on what is known here."""
        _check_link(connection, handoff, verified.statement)
        rows = HandoffStore(connection).waiting(handoff.id)
        waiting = [_stored(row["envelope"]) for row in rows if row["type"] != "referral.submit"]
        service.expect(verified.statement, waiting, self._work(connection), now)

    def mirror(
        self,
        connection: Connection,
        handoff: Party,
        statement: Statement,
        name: str,  # noqa: ARG002 - the port's signature
        step: Step,
        now: int,
    ) -> None:
        """Write down the ordering hub's word."""
        service.mirror(statement, handoff.to_agency, step, self._work(connection), now)
        self._keep_link(connection, handoff, statement)

    def then(self, connection: Connection, handoff: Party, statement: Statement, name: str) -> Collection[Word]:  # noqa: ARG002 - the port's signature
        """Say that a packet came, where its recipient is at home."""
        came = statement.type == "referral.submit" and handoff.to_host == self._origin
        return [Word("referral.deliver", handoff.id, {"manifest": statement.manifest})] if came else ()

    def spared(self, connection: Connection, handoff: Party) -> Collection[str]:
        """Return what a withdrawal leaves: what the holder says about it. A referral raises no missing-child alarm."""
        return HandoffStore(connection).parts(handoff.id, {HOLDER_ANSWER})

    def withheld(self, connection: Connection, handoff: Party) -> Collection[str]:  # noqa: ARG002 - the port's signature
        """Return nothing: a referral is there to be read before it is answered."""
        return ()

    def watch(self, connection: Connection, handoff: Party, now: int) -> None:
        """Start or end the clock of the holder's answer to a withdrawal, and tell the holder that it is asked."""
        watch_holder(connection, handoff, self._origin, now)

    def view(self, connection: Connection, handoff: Party, agency: str, now: int) -> Mapping[str, Any]:
        """Return state, who has the ball, by when, and what the agency's members can sign."""
        found = self.views(connection, [handoff], agency, now)
        if handoff.id not in found:
            raise NotFound("There is no such referral here.")
        return found[handoff.id]

    def views(
        self, connection: Connection, handoffs: Collection[Party], agency: str, now: int
    ) -> dict[str, Mapping[str, Any]]:
        """Return the views of several handoffs by their ids, with about as many queries as one takes."""
        ids, clocks = [handoff.id for handoff in handoffs], FollowUps(connection)
        referrals, running = ReferralStore(connection).many(ids), clocks.many(ids)
        asked = clocks.many([one.id for one in referrals.values() if one.locked], CUSTODY)
        waiting = HandoffStore(connection).waiting_among(ids)
        untold = Notices(connection).untold_among(ids, agency)
        doubted = Reviews(connection).doubted(ids)
        away = cache(lambda host: host != self._origin and away_since(connection, host, now) is not None)
        found: dict[str, Mapping[str, Any]] = {}
        for handoff in (handoff for handoff in handoffs if handoff.id in referrals):
            referral = referrals[handoff.id]
            runs = handoff.from_host == self._origin
            clock = _ahead(running.get(handoff.id), runs=runs or referral.frozen is not None)
            sides, side = _sides(handoff), ball(referral.state)
            mine = [one for one, who in sides.items() if who == agency]
            found[handoff.id] = {
                "state": referral.state.value,
                "grade": referral.grade.value,
                "urgency": referral.urgency.value,
                "position": referral.position,
                "ball": None if side is None else side.value,
                **_times(clock),
                "owner": referral.owner,
                "sent_by": referral.sent_by,
                "needed_from": referral.needed_from,
                "asked": referral.asked,
                "custody": self._custody(connection, handoff, referral, asked.get(handoff.id)),
                "silence": None if side is None else "transport" if away(host_of(sides[side])) else "human",
                "untold": untold.get(handoff.id, 0),
                "doubted": handoff.id in doubted and agency == handoff.from_agency,
                "being_confirmed": handoff.id in waiting,
                "possible": sorted({step for one in mine for step in possible(referral, one, _EVERY_ROLE)}),
            }
        return found

    def _custody(
        self, connection: Connection, handoff: Party, referral: Referral, asked: FollowUp | None
    ) -> dict[str, Any] | None:
        if not referral.locked and referral.frozen is None:
            return None
        known = custody(connection, handoff, self._origin)
        return None if known is None else known.to_value(asked.due_at if asked else None)

    def _keep_link(self, connection: Connection, handoff: Party, statement: Statement) -> None:
        """Keep a link that a statement names, where it is opened: at the recipient's home hub."""
        link = Link.of(statement)
        if link is not None and handoff.to_host == self._origin:
            LinkStore(connection).add(link.id, handoff.id)

    def _work(self, connection: Connection) -> _Work:
        return _Work(connection, self._origin)


def _sides(handoff: Party) -> dict[Side, str]:
    return {Side.SENDER: handoff.from_agency, Side.RECIPIENT: handoff.to_agency}


def away_since(connection: Connection, host: str, now: int) -> int | None:
    """Return since when a hub has not taken a word of ours, if that is so long that it counts as away."""
    since = Outbox(connection).waiting_since(host)
    return since if since is not None and since <= now - TRANSPORT_SILENCE else None


def _duty(entry: KeyEntry) -> str:
    return ", ".join(entry.duty) or "unknown"


def _ahead(clock: FollowUp | None, *, runs: bool) -> FollowUp | None:
    """Return a clock with the time of its next rung, which the hub that acts on it has and this one reckons."""
    return clock if clock is None or runs else clock.reckoned()


def _times(clock: FollowUp | None) -> dict[str, Any]:
    if clock is None:
        return {"due": None, "next_rung": None, "next_at": None, "rung": None, "paused": False}
    ladder, ahead = clock.rule.ladder, clock.next_at is not None
    name = str(ladder[min(clock.next_rung, len(ladder)) - 1].name) if ahead else None
    told = {"rung": clock.next_rung - 1, "paused": clock.paused}
    return {"due": clock.due_at, "next_rung": name, "next_at": clock.next_at, **told}


def _check_link(connection: Connection, handoff: Party, statement: Statement) -> None:
    """Return unless a statement is by a link that has ended, or is about none of the handoff; the refusal is logged."""
    if statement.grade is not Grade.LINK and statement.type != LOCK_LINK:
        return
    known, chain = ReferralStore(connection).get(handoff.id), chain_at(connection, handoff.id)
    facts: dict[str, Any] = {"state": known.state.value, "position": known.position, "possible": []}
    if statement.type == LOCK_LINK:
        if statement.body["link"] not in {link.id for link in chain.links}:
            raise IllegalTransition("This is no link of this referral.", **facts)
        return
    ended = ball(known.state) is None or halted(connection, handoff.id) is not None
    left = statement.type == BIND and chain.live is not None and maker_left(connection, handoff.id, chain.live.id)
    if ended or left or not chain.lets(statement):
        raise IllegalTransition("This link has ended, or another device has it.", **facts)


def _stored(envelope: bytes) -> Statement:
    return Statement.from_value(Envelope.from_bytes(envelope, STATEMENT_TYPE).value)
