"""Routes of the gap table, as JSON, CSV and a map, and of agencies' unmet need."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from consent.words import LANGUAGES
from hub.auth.permissions import caller, permission
from hub.context import current_hub
from hub.directory.areas.domain import parts
from hub.directory.areas.store import Areas
from hub.directory.gaps import schemas
from hub.directory.gaps.draw import Drawn, draw, everybody
from hub.directory.gaps.store import GapStore
from hub.directory.gaps.table import as_csv, table
from hub.directory.gaps.unmet import Unmet, check
from hub.directory.matching.reasons import label
from hub.directory.records.freshness import day_of
from hub.errors import Conflict, InvalidRequest
from hub.packets.encoding import b64u, canonical, sha256

blueprint = Blueprint("gaps", __name__, url_prefix="/api/v1/directory", description="Where there is no help")
REPORTERS = frozenset({"coordinator", "agency_admin", "supervisor"})


@blueprint.route("/gaps", methods=["POST"])
@blueprint.arguments(schemas.GapQuestion)
@blueprint.response(200, schemas.GapTable)
@permission("member")
def post_gaps(asked: dict[str, Any]) -> dict[str, Any]:
    """Where there is help with which need, in layers: here, covered, open, usable; unmet need beside it."""
    with current_hub().database.read() as connection:
        return table(connection, **asked)


@blueprint.route("/gaps/csv", methods=["POST"])
@blueprint.arguments(schemas.GapQuestionInWords)
@blueprint.response(200, schemas.GapFile)
@permission("member")
def post_gaps_csv(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the same as CSV, a line for each area and need."""
    language = asked.pop("language")
    with current_hub().database.read() as connection:
        return {"text": as_csv(table(connection, **asked), language)}


@blueprint.route("/gaps/map", methods=["POST"])
@blueprint.arguments(schemas.GapMapQuestion)
@blueprint.response(200, schemas.GapFile)
@permission("member")
def post_gaps_map(asked: dict[str, Any]) -> dict[str, Any]:
    """One need as a drawn map (SVG), with its areas listed beside it."""
    language, need = asked.pop("language"), asked["needs"][0]
    with current_hub().database.read() as connection:
        found, tree = table(connection, **asked), Areas(connection)
        country = tree.need(found["country"])
        outlines = tree.outlines([row["code"] for row in found["areas"]])
        names = {area.code: area.name(language) for area in tree.listing(country.code, found["level"])}
    drawn = [Drawn(names[row["code"]], row["cells"][need], outlines.get(row["code"])) for row in found["areas"]]
    title = f"{country.name(language)}: {_named('needs', need, language)} ({_group(found['group'], language)})"
    return {"text": draw(title, language, drawn)}


def _named(part: str, code: str, language: str) -> str:
    """Return the name of a code of the vocabulary; in English where we have no words of the language."""
    return label(part, code, language if language in LANGUAGES else "en")


def _group(group: str, language: str) -> str:
    return everybody(language) if group == "all" else _named("sexes", _named("age_groups", group, language), language)


@blueprint.route("/unmet", methods=["PUT"])
@blueprint.arguments(schemas.UnmetMonth)
@blueprint.response(200, schemas.UnmetKept)
@permission("member", roles=REPORTERS)
def put_unmet(given: dict[str, Any]) -> dict[str, Any]:
    """Say how many of the own agency's found no help in a month, small counts suppressed (R46); once for each month."""
    hub = current_hub()
    if given["month"] > day_of(hub.clock.now())[:7]:
        raise InvalidRequest("This month has not begun.", field="month")
    with hub.database.write() as connection:
        tree = Areas(connection)
        known = {code: area for code in {row["area"] for row in given["rows"]} if (area := tree.get(code))}
        rows = [
            Unmet(**{**row, "area": known[row["area"]].code if row["area"] in known else ""}) for row in given["rows"]
        ]
        check(rows, {area.code: parts(area.path) for area in known.values()})
        if not GapStore(connection).say_once(caller().agency, given["month"], b64u(sha256(canonical(given)))):
            raise Conflict("The unmet need of this month was told already.", todo="It stays as it was told.")
        GapStore(connection).put_unmet(caller().agency, given["month"], rows, hub.clock.now())
    return {"month": given["month"], "rows": len(rows)}
