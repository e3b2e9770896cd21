/**
 * Days where an agency works, and terms in days, months and hours: the twin of `hub/followup/calendar.py`, as far as a
 * client needs it. A day is `YYYY-MM-DD`, as documents write it: days compare as text. No clock of the hub's runs here.
 */

import { HubError } from "./session.ts";

const DAY = 86_400;
const QUARTER = 900;
const HOUR = 3_600;

const at = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1000;
const dayAt = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

export const plusDays = (day: string, days: number): string => dayAt(at(day) + days * DAY);

/** The same day so many months later, or the last of that month where it has no such day. */
export function plusMonths(day: string, months: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year, month + months, 0));
  return dayAt(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), Math.min(date, last.getUTCDate())) / 1000);
}

/** How many days lie between two days; negative where the second comes first. */
export const daysBetween = (one: string, other: string): number => Math.round((at(other) - at(one)) / DAY);

/** 0 for Monday to 6 for Sunday. */
export const weekdayOf = (day: string): number => (new Date(at(day) * 1000).getUTCDay() + 6) % 7;

/** A time rounded up to a quarter of an hour: a due time in seconds would say which dates were set in one moment. */
export const whole = (seconds: number): number => Math.ceil(seconds / QUARTER) * QUARTER;

/** One of the three. */
export interface Length {
  readonly days?: number;
  readonly months?: number;
  readonly hours?: number;
}

/** Where an agency works: the zone that its wall clocks show. */
export class Calendar {
  private readonly format: Intl.DateTimeFormat;

  /** `zone` is a name of IANA's; null is UTC. */
  constructor(zone: string | null) {
    try {
      this.format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
        timeZone: zone ?? "UTC",
        ...{ year: "numeric", month: "numeric", day: "numeric" },
        ...{ hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" },
      });
    } catch {
      throw new HubError("invalid_request");
    }
  }

  /** The day on the wall at a moment. */
  day(seconds: number): string {
    return dayAt(this.wall(seconds));
  }

  /** The first second after a day. */
  endOf(day: string): number {
    const midnight = at(day) + DAY;
    const before = midnight - this.ahead(midnight - DAY);
    const after = midnight - this.ahead(midnight + DAY);
    // Where clocks are put back or forward at midnight the time before the change counts, as in Python.
    return this.wall(before) === midnight || this.wall(after) !== midnight ? before : after;
  }

  /** A wall clock's time on a day, `HH:MM`, as a moment. */
  moment(day: string, time: string): number {
    const [hours = 0, minutes = 0] = time.split(":").map(Number);
    const wall = at(day) + hours * HOUR + minutes * 60;
    const guess = wall - this.ahead(wall - this.ahead(wall));
    return guess;
  }

  private ahead(seconds: number): number {
    return this.wall(seconds) - seconds;
  }

  private wall(seconds: number): number {
    const parts = this.format.formatToParts(seconds * 1000);
    const of = (type: string) => Number(parts.find((part) => part.type === type)!.value);
    return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second")) / 1000;
  }
}

/** By when a term that begins at `since` ends: days and months run to the end of their last day, hours are elapsed ones. */
export function dueAfter(calendar: Calendar, since: number, length: Length): number {
  const given = [length.days, length.months, length.hours].filter((term) => term !== undefined);
  if (given.length !== 1 || given[0]! < 0) throw new HubError("invalid_request");
  if (length.hours !== undefined) return whole(since + length.hours * HOUR);
  const day = calendar.day(since);
  const last = length.months === undefined ? plusDays(day, length.days!) : plusMonths(day, length.months);
  return whole(calendar.endOf(last));
}
