"""Photos keep their picture and nothing else; whatever is no photo is refused (R13, B10)."""

from __future__ import annotations

import io
import stat
import struct
import zlib

import pypdfium2 as pdfium
import pytest
from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from hub.client import cleaning
from hub.client.cleaning import clean_attachment, clean_scan
from hub.errors import InvalidRequest, TooLarge

SECRET = "Bole-Road-12"
BYTES = SECRET.encode()
UTF16 = SECRET.encode("utf-16-le")
RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(mode="RGB"):
    """Forty by twenty; the left half red, the right half blue."""
    made = Image.new("RGB", (40, 20), RED)
    made.paste(BLUE, (20, 0, 40, 20))
    return made.convert(mode)


def exif(orientation=1):
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010E] = SECRET  # ImageDescription
    found[0x9C9B] = UTF16  # XPTitle
    found.get_ifd(0x8825).update({1: "N", 2: (9.0, 1.0, 48.0), 3: "E", 4: (38.0, 44.0, 48.0), 29: SECRET})
    found.get_ifd(0x8769)[0x9286] = BYTES  # UserComment
    return found


def saved(kind, made=None, **facts):
    sink = io.BytesIO()
    (made or picture()).save(sink, kind, **facts)
    return sink.getvalue()


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(orientation=1):
    thumbnail = saved("JPEG", Image.new("RGB", (8, 8), RED), comment=SECRET)
    data = saved("JPEG", exif=exif(orientation), comment=SECRET, icc_profile=b"icc " + BYTES, quality=95)
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>" + BYTES + b"</x>")
    iptc = segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(BYTES)) + BYTES)
    return data[:2] + xmp + iptc + segment(0xEC, thumbnail) + data[2:] + thumbnail + BYTES


def png(made=None):
    info = PngInfo()
    info.add_text("Comment", SECRET)
    info.add_text("Location", SECRET, zip=True)
    info.add_itxt("XML:com.adobe.xmp", SECRET)
    return saved("PNG", made, pnginfo=info, exif=exif(), icc_profile=b"icc " + BYTES) + BYTES


def tiff():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270] = tags[305] = SECRET
    return saved("TIFF", tiffinfo=tags, exif=exif()) + BYTES


PHOTOS = {
    "jpeg": jpeg,
    "png": png,
    "palette": lambda: png(picture("P")),
    "grey": lambda: png(picture("L")),
    "webp": lambda: saved("WEBP", exif=exif(), xmp=BYTES, lossless=True),
    "gif": lambda: saved("GIF", comment=BYTES) + BYTES,
    "tiff": tiff,
    "cmyk": lambda: saved("JPEG", picture("CMYK"), comment=SECRET),
}


def cleaned(tmp_path, data, name="Selam at home.bin"):
    (tmp_path / name).write_bytes(data)
    return clean_attachment(tmp_path / name, tmp_path / "clean")


def refused(tmp_path, data, name="photo.jpg", kind=InvalidRequest):
    with pytest.raises(kind) as found:
        cleaned(tmp_path, data, name)
    assert not list((tmp_path / "clean").glob("*"))
    assert SECRET not in f"{found.value.detail} {found.value.todo}"
    return found.value


def chunks(data):
    """The names of a PNG's chunks, or the markers of a JPEG up to its scan; and that nothing stands behind the end."""
    if data.startswith(b"\x89PNG"):
        names, at = [], 8
        while at < len(data):
            (length,) = struct.unpack(">I", data[at : at + 4])
            names.append(data[at + 4 : at + 8])
            at += length + 12
        return names
    assert data.endswith(b"\xff\xd9")
    markers, at = [], 2
    while data[at + 1] != 0xDA:
        markers.append(data[at + 1])
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    assert data.count(b"\xff\xd8") == 1
    return markers


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_photo_keeps_its_picture_and_nothing_else(tmp_path, kind):
    before = PHOTOS[kind]()
    assert BYTES in before or kind == "webp"
    path = cleaned(tmp_path, before)
    data = path.read_bytes()
    assert BYTES not in data
    assert UTF16 not in data
    assert set(chunks(data)) <= {b"IHDR", b"IDAT", b"IEND"} | {0xE0, 0xDB, 0xC0, 0xC4}
    with Image.open(path) as found:
        assert not found.getexif()
        assert {*found.info} <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert found.size == (40, 20)
        if kind not in {"grey", "cmyk"}:
            left, right = found.convert("RGB").getpixel((5, 10)), found.convert("RGB").getpixel((35, 10))
            assert max(abs(a - b) for a, b in zip(left + right, RED + BLUE, strict=True)) < 40


