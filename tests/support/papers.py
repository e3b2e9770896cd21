"""What stands on a PDF, as the eye reads it: words in any direction, place on the page, language."""

from __future__ import annotations

import ctypes
import re

import pypdfium2 as pdfium
from pypdfium2 import raw

ARABIC = re.compile(r"[\u0621-\u064a]")
SHARED = re.compile(r"[\u064b-\u0652]|\u0644[\u0622\u0623\u0625\u0627]")


def pages(made):
    document = pdfium.PdfDocument(made)
    return [document[number] for number in range(len(document))]


def text(made):
    """What is read from left to right, line by line, without spaces: what the eye sees, whatever way the words run."""
    lines = {}
    for number, page in enumerate(pages(made)):
        found = page.get_textpage()
        written = found.get_text_range()
        for at, letter in enumerate(written):
            left, bottom = ctypes.c_double(), ctypes.c_double()
            raw.FPDFText_GetCharOrigin(found, at, left, bottom)
            lines.setdefault((number, round(bottom.value)), []).append((left.value, at, letter))
    return re.sub(r"\s", "", "\n".join("".join(letter for *_, letter in sorted(line)) for line in lines.values()))


def language_of(made):
    document, length = pdfium.PdfDocument(made), 32
    found = ctypes.create_string_buffer(length)
    raw.FPDFCatalog_GetLanguage(document, ctypes.cast(found, ctypes.POINTER(ctypes.c_ushort)), length)
    return found.raw.decode("utf-16-le").rstrip("\0")


def left_of(made, words_of):
    """How far from the left some words stand on the first page, in points."""
    page = pages(made)[0].get_textpage()
    at, _ = page.search(words_of, match_whole_word=True).get_next()
    return page.get_charbox(at)[0]


def has(made, words_of):
    """The words that a PDF lacks; Arabic from its right, but words with marks and ligatures, which share a place."""
    shown = text(made)
    arabic = ARABIC.search(words_of)
    plain = [word for word in re.findall(r"[\w\u064b-\u0652]+", words_of) if not SHARED.search(word)]
    return [word for word in plain if (word[::-1] if arabic else word) not in shown]
