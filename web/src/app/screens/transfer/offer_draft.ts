/** An offer that is being put together. */

import type { Held } from "../../../client/basis.ts";
import type { CaseFile } from "../../../client/cases.ts";
import type { Purpose } from "../../../client/journey.ts";
import type { Files } from "../handoff/attach.tsx";
import type { Typed } from "./plan_fields.tsx";

/** What the consent is asked for. */
export const PURPOSE = "transfer";
export const DRAFT = "draft";

/** What is being put together. */
export interface Draft {
  readonly to: string;
  readonly purpose: Purpose;
  readonly urgency: string;
  readonly plan: Typed;
  readonly held: Held | null;
  readonly sections: readonly string[];
  /** Papers of the case that go along, by their ids; files that are dropped in are not kept. */
  readonly papers: readonly string[];
  readonly leg: string;
}

/** What a step of the offer is given. */
export interface StepProps {
  readonly held: CaseFile;
  readonly draft: Draft;
  readonly put: (changes: Partial<Draft>) => void;
  readonly files: Files;
  readonly setFiles: (files: Files) => void;
  readonly next: () => void;
}
