/** What the screens of visits read: the cases that are followed, by the names under which a desk knows them. */

import * as aftercare from "../../../client/aftercare.ts";
import { due, type Due, type Followed } from "../../../client/aftercare.ts";
import { listing } from "../../../client/cases.ts";
import { calledIn, colleagues } from "../../../client/colleagues.ts";
import type { Member } from "../../../client/member.ts";
import { chase } from "../../../client/visits.ts";
import type { Say } from "../../core/words.ts";
import { caseName } from "../cases/case_picker.tsx";

export interface Named {
  readonly held: Followed;
  readonly name: string;
  readonly lead: string;
}

/** Every case of the agency that is followed, with its name here and who leads its visits. */
export async function followed(member: Member, say: Say): Promise<Named[]> {
  const [rows, files, people] = await Promise.all([aftercare.followed(member), listing(member), colleagues(member)]);
  return rows.flatMap((held) => {
    const file = files.find(({ record }) => record === held.case);
    return file ? [{ held, name: caseName(say, file, member.id), lead: calledIn(people, held.lead) }] : [];
  });
}

/** One case by its record: how it is followed, or null where nobody follows it yet. */
export async function one(member: Member, record: string): Promise<Followed | null> {
  return (await aftercare.followed(member)).find((held) => held.case === record) ?? null;
}

export interface DueOf extends Due {
  readonly of: Named;
}

/** What is due of all open cases, the first first; with `until` each contact up to that day. */
export function dueOf(rows: readonly Named[], until?: string): DueOf[] {
  const found = rows.flatMap((of) => due(of.held, until).map((row) => ({ ...row, of })));
  return found.sort((one, other) => (one.day < other.day ? -1 : one.day > other.day ? 1 : 0));
}

let chasing: Promise<unknown> = Promise.resolve();

/** Let the hub run after the days as they are now; one case after the other, behind what somebody waits for. */
export function chaseLater(member: Member, record: string): void {
  const again = async () => {
    await chase(member, await aftercare.read(member, record));
  };
  chasing = chasing.then(again).catch(() => undefined); // the next entry chases again
}
