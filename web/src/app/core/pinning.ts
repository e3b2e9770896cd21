/**
 * Keeps what this device has come to believe in the vault, so that the next sign-in goes on from it: a hub that later serves
 * another key, or an older log, is found out.
 *
 * An agency that is believed anew is kept soon; that logs have grown, now and then: each time is a request.
 */

import type { Member } from "../../client/member.ts";
import type { Pins } from "../../client/pins.ts";

const LOOK = 60_000;
const EVERY = 15;

/** Look from time to time; returns what ends that. */
export function keepPinsLater(member: Member): () => void {
  let looks = 0;
  let kept = believed(member.trust.pins);
  const look = async () => {
    const now = believed(member.trust.pins);
    if (now === kept && ++looks % EVERY !== 0) return;
    await member.keepPins();
    kept = now;
  };
  const timer = setInterval(() => void (navigator.onLine && look().catch(() => undefined)), LOOK);
  return () => clearInterval(timer);
}

const believed = ({ agencies, hubs }: Pins): string => JSON.stringify([agencies, hubs]);
