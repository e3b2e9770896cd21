"""Makes the vectors of rules: what an expression answers, what is decided on facts, what is matched, what gates find.

Run `python -m tests.vectors.generate_rules FOLDER`. Both evaluators, `consent/evaluate.py` and `web/rules/evaluate.js`,
must answer as they say; a test makes them again and compares. The answers of expressions are written by hand, or come
from the two-line definition of Kleene's logic below, never from an evaluator.
"""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent.policy import POLICY_VERSION
from tests.support.twin import decision, matched
from tests.vectors import gates, matches
from tests.vectors.decisions import BASES, CASES, case, members, question

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER = Path(__file__).parent / "rules"
MOST = 2**53 - 1
LOGIC = (False, None, True)
"""False, unknown and true, in this order: Kleene's `all` is the least of its arguments and `any` the greatest."""


def _least(values: Iterable[bool | None]) -> bool | None:
    return LOGIC[min((LOGIC.index(value) for value in values), default=2)]


def _greatest(values: Iterable[bool | None]) -> bool | None:
    return LOGIC[max((LOGIC.index(value) for value in values), default=0)]


def kleene() -> Iterator[dict[str, Any]]:
    """Yield the truth tables, over literals and over lists of the facts."""
    for size in range(4):
        for values in product(LOGIC, repeat=size):
            said = " ".join({False: "no", None: "unknown", True: "yes"}[value] for value in values) or "nothing"
            yield _row(f"all of {said}", {"all": list(values)}, _least(values))
            yield _row(f"any of {said}", {"any": list(values)}, _greatest(values))
            if size < 3:
                rows = {"rows": list(values)}
                yield _row(f"every of {said}", {"every": ["$rows", "row", "$row"]}, _least(values), rows)
                yield _row(f"some of {said}", {"some": ["$rows", "row", "$row"]}, _greatest(values), rows)


FACTS = {
    "agency": {"kind": "ngo", "none": None, "name": "abc"},
    "yes": True, "no": False, "zero": 0, "one": 1, "text": "", "false_text": "false", "list": [], "object": {},
    "letters": ["a", "b"], "mixed": [1, "1", True, None, [], {}, "a"], "csv": "ngo,police", "nothing": None,
    "rows": [{"n": 1}, {"n": 2}, {"m": 3}], "table": {"a": 1, "b": [1, 2], "": 3, "n": None},
    "day": "2026-12-01", "leap": "2028-02-29", "word": "tomorrow", "slack": "2026-1-5",
}  # fmt: skip
"""Facts that most of the hand-written cases are about."""

