"""The columns of the spreadsheet: which member of a record stands in which, and in what form. Data; does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.directory.formats import cells as c
from hub.directory.records import vocabulary as v
from hub.directory.records.record import PROVIDER, SERVICE, SITE


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, where its value stands in the document, and its form."""

    name: str
    path: tuple[str, ...]
    codec: c.Codec = c.TEXT


def _plain(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, (name,)) for name in names)


def _in(member: str, codec: c.Codec, *names: str) -> tuple[Column, ...]:
    return tuple(Column(f"{member}.{name}", (member, name), codec) for name in names)


_PHONES = Column("phones", ("phones",), c.rows_of("number"))
_VISIBILITY = Column("visibility", ("visibility",), c.VISIBILITY)

SHEETS: Final = {PROVIDER: "providers", SERVICE: "services", SITE: "sites"}
REFERENCES: Final = {"organization_id": PROVIDER, "parent_organization_id": PROVIDER, "sites": SITE}
"""Columns that name a record of another sheet, by its id or, where it is new, by its name."""
COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    PROVIDER: (
        *_plain("name", "description", "alternate_name", "acronym"),
        Column("names", ("names",), c.NAMES),
        Column("kind", ("kind",), c.one_of(v.PROVIDER_KINDS)),
        Column("formal", ("formal",), c.BOOL),
        *_plain("country"),
        Column("tier", ("tier",), c.one_of(v.codes("tiers"))),
        *_plain("agency", "email", "website"),
        _PHONES,
        *_plain("parent_organization_id"),
        *_in("notes", c.TEXT, "needs", "willingness", "partnership"),
        *_in("assurance", c.DAY, *v.codes("assurance")),
        Column("counterparts", ("counterparts",), c.JSON),
        _VISIBILITY,
    ),
    SERVICE: (
        *_plain("organization_id", "name", "description", "alternate_name"),
        Column("status", ("status",), c.one_of(("active", "inactive", "defunct", "temporarily closed"))),
        Column("sites", ("service_at_locations",), c.rows_of("location_id")),
        Column("needs", ("needs",), c.some_of(v.NEEDS)),
        Column("specialisms", ("specialisms",), c.some_of(v.codes("vulnerabilities"))),
        Column("dimensions", ("dimensions",), c.some_of(v.codes("dimensions"))),
        Column("levels", ("levels",), c.some_of(v.codes("levels"))),
        Column("role", ("role",), c.one_of(("deliver", "support"))),
        Column("coverage.areas", ("coverage", "areas"), c.NAMES),
        Column("coverage.extent", ("coverage", "extent"), c.one_of(v.codes("extents"))),
        Column("ages", ("eligibility", "bands"), c.BANDS),
        Column("nationalities", ("eligibility", "nationalities"), c.ANY_NAMES),
        Column("statuses", ("eligibility", "statuses"), c.some_of(v.codes("statuses"), any_too=True)),
        Column("documents", ("eligibility", "documents"), c.some_of(v.codes("documents"), any_too=True)),
        Column(
            "vulnerabilities",
            ("eligibility", "vulnerabilities"),
            c.some_of(v.codes("vulnerabilities"), any_too=True),
        ),
        Column("residence", ("eligibility", "residence"), c.ANY_NAMES),
        Column("open_to", ("eligibility", "open_to"), c.one_of(("all", "returnees"))),
        Column("exclusions", ("eligibility", "exclusions"), c.JSON),
        *_plain("eligibility_description", "application_process", "fees_description", "alert"),
        Column("free", ("free",), c.BOOL),
        Column("languages", ("languages",), c.rows_of("code")),
        *_plain("url", "email"),
        _PHONES,
        Column("hours", ("hours",), c.HOURS),
        Column("hours.zone", ("hours", "zone")),
        Column("hours.exceptions", ("hours", "exceptions"), c.EXCEPTIONS),
        Column("capacity.state", ("capacity", "state"), c.one_of(v.codes("capacity_states"))),
        *_in("capacity", c.NUMBER, "available", "maximum", "waiting"),
        *_in("capacity", c.TEXT, "unit"),
        *_in("capacity", c.DAY, "next_intake", "as_of"),
        Column("pathway.methods", ("pathway", "methods"), c.some_of(v.codes("referral_methods"))),
        Column("pathway.intake", ("pathway", "intake"), c.some_of(v.codes("intake"))),
        Column("pathway.next_step", ("pathway", "next_step"), c.one_of(v.codes("next_steps"))),
        *_in("pathway", c.one_of(v.codes("response_times")), "response_time", "feedback_time"),
        Column("pathway.feedback", ("pathway", "feedback"), c.some_of(v.codes("feedback"))),
        *_in("pathway", c.NAMES, "steps"),
        *_in("pathway", c.TEXT, "form", "after_hours"),
        *_in("pathway", c.BOOL, "consent_needed"),
        *_in("focal_point", c.TEXT, "title", "agency", "member", "phone", "email", "key"),
        *_in("focal_point", c.DAY, "away_until"),
        Column("focal_point.deputy", ("focal_point", "deputy"), c.JSON),
        *_plain("inbox"),
        Column("labour_from", ("labour_from",), c.NUMBER),
        Column("funded_until", ("funded_until",), c.DAY),
        Column("ends", ("ends",), c.DAY),
        Column("agreements", ("agreements",), c.NAMES),
        _VISIBILITY,
    ),
    SITE: (
        *_plain("name", "organization_id"),
        Column("location_type", ("location_type",), c.one_of(("physical", "postal", "virtual"))),
        *_plain("description", "transportation"),
        Column("latitude", ("latitude",), c.NUMBER),
        Column("longitude", ("longitude",), c.NUMBER),
        Column("precision", ("precision",), c.one_of(("exact", "approximate", "area"))),
        *_plain("area"),
        Column("mobile", ("mobile",), c.BOOL),
        Column("access", ("access",), c.some_of(v.codes("access"))),
        _PHONES,
        Column("addresses", ("addresses",), c.JSON),
        *_in("access_point", c.TEXT, "description", "address", "area"),
        *_in("access_point", c.NUMBER, "latitude", "longitude"),
        _VISIBILITY,
    ),
}
