/** Errors in a person's words. A code that has no words of its own gets the hub's, which are safe to show. */

import { HubError } from "../../client/session.ts";
import { PacketError } from "../../rcp/errors.ts";
import { isFull } from "./database.ts";
import type { Say } from "./words.ts";

export interface Told {
  readonly what: string;
  readonly todo: string | null;
}

export function told(say: Say, error: unknown): Told {
  const code = codeOf(error);
  if (say.has(`app.error.${code}`)) return { what: say(`app.error.${code}`), todo: say(`app.todo.${code}`) };
  if (error instanceof HubError && error.message !== error.code) return { what: error.message, todo: error.todo };
  return { what: say("app.error.unknown", { code }), todo: say("app.todo.unknown") };
}

/** The code of docs/errors.md; a fault of our own is `internal`. */
export const codeOf = (error: unknown): string =>
  error instanceof HubError || error instanceof PacketError ? error.code : isFull(error) ? "device_full" : "internal";
