"""The only parser of what the HSDS interface is asked: parameters of a GET, or the body of its private twin.

Parameters that the specification does not name, but for our `lat` and `lon`, are refused rather than passed over: an
answer that is wider than what was asked would be taken for the whole.
"""

from __future__ import annotations

from typing import Final

from marshmallow import RAISE, Schema, fields, validate

MOST: Final = 200
_ID = validate.Regexp(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_TRUE, _FALSE = {"true", "True", "1", True}, {"false", "False", "0", False}
_FARTHEST = 500_000


def _flag(default: bool = False) -> fields.Boolean:  # noqa: FBT001, FBT002  # a field's default
    return fields.Boolean(load_default=default, truthy=_TRUE, falsy=_FALSE)


class _Paged(Schema):
    """Which page, how large, and in which form."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    page = fields.Integer(load_default=1, validate=validate.Range(1, 10**6))
    per_page = fields.Integer(load_default=50, validate=validate.Range(1, MOST))
    format = fields.String(load_default="json", validate=validate.OneOf(["json", "ndjson"]))


class _Searched(_Paged):
    """Words and terms."""

    search = fields.String(validate=validate.Length(1, 200))
    taxonomy_term_id = fields.String(validate=_ID)
    taxonomy_id = fields.String(validate=_ID)
    full = _flag()


class _Around(Schema):
    """A place: `proximity` in metres, round a point (ours) or a postcode (which this hub refuses)."""

    postcode = fields.String(validate=validate.Length(1, 20))
    lat = fields.Float(validate=validate.Range(-90, 90))
    lon = fields.Float(validate=validate.Range(-180, 180))
    proximity = fields.Float(validate=validate.Range(0, _FARTHEST))


class ServiceQuery(_Searched, _Around):
    """What `/services` takes."""

    organization_id = fields.String(validate=_ID)
    modified_after = fields.String(validate=validate.Length(4, 40))
    minimal = _flag()


class PlaceQuery(_Searched, _Around):
    """What `/service_at_locations` takes."""

    organization_id = fields.String(validate=_ID)
    modified_after = fields.String(validate=validate.Length(4, 40))


class OrganizationQuery(_Searched):
    """What `/organizations` takes."""

    full_service = _flag()


class OneOrganization(Schema):
    """What `/organizations/{id}` takes."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    full_service = _flag(default=True)


class TaxonomyQuery(_Paged):
    """What `/taxonomies` takes."""

    search = fields.String(validate=validate.Length(1, 200))


class TermQuery(TaxonomyQuery):
    """What `/taxonomy_terms` takes."""

    taxonomy_id = fields.String(validate=_ID)
    parent_id = fields.String(validate=_ID)
    top_only = _flag()


class Page(Schema):
    """A page of a list, as HSDS has it."""

    total_items = fields.Integer(required=True)
    total_pages = fields.Integer(required=True)
    page_number = fields.Integer(required=True)
    size = fields.Integer(required=True)
    first_page = fields.Boolean(required=True)
    last_page = fields.Boolean(required=True)
    empty = fields.Boolean(required=True)
    contents = fields.List(fields.Dict(), required=True)
