/** Settings of this device that are nobody's secret: the language, and how soon it locks. */

import { isLang, type Lang } from "./words.ts";

const LANG = "handover.lang";
const IDLE = "handover.idle";
const MINUTES = 10;
export const IDLE_CHOICES = [2, 5, 10, 30] as const;

export function langKept(): Lang | null {
  const kept = found(LANG);
  return isLang(kept) ? kept : null;
}

export const keepLang = (lang: Lang): void => keep(LANG, lang);

/** Minutes without a touch after which the vault is closed. */
export function idleMinutes(): number {
  const kept = Number(found(IDLE));
  return (IDLE_CHOICES as readonly number[]).includes(kept) ? kept : MINUTES;
}

export const keepIdleMinutes = (minutes: number): void => keep(IDLE, String(minutes));

function found(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // a browser that keeps nothing: the app works, and forgets
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // as above
  }
}
