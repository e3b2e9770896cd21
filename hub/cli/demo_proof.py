"""The proof at the end of the demonstration: both logs audited from files alone, who holds, and a search for the child.

The search is shown to work first: the same words are looked for, and found, in what a client opened.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from consent import policy
from hub.app import open_hub
from hub.cli.demo_story import plain_name
from hub.client import proof
from hub.handofflog.auditor import audit
from hub.handofflog.guard import ForkGuard
from hub.handofflog.note import verify_checkpoint
from hub.handofflog.store import HandoffLog
from hub.keys.certificates import KINDS
from hub.statements.grammar import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from rich.console import Console

    from hub.cli.demo_play import Play
    from hub.cli.demo_stage import Stage
    from hub.cli.demo_way import Way
    from hub.handofflog.auditor import Report
    from hub.settings import Settings

_BLOCK = 1 << 20
_SHORTEST = 5
_EVERYBODYS = KINDS | policy.PURPOSES | policy.CATEGORIES | policy.SERVICES | {role.value for role in Role}


def prove(stage: Stage, play: Play, console: Console) -> bool:
    """Audit both logs, search everything that the hubs keep and mail for the child, tell it; return whether all held.

    A word that betrays a child is every text of the packets that somebody wrote, which is one of five characters and
    more with a capital letter or a space in it; codes have neither, and hubs use some of the same.
    """
    console.rule("[bold]7. Proof")
    whole = True
    for country, hub in stage.hubs.items():
        report = _audited(hub.settings)
        wrong = "; ".join(map(str, report.findings))
        whole = whole and not wrong
        console.print(
            f" [bold]log of hub {country}[/bold]  {report.size} entries, {wrong or 'whole, in order, unedited'}"
        )
    for way in play.ways:
        whole = _held(play, way, console) and whole
    words = set(_texts(play.searched())) - _EVERYBODYS
    control = play.readable_by_clients(words)
    console.print(
        f" [bold]search[/bold]  {len(words)} words of the packets; {control} of them stand in what clients opened"
    )
    for name, folder in {
        "mail": stage.mail.folder,
        **{f"hub {c}": h.settings.data for c, h in stage.hubs.items()},
    }.items():
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        seen, size = _search(files, words), sum(path.stat().st_size for path in files)
        whole = whole and not seen
        found = f"[red]FOUND {', '.join(seen)}[/red]" if seen else "[green]found nowhere[/green]"
        console.print(
            f" [bold]{name}[/bold]  {len(files)} files, {size:,} bytes (database, log file, payloads): {found}"
        )
    subjects = stage.mail.subjects()
    console.print(f" [bold]mail[/bold]  {len(subjects)} mails, saying only: {', '.join(sorted(set(subjects)))}")
    return whole and control > 0


def _held(play: Play, way: Way, console: Console) -> bool:
    """Prove who is responsible for a child: a file is made, and checked by the keys that a client trusts alone."""
    selamawit, kebele = play.person("selamawit"), play.agencies["kebele-office"]
    found = proof.check(selamawit, proof.make(selamawit, way.legs[-1]))
    console.print(
        f" [bold]case of {way.child.reference}[/bold]  held by {plain_name(found.holder)}: {len(found.steps)} signed"
        " steps with their places in the logs, checked without any hub"
    )
    return found.holder == kebele and not found.unilateral


def _audited(settings: Settings) -> Report:
    """Publish a hub's checkpoint, export its log, and audit the export with nothing but that checkpoint."""
    hub = open_hub(settings)
    try:
        note = ForkGuard(hub.database, hub.origin, settings.data).publish(hub.signer)
        checkpoint = verify_checkpoint(note, hub.origin, hub.signer.public_key)
        with hub.database.read() as connection:
            return audit(HandoffLog(connection, hub.origin).export(), [checkpoint])
    finally:
        hub.database.close()


def _texts(value: Any) -> Iterator[str]:
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)
    if isinstance(value, str) and len(value) >= _SHORTEST and any(one.isupper() or one == " " for one in value):
        yield value


def _search(files: list[Path], words: set[str]) -> list[str]:
    """Return which words stand in any of the files, as text or as JSON writes it."""
    wanted = {form for word in words for form in (word.encode(), json.dumps(word)[1:-1].encode())}
    longest, found = max(map(len, wanted), default=1), set[bytes]()
    for path in files:
        with path.open("rb") as source:
            tail = b""
            while block := source.read(_BLOCK):
                data = tail + block
                found |= {word for word in wanted if word in data}
                tail = data[-longest:]
    return sorted(word.decode() for word in found)
