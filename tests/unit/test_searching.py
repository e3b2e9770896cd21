"""A search for words about a child finds them however they are written, and wherever a hub could keep them."""

from __future__ import annotations

import base64
import json
import logging
from urllib.parse import quote, quote_plus

import pytest

from tests.support.searching import found_in, overheard

WORDS = ("Kanariya", "SYN Hagos & mother", "Zewditu Ötzi", "\u0632\u0648\u062f\u064a\u062a\u0648")
DISGUISES = {
    "plain": str.encode,
    "JSON": lambda text: json.dumps({"said": text}).encode(),
    "JSON in letters of its own": lambda text: json.dumps({"said": text}, ensure_ascii=False).encode(),
    "an address": lambda text: quote(text, safe="").encode(),
    "a form": lambda text: quote_plus(text).encode(),
    "an address, all of it": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode(),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "HEXADECIMAL": lambda text: text.encode().hex().upper().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 in addresses": lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"="),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "UTF-16 the other way": lambda text: text.encode("utf-16-be"),
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_word_is_found_in_disguise(word, disguise):
    for before in ("", "x", "xy", "a name: "):
        written = DISGUISES[disguise](f"{before}{word}, and more")
        assert found_in([("here", b"\0" + written)], [word.encode()]) == {("here", word.encode())}
    other = DISGUISES[disguise]("nobody is named here, and nothing is said")
    assert not found_in([("here", other)], [word.encode()])


def test_what_a_hub_logs_is_heard_at_every_level_with_its_errors():
    with overheard() as said:
        logging.getLogger("hub.planted").debug("to %s", WORDS[0])
        try:
            int(WORDS[1])
        except ValueError:
            logging.getLogger("hub").exception("failed")
    logging.getLogger("hub.planted").error(WORDS[2])
    assert {word.decode() for _, word in found_in(said, [word.encode() for word in WORDS])} == set(WORDS[:2])
