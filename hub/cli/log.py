"""`hub log`: verify, prove, checkpoint, export.

`verify` without a file audits this hub's own database; with an exported file or its address it needs no hub. Exit
codes: 0 the log is whole, 3 it is not (or the command could not be done), 2 wrong usage. With `--json` the answer is
one JSON object.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.errors import HubError, InvalidRequest, Unavailable
from hub.handofflog.auditor import Report, audit
from hub.handofflog.note import Proof, parse_checkpoint, parse_verifier_key, verify_checkpoint
from hub.packets.encoding import b64, b64u

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.db import Database
    from hub.handofflog.guard import ForkGuard
    from hub.packets.checkpoint import Checkpoint
    from hub.packets.dsse import Signer

NOT_WHOLE = 3
_TIMEOUT = 30
_WEB = ("http://", "https://")
_json = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("handover-data"),
    show_default=True,
    envvar="HUB_DATA",
    help="The hub's data folder.",
)


@click.group()
def log() -> None:
    """The handoff log: check it, and prove what stands in it."""


@log.command()
@click.argument("source", required=False)
@click.option(
    "--checkpoint", "notes", multiple=True, help="A checkpoint that was published: file or address. Repeatable."
)
@click.option("--key", help="The log's verifier key (name+id+key); needed with SOURCE.")
@_data
@_json
def verify(source: str | None, notes: tuple[str, ...], key: str | None, data: Path, *, as_json: bool) -> None:
    """Audit this hub's log, or the exported log SOURCE (a file or an address), against published checkpoints."""
    with _told(as_json=as_json):
        if source is None:
            report = _audit_own(data, notes)
        elif key is None:
            raise click.UsageError("An exported log is verified with --key, and that key is learned from its hub.")
        else:
            origin, public_key = parse_verifier_key(key)
            seen = [verify_checkpoint(_text(note), origin, public_key) for note in notes]
            report = audit(_lines(source), seen)
        _report(report, as_json=as_json)
    if report.findings:
        sys.exit(NOT_WHOLE)


@log.command()
@click.argument("index", type=click.IntRange(min=0))
@_data
@_json
def prove(index: int, data: Path, *, as_json: bool) -> None:
    """Print a proof (C2SP tlog-proof) that entry INDEX stands in the log; with --json also its document and salt."""
    from hub.handofflog.store import HandoffLog

    with _told(as_json=as_json), _opened(data) as hub:
        note = hub.guard.publish(hub.signer)
        with hub.database.read() as connection:
            handoff_log = HandoffLog(connection, hub.origin)
            entry = handoff_log.entry(index)
            text = Proof(index, handoff_log.inclusion(index, parse_checkpoint(note).size), note).text
        document = None if entry.document is None else entry.document.decode()
        salt = None if entry.salt is None else b64u(entry.salt)
        facts = {"index": index, "leaf": b64u(entry.leaf), "salt": salt, "document": document, "proof": text}
        _say(text, facts, as_json=as_json)


@log.command()
@_data
@_json
def checkpoint(data: Path, *, as_json: bool) -> None:
    """Publish the newest checkpoint and print it, proven to extend the last one."""
    with _told(as_json=as_json), _opened(data) as hub:
        note = hub.guard.publish(hub.signer)
        _say(note, {**parse_checkpoint(note).value, "note": note, "key": hub.verifier_key}, as_json=as_json)


@log.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here and not to standard output.")
@_data
def export(out: Path | None, data: Path) -> None:
    """Write the log as JSON lines, which `hub log verify` reads without this hub."""
    from hub.handofflog.store import HandoffLog

    with _told(as_json=False), _opened(data) as hub, hub.database.read() as connection:
        lines = HandoffLog(connection, hub.origin).export()
        with click.open_file(str(out or "-"), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


class _Opened:
    """This hub's key, database and guard. Imports server parts here, so that auditing a file needs none of them."""

    def __init__(self, data: Path) -> None:
        from hub.db import Database
        from hub.handofflog.guard import ForkGuard
        from hub.handofflog.note import verifier_key
        from hub.settings import Settings
        from hub.web.identity import load

        identity, signer = load(data)
        self.origin = identity.host
        self.signer: Signer = signer
        self.database: Database = Database(Settings.from_environment(data=data).database_url)
        self.guard: ForkGuard = ForkGuard(self.database, self.origin, data)
        self.verifier_key = verifier_key(self.origin, signer.public_key)


@contextmanager
def _opened(data: Path) -> Iterator[_Opened]:
    from sqlalchemy.exc import SQLAlchemyError

    hub = _Opened(data)
    try:
        yield hub
    except SQLAlchemyError as error:
        raise Unavailable("The hub's database cannot be read.") from error
    finally:
        hub.database.close()


def _audit_own(data: Path, notes: tuple[str, ...]) -> Report:
    """Audit the database; what it says itself of its head counts as one checkpoint more."""
    from hub.handofflog.store import HandoffLog

    with _opened(data) as hub:
        texts = [*map(_text, notes), *filter(None, [hub.guard.last_note()])]
        seen: list[Checkpoint] = [verify_checkpoint(text, hub.origin, hub.signer.public_key) for text in texts]
        with hub.database.read() as connection:
            handoff_log = HandoffLog(connection, hub.origin)
            return audit(handoff_log.export(), [*seen, handoff_log.head()])


def _lines(source: str) -> Iterator[str]:
    if not source.startswith(_WEB):
        try:
            with Path(source).open(encoding="utf-8", errors="surrogateescape") as file:
                yield from (line.rstrip("\n") for line in file)
        except OSError as error:
            raise InvalidRequest("A file that was named cannot be read.") from error
        return
    import requests

    try:
        with requests.get(source, timeout=_TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            yield from (line.decode("utf-8", "surrogateescape") for line in answer.iter_lines())
    except requests.RequestException as error:
        raise InvalidRequest("An address that was named does not answer.") from error


def _text(source: str) -> str:
    return "".join(f"{line}\n" for line in _lines(source))


def _report(report: Report, *, as_json: bool) -> None:
    findings = [{**asdict(finding), "detail": str(finding)} for finding in report.findings]
    counts = {"size": report.size, "covered": report.covered, "erased": report.erased}
    lines = [str(finding) for finding in report.findings] or [
        f"The log is whole: {report.size} entries, {report.covered} under a checkpoint, {report.erased} erased.",
        f"Root {b64(report.root)}",
    ]
    facts = {"whole": not findings, **counts, "root": b64u(report.root), "findings": findings}
    _say("\n".join(lines) + "\n", facts, as_json=as_json)


def _say(text: str, facts: dict[str, Any], *, as_json: bool) -> None:
    click.echo(json.dumps(facts) + "\n" if as_json else text, nl=False)


@contextmanager
def _told(*, as_json: bool) -> Iterator[None]:
    """Turn an error of ours into its sentence and exit code 3."""
    try:
        yield
    except HubError as error:
        if as_json:
            click.echo(json.dumps({"error": error.code, "detail": error.detail, "todo": error.todo}))
        else:
            click.echo(f"{error.detail} {error.todo}", err=True)
        sys.exit(NOT_WHOLE)