BY_HAND: list[tuple[str, Any, Any]] = [
    # paths
    ("a member", "$agency.kind", "ngo"),
    ("a missing member", "$agency.nope", None),
    ("a member of a missing member", "$no.such.path", None),
    ("a member of null", "$agency.none.kind", None),
    ("a member of a text", "$agency.name.length", None),
    ("the length of a list", "$letters.length", None),
    ("a member of a number", "$one.a", None),
    ("an inherited member", "$constructor", None),
    ("an inherited member of a member", "$agency.constructor.name", None),
    ("the prototype", "$__proto__", None),
    ("the prototype of a member", "$agency.__proto__", None),
    ("a method of a text", "$agency.name.trim", None),
    ("a list of answers", ["$one", "x", {"known": ["$nope"]}], [1, "x", False]),
    # literals
    ("a text", "ngo", "ngo"),
    ("a number", 7, 7),
    ("null", None, None),
    ("an empty list", [], []),
    # not, and what is no truth value
    ("not yes", {"not": ["$yes"]}, False),
    ("not no", {"not": ["$no"]}, True),
    ("not missing", {"not": ["$nope"]}, None),
    ("not 0", {"not": ["$zero"]}, None),
    ("not ''", {"not": ["$text"]}, None),
    ("not []", {"not": ["$list"]}, None),
    ("not {}", {"not": ["$object"]}, None),
    ("not 'false'", {"not": ["$false_text"]}, None),
    ("0 is no no", {"all": ["$zero"]}, None),
    ("1 is no yes", {"any": ["$one"]}, None),
    ("'' is no no", {"all": ["$text"]}, None),
    ("[] is no yes", {"all": ["$list"]}, None),
    ("'false' is no yes", {"all": ["$false_text"]}, None),
    ("a firm no after a wrong type", {"all": ["$zero", "$no"]}, False),
    ("a firm yes after a wrong type", {"any": ["$zero", "$yes"]}, True),
    # eq
    ("equal texts", {"eq": ["$agency.kind", "ngo"]}, True),
    ("other texts", {"eq": ["$agency.kind", "police"]}, False),
    ("missing is nobody", {"eq": ["$agency.nope", "police"]}, None),
    ("missing is not even not police", {"not": [{"eq": ["$agency.nope", "police"]}]}, None),
    ("null is not null", {"eq": ["$nothing", None]}, None),
    ("1 is not '1'", {"eq": ["$one", "1"]}, None),
    ("1 is not true", {"eq": ["$one", True]}, None),
    ("0 is not false", {"eq": ["$zero", False]}, None),
    ("'' is not 0", {"eq": ["$text", 0]}, None),
    ("true is true", {"eq": ["$yes", True]}, True),
    ("true is not false", {"eq": ["$yes", False]}, False),
    ("lists are not compared", {"eq": ["$letters", "$letters"]}, None),
    ("[1] is not 1", {"eq": [["$one"], 1]}, None),
    ("objects are not compared", {"eq": ["$object", "$object"]}, None),
    ("case counts", {"eq": ["NGO", "$agency.kind"]}, False),
    # in, subset, common, size
    ("in a list", {"in": ["a", "$letters"]}, True),
    ("not in a list", {"in": ["c", "$letters"]}, False),
    ("in no list at all", {"in": ["a", "$nope"]}, None),
    ("in null", {"in": ["a", "$nothing"]}, None),
    ("in a text of names", {"in": ["ngo", "$csv"]}, None),
    ("a letter in a text", {"in": ["a", "$agency.name"]}, None),
    ("in an object", {"in": ["a", "$table"]}, None),
    ("null in a list with null", {"in": [None, "$mixed"]}, None),
    ("missing in a list", {"in": ["$nope", "$letters"]}, None),
    ("a list in a list", {"in": [["a"], "$mixed"]}, None),
    ("1 among others", {"in": [1, "$mixed"]}, True),
    ("'1' among others", {"in": ["1", "$mixed"]}, True),
    ("true among others", {"in": [True, "$mixed"]}, True),
    ("false among others", {"in": [False, "$mixed"]}, False),
    ("0 among others", {"in": [0, "$mixed"]}, False),
    ("in the empty list", {"in": ["a", "$list"]}, False),
    ("subset", {"subset": [["a"], "$letters"]}, True),
    ("no subset", {"subset": [["a", "c"], "$letters"]}, False),
    ("nothing is a subset", {"subset": ["$list", "$letters"]}, True),
    ("subset of nothing", {"subset": [["a"], "$list"]}, False),
    ("nothing of nothing", {"subset": ["$list", "$list"]}, True),
    ("subset of missing", {"subset": [["a"], "$nope"]}, None),
    ("missing as subset", {"subset": ["$nope", "$letters"]}, None),
    ("a text as subset", {"subset": ["a", "$letters"]}, None),
    ("a subset with null", {"subset": [[None], "$mixed"]}, None),
    ("a subset with a list", {"subset": [[[]], "$mixed"]}, None),
    ("a subset with null, and one too many", {"subset": [["z", None], "$mixed"]}, None),
    ("common", {"common": [["b", "c", "a"], "$letters"]}, ["b", "a"]),
    ("nothing common", {"common": [["c"], "$letters"]}, []),
    ("common twice", {"common": [["a", "a"], "$letters"]}, ["a", "a"]),
    ("common with missing", {"common": ["$nope", "$letters"]}, None),
    ("common of a text", {"common": ["abc", "$letters"]}, None),
    ("common passes over null", {"common": [[None, "a"], "$mixed"]}, ["a"]),
    ("size", {"size": ["$letters"]}, 2),
    ("size of nothing", {"size": ["$list"]}, 0),
    ("size of a text", {"size": ["$csv"]}, None),
    ("size of an object", {"size": ["$table"]}, None),
    ("size of missing", {"size": ["$nope"]}, None),
    # le, lt: whole numbers and days, nothing else
    ("1 le 1", {"le": ["$one", 1]}, True),
    ("1 lt 1", {"lt": ["$one", 1]}, False),
    ("0 lt 1", {"lt": ["$zero", "$one"]}, True),
    ("2 le 1", {"le": [2, "$one"]}, False),
    ("-1 lt 0", {"lt": [-1, "$zero"]}, True),
    ("false le 1", {"le": ["$no", 1]}, None),
    ("missing le 5", {"le": ["$nope", 5]}, None),
    ("5 le missing", {"le": [5, "$nope"]}, None),
    ("null le 0", {"le": ["$nothing", 0]}, None),
    ("texts have no order", {"lt": ["a", "b"]}, None),
    ("digits in texts have no order", {"lt": ["9", "10"]}, None),
    ("1 lt '2'", {"lt": [1, "2"]}, None),
    ("a day le itself", {"le": ["$day", "2026-12-01"]}, True),
    ("a day lt itself", {"lt": ["$day", "2026-12-01"]}, False),
    ("a day before another", {"lt": ["2026-11-30", "$day"]}, True),
    ("a day after another", {"le": ["$day", "2026-11-30"]}, False),
    ("a word for a day", {"le": ["2026-11-22", "$word"]}, None),
    ("no day before one", {"le": ["$text", "$day"]}, None),
    ("a slack day", {"le": ["$slack", "$day"]}, None),
    ("a day that is not", {"le": ["2026-02-29", "$day"]}, None),
    ("a day that is", {"le": ["$leap", "2028-03-01"]}, True),
    ("the 31st of April", {"le": ["2026-04-31", "$day"]}, None),
    ("month 13", {"le": ["2026-13-01", "$day"]}, None),
    ("month 0", {"le": ["2026-00-10", "$day"]}, None),
    ("day 0", {"le": ["2026-01-00", "$day"]}, None),
    ("year 0", {"le": ["0000-01-01", "$day"]}, None),
    ("year 1", {"le": ["0001-01-01", "$day"]}, True),
    ("year 99", {"lt": ["0099-12-31", "0100-01-01"]}, True),
    ("year 9999", {"lt": ["$day", "9999-12-31"]}, True),
    ("no leap year 1900", {"le": ["1900-02-29", "$day"]}, None),
    ("leap year 2000", {"le": ["2000-02-29", "$day"]}, True),
    ("five digits of a year", {"le": ["$day", "12026-12-01"]}, None),
    ("a moment is no day", {"le": ["2026-11-22T00:00:00Z", "$day"]}, None),
    ("a day and a space", {"le": ["2026-11-22 ", "$day"]}, None),
    ("a day and a line", {"le": ["2026-11-22\n", "$day"]}, None),
    ("a short form of ISO", {"le": ["20261122", "$day"]}, None),
    ("a day of a week", {"le": ["2026-W47-7", "$day"]}, None),
    ("a day and a number", {"le": [20261122, "$day"]}, None),
    # days
    ("a day later", {"days": ["$day", 1]}, "2026-12-02"),
    ("a month of days", {"days": ["$day", 31]}, "2027-01-01"),
    ("a day earlier", {"days": ["$day", -1]}, "2026-11-30"),
    ("no day later", {"days": ["$day", 0]}, "2026-12-01"),
    ("over a leap day", {"days": ["2028-02-28", 1]}, "2028-02-29"),
    ("beyond the calendar", {"days": ["9999-12-31", 1]}, None),
    ("before the calendar", {"days": ["0001-01-01", -1]}, None),
    ("to the first day", {"days": ["0001-01-02", -1]}, "0001-01-01"),
    ("far beyond", {"days": ["$day", MOST]}, None),
    ("days of a word", {"days": ["$word", 1]}, None),
    ("a text of days", {"days": ["$day", "1"]}, None),
    ("true days", {"days": ["$day", True]}, None),
    ("missing days", {"days": ["$day", "$nope"]}, None),
    ("days of days", {"days": [{"days": ["$day", 2]}, -2]}, "2026-12-01"),
    # at, known, first
    ("at", {"at": ["$table", "a"]}, 1),
    ("at the empty name", {"at": ["$table", ""]}, 3),
    ("at a missing name", {"at": ["$table", "z"]}, None),
    ("at an inherited name", {"at": ["$table", "toString"]}, None),
    ("at the prototype", {"at": ["$table", "__proto__"]}, None),
    ("at a number", {"at": ["$letters", 0]}, None),
    ("at a digit", {"at": ["$letters", "0"]}, None),
    ("at the length", {"at": ["$letters", "length"]}, None),
    ("at of missing", {"at": ["$nope", "a"]}, None),
    ("at missing", {"at": ["$table", "$nope"]}, None),
    ("at with a point", {"at": ["$agency", "kind.x"]}, None),
    ("known", {"known": ["$agency.kind"]}, True),
    ("not known", {"known": ["$nope"]}, False),
    ("null is not known", {"known": ["$nothing"]}, False),
    ("no is known", {"known": ["$no"]}, True),
    ("0 is known", {"known": ["$zero"]}, True),
    ("'' is known", {"known": ["$text"]}, True),
    ("[] is known", {"known": ["$list"]}, True),
    ("an unknown answer is not known", {"known": [{"eq": ["$nope", 1]}]}, False),
    ("first", {"first": ["$one", 2]}, 1),
    ("first of missing", {"first": ["$nope", 2]}, 2),
    ("first of no", {"first": ["$no", True]}, False),
    ("first of 0", {"first": ["$zero", 5]}, 0),
    ("first of ''", {"first": ["$text", "x"]}, ""),
    ("first of two missing", {"first": ["$nope", "$nothing"]}, None),
    # loops
    ("some row has it", {"some": ["$rows", "row", {"eq": ["$row.n", 2]}]}, True),
    ("some row, with one unknown", {"some": ["$rows", "row", {"eq": ["$row.n", 9]}]}, None),
    ("every row, with one unknown", {"every": ["$rows", "row", {"le": ["$row.n", 9]}]}, None),
    ("every row, one firm no", {"every": ["$rows", "row", {"eq": ["$row.n", 1]}]}, False),
    ("some of missing", {"some": ["$nope", "row", True]}, None),
    ("every of missing", {"every": ["$nope", "row", True]}, None),
    ("not some of missing", {"not": [{"some": ["$nope", "row", True]}]}, None),
    ("some of a text", {"some": ["$csv", "letter", {"eq": ["$letter", "n"]}]}, None),
    ("some of an object", {"some": ["$table", "name", True]}, None),
    ("a loop hides a name", {"some": ["$letters", "one", {"eq": ["$one", "b"]}]}, True),
    ("and gives it back", {"all": [{"some": ["$letters", "one", {"eq": ["$one", "b"]}]}, {"eq": ["$one", 1]}]}, True),
    ("a loop in a loop", {"every": ["$letters", "a", {"some": ["$letters", "b", {"eq": ["$a", "$b"]}]}]}, True),
    ("a loop sees outside", {"some": ["$rows", "row", {"eq": ["$row.n", "$one"]}]}, True),
    ("a loop over the prototype's name", {"some": ["$letters", "__proto__", {"eq": ["$__proto__", "a"]}]}, True),
    ("a loop over a list that is written", {"some": [["x", "$agency.kind"], "kind", {"eq": ["$kind", "ngo"]}]}, True),
    ("a loop over null rows", {"every": [[None, None], "row", {"known": ["$row"]}]}, False),
]

