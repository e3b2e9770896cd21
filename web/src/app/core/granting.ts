/**
 * Gives the agency's key to colleagues who were certified since this device last looked: any colleague who works on cases
 * can, and nobody has to think of it. Certificates are verified against the root first.
 */

import { CASE_ROLES } from "../../client/documents.ts";
import type { Member } from "../../client/member.ts";
import type { Local } from "./local.ts";

const NAME = "granted";
/** Seconds after signing in: what a person waits for goes first. */
const LATER = 6;

/** Look a little later; returns what calls that off. */
export function grantLater(member: Member, local: Local, roles: readonly string[]): () => void {
  if (!roles.some((role) => CASE_ROLES.includes(role))) return () => undefined;
  const timer = setTimeout(() => void grantNew(member, local).catch(() => undefined), LATER * 1000);
  return () => clearTimeout(timer);
}

async function grantNew(member: Member, local: Local): Promise<void> {
  const { entry, documents } = await member.home();
  const certified = documents.filter(({ document }) => document.kind === "member-cert");
  const newest = certified.reduce((most, { index }) => Math.max(most, index), -1);
  const since = await local.get("setting", NAME);
  if (!entry.enc.length || (typeof since === "number" && newest <= since)) return;
  if (!(await member.epochSecrets()).size) return; // nobody has granted it to this device yet
  const { grantMissing } = await import("../../client/epochs.ts");
  await grantMissing(member);
  await local.put("setting", NAME, newest);
}