def test_the_name_says_nothing_and_is_free_and_private(tmp_path):
    paths = [cleaned(tmp_path, jpeg()), cleaned(tmp_path, jpeg()), cleaned(tmp_path, png())]
    assert [path.name for path in paths] == ["photo-1.jpg", "photo-2.jpg", "photo-1.png"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert sorted(path.name for path in (tmp_path / "clean").iterdir()) == sorted(path.name for path in paths)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stays_upright_without_its_orientation(tmp_path, orientation):
    with Image.open(cleaned(tmp_path, jpeg(orientation))) as found:
        assert found.size == ((40, 20) if orientation < 5 else (20, 40))
        first = found.getpixel((2, 2))
    red_first = orientation in {1, 4, 5, 6}
    assert (first[0] > first[2]) is red_first


def test_what_transparency_hid_is_gone(tmp_path):
    hidden = picture("RGBA")
    hidden.putalpha(Image.new("L", hidden.size, 0))
    with Image.open(cleaned(tmp_path, png(hidden))) as found:
        assert found.mode == "RGB"
        assert found.getcolors() == [(800, (255, 255, 255))]


def test_the_preview_behind_a_telephones_photo_is_gone(tmp_path):
    sink = io.BytesIO()
    picture().save(sink, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 20), BLUE)])
    assert sink.getvalue().count(b"\xff\xd8\xff") == 2
    chunks(cleaned(tmp_path, sink.getvalue()).read_bytes())


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n" + BYTES,
        b"%PDF-1.7\nstream\n" + jpeg(),
        b"PK\x03\x04 word/document.xml",
        b"ID3\x04 sound",
        b"\0\0\0\x18ftypmp42 film",
        b"\0\0\0\x18ftypheic photo",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a",
        b"",
        b"a letter",
        b"II*\0" + b"\xff" * 64,
        saved("BMP"),
        saved("PPM"),
        jpeg()[:400],
        png()[:90],
        saved("TIFF", Image.new("I", (4, 4))),
    ],
)
def test_whatever_is_no_photo_is_refused(tmp_path, data):
    assert "panel" in refused(tmp_path, data).todo


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK", "YCbCr"])
def test_pictures_of_any_mode_keep_what_is_seen(tmp_path, mode):
    made = Image.new("RGB", (8, 8), "white").convert("P" if mode == "PA" else mode).convert(mode)
    with Image.open(cleaned(tmp_path, saved("TIFF", made))) as found:
        assert found.getcolors() == [(64, (255, 255, 255))]


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_several_pictures_in_one_are_refused_rather_than_lost(tmp_path, kind):
    sink = io.BytesIO()
    picture().save(sink, kind, save_all=True, append_images=[Image.new("RGB", (40, 20), BLUE)])
    assert "several" in refused(tmp_path, sink.getvalue()).detail


def test_what_is_a_photo_and_something_else_comes_out_as_a_photo_only(tmp_path):
    archive = b"PK\x03\x04" + BYTES + b"PK\x05\x06" + bytes(18)
    data = cleaned(tmp_path, jpeg() + archive, "letter.zip").read_bytes()
    assert b"PK" not in data[-40:]
    assert BYTES not in data


def bomb(width, height):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [8_001, 9_600, 20_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path, side):
    refused(tmp_path, bomb(side, side), kind=InvalidRequest if side > 2**30 else TooLarge)


