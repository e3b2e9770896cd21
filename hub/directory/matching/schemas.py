"""The only parser of what the route of this room is sent."""

from __future__ import annotations

from marshmallow import fields

from hub.directory.servicemap.schemas import _ID, Strict


class OneService(Strict):
    """A service by its id; `public`: as everybody may see it, for a paper that is given away."""

    service = fields.String(required=True, validate=_ID)
    public = fields.Boolean(load_default=False, truthy={True}, falsy={False})
