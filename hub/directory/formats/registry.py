"""The list of formats: what can be imported, what can be exported. A new one is a row here."""

from __future__ import annotations

from typing import Final

from hub.directory.formats import hsds
from hub.directory.formats.advisor import read_advisor
from hub.directory.formats.hxl import read_hxl, write_hxl
from hub.directory.formats.items import Format
from hub.directory.formats.spreadsheet import read_csv, read_xlsx, write_csv, write_xlsx
from hub.errors import InvalidRequest

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ALL: Final = (
    *hsds.formats(),
    Format("services-advisor", "json", "application/json", read_advisor, whole=True),
    Format("hxl", "csv", "text/csv", read_hxl, write_hxl, whole=True, verifies=False),
    Format("xlsx", "xlsx", _XLSX, read_xlsx, write_xlsx, edits=True),
    Format("csv", "zip", "application/zip", read_csv, write_csv, edits=True),
)
FORMATS: Final = {one.name: one for one in _ALL}
READABLE: Final = tuple(sorted(name for name, one in FORMATS.items() if one.read is not None))
WRITABLE: Final = tuple(sorted(name for name, one in FORMATS.items() if one.write is not None))


def format_of(name: str) -> Format:
    """Return a format by its name.

    Raises:
        InvalidRequest: there is none of this name.
    """
    if name not in FORMATS:
        raise InvalidRequest("There is no such format.", formats=list(READABLE))
    return FORMATS[name]
