"""What people on bad lines do in a scenario: answer by phone, text or paper, read digits back, open links, ask a child.

A part of `tests.support.scenario.Scene`; the gateway for texts is a faithful fake, the rest is what clients do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hub.client import groups, inquiries, links, outcomes, proxies, queues, reading, referrals
from hub.client.outcomes import Asked
from hub.directory.records.record import PROVIDER
from hub.directory.servicemap.write import Actor, Draft, apply
from hub.ids import random_id
from hub.notify.inbound import InboundTexts
from hub.queues.domain import OPEN, Desk
from tests.support import maps
from tests.support.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.client.basis import Held
    from hub.client.inquiries import Inquiry
    from hub.client.member import Member
    from hub.client.referrals import Outgoing
    from tests.support.gateways import RapidProServer
    from tests.support.world import World


class Answers:
    """How an answer comes when there is no line for it, and how a loop ends."""

    world: World
    kinds: Mapping[str, tuple[str, str]]
    gateway: RapidProServer
    said: set[str]
    member: Callable[[str], Member]
    address: Callable[[str], str]
    today: Callable[[], str]
    deliver: Callable[[], None]
    _out: Callable[..., Outgoing]
    _went: Callable[[str], str]

    # By phone, text or paper

    def reports(self, agency: str, handoff: str, step: str, via: str, words: str, **said: Any) -> None:
        """Key in the recipient's answer, which came `via` phone, SMS or paper; `words` are the evidence."""
        self.said.add(words)
        how = {name: said.pop(name) for name in ("code", "ask", "on") if name in said}
        proxies.report(self.member(agency), handoff, step, via, words, said, **how)
        self.deliver()

    def has_number(self, agency: str, number: str, *, known_to: str) -> None:
        """Let an agency's number stand, verified today, in the service map of the hub of whoever refers to it."""
        kept, country = self.member(agency), self.kinds[agency][1]
        record = maps.provider(agency, agency=kept.agency, phones=[{"number": number}], country=country)
        record["verified"] = maps.checked("offer", "contact", on=self.today())
        hub = self.world.hubs[self.member(known_to).account.host].hub
        with hub.database.write() as connection:
            by = Actor(kept.agency, kept.id, "coordinator")
            apply(connection, [Draft(PROVIDER, record, steward=by.agency)], by, host=hub.origin, now=hub.clock.now())

    def texts_to(self, number: str) -> list[str]:
        """Return the texts that reached a phone."""
        return [text for to, text in self.gateway.texts if to == number]

    def texts_back(self, agency: str, number: str, words: str) -> None:
        """Let a phone answer the hub of an agency by SMS."""
        hub = self.world.hubs[self.member(agency).account.host].hub
        with hub.database.write() as connection:
            InboundTexts(connection).put(random_id(), number, words, hub.clock.now())
        self.deliver()

    def digits_read_back(self, agency: str, handoff: str, number: str) -> str:
        """Have six digits texted to the provider, who reads them out on the phone; return the code's id."""
        sent = proxies.send_code(self.member(agency), handoff)
        self.deliver()
        digits = re.findall(r"\b[0-9]{6}\b", self.texts_to(number)[-1])[0]  # the same in each language
        proxies.read_back(self.member(agency), handoff, sent["code"], digits)
        return str(sent["code"])

    def evidence(self, agency: str, handoff: str) -> dict[str, Any]:
        """Return what the agency keeps, sealed, behind the last answer that it keyed in."""
        lines = [
            line for line in reading.show(self.member(agency), handoff).lines if line.statement.body.get("evidence")
        ]
        return proxies.evidence_of(self.member(agency), lines[-1].hash, handoff)

    # By link

    def send_link(self, agency: str, on: Held, what: Mapping[str, Any], **asked: Any) -> tuple[str, Provider]:
        """Refer to a provider without an account, who is handed a link and told its digits; return both."""
        issued = links.issue(self.member(agency), self.address(asked["to"]))
        sent = referrals.send(self.member(agency), self._out(on, what, link=issued.link, **asked))
        handoff = self._went(sent.handoff)
        phone = Provider(issued.url, self.world.clock, self.world.folder / "phones" / issued.link.id)
        return handoff, phone.enter(str(issued.code))

    # Several, and about nobody

    def send_to_several(
        self, agency: str, on: Held, what: Mapping[str, Any], to: Sequence[str], **asked: Any
    ) -> list[str]:
        """Ask several providers for the same."""
        outs = [self._out(on, what, to=name, **asked) for name in to]
        return [self._went(sent.handoff) for sent in groups.send_to_several(self.member(agency), outs)]

    def chooses(self, agency: str, handoff: str) -> None:
        """Keep one of several that were asked."""
        groups.choose(self.member(agency), handoff)
        self.deliver()

    def asks_for_a_place(self, agency: str, to: str, **question: Any) -> str:
        """Ask whether there is a place for somebody like this, who is not named."""
        asked = inquiries.ask(self.member(agency), self.address(to), {"how_many": 1, **question})
        self.deliver()
        return str(asked["id"])

    def answers_about_a_place(self, agency: str, inquiry: str, capacity: str, **more: Any) -> None:
        inquiries.answer(self.member(agency), inquiry, capacity, **more)
        self.deliver()

    def inquiry(self, agency: str, inquiry: str) -> Inquiry:
        return inquiries.read(self.member(agency), inquiry)

    # How it ends

    def closes(self, agency: str, handoff: str, who: str, answer: str | None, words: str = "") -> None:
        """Close the loop after the child, or who cares for it, was asked today whether help came."""
        self.said.add(words)
        outcomes.close(self.member(agency), handoff, [Asked(who, "in_person", self.today(), answer, words)])
        self.deliver()

    def disputes(self, agency: str, handoff: str, who: str, words: str = "") -> None:
        """Dispute an outcome: whoever was asked today says that no help came."""
        self.said.add(words)
        outcomes.dispute(self.member(agency), handoff, [Asked(who, "in_person", self.today(), "no", words)])
        self.deliver()

    # Who has the ball

    def queue(self, agency: str, desk: str, name: str = OPEN) -> list[str]:
        """Return the referrals in a queue of a member's agency, as this member may see them."""
        return [row["id"] for row in queues.rows(self.member(agency), Desk(desk), name).rows]

    def due(self, agency: str, handoff: str) -> int | None:
        """Return by when whoever has the ball has to act."""
        return reading.show(self.member(agency), handoff).due

    def pauses_clock(self, agency: str, handoff: str, *, until: int, reason: str) -> None:
        """Give the recipient more time; why stays with the agency that gives it."""
        self.said.add(reason)
        referrals.pause_clock(self.member(agency), handoff, until, reason)
        self.deliver()

    def works(self, agency: str, zone: str, weekend: Sequence[int], *, remote: bool = False) -> None:
        """Let an agency say when it works, and whether it is far from everything."""
        said = {"name": agency, "zone": zone, "weekend": list(weekend), "remote": remote}
        self.member(agency).hub.put("/api/v1/directory/profile", said)
        self.deliver()
