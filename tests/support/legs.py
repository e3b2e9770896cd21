"""Legs of transfers by real clients over real hubs: a case is opened, offered, accepted, travels and is handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hub.client import basis as bases
from hub.client import cases, gates, handover, meetings, transfer_steps, transfers
from hub.client.judging import Plan, Purpose
from hub.ids import random_id
from tests.support.case_files import FILES, days_from
from tests.support.handovers import SAID
from tests.support.world import consent, grant, today

if TYPE_CHECKING:
    from hub.client.cases import CaseFile
    from hub.client.member import Member
    from tests.support.world import World

DAY, HOUR = 86_400, 3_600
SHOWN = ("identity", "status", "family_links", "needs_risk", "health", "child_views", "documents", "travel_arrival")
RETURN = Purpose("return", final=False, return_mode="assisted_voluntary")


@dataclass
class People:
    """Worker and supervisor at both ends, over the hubs of a world."""

    world: World
    worker: Member
    boss: Member
    receiver: Member
    chief: Member

    @property
    def clock(self) -> Any:
        return self.world.clock

    def run(self) -> None:
        self.world.run()

    def plan(self, days: int = 3) -> Plan:
        leaves = self.clock.now() + days * DAY
        return Plan(leaves, leaves + 6 * HOUR, leaves + 12 * HOUR)

    def day(self, days: int = 0) -> str:
        return (today(self.clock) + timedelta(days=days)).isoformat()

    def hagos(self, **names: Any) -> CaseFile:
        """Hagos' file, alone and without a best-interests determination."""
        return cases.new(self.worker, self.sections(**names))

    def sections(self, **names: Any) -> dict[str, Any]:
        """What stands in that file."""
        sections = FILES["SYN-ET-001"](days_from(today(self.clock) - timedelta(days=2)))
        sections["care_guardianship"]["situation"] = "unaccompanied"
        sections["status"]["situation"] = "unaccompanied"
        del sections["bia_bid"]["bid"]
        sections["identity"] |= names
        return sections

    def basis(self, *more: dict[str, object], sections: tuple[str, ...] = SHOWN, **changes: object) -> bases.Held:
        """A consent for this transfer."""
        to = self.receiver.agency
        given = grant(self.clock, to, categories=set(sections), purpose="transfer", turned_on=["status"])
        return bases.draft(self.worker, consent(self.clock, given, *more, **changes), "transfer")

    def tracing(self) -> bases.Held:
        """A consent to have the family looked for, with no more than who the child is."""
        given = grant(self.clock, self.receiver.agency, categories={"identity"}, purpose="family_tracing")
        return bases.draft(self.worker, consent(self.clock, given), "tracing")

    def excepted(self, record: str, leg: str) -> None:
        """The supervisor approves that the determination is made in the country of origin."""
        said = {"gate": "R24", "leg": leg, "mode": "bid_in_origin", "begins": self.day(), "ends": self.day(10)}
        said |= {"bia_due": self.day(7), "bid_due": self.day(14)}
        said |= {"reason": "the host has no panel before the border closes"}
        gates.approve(self.boss, record, said)

    def draft(self, leg: str | None = None, **changes: Any) -> tuple[CaseFile, transfers.Offer]:
        """A case that was opened, and what would be offered."""
        held = changes.pop("held", None) or self.hagos()
        held = transfers.open_case(self.worker, held.record)
        begun, leg = leg, leg or random_id()
        self.excepted(held.record, leg)
        facts = {
            "case": held.record,
            "to": self.receiver.agency,
            "sections": SHOWN,
            "basis": changes.pop("basis", None) or self.basis(),
            "purpose": RETURN,
            "second": self.boss.id,
            "plan": self.plan(),
            "leg": begun,
            "new_leg": leg,
        }
        return held, transfers.Offer(**{**facts, **changes})

    def offered(self, **changes: Any) -> tuple[CaseFile, str]:
        held, out = self.draft(**changes)
        waits = transfers.offer(self.worker, out)
        transfers.cosign(self.boss, waits.cosign)
        self.run()
        return held, waits.leg

    def accepted(self, **changes: Any) -> tuple[CaseFile, str]:
        held, leg = self.offered(**changes)
        transfer_steps.take(self.receiver, leg, "acknowledge")
        self.run()
        how = transfers.Reception(self.plan(), [self.receiver.id], self.chief.id, {"bed": "a bed"})
        transfers.cosign(self.chief, transfers.accept(self.receiver, leg, how).cosign)
        self.run()
        return held, leg

    def arrived(self, **changes: Any) -> tuple[CaseFile, str]:
        held, leg = self.accepted(**changes)
        transfers.depart(self.worker, leg, self.plan())
        self.run()
        transfer_steps.arrive(self.receiver, leg, self.clock.now())
        self.run()
        return held, leg

    def released(self, **changes: Any) -> tuple[CaseFile, str]:
        held, leg = self.arrived(**changes)
        mine = meetings.begin(self.worker, handover.Side.SENDER, SAID, leg=leg)
        meetings.tick(self.worker, mine, handover.CHECKLIST)
        transfers.release(self.boss, leg)
        self.run()
        return held, leg

    def taken(self, leg: str) -> None:
        meetings.tick(self.receiver, transfers.opened_release(self.chief, leg), handover.CHECKLIST)
        transfers.take(self.chief, leg, self.day(2))

    def handed_over(self, **changes: Any) -> tuple[CaseFile, str]:
        held, leg = self.released(**changes)
        self.taken(leg)
        self.run()
        return held, leg
