"""Photos without the places and people in their metadata (R13, B10): only the picture is drawn anew.

What a picture shows stays: a street sign, a face, a school uniform; so a person looks at it. Whatever is no photo is
refused, because nobody can say what else is in it. The bytes decide what a file is, never its name, and the name goes
too. EXIF with its GPS and thumbnail, XMP, IPTC, comments, text chunks, colour profiles, what transparency hid and
everything behind the picture's end are gone, since nothing but visible pixels is carried over. A PDF from a scanner is
drawn page by page in the same way: its scripts, attached files and hidden text go with its metadata.
"""

from __future__ import annotations

import io
import warnings
from itertools import count
from typing import TYPE_CHECKING, Final

import pypdfium2
from PIL import Image, ImageOps

from hub.client.profile import write_private
from hub.errors import HubError, InvalidRequest, TooLarge

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_PIXELS: Final = 64_000_000
"""As large as telephones and scanners make them; larger ones are decompression bombs or maps."""
_SAVED_AS: Final = {"JPEG": "jpg", "MPO": "jpg", "WEBP": "jpg", "PNG": "png", "GIF": "png", "TIFF": "png"}
_PHOTO_AND_PREVIEW: Final = "MPO"  # how a telephone's JPEG may turn out once it is open
_DEEP: Final = ("I", "F")
MOST_PAGES: Final = 20
"""Pages of one signed paper: a longer file is something else, or several papers in one."""
_PDF: Final = b"%PDF-"
_PER_POINT: Final = 200 / 72
"""200 dots an inch: handwriting and a thumbprint stay legible."""


def read_file(path: Path) -> bytes:
    """Return the bytes of a file that is no larger than a photo.

    Raises:
        TooLarge: it is larger; nothing of it was read.
    """
    if path.stat().st_size > MOST_BYTES:
        raise _too_large()
    return path.read_bytes()


def clean_attachment(path: Path, into: Path) -> Path:
    """Write the picture at `path` anew below `into`, under a name that says nothing; return the new path.

    Raises:
        InvalidRequest: it is no picture of a known kind, or several in one; nothing is written.
        TooLarge: it has more bytes or pixels than a photo.
    """
    data = read_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            suffix, clean = _redraw(data)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError) as error:
        raise _too_large() from error
    except HubError:
        raise
    except Exception as error:  # decoders of hostile bytes fail in any way
        raise _refusal() from error
    return _write(clean, into, suffix)


def clean_scan(path: Path, into: Path) -> list[Path]:
    """Write the pages of a signed paper, a photo or a scanned PDF, anew as pictures below `into`; return their paths.

    Raises:
        InvalidRequest: it is neither, or locked, or has too many pages; nothing is written.
        TooLarge: it has more bytes or pixels than a photo.
    """
    data = read_file(path)
    if not data.startswith(_PDF):
        return [clean_attachment(path, into)]
    try:
        pages = _draw(data)
    except pypdfium2.PdfiumError as error:
        raise InvalidRequest(
            "This PDF cannot be read, or is locked.", todo="Scan it without a password, or take a photo of each page."
        ) from error
    return [_write(page, into, "jpg") for page in pages]


def _draw(data: bytes) -> list[bytes]:
    """Return each page of a PDF as the bytes of a new picture."""
    with pypdfium2.PdfDocument(data) as document:
        if not 1 <= len(document) <= MOST_PAGES:
            raise InvalidRequest(
                f"A signed paper has at most {MOST_PAGES} pages.", todo="Scan each paper into a file of its own."
            )
        sizes = [document.get_page_size(number) for number in range(len(document))]
        if any(wide * high * _PER_POINT**2 > MOST_PIXELS for wide, high in sizes):
            raise _too_large()
        return [_drawn(document[number]) for number in range(len(document))]


def _drawn(page: pypdfium2.PdfPage) -> bytes:
    sink = io.BytesIO()
    page.render(scale=_PER_POINT).to_pil().convert("RGB").save(sink, "JPEG", quality=85)
    return sink.getvalue()


def _redraw(data: bytes) -> tuple[str, bytes]:
    """Return the suffix and the bytes of a new picture with the same pixels, upright, on white."""
    Image.init()  # or the kinds below are not all known
    with Image.open(io.BytesIO(data), formats=[kind for kind in _SAVED_AS if kind != _PHOTO_AND_PREVIEW]) as found:
        if found.width * found.height > MOST_PIXELS:
            raise _too_large()
        kind = str(found.format)
        if kind != _PHOTO_AND_PREVIEW and getattr(found, "n_frames", 1) > 1:
            raise InvalidRequest("This file holds several pictures.", todo="Save each of them as a photo of its own.")
        if found.mode.startswith(_DEEP):
            raise _refusal()
        upright = ImageOps.exif_transpose(found)
        clean = Image.new("RGB", upright.size, "white")
        clean.paste(upright, mask=upright.convert("RGBA").getchannel("A") if upright.has_transparency_data else None)
    suffix, sink = _SAVED_AS[kind], io.BytesIO()
    clean.save(sink, "JPEG", quality=90) if suffix == "jpg" else clean.save(sink, "PNG")
    return suffix, sink.getvalue()


def _write(data: bytes, into: Path, suffix: str) -> Path:
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = (into / f"photo-{number}.{suffix}" for number in count(1))
    path = next(path for path in names if _take(path))
    write_private(path, data)
    return path


def _take(path: Path) -> bool:
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    return True


def _refusal() -> InvalidRequest:
    todo = "Take a photo of the page, or ask the panel."
    return InvalidRequest("This file cannot be cleaned of places.", todo=todo)


def _too_large() -> TooLarge:
    return TooLarge("This picture is too large to be cleaned of places.", todo="Take a smaller photo.")