RAW: list[tuple[str, str, Any, Any]] = [
    ("1.0 is 1", '{"v": 1.0}', {"eq": ["$v", 1]}, True),
    ("1e0 in a list", '{"v": [1e0]}', {"in": [1, "$v"]}, True),
    ("1.5 is not compared", '{"v": 1.5}', {"eq": ["$v", 1]}, None),
    ("1.5 has no order", '{"v": 1.5}', {"le": ["$v", 2]}, None),
    ("2.0 days", '{"v": 2.0}', {"days": ["2026-12-01", "$v"]}, "2026-12-03"),
    ("half a day", '{"v": 0.5}', {"days": ["2026-12-01", "$v"]}, None),
    ("minus nothing", '{"v": -0}', {"eq": ["$v", 0]}, True),
    ("minus nothing with a point", '{"v": -0.0}', {"eq": ["$v", 0]}, True),
    ("minus nothing in a list", '{"v": [-0.0]}', {"in": [0, "$v"]}, True),
    ("the greatest number", '{"v": 9007199254740991}', {"eq": ["$v", MOST]}, True),
    ("one more", '{"v": 9007199254740992}', {"eq": ["$v", "$v"]}, None),
    ("two more are not one more", '{"v": 9007199254740993}', {"le": ["$v", 5]}, None),
    ("a huge number", '{"v": 123456789012345678901234567890}', {"le": [5, "$v"]}, None),
    ("a huge number is known", '{"v": 123456789012345678901234567890}', {"known": ["$v"]}, True),
    ("a huge negative number", '{"v": -9007199254740992}', {"lt": ["$v", 0]}, None),
    ("beyond all numbers", '{"v": 1e400}', {"le": [0, "$v"]}, None),
    ("too small for a number", '{"v": 1e-400}', {"eq": ["$v", 0]}, True),
    ("a thousand", '{"v": 1e3}', {"eq": ["$v", 1000]}, True),
    ("rounds to the greatest", '{"v": 9007199254740991.4}', {"eq": ["$v", MOST]}, True),
    ("huge days", '{"v": 1e15}', {"days": ["2026-12-01", "$v"]}, None),
    ("the last of two members counts", '{"v": 1, "v": 2}', {"eq": ["$v", 2]}, True),
    ("a member called __proto__", '{"__proto__": {"kind": "ngo"}}', "$__proto__.kind", "ngo"),
    ("which others do not inherit", '{"__proto__": {"kind": "ngo"}}', "$kind", None),
    ("nor members of it", '{"v": {"__proto__": {"kind": "ngo"}}}', "$v.kind", None),
    ("a member called constructor", '{"v": {"constructor": "x"}}', "$v.constructor", "x"),
    ("at its own __proto__", '{"v": {"__proto__": 5}}', {"at": ["$v", "__proto__"]}, 5),
    ("hasOwnProperty is hidden", '{"v": {"hasOwnProperty": 1, "a": 2}}', {"at": ["$v", "a"]}, 2),
    ("an escape is its letter", '{"v": "n\\u0067o"}', {"eq": ["$v", "ngo"]}, True),
    ("composed is not decomposed", '{"v": "e\\u0301"}', {"eq": ["$v", "\u00e9"]}, False),
    ("beyond the first plane", '{"v": "\\ud83d\\ude00"}', {"eq": ["$v", "\U0001f600"]}, True),
    ("half a letter", '{"v": "\\ud83d"}', {"eq": ["$v", "\U0001f600"]}, False),
    ("half a letter is itself", '{"v": "\\ud83d", "w": ["\\ud83d"]}', {"in": ["$v", "$w"]}, True),
    ("Arabic digits are no day", '{"v": "\\u0662\\u0660\\u0662\\u0666-11-22"}', {"le": ["$v", "2026-12-01"]}, None),
    ("full-width digits are no day", '{"v": "\\uff12\\uff10\\uff12\\uff16-11-22"}', {"le": ["$v", "2026-12-01"]}, None),
    ("a zero letter", '{"v": "ngo\\u0000"}', {"eq": ["$v", "ngo"]}, False),
    ("a mark that is not seen", '{"v": "\\ufeffngo"}', {"eq": ["$v", "ngo"]}, False),
    ("look-alike letters", '{"v": "ng\\u043e"}', {"eq": ["$v", "ngo"]}, False),
    ("a zero name reaches nothing", '{"\\u0000days": 5, "v": "2026-12-01"}', {"le": ["$v", "2026-12-02"]}, True),
]


