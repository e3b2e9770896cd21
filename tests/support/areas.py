"""Files of administrative areas, invented and real, for tests that read them."""

from __future__ import annotations

import io
import json
import zipfile

from tests.support.shared import shared_data

HEAD = "Location,Admin Level,P-Code,Name,Parent P-Code,Valid from date\n"


def square(west, south, size=1.0):
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def collection(*rows):
    features = [{"type": "Feature", "properties": p, "geometry": g} for p, g in rows]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def packed(*files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return target.getvalue()


def lebanon(level):
    folder = shared_data(f"directory/lebanon-admin/Lebanon_Admin_{level}")
    return packed(*((path.name, path.read_bytes()) for path in sorted(folder.iterdir())))
