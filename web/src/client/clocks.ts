/**
 * Special clocks: medical windows that close. Reckoned here, so that a hub sees an emergency and a due time, not why. The
 * twin of `hub/client/clocks.py`; the figures stand in its `clocks.json` with their source.
 */

import table from "../../../hub/client/clocks.json" with { type: "json" };
import { isObject, type JsonObject } from "../rcp/encoding.ts";
import { HubError } from "./session.ts";

const MINUTE = 60;
const HOUR = 3600;
const ROWS = Object.entries(table as JsonObject).filter(([, row]) => isObject(row)) as [string, JsonObject][];
export const WINDOWS: readonly string[] = ROWS.map(([name]) => name);

/** How urgent a referral is in such a window, by when it is to be answered, and when the window closes. */
export interface Special {
  readonly urgency: string;
  readonly due: number;
  readonly closes: number;
}

/** The clock of a window that opened with what happened at `eventAt` (Unix seconds), if it is open. */
export function special(name: string, eventAt: number, now: number): Special {
  const row = ROWS.find(([one]) => one === name)?.[1];
  const closes = eventAt + Number(row?.["window_hours"]) * HOUR;
  if (!row || eventAt > now || closes <= now) throw new HubError("invalid_request", "", null, { field: "event" });
  const due = Math.min(now + Number(row["first_answer_minutes"]) * MINUTE, closes);
  return { urgency: String(row["urgency"]), due, closes };
}
