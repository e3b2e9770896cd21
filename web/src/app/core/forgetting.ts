/**
 * Letting go of a withdrawn handoff on this device: what was downloaded of its packets, what it was called in lists, and
 * what was typed about it and not sent. Copies that people made (printed, saved, sent on) are not here.
 */

import type { Shown } from "../../client/handoffs.ts";
import { dropName } from "../screens/inbox/names.ts";
import type { Local } from "./local.ts";

/** All that is kept of a handoff; return how many files were there. */
export async function forget(local: Local, shown: Shown): Promise<number> {
  await dropName(local, shown.id);
  return forgetPackets(
    local,
    shown.packets.map(({ hash }) => hash),
    shown.id,
  );
}

/**
 * The downloaded files of packets, named by the hashes of their manifests; with the handoff or record that they are of, all
 * that was typed about it.
 */
export async function forgetPackets(local: Local, manifests: readonly string[], of?: string): Promise<number> {
  const folders = manifests.map((hash) => `/api/v1/packets/${hash}/`);
  const rows = (await local.held("read")).filter(({ name }) => folders.some((folder) => name.startsWith(folder)));
  for (const { name } of rows) await local.delete("read", name);
  for (const { name } of of ? await local.held("draft") : []) {
    const typed = name + JSON.stringify(await local.get("draft", name));
    if (typed.includes(of!)) await local.delete("draft", name);
  }
  return rows.length;
}
