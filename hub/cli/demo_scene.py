"""How the demonstration is told: scenes, who says what, and the waits for the word of the other hub."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.table import Table

from hub.casefile.gates import words as gate_words
from hub.cli import demo_story as story
from hub.cli import words
from hub.cli.demo_case import HAGOS
from hub.cli.demo_story import plain_name
from hub.client import opening, reading, referrals
from hub.client.basis import BESIDE
from hub.client.referrals import Outgoing
from hub.client.timeline import Note
from hub.errors import ConsentMissing, GateClosed, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

    from hub.cli.demo_case import Child
    from hub.cli.demo_stage import Stage
    from hub.client.basis import Held
    from hub.client.member import Member

_NAME_WIDTH = 16


class Scenes:
    """What all scenes share. `told` is off while the second child goes the way that was told of the first."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self.stage = stage
        self.told = True
        self.agencies: dict[str, str] = {}
        self.notes: list[tuple[Child, Note]] = []
        self.opened: list[str] = []
        self._console = console

    # -- who, when

    def person(self, login: str) -> Member:
        """Return one of the invented people."""
        return self.stage.people[login]

    def now(self) -> int:
        """Return the time of the demonstration."""
        return self.stage.clock.now()

    def day(self, n: int) -> str:
        """Return the date n days after the first."""
        return (datetime.fromtimestamp(self.stage.began, UTC).date() + timedelta(days=n)).isoformat()

    def note(self, agency: str, text: str, child: Child = HAGOS) -> None:
        """Keep what an agency wrote down itself about a child, for the timeline."""
        self.notes.append((child, Note(self.now(), self.agencies[agency], text)))

    # -- telling

    def scene(self, title: str, text: str) -> None:
        """Begin a scene."""
        self._console.rule(f"[bold]{title}")
        self._console.print(text, style="dim")
        self._console.print()

    def say(self, who: str, what: str) -> None:
        """Say what somebody does."""
        if not self.told:
            return
        row = Table.grid(padding=(0, 2))
        row.add_column(justify="right", width=_NAME_WIDTH, style="bold green")
        row.add_column()
        row.add_row(who, what)
        self._console.print(row, highlight=False)

    def time(self, at: int) -> str:
        """Return a time as it is told."""
        return datetime.fromtimestamp(at, UTC).strftime("%a %d %b %H:%M UTC")

    def show(self, member: Member, handoff: str) -> None:
        """Say how a handoff stands, who has the ball and by when."""
        shown = reading.show(member, handoff)
        if shown.ball is None or shown.due is None:
            ball = "nobody: it is over"
        else:
            ball = f"[bold]{plain_name(shown.agency_of(shown.ball))}[/bold], by {self.time(shown.due)}"
        grade = "" if shown.grade in {"signed", "hub"} else f" [yellow]({shown.grade} by the sender)[/yellow]"
        state = words.state(str(shown.state)).replace("_", " ")
        self.say("[cyan]now[/cyan]", f"[cyan]{state}[/cyan]{grade} · the ball is with {ball}")
        if self.told:
            self._console.print()

    # -- one step each

    def send(self, sender: Member, out: Outgoing, lawful: str) -> str:
        """Seal and send a referral; return its handoff."""
        sent = referrals.send(sender, out)
        categories = ", ".join(out.sections)
        self.say(sender.account.login, f"sealed {len(out.sections)} sections ({categories}) on {lawful}, and sent them")
        self.show(sender, sent.handoff)
        return sent.handoff

    def refused(
        self,
        sender: Member,
        to: str,
        held: Held,
        sections: Mapping[str, Any] = story.EMERGENCY_SECTIONS,
        purpose: str = "protection",
    ) -> None:
        """Try to send what the rules do not permit, and say why it was not sealed."""
        try:
            referrals.send(sender, Outgoing(to, sections, held, purpose))
        except ConsentMissing as refusal:
            reasons: Any = refusal.facts["reasons"]
            rule, why = reasons[0]["rule"], reasons[0]["message"]
            self.say("[red]refused[/red]", f"to {plain_name(to)}: [italic]{why}[/italic] ({rule}). Nothing was sealed")

    def stopped(self, act: Callable[[], object]) -> None:
        """Try what the gates of a transfer stop, and say which do."""
        try:
            act()
        except GateClosed as refusal:
            said = gate_words.words("en")["messages"]
            gates: Any = refusal.facts["gates"]
            for gate in gates:
                why = said[gate].format_map({"country": "ET", "date": "", "receiver": "", "agency": ""})
                self.say("[red]stopped[/red]", f"[italic]{why}[/italic] ({gate})")
            self.say("", "Nothing was sealed")

    def arrived(self, sender: Member, receiver: Member, handoff: str) -> None:
        """Wait until a packet is at the other hub and both hubs say so."""
        self.wait_state(sender, handoff, "delivered")
        self.wait_state(receiver, handoff, "delivered")
        self.say("hubs", "delivered: stored, signed for by the receiver's hub; the logs of both hubs have it")

    def read(self, member: Member, handoff: str) -> None:
        """Open what came in a handoff, and say what is in it."""
        sections: dict[str, Any] = {}
        files = 0
        for opened in opening.open_handoff(member, handoff):
            opened.refuse_quarantined()
            sections |= opened.sections
            files += len(opened.attachments)
        self.opened.append(json.dumps(sections, ensure_ascii=False))
        extra = f" and {files} attachment(s)" if files else ""
        told = ", ".join(name for name in sections if name not in BESIDE)
        self.say(member.account.login, f"opened it: {told}{extra}; verified, and covered by the basis it names")

    def step(self, member: Member, other: Member, handoff: str, state: str, act: Callable[[], object]) -> None:
        """Take a step, and wait until the other side's hub has the same state."""
        act()
        self.wait_state(other, handoff, state)
        self.say(member.account.login, f"signed; both hubs agree: {words.state(state).replace('_', ' ')}")

    def wait_state(self, member: Member, handoff: str, state: str) -> None:
        """Wait until somebody's hub shows a state."""
        self.stage.wait(lambda: self.state(member, handoff) == state, f"the state {state}")

    def state(self, member: Member, handoff: str) -> str | None:
        """Return the state of a handoff as somebody's hub shows it, or None while it is not there."""
        try:
            return reading.show(member, handoff).state
        except NotFound:
            return None

    def readable_by_clients(self, words: set[str]) -> int:
        """Return how many of `words` stand in what people's clients opened: the control of the search."""
        return sum(any(word in text for text in self.opened) for word in words)