def _nested(depth: int) -> Any:
    value: Any = True
    for _ in range(depth):
        value = {"not": [value]}
    return value


REFUSED: list[tuple[str, Any]] = [
    ("no such operation", {"equals": [1, 1]}),
    ("an inherited operation", {"constructor": [1]}),
    ("the prototype as operation", {"__proto__": [1]}),
    ("two operations in one", {"eq": [1, 1], "not": [True]}),
    ("no operation at all", {}),
    ("arguments in no list", {"not": True}),
    ("too many arguments", {"not": [True, True]}),
    ("too few arguments", {"eq": [1]}),
    ("a loop without a name", {"some": ["$rows", True]}),
    ("a loop whose name is a path of a list", {"some": ["$rows", ["row"], True]}),
    ("an empty path", "$"),
    ("a path with a capital", "$Agency"),
    ("a path with a digit", "$rows.0"),
    ("a path with two points", "$agency..kind"),
    ("a path that ends in a point", "$agency."),
    ("a path with a line", "$agency\n"),
    ("a path in a list", ["$agency.Kind"]),
    ("use of nothing", {"use": "nothing"}),
    ("use of an inherited name", {"use": "constructor"}),
    ("use of the prototype", {"use": "__proto__"}),
    ("use of a list", {"use": ["self"]}),
    ("use of itself", {"use": "self"}),
    ("33 deep", _nested(33)),
    ("400 deep", _nested(400)),
]
NAMED = {
    "self": {"not": [{"use": "self"}]},
    "ngo": {"eq": ["$agency.kind", "ngo"]},
    "not_ngo": {"not": [{"use": "ngo"}]},
}


