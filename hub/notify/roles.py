"""Whom notices go to besides the roles of certificates. Sends nothing."""

from __future__ import annotations

from typing import Final

NAMED: Final = "named"
"""No role of a certificate: the member who owns the handoff, or the whole team while there is none."""
DUTY: Final = "duty"
"""No role of a certificate either: whoever is on duty by the agency's rota."""
TEAM: Final = frozenset({"caseworker", "provider"})
