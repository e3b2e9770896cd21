"""A world in which every screen of the app has something to show: referrals, transfers at each stage, visits, a map.

Every free text in it is hostile and a canary at once: markup that would run where it is not shown as text, with a word
(`CANARY`) that no hub, log or address may ever hold. `TOUR` says who looks at what.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.aftercare.closing import PARTS
from hub.casefile.sections import forms
from hub.cli.demo_map import put_map
from hub.client import (
    aftercare,
    cases,
    closing,
    groups,
    handover,
    links,
    meetings,
    opening,
    referrals,
    timers,
    transfer_steps,
    transfers,
)
from hub.client.referrals import Outgoing
from hub.directory.areas.store import Areas
from hub.proxies.domain import Review, Why
from hub.proxies.store import Reviews
from tests.support.factories import some_hash
from tests.support.handovers import SAID
from tests.support.legs import People
from tests.support.mapped import mapped
from tests.support.world import populated, reception, today, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.clock import SetClock
    from tests.support.world import World

HOME, AWAY = "dj.example", "et.example"
CANARY = "Kanariya"
HOSTILE = f'{CANARY} <img src=x onerror="document.title=`taken`"><script>document.title="taken"</script>'
FREE = frozenset({"note", "notes", "words", "reason", "text", "description", "full", "given_name", "name", "where"})


@dataclass
class Furnished:
    """The world, and what in it has an address of its own, by a word that the tour uses."""

    world: World
    people: People
    said: str
    ids: dict[str, str] = field(default_factory=dict)

    def path(self, wanted: str) -> str:
        """Return the address of a screen; `{word}` in it stands for one of `ids`."""
        return wanted.format(**self.ids)


@contextmanager
def furnished(folder: Path, clock: SetClock, said: str = HOSTILE) -> Iterator[Furnished]:
    """Yield the furnished world: amina, omar (shelter) at one hub; hana, bekele, liya, gebre (centre) at the other.

    `said` stands before every free text.
    """
    with world(folder, clock, HOME, AWAY) as made:
        populated(made, HOME, AWAY)
        amina, hana = made.members["amina"], made.members["hana"]
        made.join(amina, "omar", {"supervisor"})
        made.join(hana, "bekele", {"supervisor"})
        made.join(hana, "liya", {"coordinator"})
        made.join(hana, "gebre", {"provider"})
        people = People(made, amina, made.members["omar"], hana, made.members["bekele"])
        found = Furnished(made, people, said)
        _late(found)
        _map(found)
        _referrals(found)
        _transfers(found)
        _oversight(found)
        made.run()
        yield found


def marked(value: Any, said: str, name: str = "") -> Any:
    """Return a document with `said` before every free text in it."""
    if isinstance(value, dict):
        return {key: marked(one, said, key) for key, one in value.items()}
    if isinstance(value, list):
        return [marked(one, said, name) for one in value]
    return f"{said} {value}".strip() if isinstance(value, str) and name in FREE else value


def hostile(sections: dict[str, Any], said: str) -> dict[str, Any]:
    """Return sections of a case with `said` before every text that their forms leave to whoever writes."""
    made = deepcopy(sections)
    for name, document in made.items():
        for held, key in _texts(document):
            text = held[key]
            held[key] = f"{said} {text}".strip()
            if forms.check(name, document):
                held[key] = text
    return made


def _texts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each list or object that has a text, and where in it."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(one, str):
            yield value, key
        elif isinstance(one, dict | list):
            yield from _texts(one)


def _late(found: Furnished) -> None:
    """Nobody answers an emergency, and nobody sees to a date: by the next day supervisors know."""
    people = found.people
    basis = reception(people.worker, people.clock, people.receiver.agency)
    sections = {"minimal_contact": {"name": f"{found.said} SYN"}}
    out = Outgoing(people.receiver.agency, sections, basis, "reception", urgency="emergency")
    found.ids["late"] = referrals.send(people.worker, out).handoff
    people.run()
    for member in (people.worker, people.receiver):
        about = timers.About(f"{found.said} SYN calls the school")
        timers.set_timer(member, about, people.clock.now() + 3600, urgency="emergency")
    people.clock.forward(20 * 3600)
    people.run()


def _oversight(found: Furnished) -> None:
    """What supervisors look into: an answer that a number denied, an opening for a reason, a case to be closed."""
    people = found.people
    shelter, centre = people.worker, people.receiver
    with found.world.hubs[HOME].hub.database.write() as connection:
        for why in Why:
            review = (some_hash(why), found.ids["answered"], shelter.agency, shelter.id, why, people.clock.now())
            Reviews(connection).put(Review(*review))
    saba = found.world.join(centre, "saba", {"caseworker"})
    opening.open_handoff(saba, found.ids["answered"], why=f"{found.said} Hana is ill, and the mother called.")
    closing.recommend(
        centre, found.ids["kept"], "moved_on", PARTS, besides=["receiver_or_missing_report"], early=f"{found.said} SYN."
    )
    people.run()


def _referrals(found: Furnished) -> None:
    """One waits for an answer, one was accepted, one goes by link to somebody without an account."""
    people = found.people
    sections = {
        "minimal_contact": {"v": 1, "name": "SYN Hagos", "phones": ["+253 77 00 00 01"]},
        "needs_risk": {"v": 1, "risk": "high", "notes": "He needs a bed from Monday."},
    }
    sections = hostile(sections, found.said)
    for word, urgency in (("referral", "urgent"), ("answered", "routine")):
        basis = reception(people.worker, people.clock, people.receiver.agency)
        out = Outgoing(people.receiver.agency, sections, basis, "reception", urgency=urgency)
        found.ids[word] = referrals.send(people.worker, out).handoff
        found.ids["consent"] = basis.handoff
    groups.tie(people.worker, groups.How.CHOICE, (found.ids["referral"], found.ids["answered"]))
    people.run()
    referrals.take(people.receiver, found.ids["answered"], "acknowledge")
    referrals.take(
        people.receiver, found.ids["answered"], "ask", text=marked("May he bring his dog?", found.said, "text")
    )
    people.run()
    issued = links.issue(people.worker, people.receiver.agency)
    basis = reception(people.worker, people.clock, people.receiver.agency)
    linked = Outgoing(people.receiver.agency, sections, basis, "reception", link=issued.link)
    found.ids["linked"] = referrals.send(people.worker, linked).handoff


def _transfers(found: Furnished) -> None:
    """One waits to be accepted, one child has arrived, one case was taken over and is visited."""
    people = found.people
    held, found.ids["offered"] = people.offered(held=_file(found))
    _, found.ids["arrived"] = people.arrived(held=_file(found))
    said = marked(SAID, found.said)
    meeting = meetings.begin(people.worker, handover.Side.SENDER, said, leg=found.ids["arrived"])
    found.ids["meeting"] = meeting.record
    _, out = people.draft(held=_file(found))
    transfers.offer(people.worker, out)  # waits for the supervisor's signature
    _, found.ids["taken"] = people.handed_over(held=_file(found))
    found.ids["case"] = held.record
    transfer_steps.take(people.receiver, found.ids["taken"], "first_contact", day=people.day(), next=people.day(30))
    kept = cases.of_leg(people.receiver, found.ids["taken"])
    aftercare.follow(people.receiver, kept.record, today(people.clock), "high", country="ET")
    found.ids["kept"] = kept.record


def _file(found: Furnished) -> cases.CaseFile:
    return cases.new(found.people.worker, hostile(found.people.sections(), found.said))


def _map(found: Furnished) -> None:
    """Areas of both countries at both hubs, and services that the centre keeps: hostile, but no secret of a child's."""
    for served in found.world.hubs.values():
        with served.hub.database.write() as connection:
            for country in ("DJ", "ET"):
                Areas(connection).ensure(country)
    put_map(found.people.receiver, found.people.clock.now())
    members, said = found.world.members, found.said.replace(CANARY, "SYN")
    found.ids |= mapped(found.world.hubs[AWAY], members["liya"], members["gebre"], said)


