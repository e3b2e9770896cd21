/** The steps that have a form here, and what each asks of the person beside their signature. */

export interface Form {
  /** `text!` has to be said, `text` may be. */
  readonly fields: readonly string[];
  /** The gates that are asked before it. */
  readonly gate?: string;
  /** A form of its own. */
  readonly own?: "accept" | "verify" | "sections" | "ask_assessment" | "send_assessment" | "elsewhere";
  /** Whether its words stay with the own agency, whoever says them. */
  readonly kept?: boolean;
  readonly warn?: boolean;
}

export const FORMS: { readonly [step: string]: Form } = {
  answer_inquiry: { fields: [], own: "elsewhere" },
  request_assessment: { fields: [], own: "ask_assessment" },
  return_assessment: { fields: [], own: "send_assessment" },
  offer: { fields: [], own: "elsewhere" },
  acknowledge: { fields: [] },
  ask: { fields: ["text!"] },
  answer: { fields: [], own: "sections" },
  accept: { fields: [], own: "accept", gate: "accept" },
  decline: { fields: ["code", "text"], warn: true },
  depart: { fields: ["plan"], gate: "depart" },
  change: { fields: ["plan", "text"] },
  acknowledge_change: { fields: [] },
  arrive: { fields: ["seen", "text"] },
  verify: { fields: [], own: "verify" },
  release: { fields: [], gate: "release" },
  unrelease: { fields: [] },
  take: { fields: ["first_contact_day"], gate: "take" },
  dispute: { fields: ["text"], warn: true },
  return: { fields: ["text"], warn: true },
  freeze: { fields: ["text!"], warn: true },
  unfreeze: { fields: ["text!"], kept: true },
  cancel: { fields: ["text"], warn: true },
  halt: { fields: ["text!"], warn: true },
  resolve: { fields: [] },
  message: { fields: ["text!"] },
  search: { fields: [] },
  first_contact: { fields: ["day", "next_day", "text"], kept: true },
  follow_up: { fields: ["day", "next_day?", "text"], kept: true },
  post_closure_visit: { fields: ["day", "text"], kept: true },
  move_on: { fields: ["text"], kept: true },
  close: { fields: ["text"], gate: "close", kept: true },
  reopen: { fields: ["text!"], kept: true },
  cosign: { fields: [] },
};
