"""A child's whole ledger in the words of the scenarios, put together at the desks: no hub could do it.

What a step says about the child stands in own records: who agreed, which gate was lifted, what a panel decided, who
opened what, who visited. The rest are statements of the logs.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from hub.client import access, aftercare, cases, gates, reading, records
from tests.support.scenario import entry

if TYPE_CHECKING:
    from hub.client.cases import CaseFile
    from tests.support.scenario import Person, Scene

_FOLLOWED = {"visit": "visit.logged", "review": "plan.reviewed", "authorised": "case.closed", "archived": "archived"}
Told = list[tuple[int, str, str]]
"""When, in which word, and about which writing: the same writing in the next agency's file is no new one."""


def chronicle(scene: Scene, person: Person, *parts: tuple[str, CaseFile | str]) -> list[str]:
    """Return what became of a child, by time; each part is somebody's login and a case file, or a handoff."""
    told: Told = []
    for login, part in parts:
        told += _of_handoff(scene, login, part) if isinstance(part, str) else _of_file(scene, login, person, part)
    told.sort(key=itemgetter(0))
    known = [(word, about) for _, word, about in told]
    return [word for n, (word, about) in enumerate(known) if not about or (word, about) not in known[:n]]


def _of_handoff(scene: Scene, login: str, handoff: str) -> Told:
    member = scene.member(login)
    lines = [line.statement for line in reading.show(member, handoff).lines if line.standing == "effective"]
    opened = [row.at for row in access.listing(member) if row.handoff == handoff]
    return [*((said.at, entry(said), "") for said in lines), *((at, "packet.opened", "") for at in opened[-1:])]


def _of_file(scene: Scene, login: str, person: Person, case: CaseFile) -> Told:
    member = scene.member(login)
    agreed = [row for row in records.listing(member, "consent") if row.value["label"] == person.code]
    lifted = [row for row in records.listing(member, gates.KIND) if row.value["case"] == case.record]
    rows = [row for row in aftercare.rows_of(member, case.record) if row.what in _FOLLOWED]
    return [
        *((row.began, "consent.granted", "") for row in agreed),
        *((row.began, f"policy.overridden({row.value['row']['mode']})", "") for row in lifted),
        *_written(scene, login, case),
        *((row.entered, _FOLLOWED[row.what], "") for row in rows),
    ]


def _written(scene: Scene, login: str, case: CaseFile) -> Told:
    """Return when each determination, dispute, appeal and signed plan first stood in a case file."""
    member = scene.member(login)
    found: dict[tuple[str, str], int] = {}
    for version in cases.history(member, case.record):
        sections = cases.load(member, case.record, version=version.manifest).sections
        best, plan = sections.get("bia_bid", {}), sections.get("plan", {})
        bid, appeal = best.get("bid"), best.get("appeal", {})
        for row in best.get("disputes", ()):
            found.setdefault(("bid.disputed", str(row["on"])), version.at)
        for when, word in (("filed", "appeal.filed"), ("decided", "appeal.decided")):
            if when in appeal:
                found.setdefault((word, str(appeal[when])), version.at)
        if bid:
            found.setdefault(("bid.recorded", f"{bid['id']} {bid['on']}"), version.at)
        if plan.get("signatures"):
            found.setdefault(("plan.signed", str(plan["agreed_on"])), version.at)
    return [(at, word, about) for (word, about), at in found.items()]