def _row(name: str, expression: Any, answer: Any, facts: Any = None) -> dict[str, Any]:
    return {"name": name, "facts": json.dumps(facts or {}), "expression": expression, "answer": answer}


def _about_the_facts(name: str, expression: Any, answer: Any) -> dict[str, Any]:
    return {"name": name, "expression": expression, "answer": answer}


def expressions() -> list[dict[str, Any]]:
    """Return all cases of expressions. Facts are JSON text, because reading it is where two languages part first."""
    rows = [*kleene(), *(_about_the_facts(*case) for case in BY_HAND)]
    rows += [{"name": name, "facts": raw, "expression": asked, "answer": answer} for name, raw, asked, answer in RAW]
    rows.append(_row("32 deep", _nested(32), answer=True))
    rows.append(_row("use", {"use": "ngo"}, answer=True, facts={"agency": {"kind": "ngo"}}))
    rows.append(_row("use in use", {"use": "not_ngo"}, None))
    rows += [{"name": name, "expression": asked, "refused": True} for name, asked in REFUSED]
    return rows


def decisions() -> list[dict[str, Any]]:
    """Return all cases of decisions.

    What blocks, or the last day, is compared with what is written by hand; what each rule found comes from Python.
    """
    rows = [_decided(name, base, change) for name, base, change, _ in CASES]
    for row, (name, _base, _change, expected) in zip(rows, CASES, strict=True):
        said = row["until"] if row["permit"] else {why["rule"] for why in row["reasons"]}
        if said != expected:
            raise AssertionError(f"{name}: {said}, not {expected}")
    return rows + [_decided(f"{base} without {path}", base, {path: ...}) for base, path in members()]


