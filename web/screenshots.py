"""Takes a picture of every main screen: desktop and phone, both reading directions. `python3 dev.py screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hub.clock import SetClock, SystemClock
from tests.support.browsing import DESK, PHONE, browser, signed_in
from tests.support.furnished import TOUR, furnished

_ROOT = Path(__file__).resolve().parents[1]
_LOOKS = (("desk", "en", DESK), ("phone", "en", PHONE), ("desk", "ar", DESK), ("phone", "ar", PHONE))


def main(folder: Path) -> None:
    """Write `who-screen-look-language.png` for all of the tour into a folder, and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as made,
        furnished(Path(made), SetClock(SystemClock().now()), said="") as place,
        browser() as one,
    ):
        for login, paths in TOUR.items():
            for look, lang, size in _LOOKS:
                with signed_in(one, place.world, login, lang=lang, size=size) as desk:
                    for path in paths:
                        desk.go(place.path(path))
                        name = path.replace("/", "-").replace("{", "").replace("}", "")
                        desk.page.screenshot(path=folder / f"{login}-{name}-{look}-{lang}.png", full_page=True)
    sys.stdout.write(f"The pictures are in {folder}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else _ROOT / ".dev" / "screens")
