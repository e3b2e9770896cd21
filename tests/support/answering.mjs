// Answers the questions of a test: one question a line in, one answer a line out.
import { createInterface } from "node:readline";
import { PacketError } from "../../web/src/rcp/errors.ts";

export const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
export const text = (data) => Buffer.from(data).toString("base64");

/** Answer until nobody asks any more; `known` are the errors beside `PacketError` that are answers. */
export async function serve(answers, ...known) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { ask, ...given } = JSON.parse(line);
    let answer;
    try {
      answer = { ok: (await answers[ask](given)) ?? null };
    } catch (error) {
      if (![PacketError, ...known].some((kind) => error instanceof kind)) throw error;
      answer = { refused: error.code };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
