"""The play: what each person does in the demonstration, told as it happens, with who has the ball and by when."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from hub.cli import demo_map, words
from hub.cli import demo_story as story
from hub.client import basis, opening, proxies, reading, referrals, services
from hub.client.referrals import Outgoing
from hub.directory.matching import reasons
from hub.directory.matching.asking import where_of
from hub.directory.matching.match import DOES_NOT, UNKNOWN, Person, Question
from hub.errors import ConsentMissing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from hub.cli.demo_stage import Stage
    from hub.client.basis import Held
    from hub.client.member import Member

    Packet = tuple[dict[str, Any], list[Path]]

_DAY_IN_TEN_SECONDS = 8_640
_TWO_RUNGS = 2
_NAME_WIDTH = 16


class Play:
    """Scenario S1, as far as referrals carry it. Each scene returns the handoff that it made."""

    def __init__(self, stage: Stage, console: Console, own: Packet | None) -> None:
        self.stage = stage
        self._console = console
        self._own = own
        self.agencies: dict[str, str] = {}
        self._opened: list[str] = []

    def set_up(self) -> None:
        """Found the agencies of the scenario and let everybody enrol."""
        self._scene("Setting up", "Two hubs, two mail rooms that cannot read. Keys are made on each person's device.")
        stage = self.stage
        stage.open()
        for country, hub in stage.hubs.items():
            self._say(f"hub {country}", f"{hub.host} serves at {hub.url}; the other hub is a peer, by fingerprint")
        plan: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
            ("shelter", "DJ", "shelter", (("amina", "caseworker"), ("omar", "supervisor"))),
            ("child-protection", "DJ", "authority", (("fatouma", "caseworker"),)),
            (
                "transit-addis",
                "ET",
                "io",
                (("selamawit", "caseworker"), ("dawit", "deputy"), ("hirut", "supervisor")),
            ),
            ("ccc-kebele-01", "ET", "community_structure", (("gebre", "provider"),)),
        )
        for name, country, kind, people in plan:
            self.agencies[name] = stage.agency(name, country, kind, *people)
            who = ", ".join(f"{login} ({role})" for login, role in people)
            self._say(name, f"{kind.replace('_', ' ')} in {country}, certified by two certifiers: {who}")
        stage.pull()
        for trained, by in (("amina", "omar"), ("selamawit", "hirut")):
            stage.train(trained, by)
            self._say(by, f"records that {trained} was trained to ask for consent")
        self._say("hubs", "each fetched the other's keys and proved them against the other's log")

    def to_the_authority(self) -> None:
        """The shelter tells the child-protection authority, before any guardian exists."""
        self._scene(
            "1. Shelter to the child-protection authority",
            "An unaccompanied boy of 16. No guardian exists yet, so nobody can consent for him. The duty to protect"
            " allows one thing: telling the authority the minimum, with his own yes.",
        )
        amina, fatouma, authority = self._person("amina"), self._person("fatouma"), self.agencies["child-protection"]
        duty = basis.draft(amina, story.protection(authority, self._now()), "duty to protect")
        self._refused(amina, self.agencies["transit-addis"], duty)
        out = Outgoing(authority, story.EMERGENCY_SECTIONS, duty, "protection", urgency="urgent")
        handoff = self._send(amina, out, "the duty to protect (mandatory_protection)")
        self._read(fatouma, handoff)
        referrals.take(fatouma, handoff, "acknowledge")
        referrals.take(fatouma, handoff, "accept", first_contact=self._day(1))
        self._say("fatouma", "opened it, signed for it, accepted it: a guardian will be appointed")
        self._show(amina, handoff)

    def find_a_service(self) -> None:
        """The shelter looks across the border for who can take the boy in; the hub learns a need and a place."""
        self._scene(
            "2. Who can receive him in Addis Ababa?",
            "The transit centre keeps its part of the service map. The shelter's hub is asked for a need and a place;"
            " how old he is and that he is alone is compared on the caseworker's own machine.",
        )
        amina, selamawit = self._person("amina"), self._person("selamawit")
        self.stage.know_areas("DJ", "ET")
        kept = demo_map.put_map(selamawit, self._now())
        self._say("selamawit", f"puts {kept} services into the map and says that she has seen them")
        self.stage.pull()
        boy = Person(months_from=16 * 12, months_to=17 * 12 - 1, sex="male", situation="unaccompanied")
        asked = Question("reception", boy, where_of(demo_map.AREA, None))
        for row in services.find(amina, asked, stale=True).ranked:
            said = [reasons.sentence(one, "en") for one in row.criteria if one.said == DOES_NOT]
            asks = [reasons.words("en")["criteria"][one.id] for one in row.criteria if one.said == UNKNOWN]
            why = " ".join(said) or (f"ask about: {', '.join(asks)}" if asks else "all that is asked is met")
            mark = "[green]fits[/green]" if row.sure else "[yellow]ask[/yellow]" if row.fits else "[red]not[/red]"
            self._say(mark, f"{escape(str(row.listing['name']))}: {escape(why)}")
        self._say("hub DJ", "signed the list; the centre's address is not in it, only the desk where one asks")
        self._console.print()

    def across_the_border(self) -> None:
        """The shelter refers the boy to the transit centre in the other country, on the guardian's consent."""
        self._scene(
            "3. Djibouti to Addis Ababa",
            "The guardian is appointed and consents, the boy says yes. What is not covered will not be sealed.",
        )
        amina, selamawit, addis = self._person("amina"), self._person("selamawit"), self.agencies["transit-addis"]
        sections, attachments = self.content()
        names = {*sections, *story.ANSWER}
        grant = story.grant(self._now(), addis, "reception", names)
        consent = basis.draft(amina, story.guardian_consent(self._now(), "DJ", grant), "guardian's consent")
        self._refused(amina, self.agencies["child-protection"], consent, sections, "reception")
        out = Outgoing(addis, sections, consent, "reception", urgency="high", attachments=attachments)
        handoff = self._send(amina, out, "the guardian's consent")
        self._arrived(amina, selamawit, handoff)
        self._read(selamawit, handoff)
        self._step(selamawit, amina, handoff, "acknowledged", lambda: referrals.take(selamawit, handoff, "acknowledge"))
        question = "Who travels with him?"
        self._step(
            selamawit, amina, handoff, "info_needed", lambda: referrals.take(selamawit, handoff, "ask", text=question)
        )
        self._say("selamawit", "asks a question, sealed to the shelter; now the shelter has the ball")
        self._read(amina, handoff)
        referrals.answer(amina, handoff, story.ANSWER)
        self._say("amina", "answers, on the same consent")
        self._wait_state(selamawit, handoff, "acknowledged")
        self._step(
            selamawit,
            amina,
            handoff,
            "accepted",
            lambda: referrals.take(selamawit, handoff, "accept", first_contact=self._day(14)),
        )
        self._show(amina, handoff)

    def to_the_community(self) -> str:
        """The transit centre asks a person of the care coalition, who stays silent and then answers by phone."""
        self._scene(
            "4. Addis Ababa to a person of the care coalition, who does not answer",
            "The consent names Gebre of Kebele 01 for minimal contact and one need. Not the committee: one person.",
        )
        selamawit, coalition = self._person("selamawit"), self.agencies["ccc-kebele-01"]
        names = set(story.COMMUNITY_SECTIONS)
        grant = story.grant(self._now(), coalition, "livelihood", names)
        consent = basis.draft(
            selamawit, story.guardian_consent(self._now(), "ET", grant), "guardian's consent, one need"
        )
        person = self._person("gebre").id
        out = Outgoing(coalition, story.COMMUNITY_SECTIONS, consent, "livelihood", urgency="urgent", person=person)
        handoff = self._send(selamawit, out, "the guardian's consent, for one need")
        self._say("clock", "time now runs a day in ten seconds; nobody at the coalition looks at anything")
        self.stage.hurry(_DAY_IN_TEN_SECONDS)
        self.stage.wait(lambda: self._rungs(selamawit, handoff) >= _TWO_RUNGS, "two rungs of the ladder")
        self.stage.hurry(1)
        self._tell_rungs(selamawit, handoff)
        proxies.report(
            selamawit, handoff, "acknowledge", "phone", "Gebre says on the phone: seen, will meet the family."
        )
        self._say("selamawit", "phones Gebre: he has seen it. She enters that with evidence, in her own name")
        self._show(selamawit, handoff)
        return handoff

    def readable_by_clients(self, words: set[str]) -> int:
        """Return how many of `words` stand in what people's clients opened: the control of the search."""
        return sum(any(word in text for text in self._opened) for word in words)

    # -- one step each

    def _send(self, sender: Member, out: Outgoing, lawful: str) -> str:
        sent = referrals.send(sender, out)
        categories = ", ".join(out.sections)
        self._say(
            sender.account.login, f"sealed {len(out.sections)} sections ({categories}) on {lawful}, and sent them"
        )
        self._show(sender, sent.handoff)
        return sent.handoff

    def _refused(
        self,
        sender: Member,
        to: str,
        held: Held,
        sections: Mapping[str, Any] = story.EMERGENCY_SECTIONS,
        purpose: str = "protection",
    ) -> None:
        try:
            referrals.send(sender, Outgoing(to, sections, held, purpose))
        except ConsentMissing as refusal:
            reasons: Any = refusal.facts["reasons"]
            rule, why = reasons[0]["rule"], reasons[0]["message"]
            name = _name(to)
            self._say("[red]refused[/red]", f"to {name}: [italic]{why}[/italic] ({rule}). Nothing was sealed")

    def _arrived(self, sender: Member, receiver: Member, handoff: str) -> None:
        self.stage.wait(lambda: self._state(sender, handoff) == "delivered", "delivery to the other hub")
        self.stage.wait(lambda: self._state(receiver, handoff) == "delivered", "the word of the ordering hub")
        self._say("hubs", "delivered over the border: stored, signed for by the other hub, both logs have it")

    def _read(self, member: Member, handoff: str) -> None:
        opened = opening.open_handoff(member, handoff)[-1]
        opened.refuse_quarantined()
        self._opened.append(json.dumps(dict(opened.sections), ensure_ascii=False))
        extra = f" and {len(opened.attachments)} attachment(s)" if opened.attachments else ""
        told = ", ".join(name for name in opened.sections if name != opening.REQUEST)
        self._say(member.account.login, f"opened it: {told}{extra}; verified, and covered by the basis it names")

    def _step(self, member: Member, other: Member, handoff: str, state: str, act: Any) -> None:
        act()
        self._wait_state(other, handoff, state)
        self._say(member.account.login, f"signed; both hubs agree: {words.state(state)}")

    def _wait_state(self, member: Member, handoff: str, state: str) -> None:
        self.stage.wait(lambda: self._state(member, handoff) == state, f"the state {state}")

    def _show(self, member: Member, handoff: str) -> None:
        shown = reading.show(member, handoff)
        if shown.ball is None or shown.due is None:
            ball = "nobody: it is over"
        else:
            who = _name(shown.agency_of(shown.ball))
            ball = f"[bold]{who}[/bold], by {self._time(shown.due)}"
        grade = "" if shown.grade in {"signed", "hub"} else f" [yellow]({shown.grade} by the sender)[/yellow]"
        self._say("[cyan]now[/cyan]", f"[cyan]{words.state(str(shown.state))}[/cyan]{grade} · the ball is with {ball}")
        self._console.print()

    def _tell_rungs(self, member: Member, handoff: str) -> None:
        for line in reading.show(member, handoff).lines:
            said = line.statement
            if said.type == "referral.overdue":
                told = ", ".join(role.replace("_", " ") for role in said.body["tell"])
                self._say(
                    "hub ET", f"rung {said.body['rung']} at {self._time(said.at)}: told {told} (mail without content)"
                )

    def _rungs(self, member: Member, handoff: str) -> int:
        return sum(line.statement.type == "referral.overdue" for line in reading.show(member, handoff).lines)

    def _state(self, member: Member, handoff: str) -> str | None:
        rows = [*reading.pages(member, "referral", "in"), *reading.pages(member, "referral", "out")]
        return next((row["state"] for row in rows if row["id"] == handoff), None)

    def content(self) -> Packet:
        """Return the sections and attachments that cross the border: the caller's own, or the invented ones."""
        return self._own or (story.CASE_SECTIONS, [story.letter(self.stage.root)])

    def _person(self, login: str) -> Member:
        return self.stage.people[login]

    def _now(self) -> int:
        return self.stage.clock.now()

    def _day(self, ahead: int) -> str:
        return (datetime.fromtimestamp(self._now(), UTC).date() + timedelta(days=ahead)).isoformat()

    def _time(self, at: int) -> str:
        return datetime.fromtimestamp(at, UTC).strftime("%a %d %b %H:%M UTC")

    def _scene(self, title: str, text: str) -> None:
        self._console.rule(f"[bold]{title}")
        self._console.print(text, style="dim")
        self._console.print()

    def _say(self, who: str, what: str) -> None:
        row = Table.grid(padding=(0, 2))
        row.add_column(justify="right", width=_NAME_WIDTH, style="bold green")
        row.add_column()
        row.add_row(who, what)
        self._console.print(row, highlight=False)


def _name(agency: str) -> str:
    return words.plain(agency).partition("@")[0]
