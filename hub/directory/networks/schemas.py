"""The only parser of what the routes of networks are sent; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields


class NetworkDocument(Schema):
    """A list of a network, or a confirmation of an agency that one names: DSSE, as it was signed."""

    document = fields.Dict(required=True)


class NetworkDocuments(Schema):
    """All of them that this hub knows; whoever relies on one verifies it."""

    documents = fields.List(fields.Dict(), required=True)
