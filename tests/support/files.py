"""Files that are imported: a feature of Services Advisor, a workbook."""

from __future__ import annotations

import io

import openpyxl


def feature(number=1, **said):
    properties = {
        "locationName": "North Town",
        "partnerName": "A House",
        "activity": 7,
        "activityCategory": "HEALTH",
        "activityName": "Health Services",
        "startDate": "2014-01-01",
        "endDate": "2015-12-31",
        "indicators": {"Primary healthcare": 1, "Immunization": 0},
        **said,
    }
    point = {"type": "Point", "coordinates": [35.9, 32.5]}
    return {"type": "Feature", "id": number, "properties": properties, "geometry": point}


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
