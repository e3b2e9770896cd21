"""The way of one child in the demonstration: three agencies, two legs, each handed over with the signatures of both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hub.cli import demo_case
from hub.cli import demo_story as story
from hub.client import (
    basis,
    cases,
    findings,
    gates,
    handover,
    judging,
    meetings,
    reading,
    register,
    transfer_steps,
    transfers,
)
from hub.client.member import workspace
from hub.ids import random_id

if TYPE_CHECKING:
    from hub.cli.demo_scene import Scenes
    from hub.client.basis import Held
    from hub.client.judging import Plan, Purpose
    from hub.client.reading import Shown

HOUR, DAY = 3_600, 86_400
_ANSWER: Final = "Omar from the shelter comes along."


@dataclass(frozen=True, slots=True)
class Hop:
    """One leg: which agency hands over to which, by which worker and supervisor, on which day, with what."""

    sender: str
    workers: tuple[str, str]
    bosses: tuple[str, str]
    receiver: str
    sections: tuple[str, ...]
    law: str
    day: int
    where: str


FIRST: Final = Hop(
    "shelter",
    ("amina", "selamawit"),
    ("omar", "hirut"),
    "transit-addis",
    demo_case.FIRST_PACKET,
    "DJ",
    6,
    "Transit centre, hall 2",
)
SECOND: Final = Hop(
    "transit-addis",
    ("selamawit", "meseret"),
    ("hirut", "alemu"),
    "kebele-office",
    demo_case.SECOND_PACKET,
    "ET",
    20,
    "Kebele social work office",
)


class Way:
    """What happens to one child; `sealed` is all that its packets ever held."""

    def __init__(self, play: Scenes, child: demo_case.Child) -> None:
        self.child = child
        self.sealed: list[dict[str, Any]] = []
        self.legs: list[str] = []
        self._play = play
        self._files: dict[str, str] = {}
        self._case = ""

    def opened(self) -> None:
        """D0: the shelter opens a case, and is responsible from now on."""
        play, amina = self._play, self._play.person("amina")
        sections = demo_case.shelter_file(self.child, play.day, self._window(FIRST))
        held = cases.new(amina, sections)
        began = transfers.open_case(amina, held.record)
        self._files[FIRST.sender], self._case = began.record, str(began.case)
        facts = {"type": "school_certificate", "issuer": "Agazi school, Adigrat", "copy": "copy"}
        with workspace() as folder:
            cases.attach(amina, held.record, story.letter(folder, self.child), facts)
        self.sealed.append(sections)
        play.say("amina", f"opens the case of {self.child.name}; from now on the shelter is responsible")
        self._note(FIRST.sender, "Best-interests assessment: unaccompanied, medium risk")

    def proposed(self) -> None:
        """D3: consent, the exception that a supervisor signs, the offer."""
        play, leg = self._play, random_id()
        out = self._offer(FIRST, judging.Purpose("return", final=False, return_mode="assisted_voluntary"), leg)
        play.stopped(lambda: transfers.offer(play.person("amina"), out))
        gates.approve(play.person("omar"), out.case, self._exception(leg))
        play.say("omar", "signs the exception: the determination is made in origin, by a day that is kept")
        self._note(FIRST.sender, "Exception signed: the panel meets in the country of origin")
        self._sent(FIRST, out, leg)

    def accepted(self) -> None:
        """D4: opened, a question answered, accepted by worker and supervisor."""
        play, leg = self._play, self.legs[-1]
        amina, selamawit = play.person("amina"), play.person("selamawit")
        play.step(selamawit, amina, leg, "acknowledged", lambda: transfer_steps.take(selamawit, leg, "acknowledge"))
        transfer_steps.take(selamawit, leg, "ask", text="Who travels along?")
        play.wait_state(amina, leg, "info_needed")
        play.say("selamawit", "asks who travels along, sealed to the shelter; now the shelter has the ball")
        views = demo_case.answered(self.child, play.day(4), _ANSWER)
        self.sealed.append(views)
        transfer_steps.answer(amina, leg, views)
        play.wait_state(selamawit, leg, "acknowledged")
        play.say("amina", "answers, on the same consent")
        self._taken_up(FIRST)

    def settled_in(self) -> None:
        """D8: the first talk after the arrival, and the centre's own assessment."""
        self._visited(FIRST, 8)
        self._found(demo_case.first_days(self._play.day))
        self._note(SECOND.sender, "Best-interests assessment after the arrival")

    def too_early(self) -> None:
        """D15: a visit; and nobody is sent home before the panel has met."""
        play, leg = self._play, self.legs[-1]
        transfer_steps.follow_up(play.person("selamawit"), leg, play.day(15), play.day(22))
        play.say("selamawit", f"has seen {self.child.name} again; then tries to send the child home at once")
        out = self._offer(SECOND, self._home(), random_id())
        self._play.stopped(lambda: transfers.offer(self._play.person("selamawit"), out))

    def determined(self) -> None:
        """D16: what was found in Ethiopia, and what the panel says."""
        self._found(demo_case.origin_sections(self.child, self._play.day))
        self._play.say(
            "selamawit", "writes down tracing, home study, the child's words and the panel's outcome, sealed"
        )
        self._note(SECOND.sender, "Mother found and visited; she is willing")
        self._note(SECOND.sender, "Panel: family reunification is in the child's best interests")

    def goes_home(self) -> None:
        """D18: the plans, a new consent, the offer to the community worker, who accepts it."""
        play, leg = self._play, random_id()
        self._found(demo_case.plan_sections(play.day, self._window(SECOND)))
        self._sent(SECOND, self._offer(SECOND, self._home(), leg), leg)
        transfer_steps.take(play.person("meseret"), leg, "acknowledge")
        self._taken_up(SECOND)

    def leaves(self, hop: Hop) -> None:
        """Say that the child leaves."""
        play, leg = self._play, self.legs[-1]
        sender, receiver = (play.person(login) for login in hop.workers)
        play.step(sender, receiver, leg, "in_transit", lambda: transfers.depart(sender, leg, self._plan(hop)))

    def received(self, hop: Hop) -> None:
        """Seen in person, compared with what came, met by both sides, released and taken."""
        play, leg = self._play, self.legs[-1]
        sender, receiver = (play.person(login) for login in hop.workers)
        seen = play.now()
        play.step(receiver, sender, leg, "arrived", lambda: transfer_steps.arrive(receiver, leg, seen))
        self._compared(hop)
        self._handed_over(hop)
        play.wait_state(sender, leg, "responsibility_transferred")
        play.stage.wait(lambda: register.register_of(receiver, leg) is not None, "the register at the new holder")
        self._files[hop.receiver] = transfers.held_by_leg(receiver, leg).record
        holder = register.who_holds(sender, leg).holder
        if hop is SECOND:
            transfer_steps.take(play.person("hirut"), self.legs[0], "move_on")
        play.say("[cyan]responsible[/cyan]", f"[bold]{story.plain_name(holder)}[/bold], by both logs, and nobody else")

    def at_home(self) -> None:
        """D22: the community worker's first visit."""
        self._visited(SECOND, 22)

    def _visited(self, hop: Hop, day: int) -> None:
        play, leg, worker = self._play, self.legs[-1], self._play.person(hop.workers[1])
        transfer_steps.take(worker, leg, "first_contact", day=play.day(day), next=play.day(day + 7))
        play.say(worker.account.login, f"has visited {self.child.name}; the next visit is on {play.day(day + 7)}")

    def shown(self) -> list[Shown]:
        """Return the register as it began, and the legs, verified by agencies that had a part in them."""
        amina, selamawit = self._play.person("amina"), self._play.person("selamawit")
        return [reading.show(amina, self._case), *(reading.show(selamawit, leg) for leg in self.legs)]

    # -- parts of a step

    def _offer(self, hop: Hop, purpose: Purpose, leg: str) -> transfers.Offer:
        play = self._play
        to, boss = play.agencies[hop.receiver], play.person(hop.bosses[0]).id
        held = self._consent(hop, to)
        plan = self._plan(hop)
        return transfers.Offer(self._files[hop.sender], to, hop.sections, held, purpose, boss, plan, new_leg=leg)

    def _consent(self, hop: Hop, to: str) -> Held:
        play = self._play
        asked = story.grant(play.now(), to, "transfer", set(hop.sections), demo_case.TURNED_ON)
        said = story.guardian_consent(play.now(), hop.law, asked, child=self.child)
        return basis.draft(play.person(hop.workers[0]), said, "guardian and child agree")

    def _sent(self, hop: Hop, out: transfers.Offer, leg: str) -> None:
        play = self._play
        worker, boss, receiver = (play.person(login) for login in (hop.workers[0], hop.bosses[0], hop.workers[1]))
        self._note(hop.sender, "Guardian and child agree to what goes to whom")
        with workspace() as folder:
            papers = cases.papers(worker, cases.load(worker, out.case), folder)
            waits = transfers.offer(worker, replace(out, attachments=papers))
            transfers.cosign(boss, waits.cosign)
        self.legs.append(leg)
        play.say(
            worker.account.login, f"seals {len(hop.sections)} sections for {hop.receiver}; all gates are asked first"
        )
        play.say(boss.account.login, "reads it and signs second; the sections for a search, if ever needed, go along")
        play.arrived(worker, receiver, leg)
        play.read(receiver, leg)
        play.show(worker, leg)

    def _taken_up(self, hop: Hop) -> None:
        play, leg = self._play, self.legs[-1]
        worker, boss = play.person(hop.workers[1]), play.person(hop.bosses[1])
        bed = {"bed": f"A bed is kept in {hop.where}.", "called": "The child is called before the journey."}
        self.sealed.append(bed)
        reception = transfers.Reception(self._plan(hop), [worker.id], boss.id, bed)
        waits = transfers.accept(worker, leg, reception)
        sender = play.person(hop.workers[0])
        play.step(boss, sender, leg, "accepted", lambda: transfers.cosign(boss, waits.cosign))
        play.say(worker.account.login, "is the named worker, on duty at the arrival; from now on silence is an alarm")
        play.show(sender, leg)

    def _compared(self, hop: Hop) -> None:
        if hop is not FIRST:
            return
        play, leg = self._play, self.legs[-1]
        amina, selamawit = play.person("amina"), play.person("selamawit")
        born = {"year": self.child.born - 1, "estimated": False, "how": "by the certificate of baptism"}
        self.sealed.append({"born": born})
        names = findings.Item("identity", "names", "verified")
        findings.verify(selamawit, leg, [names, findings.Item("identity", "born", "corrected", born)])
        play.stage.wait(lambda: bool(findings.corrections(amina, leg)), "the corrections")
        findings.apply_corrections(amina, leg)
        play.say("selamawit", "compares what came with the child; the year of birth goes back corrected, sealed")

    def _handed_over(self, hop: Hop) -> None:
        play, leg = self._play, self.legs[-1]
        sender, receiver = (play.person(login) for login in hop.workers)
        lets_go, takes = (play.person(login) for login in hop.bosses)
        today = play.day(hop.day)
        said = demo_case.meeting(play.now(), hop.where, today, self.child)
        self.sealed.append(said)
        meetings.tick(sender, meetings.begin(sender, handover.Side.SENDER, said, leg=leg), handover.CHECKLIST)
        play.step(lets_go, receiver, leg, "released", lambda: transfers.release(lets_go, leg))
        meetings.tick(receiver, transfers.opened_release(takes, leg), handover.CHECKLIST)
        play.say(receiver.account.login, "ticks the checklist of the meeting; who came, which papers, which official")
        transfers.take(takes, leg, play.day(hop.day + 2))
        play.say(takes.account.login, "countersigns: takes the case, and with it the responsibility")

    def _found(self, sections: dict[str, Any]) -> None:
        worker, record = self._play.person("selamawit"), self._files[SECOND.sender]
        for name, document in sections.items():
            cases.update(worker, record, name, document)
        self.sealed.append(sections)

    def _exception(self, leg: str) -> dict[str, Any]:
        day = self._play.day
        span = {"begins": day(3), "ends": day(13), "bia_due": day(10), "bid_due": day(17)}
        reason = "The host country has no panel before the border closes."
        return {"gate": "R24", "leg": leg, "mode": "bid_in_origin", "reason": reason, **span}

    def _home(self) -> Purpose:
        returned = self._play.day(FIRST.day)
        return judging.Purpose("reunification", final=True, return_mode="assisted_voluntary", returned=returned)

    def _plan(self, hop: Hop) -> Plan:
        return judging.Plan(self._play.stage.began + hop.day * DAY + 2 * HOUR, *self._window(hop))

    def _window(self, hop: Hop) -> tuple[int, int]:
        morning = self._play.stage.began + hop.day * DAY
        return morning + 6 * HOUR, morning + 12 * HOUR

    def _note(self, agency: str, text: str) -> None:
        self._play.note(agency, text, self.child)
