/** The agencies that the home hub knows, with the names that they gave themselves: a list to choose from, not evidence. */

import { isObject } from "../rcp/encoding.ts";
import type { Member } from "./member.ts";
import { expect } from "./session.ts";

export interface Known {
  readonly agency: string;
  /** What it calls itself; "" where it does not say. */
  readonly name: string;
}

/** An agency's address as people write it: `name@host`. */
export const shortOf = (agency: string): string => agency.replace("urn:rcp:agency:", "");

/** All of them, by name. */
export async function known(member: Member): Promise<Known[]> {
  const [listed, directory] = await Promise.all([
    member.hub.get("/api/v1/agencies"),
    member.hub.get("/api/v1/directory"),
  ]);
  expect(Array.isArray(listed) && isObject(directory) && Array.isArray(directory["agencies"]));
  const names = new Map<string, string>();
  for (const row of listed) if (isObject(row)) names.set(String(row["agency"]), "");
  for (const row of directory["agencies"]) {
    if (isObject(row)) names.set(String(row["agency"]), typeof row["name"] === "string" ? row["name"] : "");
  }
  const rows = [...names].map(([agency, name]) => ({ agency, name }));
  return rows.sort((one, other) => labelOf(one).localeCompare(labelOf(other)));
}

/** How a list names one: by its own name, with its address, which nobody can take. */
export const labelOf = ({ agency, name }: Known): string => (name ? `${name} (${shortOf(agency)})` : shortOf(agency));