def _decided(name: str, base: str, change: dict[str, Any]) -> dict[str, Any]:
    row = {"name": name, "base": base, **case(change)}
    found = decision(question(row))
    return {**row, **found, "findings": brief(found["findings"])}


def brief(findings: list[dict[str, str]]) -> str:
    """Return what each rule found on one line: `R01+identity` met, `-` blocked, `~` lifted, `.` not asked."""
    return " ".join(row["rule"] + _SIGNS[row["found"]] + row["section"] for row in findings)


_SIGNS = {"met": "+", "blocked": "-", "overridden": "~", "not_applicable": "."}


def matching() -> list[dict[str, Any]]:
    """Return all cases of matches: what is written by hand is compared, the rest of the answer comes from Python."""
    rows = []
    for name, change, asked, expected in matches.CASES:
        (found,) = answer = matched(matches.question([change], asked))
        said = {row["id"]: f"{row['said']} {row['code']}" for row in found["criteria"]}
        if expected.items() - said.items():
            raise AssertionError(f"{name}: {expected}, not {said}")
        rows.append({"name": name, "listings": [change], "asked": asked, "answer": answer})
    for name, changes, asked, order in matches.RANKS:
        answer = matched(matches.question(changes, asked))
        if [row["id"] for row in answer] != order:
            raise AssertionError(f"{name}: {answer}")
        rows.append({"name": name, "listings": changes, "asked": asked, "answer": answer})
    return rows


def write(folder: Path) -> None:
    """Write the files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "decisions.json", {"policy": POLICY_VERSION, "bases": BASES, "cases": decisions()})
    base = {"listing": matches.LISTING, "person": matches.PERSON, "where": matches.WHERE, "areas": matches.AREAS}
    _write(folder / "matches.json", {**base, "now": matches.NOW, "cases": matching()})
    _write(folder / "gates.json", {"policy": POLICY_VERSION, "bases": gates.BASES, "cases": gates.cases()})
    _write(folder / "expressions.json", {"named": NAMED, "facts": json.dumps(FACTS), "cases": expressions()})


def _write(path: Path, value: dict[str, Any]) -> None:
    cases = ",\n".join(json.dumps(case) for case in value.pop("cases"))
    path.write_text(f'{json.dumps(value)[:-1]}{", " if value else ""}"cases": [\n{cases}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
