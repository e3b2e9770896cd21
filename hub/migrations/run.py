"""Run schema changes from code: up, down, and the check before a hub opens its database.

One change is one transaction on both databases. Rules: a hub never serves a schema that it does not know; who writes a
change expands first and contracts a release later. `python -m hub.migrations.run revision WORDS` writes the next
numbered change from the difference between tables and changes.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

import hub
from hub.db import Database, metadata
from hub.errors import Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

_HERE = Path(__file__).parent
_DECLARES = " = Table(\n"


def all_metadata() -> MetaData:
    """Return the tables of every module that declares one."""
    root = Path(hub.__file__).parent
    for module in sorted(root.rglob("*.py")):
        if _DECLARES in module.read_text(encoding="utf-8"):
            importlib.import_module(".".join(("hub", *module.relative_to(root).with_suffix("").parts)))
    return metadata


def upgrade(database: Database, to: str = "head") -> None:
    """Bring the schema up to `to`; nothing happens where it is there.

    Raises:
        Unavailable: the schema is newer than this release.
    """
    with database.write() as connection:
        present, scripts = _refuse_newer(connection)
        if to != "head" or present != scripts.get_current_head():
            command.upgrade(_config(connection), to)


def downgrade(database: Database, to: str) -> None:
    """Take the schema back to `to` ("base" for nothing at all)."""
    with database.write() as connection:
        command.downgrade(_config(connection), to)


def check(database: Database) -> None:
    """Return if the schema is the one that this release serves.

    Raises:
        Unavailable: it is older or newer.
    """
    with database.read() as connection:
        present, scripts = _refuse_newer(connection)
        if present != scripts.get_current_head():
            raise Unavailable("The database has an older schema.", todo="Run `hub upgrade`, after a backup.")


def revise(words: str) -> None:
    """Write the next change: what the tables have and the changes so far do not."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.sqlite'}")
        upgrade(database)
        with database.write() as connection:
            config = _config(connection)
            config.attributes["revising"] = True
            number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
            command.revision(config, words, autogenerate=True, rev_id=f"{number:04}")
        database.close()


def _refuse_newer(connection: Connection) -> tuple[str | None, ScriptDirectory]:
    """Return the change that the schema stands at, and all changes that this release has."""
    present = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(_config(connection))
    try:
        scripts.get_revision(present or "base")
    except CommandError as error:
        todo = "Install the release that the database was last used with, or a newer one."
        raise Unavailable("The database has a newer schema than this release knows.", todo=todo) from error
    return present, scripts


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


if __name__ == "__main__":
    if sys.argv[1:2] != ["revision"] or len(sys.argv) < 3:  # noqa: PLR2004  # a verb and its words
        sys.exit("usage: python -m hub.migrations.run revision WORDS")
    revise(" ".join(sys.argv[2:]))
