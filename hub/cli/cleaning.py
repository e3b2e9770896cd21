"""`hub packet clean`: a packet folder without places, or as a copy for the family or the child; and what went.

Decides nothing: `consent.protect`, `consent.familycopy` and `hub.client.cleaning` do. It writes a new folder and never
touches the one it reads. A protected family copy is two runs, one on the other's folder.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from consent.familycopy import Reader, family_copy
from consent.protect import protect_location
from hub.cli.common import FOLDER, Session, command, read_packet
from hub.client.profile import write_private
from hub.errors import Conflict, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROTECTED = "Location is protected; addresses were removed."
_PROTECTED_TODO = "Read what is left: free text and photos may still show a place."
_COPIED = "What may put the child at risk at home was left out."
_COPIED_TODO = (
    "Read the copy before you hand it over: other words may still tell. Do not say that anything was left out."
)
_NOTHING = "There was nothing to leave out."


def add_to(group: click.Group) -> None:
    """Declare `clean` in the group `packet`."""
    command(
        group,
        click.argument("folder", type=FOLDER),
        click.option("--into", type=FOLDER, required=True, help="A new folder for the clean packet."),
        click.option(
            "--family", "reader", flag_value=Reader.FAMILY, type=Reader, help="A copy for the family instead."
        ),
        click.option("--child", "reader", flag_value=Reader.CHILD, type=Reader, help="A copy for the child instead."),
        name="clean",
    )(clean)


def clean(session: Session, folder: Path, into: Path, reader: Reader | None) -> None:
    """Take places out of FOLDER's sections and photos, or leave out what the family or the child is not told."""
    sections, attachments = read_packet(folder)
    if into.exists() or into.is_symlink():
        raise Conflict("The folder is there already.", todo="Choose another name.")
    kept, removed = family_copy(sections, reader) if reader else protect_location(sections)
    into.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=into.parent, prefix=f".{into.name}."))
    try:
        names = {path.name: _photo(path, part) for path in attachments if not reader}
        _write(kept, part)
        part.rename(into)
    except BaseException:
        shutil.rmtree(part)
        raise
    left = sorted(path.name for path in attachments if reader)
    rows = [{"section": one.section, "path": one.path, "why": one.why} for one in removed]
    done, todo = (_COPIED, _COPIED_TODO) if reader else (_PROTECTED, _PROTECTED_TODO)
    session.tell(
        {"removed": rows, "attachments": names, "left_out": left, "folder": str(into)},
        f"{done if removed or left else _NOTHING} {todo}",
        *(escape(f"  {one.section}{one.path}: {one.words}") for one in removed),
        *(escape(f"  {old} is now {new}") for old, new in names.items()),
        *(escape(f"  {name}: files are not part of this copy") for name in left),
    )


def _photo(path: Path, folder: Path) -> str:
    from hub.client.cleaning import clean_attachment

    try:
        return clean_attachment(path, folder / "attachments").name
    except InvalidRequest as error:
        error.facts["file"] = path.name
        raise


def _write(sections: Mapping[str, Any], folder: Path) -> None:
    (folder / "sections").mkdir()
    for name, value in sections.items():
        data = json.dumps(value, ensure_ascii=False, indent=2).encode()
        write_private(folder / "sections" / f"{name}.json", data + b"\n")
