"""The words in which scenarios are told: who agreed, what is sent, opened, refused and taken back.

Real clients over real hubs, one hub a country, days counted from the scenario's first. All people are invented.

Some words of the scenarios' ledgers are no entry of a hub's log, because they would say something about the child:
`consent.granted` is an own record of the agency that asked, `packet.opened` one of the agency that opened, and of
`policy.blocked` and `firewall.blocked` nothing is left at all: what is refused is never sealed.
"""

from __future__ import annotations

import io
import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any

from hub.client import access, around, cosigning, groups, opening, reading, records, referrals, withdrawal
from hub.client import basis as bases
from hub.client.groups import Again, How
from hub.client.referrals import Outgoing
from hub.clock import FileClock
from hub.errors import ConsentMissing, NotFound, WrongRecipient
from hub.handofflog.auditor import audit
from hub.handofflog.store import HandoffLog
from hub.handoffs.jobs import erase_packets
from hub.ids import agency_id
from hub.notify.jobs import send_notices
from hub.packets.age import Header, read_header, unwrap
from hub.packets.manifest import MAX_HEADER
from hub.proxies.jobs import ask_back
from hub.referrals.jobs import confirm_time
from hub.statements.grammar import Grade
from tests.support import consents, terminal
from tests.support.answers import Answers
from tests.support.apart import PutClock, settled
from tests.support.gateways import RapidProServer, serving
from tests.support.searching import EVERYBODYS, closure, found_in, kept_by, tokens
from tests.support.smtp import mail_server
from tests.support.world import FOUNDER, PASSPHRASE, Mailing, consent, emergency, today, world_apart

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import date
    from pathlib import Path
    from types import ModuleType

    from hub.client.basis import Held, Preview
    from hub.client.member import Member
    from hub.client.withdrawal import Holder
    from hub.handoffs.domain import Copy
    from hub.statements.grammar import Statement
    from tests.support.smtp import Mailbox
    from tests.support.world import World

DAY = 24 * 3600
FIRST_DAY = int(datetime(2025, 3, 3, 8, tzinfo=UTC).timestamp())
"""D0 of every scenario, at eight in the morning."""
LEDGER = {
    "referral.submit": "referral.sent",
    "referral.deliver": "packet.delivered",
    "referral.acknowledge": "referral.acknowledged",
    "referral.accept": "referral.accepted",
    "referral.start": "referral.started",
    "referral.report_outcome": "referral.completed",
    "referral.decline": "referral.declined",
    "referral.cancel": "referral.cancelled",
    "referral.resolve": "referral.rerouted",
    "referral.late_answer": "referral.answered_late",
    "referral.waitlist": "referral.waitlisted",
    "referral.ask": "question.asked",
    "referral.answer": "question.answered",
    "referral.change_urgency": "urgency.changed",
    "referral.pause_clock": "clock.paused",
    "referral.expire": "referral.expired",
    "referral.close": "referral.closed",
    "referral.dispute": "referral.disputed",
    "referral.asked_back": "number.answered",
    "referral.link": "link.sent",
    "referral.bind": "link.opened",
    "referral.unlink": "link.revoked",
    "consent.withdraw": "consent.withdrawn",
    "packet.destroy": "packet.recalled",
    "consent.holder_answer": "holder.answered",
    "case.open": "case.opened",
    "case.hold": "case.opened",
    "case.leg": "leg.named",
    "transfer.inquire": "place.asked",
    "transfer.answer_inquiry": "place.answered",
    "transfer.request_assessment": "assessment.requested",
    "transfer.return_assessment": "assessment.returned",
    "transfer.offer": "transfer.proposed",
    "transfer.search": "search.sealed",
    "transfer.deliver": "packet.delivered",
    "transfer.acknowledge": "transfer.acknowledged",
    "transfer.ask": "question.asked",
    "transfer.answer": "question.answered",
    "transfer.accept": "transfer.accepted",
    "transfer.decline": "transfer.declined",
    "transfer.depart": "transfer.departed",
    "transfer.not_departed": "followup.not_departed",
    "transfer.change": "plan.changed",
    "transfer.acknowledge_change": "plan.change_heard",
    "transfer.arrive": "transfer.arrived",
    "transfer.report_missing": "alert.raised",
    "transfer.verify": "arrival.verified",
    "transfer.cosign": "transfer.cosigned",
    "transfer.dispute": "transfer.disputed",
    "transfer.freeze": "case.frozen",
    "transfer.unfreeze": "case.unfrozen",
    "transfer.halt": "case.halted",
    "transfer.cancel": "transfer.cancelled",
    "transfer.return": "transfer.returned",
    "transfer.expire": "transfer.expired",
    "transfer.resolve": "transfer.replanned",
    "transfer.release": "transfer.handed_over",
    "transfer.unrelease": "transfer.taken_back",
    "transfer.take": "transfer.confirmed",
    "transfer.intake": "case.received",
    "transfer.notice": "arrival.noticed",
    "transfer.first_contact": "visit.logged",
    "transfer.follow_up": "visit.logged",
    "transfer.post_closure_visit": "visit.logged",
    "transfer.move_on": "transfer.moved_on",
    "transfer.close": "case.closed",
    "transfer.reopen": "case.reopened",
}
"""A scenario's word for a statement in the logs; an answer that its agency did not sign has its grade behind it."""
_PLAIN = frozenset({Grade.SIGNED, Grade.HUB})
RUNGS = ("reminder", "deputy", "escalated", "area", "last")
"""A scenario's word for a rung of the ladder."""
_ROLES = {
    "community_structure": frozenset({"focal_point", "caseworker", "agency_admin"}),
    **dict.fromkeys(("migration_authority", "border_police", "police"), frozenset({"agency_admin", "coordinator"})),
}


