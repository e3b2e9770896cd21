"""Distances on the globe, in degrees and kilometres. Pure."""

from __future__ import annotations

import math
from typing import Final

EARTH_KM: Final = 6371.0088


def kilometres(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Return the distance of two positions on a sphere (haversine); exactly 0 for the same one."""
    lat, lon, to_lat, to_lon = (math.radians(each) for each in (lat, lon, to_lat, to_lon))
    half = math.sin((to_lat - lat) / 2) ** 2 + math.cos(lat) * math.cos(to_lat) * math.sin((to_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
