"""A camera before which a square is held: the film that Chromium takes for its picture, and who reads what it sees.

Headless Chromium has a camera for tests and no `BarcodeDetector`; a page gets one here that looks at the picture of the
camera and has the modules read by `read_square`, which decodes what is small and without a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT, MODULE = 640, 480, 8
DETECTOR: Final = """
() => void (globalThis.BarcodeDetector = class {
  async detect(video) {
    if (!video.videoWidth) return [];
    const [width, height] = [video.videoWidth, video.videoHeight];
    const sheet = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    sheet.drawImage(video, 0, 0);
    const { data } = sheet.getImageData(0, 0, width, height);
    const dark = (x, y) => data[(y * width + x) * 4 + 1] < 100;
    const at = [...Array(width * height).keys()].filter((i) => dark(i % width, Math.floor(i / width)));
    if (!at.length) return [];
    const [left, top] = [Math.min(...at.map((i) => i % width)), Math.floor(at[0] / width)];
    const right = at.reduce((most, i) => Math.max(most, i % width), 0) + 1;
    let run = 0;
    while (dark(left + run, top)) run += 1;
    const size = Math.round(((right - left) * 7) / run);
    const mid = (n) => Math.floor(((n + 0.5) * run) / 7);
    const steps = [...Array(size).keys()].map(mid);
    const line = (y) => steps.map((x) => (dark(left + x, top + y) ? "1" : "0")).join("");
    const rawValue = await readSquare(steps.map(line));
    return rawValue ? [{ rawValue }] : [];
  }
})
"""
_MASKS: Final = (
    lambda r, c: (r + c) % 2,
    lambda r, _: r % 2,
    lambda _, c: c % 3,
    lambda r, c: (r + c) % 3,
    lambda r, c: (r // 2 + c // 3) % 2,
    lambda r, c: r * c % 2 + r * c % 3,
    lambda r, c: (r * c % 2 + r * c % 3) % 2,
    lambda r, c: ((r + c) % 2 + r * c % 3) % 2,
)
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def film(path: Path, lines: list[str]) -> None:
    """Write what the camera sees: a square of dark modules on white paper, as Chromium takes it (YUV4MPEG2)."""
    left, top = ((edge - len(lines) * MODULE) // 2 for edge in (WIDTH, HEIGHT))
    rows = [bytearray(b"\xeb" * WIDTH) for _ in range(HEIGHT)]
    for y, line in enumerate(lines):
        for x, one in enumerate(line):
            if one == "1":
                for row in rows[top + y * MODULE : top + (y + 1) * MODULE]:
                    row[left + x * MODULE : left + (x + 1) * MODULE] = b"\x10" * MODULE
    frame = b"FRAME\n" + b"".join(rows) + b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 5)


def read_square(lines: list[str]) -> str:
    """Return the text of a QR code without faults, of one block of codewords: up to version 5 at its lowest level."""
    size = len(lines)
    around = [(8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [(r, 8) for r in (7, 5, 4, 3, 2, 1, 0)]
    told = int("".join(lines[r][c] for r, c in around), 2) ^ 0b101010000010010
    mask = _MASKS[(told >> 10) & 7]
    bits, column, up = "", size - 1, True
    while column > 0:
        column -= column == 6
        for step in range(size):
            row = size - 1 - step if up else step
            for c in (column, column - 1):
                if not _is_frame(row, c, size):
                    bits += str(int(lines[row][c]) ^ (mask(row, c) == 0))
        column, up = column - 2, not up
    return _text(bits)


def _is_frame(r: int, c: int, size: int) -> bool:
    corner = (r < 9 and c < 9) or (r < 9 and c >= size - 8) or (r >= size - 8 and c < 9)
    middle = size > 21 and abs(r - (size - 7)) <= 2 and abs(c - (size - 7)) <= 2
    return corner or middle or 6 in (r, c)


def _text(bits: str) -> str:
    at, found = 0, ""

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int(bits[at - count : at] or "0", 2)

    while mode := take(4):
        count = take({1: 10, 2: 9, 4: 8}[mode])
        if mode == 1:
            for left in range(count, 0, -3):
                digits = min(left, 3)
                found += str(take((0, 4, 7, 10)[digits])).zfill(digits)
        elif mode == 2:
            for left in range(count, 0, -2):
                pair = take(11 if left > 1 else 6)
                found += _LETTERS[pair // 45] + _LETTERS[pair % 45] if left > 1 else _LETTERS[pair]
        else:
            found += bytes(take(8) for _ in range(count)).decode()
    return found
