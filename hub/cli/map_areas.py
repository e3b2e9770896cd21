"""`hub directory areas`: administrative areas, and which agency works where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hub.cli import words
from hub.cli.common import FILE, MAX_FILE, Session, command, data
from hub.errors import InvalidRequest, TooLarge

if TYPE_CHECKING:
    from pathlib import Path

top = click.Group("areas", help="Administrative areas: import, look up, say which agency works where.")
_PATH = "/api/v1/directory/areas"
_COLUMNS = {"code": "Code", "name": "Name", "level": "Level", "path": "In", "agencies": "Agencies"}
_country = click.option("--country", required=True, metavar="XX", help="Two letters.")


@command(
    top,
    click.argument("file", type=FILE),
    _country,
    click.option("--level", type=click.IntRange(0, 8), help="The level of the file's areas, where it does not say."),
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="MEANING=NAME",
        help="Where code, parent, name, level, from, to, iso or country stand: parent=ADM1. Repeatable.",
    ),
    click.option("--same", multiple=True, metavar="CODE=AREA", help="A code of the file is an area that is here."),
    click.option("--scheme", default="cod", show_default=True, help="Whose codes these are."),
    click.option("--language", default="en", show_default=True, help="The language of names that do not say theirs."),
    click.option("--location", default="", help="Of which country of several; as the file writes it."),
    click.option("--apply", is_flag=True, help="Do it; without this, only say what would be done."),
    name="import",
)
def import_(session: Session, file: Path, columns: tuple[str, ...], same: tuple[str, ...], **options: Any) -> None:
    """Import a p-code CSV, GeoJSON or zipped shapefile. A dry run unless --apply."""
    from hub.ids import random_id
    from hub.packets.encoding import canonical
    from hub.packets.multipart import Body

    with file.open("rb") as stream:
        if len(stream.read(2 * MAX_FILE + 1)) > 2 * MAX_FILE:
            raise TooLarge("A file of areas has at most 32 MiB.")
    said = {name: value for name, value in options.items() if value is not None}
    body = Body(random_id())
    body.add("options", canonical({**said, "columns": _pairs(columns), "same": _pairs(same)}))
    body.add("file", file)
    report = session.member().hub.submit(f"{_PATH}/import", body)
    if session.as_json:
        session.tell(report)
        return
    columns_shown = {
        "row": "Row",
        "result": "Result",
        "code": "Code",
        "name": "Name",
        "area": "Is",
        "problem": "Problem",
    }
    session.table([dict.fromkeys(columns_shown, "") | row for row in report["rows"]], columns_shown)
    counted = ", ".join(f"{count} {result}" for result, count in sorted(report["counts"].items())) or "nothing"
    here = f"; {len(report['unseen'])} areas here are not in the file" if report["unseen"] else ""
    session.tell({}, f"{'Done' if report['applied'] else 'Dry run'}: {counted}{here}.")
    if not report["applied"]:
        session.tell({}, "Nothing was changed. The same with --apply does it.")


@command(top, _country, click.option("--level", type=click.IntRange(0, 8), help="Only this level."), name="list")
def list_areas(session: Session, country: str, level: int | None) -> None:
    """List the areas of a country."""
    asked = {"country": country} | ({} if level is None else {"level": level})
    _table(session, session.member().hub.post(f"{_PATH}/list", asked)["areas"])


@command(top, click.argument("text"), click.option("--country", metavar="XX", help="Only in this country."))
def find(session: Session, text: str, country: str | None) -> None:
    """Find areas by a code of any scheme or by name in any language."""
    asked = {"text": text} | ({"country": country} if country else {})
    _table(session, session.member().hub.post(f"{_PATH}/find", asked)["areas"])


@command(top, click.argument("code"))
def show(session: Session, code: str) -> None:
    """Show an area: its other codes, the agencies there, what its code has meant, what lies in it."""
    _show(session, session.member().hub.get(f"{_PATH}/{code}"))


@command(
    top,
    click.argument("code"),
    click.argument("agency"),
    click.option("--lead", is_flag=True, help="It is the child-protection authority there."),
    click.option("--remove", is_flag=True, help="It works there no longer."),
)
def assign(session: Session, code: str, agency: str, **how: bool) -> None:
    """Say that another AGENCY's case workers belong to an area: they see what is open to that area alone."""
    whole = words.SCHEME + words.plain(agency)
    _show(session, session.member().hub.put(f"{_PATH}/{code}/agencies", {"agency": whole, **how}))


@command(top, data, click.option("--country", "countries", multiple=True, metavar="XX", help="Only this; else all."))
def seed(session: Session, data: Path, countries: tuple[str, ...]) -> None:
    """Load the countries and provinces that come with this release. For whoever runs the hub."""
    from hub.app import open_hub
    from hub.directory.areas.outlines import shipped
    from hub.directory.areas.store import Areas
    from hub.settings import Settings

    hub = open_hub(Settings.from_environment(data=data))
    try:
        with hub.database.write() as connection:
            tree = Areas(connection)
            missing = [country for country in countries or shipped() if not tree.ensure(country)]
            known = len(tree.countries())
    finally:
        hub.database.close()
    if missing:
        raise InvalidRequest("A country does not come with this release.", todo="Import its areas.", fields=missing)
    session.tell({"countries": known}, f"{known} countries are here.")


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    if not all("=" in one for one in given):
        raise InvalidRequest("Write NAME=VALUE.")
    return dict(tuple(one.split("=", 1)) for one in given)  # type: ignore[misc]  # each has two parts


def _table(session: Session, rows: list[dict[str, Any]]) -> None:
    columns = {name: title for name, title in _COLUMNS.items() if name != "agencies"}
    session.table(rows, columns, name=_name, path=lambda row: " > ".join(row["path"][:-1]))


def _show(session: Session, area: dict[str, Any]) -> None:
    lines = [f"{area['code']}  {_name(area)}  level {area['level']}, in {' > '.join(area['path'][:-1]) or 'nothing'}"]
    lines += [f"  also {', '.join(area['aliases'])}"] if area["aliases"] else []
    lines += [
        f"  {row['agency']}{' leads' if row['lead'] else ''} ({row['area']}, said by {row['by_agency']})"
        for row in area["agencies"]
    ]
    lines += [
        f"  {one['valid_from'] or 'once'} to {one['valid_to']}: {_name(one)}"
        for one in area["history"]
        if one["valid_to"]
    ]
    lines += [f"  {len(area['children'])} areas lie in it"] if area["children"] else []
    session.tell(area, *lines)


def _name(area: dict[str, Any]) -> str:
    names = area["names"]
    return str(names.get("en") or next(iter(names.values()), area["code"]))