TOUR: dict[str, tuple[str, ...]] = {
    "amina": (
        "inbox",
        "outbox",
        "compose",
        "handoff/{answered}",
        "handoff/{answered}/receipts",
        "handoff/{linked}",
        "consent",
        "consent/{consent}",
        "consent/new",
        "consent/ground",
        "transfers",
        "transfer/{arrived}",
        "transfer/offer/{case}",
        "cases",
        "cases/{case}",
        "programme/{case}",
        "handover",
        "handover/{meeting}",
        "tasks",
        "settings",
        "admin",
        "keys",
        "join",
    ),
    "omar": ("supervisor", "transfer/succession"),
    "bekele": ("supervisor/openings", "supervisor/closures", "visits/{kept}/extend"),
    "hana": (
        "inbox",
        "handoff/{referral}",
        "transfer/{offered}",
        "transfer/{offered}/accept",
        "transfer/{taken}",
        "cases/{kept}",
        "cases/{kept}/told/responsible_now",
        "tasks",
        "visits",
        "keeping",
        "timers",
    ),
    "gebre": ("inbox", "handoff/{referral}"),
    "liya": (
        "services",
        "services/{service}",
        "services/{service}/edit",
        "services/{service}/history",
        "map",
        "due",
        "requests",
        "imports",
        "imports/{import}",
        "duplicates",
        "duplicates/{pair}",
        "gaps",
        "areas",
        "areas/ET-AA",
        "board",
        "statistics",
    ),
}
"""Who looks at which screens; a word in braces is one of `Furnished.ids`."""
BELOW: dict[str, tuple[str, ...]] = {
    "amina": (
        *(f"consent/{{consent}}/{view}" for view in ("ask", "change", "withdraw", "receipt")),
        "consent/receipts",
        "consent/held-back",
        "consent/form",
        *(f"transfer/{page}" for page in ("offer", "intake", "inquire", "notices")),
        "transfer/{arrived}/release",
        "cases/new",
        *(f"cases/{{case}}?tab={tab}" for tab in ("questions", "papers", "dates")),
        "cases/{case}/section/identity",
        "cases/{case}/print",
        "handover/new",
        "handover/{meeting}/print",
        *(f"settings/{tab}" for tab in ("ways", "sessions", "told", "about")),
        *(f"admin/{tab}" for tab in ("invite", "agency", "papers")),
        "services/new/service",
    ),
    "omar": tuple(f"supervisor/{tab}" for tab in ("escalated", "held", "reviews", "dates")),
    "hana": (
        "transfer/{offered}/decline",
        "visits/{kept}",
        *(
            f"visits/{{kept}}/{page}"
            for page in ("record", "report", "review", "risk", "delay", "plan", "event", "close")
        ),
        "visits/sign",
        "visits?view=month",
    ),
}
"""The pages below those screens."""