_KEEPERS = frozenset({"agency_admin", "data_officer"})


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """An invented child or parent, and what the agency that works with them has written down, by section."""

    code: str
    name: str
    situation: str
    age_band: str
    language: str
    law: str
    file: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def part(self, *sections: str) -> dict[str, Any]:
        """Return these sections of the file."""
        return {section: dict(self.file[section]) for section in sections}

    def in_family(self, law: str) -> Person:
        """Return the same child once it lives with its family again, under the law of that country."""
        return replace(self, situation="in_family", law=law)

    def words(self) -> set[bytes]:
        """Return what no hub may know: the name, the code and every longer text of the file."""
        said = [text for section in self.file.values() for text in section.values() if isinstance(text, str)]
        texts = [text for text in said if not text[:4].isdigit()]  # hubs know days
        deeper = [text for text in _texts(self.file) if "Syn" in text]
        return {text.encode() for text in (self.code, self.name, *texts, *deeper) if len(text) > 9}


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a file of published forms, however deep it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


# Who gives, what the child says, what is given


def guardian(order: str, body: str, **more: Any) -> dict[str, Any]:
    """A guardian whom a court or an authority appointed; the order runs a year unless `until` says otherwise."""
    return {"capacity": "guardian", "order": {"reference": order, "body": body, "scope": None, **more}}


def parent(relationship: str) -> dict[str, Any]:
    return {"capacity": "parent", "relationship": relationship, "order": None}


THEMSELVES = {"capacity": "self", "years": 27, "order": None}
TOO_YOUNG = {"answer": "not_asked", "because": "too_young", "asked_by": None, "how": None, "language": None}


def agrees(words: str) -> dict[str, Any]:
    return {"answer": "agreed", "words": words}


def says_no(words: str) -> dict[str, Any]:
    return {"answer": "refused", "words": words}


@dataclass(frozen=True, slots=True)
class Grant:
    """To whom, for what, which sections, and to whom it may be passed on."""

    to: str
    purpose: str
    sections: tuple[str, ...]
    onward: tuple[str, ...] = ()
    turned_on: tuple[str, ...] = ()


def grant(
    to: str, purpose: str, *sections: str, onward: tuple[str, ...] = (), turned_on: tuple[str, ...] = ()
) -> Grant:
    """`turned_on` names those sections that are off unless somebody asked for each by name (R12)."""
    return Grant(to, purpose, (*sections, *turned_on), onward, turned_on)


# The scene


