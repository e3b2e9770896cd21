"""A message that was answered is answered alike for ever."""

from __future__ import annotations

import pytest

from hub.errors import Replayed
from hub.inbox.store import Inbox

NOW = 1_795_290_000


def test_a_message_is_answered_with_the_same_bytes_for_ever(database):
    with database.write() as connection:
        box = Inbox(connection)
        assert box.answer("a.example", "id", "digest") is None
        box.keep("a.example", "id", digest="digest", answer=b"answer", now=NOW)
    with database.read() as connection:
        assert Inbox(connection).answer("a.example", "id", "digest") == b"answer"


def test_ids_are_each_peers_own_and_never_used_for_other_bytes(database):
    with database.write() as connection:
        box = Inbox(connection)
        box.keep("a.example", "id", digest="digest", answer=b"answer", now=NOW)
        assert box.answer("b.example", "id", "other") is None
        with pytest.raises(Replayed):
            box.answer("a.example", "id", "other")
