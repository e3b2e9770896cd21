"""The expressions of policy files: compiled once, then asked about facts. Small, total, and three-valued.

An expression is JSON. A string that begins with `$` is a path into the facts; `{"op": [arguments]}` is an operation of
`_OPS`; a list is a list of expressions; every other value is itself. The answer is a JSON value, or None for *unknown*:
a missing member, a wrong type, a day that no calendar has. `all`, `any`, `not`, `some` and `every` follow Kleene, so an
unknown never turns into yes. There is no arithmetic beyond whole days, and no loop but over a list of the facts.

`web/rules/evaluate.js` is the same in JavaScript; `tests/vectors/rules` holds both together.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Scope: TypeAlias = "dict[str, Any]"
"""The facts by name. Under `WATCHED` there may be a set, to which every pair of days that was compared is added."""
Ask: TypeAlias = "Callable[[Scope], Any]"
WATCHED: Final = "\0days"
MAX_DEPTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1
_PATH = re.compile(r"\$[a-z_]+(?:\.[a-z_]+)*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class RuleError(ValueError):
    """A policy file has an expression that is none."""


def compiled(expression: Any, named: Mapping[str, Any] | None = None, depth: int = 0) -> Ask:
    """Return the expression as a function of the facts, which never raises; `named` is what `use` refers to.

    Raises:
        RuleError: an unknown operation, a wrong number of arguments, a wrong path, or nested too deeply.
    """
    if depth > MAX_DEPTH:
        raise RuleError("An expression is nested too deeply.")
    if isinstance(expression, str) and expression.startswith("$"):
        return _path(expression)
    if isinstance(expression, list):
        items = [compiled(item, named, depth + 1) for item in expression]
        return lambda scope: [item(scope) for item in items]
    if not isinstance(expression, dict):
        return lambda _scope: expression
    return _operation(expression, named or {}, depth)


def _path(text: str) -> Ask:
    if not _PATH.fullmatch(text):
        raise RuleError("A path names members with small letters.")
    first, *rest = text[1:].split(".")
    return reduce(_member, rest[1:], _member_of(first, rest[0]) if rest else lambda scope: scope.get(first))


def _member_of(first: str, name: str) -> Ask:
    def member(scope: Scope) -> Any:
        value = scope.get(first)
        return value.get(name) if isinstance(value, dict) else None

    return member


def _member(found: Ask, name: str) -> Ask:
    def member(scope: Scope) -> Any:
        value = found(scope)
        return value.get(name) if isinstance(value, dict) else None

    return member


def _operation(expression: dict[str, Any], named: Mapping[str, Any], depth: int) -> Ask:
    if len(expression) != 1:
        raise RuleError("An operation has one name.")
    name, arguments = next(iter(expression.items()))
    if name == "use":
        if not isinstance(arguments, str) or arguments not in named:
            raise RuleError("There is nothing of this name to use.")
        return compiled(named[arguments], named, depth + 1)
    if not isinstance(arguments, list):
        raise RuleError("The arguments of an operation are a list.")
    if name in _LOOPS:
        if len(arguments) != 3 or not isinstance(arguments[1], str):  # noqa: PLR2004 - list, name, condition
            raise RuleError("A loop has a list, a name and a condition.")
        rows, condition = (compiled(arguments[i], named, depth + 1) for i in (0, 2))
        return _loop(rows, arguments[1], condition, stop=_LOOPS[name])
    asked = [compiled(item, named, depth + 1) for item in arguments]
    if name in _JOINS:
        return _join(asked, stop=_JOINS[name])
    if name not in _OPS or len(asked) != _OPS[name][0]:
        raise RuleError("An operation is unknown, or has the wrong number of arguments.")
    return _plain(asked, _OPS[name][1])


def _join(asked: list[Ask], *, stop: bool) -> Ask:
    going = not stop

    def join(scope: Scope) -> bool | None:
        answer: bool | None = going
        for ask in asked:
            found = ask(scope)
            if found is stop:
                return bool(stop)
            if found is not going:
                answer = None
        return answer

    return join


def _loop(rows: Ask, name: str, condition: Ask, *, stop: bool) -> Ask:
    going = not stop

    def loop(scope: Scope) -> bool | None:
        found = rows(scope)
        if not isinstance(found, list):
            return None
        answer: bool | None = going
        inner = dict(scope)
        for row in found:
            inner[name] = row
            said = condition(inner)
            if said is stop:
                return bool(stop)
            if said is not going:
                answer = None
        return answer

    return loop


def _plain(asked: list[Ask], answer: Callable[..., Any]) -> Ask:
    if len(asked) == 1:
        (only,) = asked
        return (lambda scope: only(scope) is not None) if answer is _known else lambda scope: answer(scope, only(scope))
    one, other = asked
    return lambda scope: answer(scope, one(scope), other(scope))


# What operations do with values that may be of any type


def scalar(value: Any) -> bool:
    """Whether a value can be compared: a text, a truth value, or a whole number that every language has."""
    return isinstance(value, str | bool) or _whole(value)


def _whole(value: Any) -> bool:
    """Whether it is a whole number in every language; 1.0 is one, because JavaScript reads it as 1."""
    if type(value) is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER
    if not isinstance(value, float) or not -MAX_INTEGER <= value <= MAX_INTEGER:
        return False
    return value == int(value)


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) or (_whole(one) and _whole(other))


def _among(one: Any, many: list[Any]) -> bool:
    """Whether a scalar is in a list. Of all values only a text equals a text; `True == 1` wants a look at the types."""
    return one in many and (isinstance(one, str) or any(_alike(one, item) and one == item for item in many))


def day(value: Any) -> date | None:
    """Return a day of the calendar, or None."""
    return _calendar(value) if isinstance(value, str) else None


@lru_cache(4096)
def _calendar(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _not(_scope: Scope, value: Any) -> bool | None:
    return not value if isinstance(value, bool) else None


def _eq(_scope: Scope, one: Any, other: Any) -> bool | None:
    if type(one) is str and type(other) is str:
        return one == other
    if not scalar(one) or not scalar(other) or not _alike(one, other):
        return None
    return bool(one == other)


def _in(_scope: Scope, one: Any, many: Any) -> bool | None:
    if not scalar(one) or not isinstance(many, list):
        return None
    return _among(one, many)


def _subset(_scope: Scope, some: Any, many: Any) -> bool | None:
    if not isinstance(some, list) or not isinstance(many, list) or not all(map(scalar, some)):
        return None
    return all(_among(one, many) for one in some)


def _common(_scope: Scope, some: Any, many: Any) -> list[Any] | None:
    if not isinstance(some, list) or not isinstance(many, list):
        return None
    return [one for one in some if scalar(one) and _among(one, many)]


def _size(_scope: Scope, many: Any) -> int | None:
    return len(many) if isinstance(many, list) else None


def _compare(scope: Scope, one: Any, other: Any, *, same: bool) -> bool | None:
    if one is None or other is None:
        return None
    if _whole(one) and _whole(other):
        return bool(one <= other if same else one < other)
    if day(one) is None or day(other) is None:
        return None
    if WATCHED in scope:
        scope[WATCHED].add((one, other))
    return bool(one <= other if same else one < other)


def _le(scope: Scope, one: Any, other: Any) -> bool | None:
    return _compare(scope, one, other, same=True)


def _lt(scope: Scope, one: Any, other: Any) -> bool | None:
    return _compare(scope, one, other, same=False)


def _days(_scope: Scope, start: Any, many: Any) -> str | None:
    first = day(start)
    if first is None or not _whole(many):
        return None
    try:
        return (first + timedelta(days=many)).isoformat()
    except OverflowError:
        return None


def _at(_scope: Scope, table: Any, name: Any) -> Any:
    return table.get(name) if isinstance(table, dict) and isinstance(name, str) else None


def _known(_scope: Scope, value: Any) -> bool:
    return value is not None


def _first(_scope: Scope, one: Any, other: Any) -> Any:
    return other if one is None else one


_JOINS: Final = {"all": False, "any": True}
_LOOPS: Final = {"every": False, "some": True}
_OPS: Final[dict[str, tuple[int, Callable[..., Any]]]] = {
    "not": (1, _not),
    "eq": (2, _eq),
    "in": (2, _in),
    "subset": (2, _subset),
    "common": (2, _common),
    "size": (1, _size),
    "le": (2, _le),
    "lt": (2, _lt),
    "days": (2, _days),
    "at": (2, _at),
    "known": (1, _known),
    "first": (2, _first),
}