@dataclass
class Scene(Answers):
    """The agencies of one scenario, each by its short name, and what they do."""

    world: World
    mailbox: Mailbox
    gateway: RapidProServer
    kinds: Mapping[str, tuple[str, str]]
    handoffs: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    """What was said in words in answers, evidence and reasons."""

    def member(self, agency: str) -> Member:
        return self.world.members[agency]

    def address(self, agency: str) -> str:
        return agency_id(agency, self.member(agency).account.host)

    def date(self, n: int) -> date:
        return datetime.fromtimestamp(FIRST_DAY, UTC).date() + timedelta(days=n)

    def day(self, n: int) -> str:
        """Return the date of day `n` as it is written."""
        return self.date(n).isoformat()

    def moment(self, n: int, hour: int = 8) -> int:
        """Return an hour of day `n`."""
        return FIRST_DAY + n * DAY + (hour - 8) * 3600

    def on_day(self, n: int, hour: int = 8) -> None:
        """Let time pass until a day. A scenario goes forward; a test that is run alone begins on its day."""
        moment = self.moment(n, hour)
        assert moment >= self.world.clock.now(), "a scenario goes forward"
        self.world.clock.at = moment
        for served in self.world.hubs.values():
            confirm_time(served.hub)  # days went by in one step, so somebody says that the clock is right
        self.deliver()

    def deliver(self) -> None:
        """Let every hub do what is due, withdrawals and notices too; hubs in processes do it themselves."""
        self.world.run()
        if self.world.work is settled:
            return
        if sum([ask_back(served.hub) for served in self.world.hubs.values()]):
            self.world.run()
        if sum([erase_packets(served.hub) for served in self.world.hubs.values()]):
            self.world.run()
        for served in self.world.hubs.values():
            send_notices(served.hub)

    def colleague(self, agency: str, login: str, role: str) -> Member:
        """Return somebody else of an agency, who joins when first asked for."""
        return self.world.members.get(login) or self.world.join(self.member(agency), login, {role})

    # Agreeing

    def consent(
        self, agency: str, person: Person, giver: dict[str, Any], child: dict[str, Any], *grants: Grant, **more: Any
    ) -> Held:
        """Record what a giver and a child agreed to today; `more` are other groups of the record."""
        subject = {"pseudonym": person.code, "situation": person.situation, "age_band": person.age_band}
        subject |= {"languages": [person.language], "law": person.law}
        said = {"informing": {"language": person.language}, **more}
        where = {"on": self.today(), "place": self.kinds[agency][1]}
        draft = consent(
            self.world.clock,
            *self.grants(*grants),
            subject=subject,
            giver=self.giver(giver),
            assent={"language": person.language, **child},
            expression=where,
            **said,
        )
        return bases.draft(self.member(agency), draft, person.code)

    def giver(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a giver; an order runs from today, for a year unless it says otherwise."""
        if row["order"] is None:
            return row
        last = (today(self.world.clock) + timedelta(days=365)).isoformat()
        return {**row, "order": {"from": self.today(), "until": last, **row["order"]}}

    def grants(self, *rows: Grant) -> list[dict[str, Any]]:
        """Return grants as the record has them; each ends after ninety days."""
        last = (today(self.world.clock) + timedelta(days=90)).isoformat()
        return [
            consents.grant(
                self.address(row.to),
                *row.sections,
                purpose=row.purpose,
                country=self.kinds[row.to][1],
                onward=[self.address(name) for name in row.onward],
                turned_on=list(row.turned_on),
                **{"from": self.today(), "until": last},
            )
            for row in rows
        ]

    def duty_to_protect(self, agency: str, *, tell: str, child: str) -> Held:
        """Record that a child-protection authority must be told before anybody can consent."""
        basis = consents.mandatory(recipients=[self.address(tell)], assent=child, given=self.today())
        last = (today(self.world.clock) + timedelta(days=14)).isoformat()
        return bases.draft(self.member(agency), {**basis, "until": last}, "duty")

    def vital_interest(self, agency: str, *, to: str, supervisor: Member) -> Held:
        """Record a supervisor's note that life or health cannot wait."""
        return emergency(self.member(agency), self.world.clock, self.address(to), supervisor.id)

    def today(self) -> str:
        return today(self.world.clock).isoformat()

    # Sending and opening

    def send(self, agency: str, on: Held, what: Mapping[str, Any], **asked: Any) -> str:
        """Refer: `to` whom, for which `purpose`; return the handoff."""
        sent = referrals.send(self.member(agency), self._out(on, what, **asked))
        assert sent.cosign is None, "it waits for a second signature"
        return self._went(sent.handoff)

    def prepare(self, agency: str, on: Held, what: Mapping[str, Any], **asked: Any) -> tuple[str, str]:
        """Prepare what needs a supervisor's signature; return the handoff and the record in which it waits."""
        sent = referrals.send(self.member(agency), self._out(on, what, **asked))
        assert sent.cosign is not None, "one signature was enough"
        return sent.handoff, sent.cosign

    def cosign(self, supervisor: Member, record: str) -> str:
        return self._went(cosigning.cosign(supervisor, record)["id"])

    def refused(self, agency: str, on: Held, what: Mapping[str, Any], **asked: Any) -> list[str]:
        """Try to send what may not be sent; return each rule with its sentence. Fails if anything goes out."""
        member = self.member(agency)
        before = self._out_of(member)
        try:
            referrals.send(member, self._out(on, what, **asked))
        except ConsentMissing as error:
            assert self._out_of(member) == before, "something was sent all the same"
            return sorted({f"{row['rule']} {row['message']}" for row in error.facts["reasons"]})
        raise AssertionError("It was not refused.")

    def send_household(self, agency: str, packets: Iterable[tuple[Held, Mapping[str, Any]]], **asked: Any) -> list[str]:
        """Refer several people of one household, each on a basis of their own; return the handoffs in that order."""
        outs = [self._out(on, what, **asked) for on, what in packets]
        return [self._went(sent.handoff) for sent in groups.send_household(self.member(agency), outs)]

    def reroute(self, agency: str, handoff: str, *, to: str, on: Held) -> str:
        """Refer again to another agency on a consent that names it; return the new handoff."""
        again = Again(self.address(to), on)
        return self._went(groups.reroute(self.member(agency), handoff, again).handoff)

    def supersedes(self, agency: str, handoff: str, on: Held, what: Mapping[str, Any], **asked: Any) -> str:
        """Refer anew what was disputed; that one follows the other only the sender's own records know."""
        sent = groups.follow(self.member(agency), handoff, self._out(on, what, **asked), How.SUPERSEDES)
        return self._went(sent.handoff)

    def plaintext(self, agency: str, handoff: str) -> str:
        """Return all that an agency reads of a handoff, as one text."""
        found = opening.open_handoff(self.member(agency), handoff)
        return json.dumps([dict(item.sections) for item in found], ensure_ascii=False)

    @staticmethod
    def _out_of(member: Member) -> set[str]:
        return {str(row["id"]) for row in reading.pages(member, "referral", "out")}

    def preview(self, agency: str, on: Held, what: Mapping[str, Any], **asked: Any) -> Preview:
        """Return what the recipient would see, before anything is sealed."""
        member, out = self.member(agency), self._out(on, what, **asked)
        return bases.preview(member, on, out.asked(member.trust.agency(out.to)))

    def opens(self, agency: str, handoff: str, into: Path | None = None) -> dict[str, Any]:
        """Open at the recipient; return what is seen. Fails if anything was held back."""
        (opened,) = opening.open_handoff(self.member(agency), handoff, into=into)
        opened.refuse_quarantined()
        return {name: value for name, value in opened.sections.items() if name != opening.REQUEST}

    def passes_on(self, agency: str, handoff: str) -> Held:
        """Return the basis on which an agency may pass on what it was sent."""
        return opening.received(self.member(agency), handoff)

    def take(self, agency: str, handoff: str, step: str, **said: Any) -> None:
        """Let an agency take a step on a referral, and the others hear of it."""
        self.said |= {said["text"]} if "text" in said else set()
        referrals.take(self.member(agency), handoff, step, **said)
        self.deliver()

    def _out(
        self, on: Held, what: Mapping[str, Any], *, to: str, purpose: str, person: str | None = None, **more: Any
    ) -> Outgoing:
        named = None if person is None else self.world.members[person].id
        return Outgoing(self.address(to), what, on, purpose, person=named, **more)

    def _went(self, handoff: str) -> str:
        self.handoffs.append(handoff)
        self.deliver()
        return handoff

    # Taking back

    def withdraw(self, agency: str, on: Held) -> None:
        withdrawal.withdraw(self.member(agency), on.handoff)

    def recall(self, agency: str, on: Held) -> list[Holder]:
        """Return who was sent something on a consent, and what is known of their copies."""
        return withdrawal.status(self.member(agency), on.handoff)

    def copies(self, agency: str, on: Held) -> dict[str, Copy]:
        """Return what each hub has signed about its copy of what one recipient was sent."""
        (holder,) = self.recall(agency, on)
        assert holder.custody is not None
        return {copy.host: copy for copy in holder.custody.hubs}

    def answers(self, agency: str, handoff: str, said: str, ground: str | None = None) -> None:
        """Let a holder say what became of its copy."""
        withdrawal.answer(self.member(agency), handoff, said, ground)
        self.deliver()

    # Looking

    def reads(self, agency: str, *words: str) -> str:
        """Return what an agency's worker reads after a command."""
        FileClock(self.world.folder / "clock").put(self.world.clock.now(), factor=0)
        (self.world.folder / "passphrase").write_text(PASSPHRASE)
        given = ("--profile", self.world.folder / agency, "--passphrase-file", self.world.folder / "passphrase")
        return terminal.hub(*given, *words, HUB_CLOCK_FILE=str(self.world.folder / "clock"))

    def state(self, agency: str, handoff: str) -> str | None:
        return reading.show(self.member(agency), handoff).state

    def sees_nothing_of(self, agency: str, handoff: str) -> bool:
        """Whether a handoff does not exist for an agency."""
        try:
            reading.show(self.member(agency), handoff)
        except NotFound:
            return True
        return False

    def ledger(self, agency: str, handoff: str) -> list[str]:
        """Return what the log of an agency's hub holds of a handoff, in the scenarios' words, by position."""
        lines = [line for line in reading.show(self.member(agency), handoff).lines if line.standing == "effective"]
        return [entry(line.statement) for line in sorted(lines, key=lambda line: line.position or 0)]

    def openings(self, agency: str, handoff: str) -> int:
        """Return how often an agency's own records say that it opened a handoff."""
        return sum(row.times for row in access.listing(self.member(agency)) if row.handoff == handoff)

    def consents_for(self, agency: str, person: Person) -> int:
        """Return how many consents for somebody an agency keeps."""
        return sum(row.value["label"] == person.code for row in records.listing(self.member(agency), "consent"))

    def cannot_decrypt(self, agency: str, handoff: str, *, stolen_from: str) -> bool:
        """Whether no key of an agency opens a packet, even if it stole the bytes from who may have them."""
        source, thief = self.member(stolen_from), self.member(agency)
        thief.epochs()
        for packet in (one for one in reading.show(source, handoff).packets if one.manifest.to == source.agency):
            for entry in packet.manifest.files:
                stolen = io.BytesIO()
                source.hub.download(f"/api/v1/packets/{packet.hash}/files/{entry.n}", stolen, entry.plen + MAX_HEADER)
                stolen.seek(0)
                try:
                    unwrap(Header.from_bytes(read_header(stolen)), thief.identities(()))
                except WrongRecipient:
                    continue
                return False
        return True

    # What holds for every scenario

    def hubs_know_nothing_of(self, *people: Person) -> None:
        """Fail if a name, a code or a text about somebody is in any hub's database, files, mail or SMS."""
        kept = [(f"mail {n}", mail.as_bytes()) for n, mail in enumerate(self.mailbox.mails)]
        kept += [(f"SMS to {number}", text.encode()) for number, text in self.gateway.texts]
        assert kept or not self.handoffs, "no mail was sent"
        for served in self.world.hubs.values():
            kept += kept_by(served.hub)
        words = {text.encode() for text in self.said if len(text) > 9}
        known = found_in(kept, sorted(words.union(*(person.words() for person in people))))
        assert known == set(), known

    def nothing_joins(self, *handoffs: str, journeys: Iterable[Collection[str]] = ()) -> None:
        """Fail if a hub could tell that two of these are about one child; that they are one agency's it does know.

        The legs of each of these `journeys` may be joined with one another, because a register names those that follow.
        """
        known = [frozenset(journey) for journey in journeys]
        held = [one for member in self.world.members.values() for one in member.identities(member.epochs())]
        keys = {identity.recipient.kid for identity in held}
        hubs = [tokens(served.hub) for served in self.world.hubs.values()]
        public = keys.union(*(values for rows in hubs for table, values in rows if table in EVERYBODYS))
        for found in hubs:
            rows = [values - public for table, values in found if table not in EVERYBODYS]
            reached = {handoff: closure(rows, handoff) for handoff in handoffs}
            apart = (pair for pair in combinations(reached, 2) if not any(set(pair) <= legs for legs in known))
            joined = {pair: reached[pair[0]] & reached[pair[1]] for pair in apart}
            assert not any(joined.values()), {pair: found for pair, found in joined.items() if found}

    def logs_verify(self) -> None:
        """Fail if any entry of any log was edited, deleted or moved."""
        for served in self.world.hubs.values():
            with served.hub.database.read() as connection:
                report = audit(HandoffLog(connection, served.hub.origin).export())
            assert report.findings == ()
            assert report.size


def entry(said: Statement) -> str:
    """Return the scenarios' word for a statement."""
    if said.type == "referral.overdue":
        return f"followup.{RUNGS[min(said.body['rung'], len(RUNGS)) - 1]}"
    return LEDGER[said.type] if said.grade in _PLAIN else f"{LEDGER[said.type]} ({said.grade})"


def host(country: str) -> str:
    return f"{country.lower()}.example"


def home_of(module: ModuleType, agency: str) -> str:
    """Return where an agency is at home: the hub of its country, unless `HOMES` of the scenario's file says another."""
    known: Mapping[str, str] = getattr(module, "HOMES", {})
    return known.get(agency) or host(module.AGENCIES[agency][1])


def hosts_of(module: ModuleType) -> list[str]:
    """Return where the hubs of a scenario's file are."""
    return list(dict.fromkeys(home_of(module, agency) for agency in module.AGENCIES))


@contextmanager
def told_by(module: ModuleType, folder: Path, databases: Mapping[str, str]) -> Iterator[Scene]:
    """Set the scene of a scenario's file: its hubs in processes of their own, on these `databases` or else on SQLite.

    `AGENCIES` are kinds and countries by name, `RECORD` those who ask for consent, `AGREEMENTS` the sharing protocols:
    who keeps one, and between which two countries. `NO_ACCOUNT` are providers without one, and who answers for them;
    `HOMES` are agencies at another hub than their country's.
    """
    agencies: Mapping[str, tuple[str, str]] = module.AGENCIES
    answers_for: Mapping[str, str] = getattr(module, "NO_ACCOUNT", {})
    with ExitStack() as stack:
        mailbox = stack.enter_context(mail_server())
        gateway = stack.enter_context(serving(RapidProServer()))
        made = stack.enter_context(_hubs(module, folder, databases, _channels(mailbox, gateway)))
        for name, served in made.hubs.items():
            made.hubs[name] = Mailing(served.hub, served.url)
        for name, (kind, country) in agencies.items():
            sponsor = answers_for.get(name)
            more = {} if sponsor is None else {"parent": made.members[sponsor].agency, "no_account": True}
            roles = _ROLES.get(kind, FOUNDER) if sponsor is None else _KEEPERS
            made.found(home_of(module, name), name, kind, country, name, roles, **more)
        _train(made, module.RECORD)
        for keeper, *countries in module.AGREEMENTS:
            around.put_protocol(made.members[keeper], _agreement(made, countries))
        made.befriend()
        yield Scene(made, mailbox, gateway, agencies)


def _hubs(
    module: ModuleType, folder: Path, databases: Mapping[str, str], channels: Mapping[str, str]
) -> AbstractContextManager[World]:
    clock = PutClock(folder / "clock", FIRST_DAY)
    return world_apart(folder, clock, *hosts_of(module), databases=databases, **channels)


def _channels(mailbox: Mailbox, gateway: RapidProServer) -> dict[str, str]:
    texts = {"sms": "rapidpro", "sms_url": gateway.url, "sms_secret": gateway.secret}
    return {"smtp": mailbox.address, **texts}


def _train(made: World, names: Iterable[str]) -> None:
    for name in names:
        made.train(made.members[name], made.join(made.members[name], f"{name}-trainer", {"agency_admin"}))


def _agreement(made: World, countries: list[str]) -> dict[str, Any]:
    span = {"from": today(made.clock).isoformat(), "until": (today(made.clock) + timedelta(days=700)).isoformat()}
    return {"label": "-".join(countries), **consents.protocol(countries=countries), **span}
