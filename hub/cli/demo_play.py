"""The play: what each person does in the demonstration, told as it happens, with who has the ball and by when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from hub.cli import demo_case, demo_map
from hub.cli import demo_story as story
from hub.cli.demo_scene import Scenes
from hub.cli.demo_way import FIRST, SECOND, Way
from hub.client import basis, proxies, reading, referrals, services, timeline
from hub.client.referrals import Outgoing
from hub.directory.matching import reasons
from hub.directory.matching.asking import where_of
from hub.directory.matching.match import DOES_NOT, UNKNOWN, Person, Question

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from hub.cli.demo_stage import Stage
    from hub.cli.demo_way import Hop
    from hub.client.member import Member
    from hub.client.timeline import Timeline

    Packet = tuple[dict[str, Any], list[Path]]

_DAY_IN_TEN_SECONDS = 8_640
_TWO_RUNGS = 2
_SECOND = "the same, in a case of her own: nothing at a hub joins the two"
_AGENCIES: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
    ("shelter", "DJ", "shelter", (("amina", "caseworker"), ("omar", "supervisor"))),
    ("child-protection", "DJ", "authority", (("fatouma", "caseworker"),)),
    ("border-police", "DJ", "border_police", (("samir", "coordinator"),)),
    (
        "transit-addis",
        "ET",
        "io",
        (("selamawit", "caseworker"), ("dawit", "deputy"), ("hirut", "supervisor"), ("liya", "coordinator")),
    ),
    ("kebele-office", "ET", "local_government", (("meseret", "caseworker"), ("alemu", "supervisor"))),
    ("ccc-kebele-01", "ET", "community_structure", (("gebre", "provider"),)),
)


class Play(Scenes):
    """Scenario S1: two children from Djibouti to their families in Tigray, the second one as the first."""

    def __init__(self, stage: Stage, console: Console, own: Packet | None) -> None:
        super().__init__(stage, console)
        self._own = own
        self.ways = [Way(self, demo_case.HAGOS), Way(self, demo_case.SELAM)]

    def set_up(self) -> None:
        """Found the agencies of the scenario and let everybody enrol."""
        self.scene("Setting up", "Two hubs, two mail rooms that cannot read. Keys are made on each person's device.")
        stage = self.stage
        stage.open()
        for country, hub in stage.hubs.items():
            self.say(f"hub {country}", f"{hub.host} serves at {hub.url}; the other hub is a peer, by fingerprint")
        for name, country, kind, people in _AGENCIES:
            self.agencies[name] = stage.agency(name, country, kind, *people)
            who = ", ".join(f"{login} ({role})" for login, role in people)
            self.say(name, f"{kind.replace('_', ' ')} in {country}, certified by two certifiers: {who}")
        stage.pull()
        for trained, by in (("amina", "omar"), ("selamawit", "hirut"), ("meseret", "alemu")):
            stage.train(trained, by)
            self.say(by, f"records that {trained} was trained to ask for consent")
        self.say("hubs", "each fetched the other's keys and proved them against the other's log")

    def to_the_authority(self) -> str:
        """The shelter tells the child-protection authority, before any guardian exists."""
        self.scene(
            "1. Shelter to the child-protection authority (day 0 and 1)",
            "An unaccompanied boy of 16. No guardian exists yet, so nobody can consent for him. The duty to protect"
            " allows one thing: telling the authority the minimum, with his own yes.",
        )
        self._go(0, Way.opened)
        self.stage.go_to(1)
        amina, fatouma, authority = self.person("amina"), self.person("fatouma"), self.agencies["child-protection"]
        duty = basis.draft(amina, story.protection(authority, self.now()), "duty to protect")
        self.refused(amina, self.agencies["transit-addis"], duty)
        self.refused(amina, self.agencies["border-police"], duty)
        out = Outgoing(authority, story.EMERGENCY_SECTIONS, duty, "protection", urgency="urgent")
        handoff = self.send(amina, out, "the duty to protect (mandatory_protection)")
        self.read(fatouma, handoff)
        referrals.take(fatouma, handoff, "acknowledge")
        referrals.take(fatouma, handoff, "accept", first_contact=self.day(1))
        referrals.take(fatouma, handoff, "start", contact=self.day(1))
        self.say("fatouma", "opened it, signed for it, accepted it: the court appoints guardian SYN-GD-11")
        self.note("child-protection", "Guardian SYN-GD-11 appointed")
        self.show(amina, handoff)
        return handoff

    def find_a_service(self) -> None:
        """The shelter looks across the border for who can take the boy in; the hub learns a need and a place."""
        self.scene(
            "2. Who can receive him in Addis Ababa? (day 2)",
            "The transit centre keeps its part of the service map. The shelter's hub is asked for a need and a place;"
            " how old he is and that he is alone is compared on the caseworker's own machine.",
        )
        self.stage.go_to(2)
        amina, selamawit = self.person("amina"), self.person("selamawit")
        self.stage.know_areas("DJ", "ET")
        kept = demo_map.put_map(selamawit, self.now())
        self.say("selamawit", f"puts {kept} services into the map and says that she has seen them")
        self.stage.pull()
        boy = Person(months_from=16 * 12, months_to=17 * 12 - 1, sex="male", situation="unaccompanied")
        asked = Question("reception", boy, where_of(demo_map.AREA, None))
        for row in services.find(amina, asked, stale=True).ranked:
            said = [reasons.sentence(one, "en") for one in row.criteria if one.said == DOES_NOT]
            asks = [reasons.words("en")["criteria"][one.id] for one in row.criteria if one.said == UNKNOWN]
            why = " ".join(said) or (f"ask about: {', '.join(asks)}" if asks else "all that is asked is met")
            mark = "[green]fits[/green]" if row.sure else "[yellow]ask[/yellow]" if row.fits else "[red]not[/red]"
            self.say(mark, f"{escape(str(row.listing['name']))}: {escape(why)}")
        self.say("hub DJ", "signed the list; the centre's address is not in it, only the desk where one asks")

    def own_packet(self) -> None:
        """Send the caller's own files over the border, as a referral on the guardian's consent."""
        if self._own is None:
            return
        self.scene("Your own packet", "The shelter refers to the transit centre, on a guardian's consent.")
        amina, selamawit, addis = self.person("amina"), self.person("selamawit"), self.agencies["transit-addis"]
        sections, attachments = self._own
        grant = story.grant(self.now(), addis, "reception", set(sections))
        held = basis.draft(amina, story.guardian_consent(self.now(), "DJ", grant), "guardian's consent")
        out = Outgoing(addis, sections, held, "reception", urgency="high", attachments=attachments)
        handoff = self.send(amina, out, "the guardian's consent")
        self.arrived(amina, selamawit, handoff)
        self.read(selamawit, handoff)
        referrals.take(selamawit, handoff, "acknowledge")
        contact = self.day(self.stage.today + 14)
        act = lambda: referrals.take(selamawit, handoff, "accept", first_contact=contact)  # noqa: E731 - told as a step
        self.step(selamawit, amina, handoff, "accepted", act)

    def to_addis(self) -> None:
        """Both children are handed over by the shelter to the transit centre."""
        self.scene(
            "3. Djibouti to Addis Ababa: responsibility crosses the border (day 3 to 6)",
            "The shelter is responsible until the centre has countersigned, and not a moment longer. Nobody in Djibouti"
            " can finish a determination of best interests; whoever sends a child all the same must sign for that.",
        )
        self._go(3, Way.proposed)
        self._go(4, Way.accepted)
        self._travel(FIRST)

    def in_addis(self) -> None:
        """The family is traced and visited; the panel determines the children's best interests."""
        self.scene(
            "4. In Addis Ababa: who is at home, and what the child wants (day 8 to 16)",
            "Tracing, home study, the child's own words, the panel. All of it stays in the centre's own sealed"
            " records. Sending the child home before that is tried, and stopped.",
        )
        self._go(8, Way.settled_in)
        self._go(15, Way.too_early)
        self._go(16, Way.determined)

    def to_the_kebele(self) -> None:
        """Both children go home; the community worker takes over."""
        self.scene(
            "5. Addis Ababa to the Kebele: the community worker takes over (day 18 to 22)",
            "A new guardian, a new consent, a plan with two people to call. An escort, a meeting with an official of"
            " the Kebele, the mother's written yes. Then responsibility moves a second time.",
        )
        self._go(18, Way.goes_home)
        self._travel(SECOND)
        self._go(22, Way.at_home)

    def to_the_community(self) -> str:
        """The community worker asks a person of the care coalition, who stays silent and then answers by phone."""
        self.scene(
            "6. The community worker to a person of the care coalition, who does not answer (day 25 to 29)",
            "The consent names Gebre of Kebele 01 for minimal contact and one need: a kiosk for the mother. Not the"
            " committee: one person.",
        )
        self.stage.go_to(25)
        meseret, coalition = self.person("meseret"), self.agencies["ccc-kebele-01"]
        grant = story.grant(self.now(), coalition, "livelihood", set(demo_case.LOAN))
        held = basis.draft(meseret, story.guardian_consent(self.now(), "ET", grant), "guardian's consent, one need")
        wide = story.grant(self.now(), coalition, "livelihood", {*demo_case.LOAN, "status"}, demo_case.TURNED_ON)
        too_much = basis.draft(meseret, story.guardian_consent(self.now(), "ET", wide), "more than one need")
        self.refused(meseret, coalition, too_much, {**demo_case.LOAN, "status": story.STATUS}, "livelihood")
        person = self.person("gebre").id
        out = Outgoing(coalition, demo_case.LOAN, held, "livelihood", urgency="urgent", person=person)
        handoff = self.send(meseret, out, "the guardian's consent, for one need")
        self.say("clock", "time now runs a day in ten seconds; nobody at the coalition looks at anything")
        self.stage.hurry(_DAY_IN_TEN_SECONDS)
        self.stage.wait(lambda: self._rungs(meseret, handoff) >= _TWO_RUNGS, "two rungs of the ladder")
        self.stage.hurry(1)
        self._tell_rungs(meseret, handoff)
        proxies.report(meseret, handoff, "acknowledge", "phone", "Gebre says on the phone: seen, will meet the family.")
        self.say("meseret", "phones Gebre: he has seen it. She enters that with evidence, in her own name")
        self.show(meseret, handoff)
        return handoff

    def timeline(self, way: Way, *beside: str) -> Timeline:
        """Return the timeline of a child's case: its legs, its referrals, and what the agencies wrote down."""
        notes = [note for child, note in self.notes if child is way.child]
        shown = [
            reading.show(self.person(who), handoff) for who, handoff in zip(("amina", "meseret"), beside, strict=False)
        ]
        return timeline.timeline([*way.shown(), *shown], notes)

    def _travel(self, hop: Hop) -> None:
        self._go(hop.day, lambda way: way.leaves(hop))
        self.stage.go_to(hop.day, hours=8)
        self.say("clock", f"eight hours later the bus is at its place: {hop.where}")
        self._go(hop.day, lambda way: way.received(hop))

    def _go(self, day: int, act: Callable[[Way], None]) -> None:
        """Let both children go on a day; the first is told, of the second only that it is the same."""
        if self.stage.today < day:
            self.stage.go_to(day)
            self.say("clock", f"day {day}, {self.day(day)}")
        for way in self.ways:
            self.told = way is self.ways[0]
            act(way)
        self.told = True
        self.say(self.ways[1].child.name, _SECOND)
        self._console.print()

    def searched(self) -> list[Any]:
        """Return all that was ever sealed: what no hub may know a word of."""
        sealed: list[Any] = [story.EMERGENCY_SECTIONS, demo_case.LOAN, *(way.sealed for way in self.ways)]
        return [*sealed, self._own[0]] if self._own else sealed

    def _tell_rungs(self, member: Member, handoff: str) -> None:
        for line in reading.show(member, handoff).lines:
            said = line.statement
            if said.type == "referral.overdue":
                told = ", ".join(role.replace("_", " ") for role in said.body["tell"])
                self.say(
                    "hub ET", f"rung {said.body['rung']} at {self.time(said.at)}: told {told} (mail without content)"
                )

    def _rungs(self, member: Member, handoff: str) -> int:
        return sum(line.statement.type == "referral.overdue" for line in reading.show(member, handoff).lines)
