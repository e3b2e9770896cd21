// Draws the app's icon: a sealed letter that goes from one hand to another. One drawing, as SVG and as PNG of any size.
import { crc32, deflateSync } from "node:zlib";

const [BLUE, WHITE] = ["#0b5cad", "#ffffff"];
const STEPS = 8; // samples a side of each pixel
// In a square of 100; the middle 80 is safe where a phone cuts icons round.
const BOX = { left: 22, top: 33, right: 78, bottom: 69, round: 4 };
const FLAP = { line: 3.2, low: 54 };
const SEAL = { x: 50, y: 54, radius: 7.5 };

export const svg = () =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" rx="18" fill="${BLUE}"/>` +
  `<rect x="${BOX.left}" y="${BOX.top}" width="${BOX.right - BOX.left}" height="${BOX.bottom - BOX.top}" rx="${BOX.round}" fill="${WHITE}"/>` +
  `<path d="M${BOX.left} ${BOX.top + 2}L50 ${FLAP.low}L${BOX.right} ${BOX.top + 2}" fill="none" stroke="${BLUE}" stroke-width="${FLAP.line}"/>` +
  `<circle cx="${SEAL.x}" cy="${SEAL.y}" r="${SEAL.radius}" fill="${BLUE}"/></svg>\n`;

/** Whether a point of the square is white. */
function white(x, y) {
  const inner = [
    Math.max(BOX.left + BOX.round - x, 0, x - BOX.right + BOX.round),
    Math.max(BOX.top + BOX.round - y, 0, y - BOX.bottom + BOX.round),
  ];
  if (Math.hypot(...inner) > BOX.round) return false;
  if (Math.hypot(x - SEAL.x, y - SEAL.y) < SEAL.radius) return false;
  const [run, fall] = [50 - BOX.left, FLAP.low - BOX.top - 2];
  const across = Math.abs(x - 50) / run;
  const line = FLAP.low - across * fall;
  return Math.abs(y - line) * (run / Math.hypot(run, fall)) > FLAP.line / 2;
}

const channel = (colour, at) => parseInt(colour.slice(1 + 2 * at, 3 + 2 * at), 16);

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

/** The icon as a square PNG, full to its edges; shades between the two colours are a palette. */
export function png(size) {
  const shades = STEPS * STEPS;
  const rows = Buffer.alloc((size + 1) * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let count = 0;
      for (let i = 0; i < shades; i++) {
        const [dx, dy] = [(i % STEPS) + 0.5, Math.floor(i / STEPS) + 0.5];
        count += white(((x + dx / STEPS) * 100) / size, ((y + dy / STEPS) * 100) / size) ? 1 : 0;
      }
      rows[y * (size + 1) + 1 + x] = count;
    }
  }
  const palette = Buffer.alloc(3 * (shades + 1));
  for (let i = 0; i <= shades; i++) {
    for (let at = 0; at < 3; at++) {
      palette[3 * i + at] = Math.round((channel(BLUE, at) * (shades - i) + channel(WHITE, at) * i) / shades);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("PLTE", palette),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
