"""`hub log`: verify, prove, checkpoint, export.

`verify` without a file audits this hub's own database; with an exported file or its address it needs no hub and loads
no part of one. Exit code 3: the log is not whole.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from hub.cli.common import REFUSED, Session, command, data, out
from hub.errors import InvalidRequest, Unavailable
from hub.handofflog.auditor import Report, audit
from hub.handofflog.note import Proof, parse_checkpoint, parse_verifier_key, verifier_key, verify_checkpoint
from hub.packets.encoding import b64, b64u

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.db import Database
    from hub.handofflog.guard import ForkGuard
    from hub.packets.dsse import Signer

_TIMEOUT = 30


@click.group()
def log() -> None:
    """The handoff log: check it, and prove what stands in it."""


@command(
    log,
    click.argument("source", required=False),
    click.option(
        "--checkpoint", "notes", multiple=True, help="A checkpoint that was published: file or address. Repeatable."
    ),
    click.option("--key", help="The log's verifier key (name+id+key); needed with SOURCE."),
    data,
)
def verify(session: Session, source: str | None, notes: tuple[str, ...], key: str | None, data: Path) -> int:
    """Audit this hub's log, or the exported log SOURCE (a file or an address), against published checkpoints."""
    if source is None:
        report = _audit_own(data, notes)
    elif key is None:
        raise click.UsageError("An exported log is verified with --key, and that key is learned from its hub.")
    else:
        origin, public_key = parse_verifier_key(key)
        report = audit(_lines(source), [verify_checkpoint(_text(note), origin, public_key) for note in notes])
    whole = f"The log is whole: {report.size} entries, {report.covered} under a checkpoint, {report.erased} erased."
    warning = "Without a checkpoint nobody can see whether entries are missing at its end."
    lines = [str(finding) for finding in report.findings] or [whole, f"Root {b64(report.root)}"]
    findings = [{**asdict(finding), "detail": str(finding)} for finding in report.findings]
    counts = {"size": report.size, "covered": report.covered, "erased": report.erased, "root": b64u(report.root)}
    value = {"whole": not findings, **counts, "findings": findings}
    session.tell(value, *lines, *(() if report.covered or findings else (warning,)))
    return REFUSED if findings else 0


@command(log, click.argument("index", type=click.IntRange(min=0)), data)
def prove(session: Session, index: int, data: Path) -> None:
    """Print a proof (C2SP tlog-proof) that entry INDEX stands in the log; with --json also its document and salt."""
    from hub.handofflog.store import HandoffLog

    with _opened(data) as hub:
        note = hub.guard.publish(hub.signer)
        with hub.database.read() as connection:
            handoff_log = HandoffLog(connection, hub.origin)
            entry = handoff_log.entry(index)
            text = Proof(index, handoff_log.inclusion(index, parse_checkpoint(note).size), note).text
    document = None if entry.document is None else entry.document.decode()
    salt = None if entry.salt is None else b64u(entry.salt)
    value = {"index": index, "leaf": b64u(entry.leaf), "salt": salt, "document": document, "proof": text}
    session.tell(value, escape(text.rstrip("\n")))


@command(log, data)
def checkpoint(session: Session, data: Path) -> None:
    """Publish the newest checkpoint and print it, proven to extend the last one."""
    with _opened(data) as hub:
        note, key = hub.guard.publish(hub.signer), verifier_key(hub.origin, hub.signer.public_key)
    session.tell({**parse_checkpoint(note).value, "note": note, "key": key}, escape(note.rstrip("\n")))


@command(log, out, data)
def export(session: Session, out: Path | None, data: Path) -> None:
    """Write the log as JSON lines, which `hub log verify` reads without this hub."""
    from hub.handofflog.store import HandoffLog

    with _opened(data) as hub, hub.database.read() as connection:
        lines = HandoffLog(connection, hub.origin).export()
        with click.open_file(str(out or "-"), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    if out is not None:
        session.tell({"file": str(out)}, escape(f"Written to {out}."))


@dataclass(frozen=True, slots=True)
class _Log:
    origin: str
    signer: Signer
    database: Database
    guard: ForkGuard


@contextmanager
def _opened(data: Path) -> Iterator[_Log]:
    """Open this hub's log, even one that was tampered with. Server parts are loaded here and nowhere else."""
    from sqlalchemy.exc import SQLAlchemyError

    from hub.db import Database
    from hub.handofflog.guard import ForkGuard
    from hub.settings import Settings
    from hub.web.identity import load

    identity, signer = load(data)
    database = Database(Settings.from_environment(data=data).database_url)
    try:
        yield _Log(identity.host, signer, database, ForkGuard(database, identity.host, data))
    except SQLAlchemyError as error:
        raise Unavailable("The hub's database cannot be read.") from error
    finally:
        database.close()


def _audit_own(data: Path, notes: tuple[str, ...]) -> Report:
    """Audit the database; what it says itself of its head counts as one checkpoint more."""
    from hub.handofflog.store import HandoffLog

    with _opened(data) as hub:
        texts = [*map(_text, notes), *filter(None, [hub.guard.last_note()])]
        seen = [verify_checkpoint(text, hub.origin, hub.signer.public_key) for text in texts]
        with hub.database.read() as connection:
            handoff_log = HandoffLog(connection, hub.origin)
            return audit(handoff_log.export(), [*seen, handoff_log.head()])


def _lines(source: str) -> Iterator[str]:
    if not source.startswith(("http://", "https://")):
        with Path(source).open(encoding="utf-8", errors="surrogateescape") as file:
            yield from (line.rstrip("\n") for line in file)
        return
    import requests

    try:
        with requests.get(source, timeout=_TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            yield from (line.decode("utf-8", "surrogateescape") for line in answer.iter_lines())
    except requests.RequestException as error:
        raise InvalidRequest("An address that was named does not answer.", todo="Check the address.") from error


def _text(source: str) -> str:
    return "".join(f"{line}\n" for line in _lines(source))
