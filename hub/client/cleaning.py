"""Photos without the places and people in their metadata (R13, B10): only the picture is drawn anew.

What a picture shows stays: a street sign, a face, a school uniform; so a person looks at it. Whatever is no photo is
refused, because nobody can say what else is in it. The bytes decide what a file is, never its name, and the name goes
too. EXIF with its GPS and thumbnail, XMP, IPTC, comments, text chunks, colour profiles, what transparency hid and
everything behind the picture's end are gone, since nothing but visible pixels is carried over.
"""

from __future__ import annotations

import io
import warnings
from itertools import count
from typing import TYPE_CHECKING, Final

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


def clean_attachment(path: Path, into: Path) -> Path:
    """Write the picture at `path` anew below `into`, under a name that says nothing; return the new path.

    Raises:
        InvalidRequest: it is no picture of a known kind, or several in one; nothing is written.
        TooLarge: it has more bytes or pixels than a photo.
    """
    if path.stat().st_size > MOST_BYTES:
        raise _too_large()
    data = path.read_bytes()
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
