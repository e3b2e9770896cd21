"""A timeline as one HTML page: no script, nothing fetched, for a screen, a phone, paper and a screen reader.

Every colour has a word beside it; the direction of writing follows the language. Texts come from `timeline.json`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from hub.client.timeline import label, name_of, notices, timeline, what, who, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.client.reading import Shown
    from hub.client.timeline import Entry, Note, Span, Stretch, Timeline

_RIGHT_TO_LEFT: Final = frozenset({"ar"})
_ARROWS: Final = {"ltr": "→", "rtl": "←"}
_COLOURS: Final = ("#0b5d7a", "#8a4b00", "#3d6b21", "#6a3d8f", "#9c2f4b", "#4a5560")
_ALARMS: Final = frozenset({"overdue", "report_missing", "not_departed", "expire", "halt", "freeze", "withdraw"})
_STYLE: Final = """
:root { color-scheme: light; font: 1rem/1.45 system-ui, "Noto Sans", "Noto Sans Arabic", sans-serif; }
body { margin: 0 auto; padding: 1.25rem; max-width: 56rem; color: #1c2126; background: #fff; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .2rem 0; }
bdi { display: inline-block; max-width: 100%; overflow-wrap: anywhere; }
ol, ul { list-style: none; margin: 0; padding: 0; }
.now h2 { margin: 0; } .now h3 { margin: .6rem 0 .2rem; } .now li { margin: .25rem 0; }
.now { border-inline-start: .4rem solid #1c2126; padding: .4rem .8rem; background: #f3f5f7; margin-top: 1rem; }
.held { display: flex; flex-wrap: wrap; gap: .3rem; }
.held li { min-width: 11rem; padding: .4rem .7rem; border-block-start: .6rem solid var(--who); background: #f3f5f7; }
.steps li { border-inline-start: .3rem solid var(--who); padding: .35rem 0 .35rem .9rem; padding-inline: .9rem 0; }
.steps li { break-inside: avoid; }
.what { font-weight: 600; }
.meta, .proof, .key { color: #4a5560; font-size: .875rem; }
.leg { border: 1px solid #4a5560; border-radius: .2rem; padding: 0 .35rem; white-space: nowrap; }
.alarm .what::before { content: "\\26a0\\fe0e  "; }
.alarm { background: #fff4e0; }
.own .what { font-weight: 400; font-style: italic; }
.moves { margin-top: .5rem; background: var(--who); color: #fff; padding: .3rem .7rem; font-weight: 600; }
h3 { break-after: avoid; }
@media (max-width: 34rem) { body { padding: .8rem; } .held { flex-direction: column; } }
@media print {
  :root { font-size: 9pt; }
  body { padding: 0; max-width: none; }
  .moves, .held li, .steps li { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def page(shown: Sequence[Shown], *, title: str = "", notes: Iterable[Note] = (), language: str = "en") -> str:
    """Return the timeline of verified handoffs of one case as an HTML document.

    Raises:
        InvalidRequest: there are no words of this language.
    """
    return draw(timeline(shown, notes), title=title, language=language)


def draw(made: Timeline, *, title: str = "", language: str = "en") -> str:
    """Return a timeline as an HTML document."""
    said = words(language)["page"]
    called = escape(title or said["title"])
    colours = _colours(made)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}" dir="{_direction(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"""<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\n"""
        f"<title>{called}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{called}</h1>\n"
        f"{_now(made, said, language)}{_held(made, said, colours)}{_steps(made, said, colours, language)}"
        "</main>\n</body>\n</html>\n"
    )


def _direction(language: str) -> str:
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def _colours(made: Timeline) -> dict[str, str]:
    """Return a colour for each agency that was ever responsible."""
    agencies = dict.fromkeys(span.agency for span in made.spans)
    return {agency: _COLOURS[n % len(_COLOURS)] for n, agency in enumerate(agencies)}


def _now(made: Timeline, said: Mapping[str, Any], language: str) -> str:
    held = [said["responsible"].format(agency=f"<strong>{_name(span.agency)}</strong>") for span in made.spans[-1:]]
    rows = "".join(f"<li>{_part(part, said, language)}</li>" for part in made.parts)
    told = "".join(f"<p>{line}</p>" for line in held)
    return f'<section class="now"><h2>{said["now"]}</h2>{told}<h3>{said["parts"]}</h3><ul>{rows}</ul></section>\n'


def _part(part: Stretch, said: Mapping[str, Any], language: str) -> str:
    acts = said["next"].format(agency=_name(part.next), day=_day(part.due)) if part.next and part.due else said["over"]
    way = f"{_name(part.from_agency)} {_ARROWS[_direction(language)]} {_name(part.to_agency)}"
    return f'<span class="leg">{label(part, language)}</span> {way}<br><span class="meta">{acts}</span>'


def _held(made: Timeline, said: Mapping[str, Any], colours: Mapping[str, str]) -> str:
    if not made.spans:
        return ""
    rows = "".join(_span(span, said, colours[span.agency]) for span in made.spans)
    return f'<section><h2>{said["held"]}</h2><ol class="held">{rows}</ol></section>\n'


def _span(span: Span, said: Mapping[str, Any], colour: str) -> str:
    days = 1 + ((span.ends or span.begins) - span.begins) // 86_400
    when = (
        said["since"].format(day=_day(span.begins))
        if span.ends is None
        else said["span"].format(begins=_day(span.begins), ends=_day(span.ends))
    )
    return f'<li style="--who:{colour};flex-grow:{days}"><strong>{_name(span.agency)}</strong><p>{when}</p></li>'


def _steps(made: Timeline, said: Mapping[str, Any], colours: Mapping[str, str], language: str) -> str:
    parts, holder = [], made.spans[0].agency if made.spans else ""
    for day, entries in made.days:
        parts.append(f'<h3>{said["day"].format(n=made.day(day))} · {_day(day)}</h3>\n<ol class="steps">')
        for entry in entries:
            holder = entry.holder or holder
            parts.append(_entry(entry, said, colours.get(holder, _COLOURS[-1]), language))
        parts.append("</ol>\n")
    key = f'<p class="key">{said["key"]}</p>'
    key += f'<p class="key">{said["own_key"]}</p>' if any(entry.note for entry in made.entries) else ""
    return f"<section><h2>{said['steps']}</h2>{key}{''.join(parts)}</section>\n"


def _entry(entry: Entry, said: Mapping[str, Any], colour: str, language: str) -> str:
    kind = "own" if entry.note else "alarm" if entry.step in _ALARMS else "step"
    leg = f'<span class="leg">{label(entry.stretch, language)}</span> ' if entry.stretch else ""
    signed = [*map(_isolated, who(entry, language)), *map(escape, notices(entry, language))]
    places = " · ".join(_isolated(f"{host} {n}") for host, n in entry.places)
    proof = f'<p class="proof">{said["logs"].format(places=places)}</p>' if places else ""
    moves = f'<p class="moves">{said["from_here"].format(agency=_name(entry.holder))}</p>' if entry.holder else ""
    return (
        f'<li class="{kind}" style="--who:{colour}"><p class="what">{escape(what(entry, language))}</p>'
        f'<p class="meta"><time datetime="{_iso(entry.at)}">{_clock(entry.at)}</time> {leg}{" · ".join(signed)}</p>'
        f"{proof}{moves}</li>\n"
    )


def _name(agency: str) -> str:
    return _isolated(name_of(agency))


def _isolated(text: str) -> str:
    """Return a name whose direction does not disturb the line that it stands in."""
    return f"<bdi>{escape(text)}</bdi>"


def _day(at: int) -> str:
    return f'<bdi dir="ltr">{datetime.fromtimestamp(at, UTC).date().isoformat()}</bdi>'


def _clock(at: int) -> str:
    return f'<bdi dir="ltr">{datetime.fromtimestamp(at, UTC):%H:%M} UTC</bdi>'


def _iso(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}"
