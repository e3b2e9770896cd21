/**
 * The token on the giver's receipt: a number without a name, by which any agency can stop what was sent on a consent.
 * The twin of `consent/token.py`, which says why it looks so. Does not know what a token stops.
 */

import { systemRandom } from "../rcp/age.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ALIKE: { readonly [letter: string]: string } = { O: "0", I: "1", L: "1" };
const LENGTH = 20;
const HIGH = 32;
const FIELD = 0b100101;

/** A fresh token as it is printed. */
export function newToken(): string {
  const drawn = [...systemRandom(LENGTH)].map((byte) => byte % HIGH); // 256 is a multiple of 32: none is likelier
  return printed([...drawn, timesX(remainder(drawn))].map((n) => ALPHABET[n]).join(""));
}

/** The token that somebody typed, as it is printed, or null; case, spaces and O for 0, I or L for 1 do not matter. */
export function parseToken(text: string): string | null {
  const plain = text
    .toUpperCase()
    .replace(/[ \-\t\n\r]/g, "")
    .replace(/[OIL]/g, (letter) => ALIKE[letter]!);
  const values = [...plain].map((letter) => ALPHABET.indexOf(letter));
  return values.length === LENGTH + 1 && !values.includes(-1) && remainder(values) === 0 ? printed(plain) : null;
}

const remainder = (values: readonly number[]): number => values.reduce((found, value) => timesX(found) ^ value, 0);

const timesX = (value: number): number => (value << 1) ^ ((value << 1) & HIGH ? FIELD : 0);

const printed = (plain: string): string => plain.match(/.{3}/g)!.join("-");
