/** What opening takes beside the packets: the rules that judge them are fetched when somebody opens something. */

import type { Member } from "../../../client/member.ts";
import { REQUEST, type Opened } from "../../../client/opening.ts";
import { read } from "../../../client/routing.ts";
import { noteRest } from "../../../client/tasks.ts";

export { openAndReport } from "../../../client/breach.ts";

/** The needs for which help is asked; none where nothing says so. */
export const needsIn = (opened: readonly Opened[]): readonly string[] =>
  opened.map(({ sections }) => read(sections[REQUEST])).find((one) => one !== null)?.needs ?? [];

/** The needs that the recipient did not accept, kept as a task of the sender's. */
export const restOf = async (member: Member, handoff: string, opened: readonly Opened[]): Promise<readonly string[]> =>
  (await noteRest(member, handoff, opened))?.needs ?? [];
