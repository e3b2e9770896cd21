"""The words of a notice. A closed list: nothing in it can name a child, a service or a handoff.

A notice says that something waits and where to sign in. The one that goes to an area focal point, who is neither sender
nor recipient, says how many waits an agency has and whom to phone. Those of the service map that go to somebody without
an account have a link and are in four languages at once: nobody knows which one is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

WAITS = "waits"
OVERDUE = "overdue"
TASK = "task"
AREA = "area"
MAP_DUE = "map_due"
MAP_PAST = "map_past"
MAP_ASKED = "map_asked"
MAP_LINK = "map_link"
MAP_HELD = "map_held"

_PAST_WORDS = (
    "Entries of the service map at {hub} were not checked in time, and searches no longer show them.\n"
    "They are kept, and come back when somebody checks them.\nSign in: {url}\n"
)
_LINK_WORDS = (
    "Please look at what the service map says about you. The link works once, for seven days.\n"
    "Veuillez vérifier ce que la carte des services dit de vous. Le lien sert une fois, pendant sept jours.\n"
    "Revise lo que el mapa de servicios dice de usted. El enlace sirve una vez, durante siete días.\n"
    "يرجى مراجعة ما تقوله خريطة الخدمات عنكم. يعمل الرابط مرة واحدة، لمدة سبعة أيام.\n\n{link}\n\n{hub}\n"
)
_HELD_WORDS = (
    "Somebody asked the service map to show other contact details for you. If this is wrong, say so by this link:\n"
    "Quelqu'un a demandé de changer vos coordonnées dans la carte des services. Si c'est faux, dites-le ici :\n"
    "Alguien pidió cambiar sus datos de contacto en el mapa de servicios. Si no es correcto, dígalo aquí:\n"
    "طلب أحدهم تغيير بيانات الاتصال بكم في خريطة الخدمات. إذا كان هذا خطأ فأخبرونا بهذا الرابط:\n\n"
    "{link}\n\n{hub}\n"
)
_TEMPLATES = {
    WAITS: ("Something waits for your answer", "Something at {hub} waits for your answer.\nSign in: {url}\n"),
    OVERDUE: (
        "Something is past due",
        "Something at {hub} waits for your agency's answer and is past due.\nSign in: {url}\n",
    ),
    TASK: ("A task is yours", "Something at {hub} came back to you as a task.\nSign in: {url}\n"),
    AREA: ("Answers are past due", "{recipient}: {n} unanswered past due; duty number {duty}\n"),
    MAP_DUE: (
        "The service map waits for your check",
        "Entries of the service map at {hub} that are yours to check are due.\nSign in: {url}\n",
    ),
    MAP_PAST: (
        "Entries left the service map's results",
        _PAST_WORDS,
    ),
    MAP_ASKED: (
        "A change to the service map waits for you",
        "Somebody proposed a change to the service map at {hub}.\nSign in: {url}\n",
    ),
    MAP_LINK: (
        "Is this still right? / Est-ce encore exact ? / ¿Sigue siendo correcto? / هل ما زال هذا صحيحًا؟",
        _LINK_WORDS,
    ),
    MAP_HELD: (
        "Somebody changes how you are reached / Changement de contact / Cambio de contacto / تغيير بيانات الاتصال",
        _HELD_WORDS,
    ),
}
TEMPLATES = frozenset(_TEMPLATES)


def words(template: str, facts: Mapping[str, str | int]) -> tuple[str, str]:
    """Return subject and text.

    Raises:
        InvalidRequest: no such template, or a fact that it needs is missing.
    """
    try:
        subject, text = _TEMPLATES[template]
        return subject, text.format_map({name: _plain(value) for name, value in facts.items()})
    except KeyError as error:
        raise InvalidRequest("A notice has a template of the list and the facts that it needs.") from error


def _plain(value: str | int) -> str:
    """Return a fact on one line, without control characters, short."""
    return "".join(character for character in str(value) if character.isprintable())[:200]
