"""Some hours of a small country pass at speed, as the bench of a national hub lets a whole day pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench._machine import mail_sink
from bench.national import EVERY, Size, measure

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Server

SMALL = Size(open=200, new=24, agencies=12, hours=4)


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_every_rung_of_a_small_country_is_told_once_and_in_time(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with mail_sink() as smtp:
        if name == "sqlite":
            figures = measure("", tmp_path / "hub", SMALL, smtp)
        else:
            server: Server = request.getfixturevalue("postgres_server")
            with server.database() as url:
                figures = measure(url, tmp_path / "hub", SMALL, smtp)
    assert (figures.missed, figures.twice) == (0, 0)
    assert figures.late
    assert max(figures.late) < EVERY
    assert figures.untouched
    assert figures.mails
    assert figures.rows["referral.submit"] == SMALL.new
    assert len(figures.http) == 3 * (8 // 2)