def test_a_bomb_of_text_in_a_photo_does_no_harm(tmp_path):
    info = PngInfo()
    info.add_text("Comment", "x" * 70_000_000, zip=True)
    assert refused(tmp_path, saved("PNG", pnginfo=info), "photo.png")


def test_a_file_of_many_bytes_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(cleaning, "MOST_BYTES", 10)
    refused(tmp_path, jpeg(), kind=TooLarge)


def test_a_photo_that_is_not_there_is_the_disks_fault(tmp_path):
    with pytest.raises(FileNotFoundError):
        clean_attachment(tmp_path / "none.jpg", tmp_path)


# Signed papers that come back


def scanned(pages=2, **facts):
    """A PDF as an office scanner makes it, which says where and by whom; its left half red, its right half blue."""
    first, *rest = [picture().resize((400, 200)) for _ in range(pages)]
    sink = io.BytesIO()
    said = {"title": SECRET, "author": SECRET, "subject": SECRET, "producer": SECRET, **facts}
    first.save(sink, "PDF", save_all=True, append_images=rest, resolution=72, **said)
    return sink.getvalue()


def rescanned(tmp_path, data, name="form.pdf"):
    (tmp_path / name).write_bytes(data)
    return clean_scan(tmp_path / name, tmp_path / "clean")


def test_a_scanned_paper_becomes_a_picture_for_each_page_and_nothing_else(tmp_path):
    made = rescanned(tmp_path, scanned(pages=11))
    assert [path.name for path in made] == [f"photo-{number}.jpg" for number in range(1, 12)]
    for path in made:
        data = path.read_bytes()
        assert BYTES not in data
        assert UTF16 not in data
        with Image.open(path) as page:
            assert (page.format, page.getexif(), page.info.get("comment")) == ("JPEG", {}, None)
            wide, high = page.size
            assert page.getpixel((wide // 4, high // 2))[0] > 150 > page.getpixel((wide * 3 // 4, high // 2))[0]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_stands_hidden_in_a_pdf_is_gone(tmp_path):
    document = pdfium.PdfDocument.new()
    document.new_page(200, 100)
    attached = document.new_attachment("home.txt")
    attached.set_data(BYTES)
    sink = io.BytesIO()
    document.save(sink)
    assert pdfium.PdfDocument(sink.getvalue()).count_attachments() == 1
    (page,) = rescanned(tmp_path, sink.getvalue())
    assert BYTES not in page.read_bytes()


def test_a_photo_of_a_paper_is_cleaned_as_any_photo(tmp_path):
    (page,) = rescanned(tmp_path, jpeg(), "form.jpg")
    assert BYTES not in page.read_bytes()


@pytest.mark.parametrize("name", ["form.pdf", "form.jpg", "form"])
def test_the_bytes_say_what_a_scan_is_and_never_its_name(tmp_path, name):
    assert len(rescanned(tmp_path, scanned(pages=1), name)) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7",
        b"%PDF-1.7\n" + b"garbage" * 99,
        scanned()[: len(scanned()) // 2],
        b"PK\x03\x04" + b"x" * 99,
        b"<html>",
        scanned(pages=cleaning.MOST_PAGES + 1),
    ],
    ids=["empty", "head", "garbage", "half", "zip", "html", "too many pages"],
)
def test_what_is_no_signed_paper_is_refused_and_nothing_is_written(tmp_path, data):
    with pytest.raises(InvalidRequest) as refusal:
        rescanned(tmp_path, data)
    assert SECRET not in refusal.value.detail + refusal.value.todo
    assert not list((tmp_path / "clean").glob("*"))


def test_a_page_as_large_as_a_field_is_refused_before_it_is_drawn(tmp_path):
    document = pdfium.PdfDocument.new()
    document.new_page(14_400, 14_400)
    sink = io.BytesIO()
    document.save(sink)
    with pytest.raises(TooLarge):
        rescanned(tmp_path, sink.getvalue())


def test_a_scan_of_more_bytes_than_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(cleaning, "MOST_BYTES", 10)
    with pytest.raises(TooLarge):
        rescanned(tmp_path, scanned())
