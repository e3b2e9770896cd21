/** The pages of the form, in their order, and what must be filled in before one leaves each. */

import { GIVERS_BY_SITUATION, GIVERS_WITH_ORDER } from "../../../consent/policy.ts";
import type { Form } from "./form.ts";

export type PageName =
  ("kind" | "child" | "giver" | "told" | "answer" | "sharing" | "form" | "check") | ("duty" | "emergency");

const CONSENT: readonly PageName[] = ["kind", "child", "giver", "told", "answer", "sharing", "form", "check"];
export const PAGES = {
  consent: CONSENT,
  mandatory_protection: ["kind", "duty", "check"] as readonly PageName[],
  vital_interest: ["kind", "emergency", "check"] as readonly PageName[],
  /** What changed is said from the sharing on; who gave it and what was explained can be looked at again. */
  change: ["child", "giver", "told", "answer", "sharing", "form", "check"] as readonly PageName[],
};

/** The fields of a page that are empty and may not be. */
export function missingAt(page: PageName, form: Form, files: number): string[] {
  const wanted: [string, boolean][] = {
    kind: (): [string, boolean][] => [],
    child: () => childs(form),
    giver: () => givers(form),
    told: () => [
      ["informedIn", form.informedIn !== ""],
      ["informedBy", form.informedBy.trim() !== ""],
      ["explained", form.explained.length > 0],
    ],
    answer: () => answers(form),
    sharing: () => grants(form),
    form: () => forms(form),
    duty: (): [string, boolean][] => [
      ["recipients", form.recipients.length > 0],
      ["answer", form.answer !== ""],
      ["until", form.until !== ""],
      ["scan", files > 0],
    ],
    emergency: (): [string, boolean][] => [
      ["recipients", form.recipients.length > 0],
      ["supervisor", form.supervisor !== ""],
      ["reason", form.reason.trim() !== ""],
    ],
    check: (): [string, boolean][] => [["label", form.label.trim() !== ""]],
  }[page]() as [string, boolean][];
  return wanted.filter(([, filled]) => !filled).map(([field]) => field);
}

function childs(form: Form): [string, boolean][] {
  const dated = form.born !== "" || form.band === "18+" || form.reconfirmBy !== "";
  return [
    ["situation", form.situation !== ""],
    ["code", /^[A-Za-z0-9+][A-Za-z0-9_+-]{0,63}$/.test(form.code.trim())],
    ["reconfirmBy", dated],
    ["languages", form.languages.length > 0],
  ];
}

function givers(form: Form): [string, boolean][] {
  const regular = GIVERS_BY_SITUATION[form.situation] ?? [];
  const instead = form.capacity !== "self" && !regular.includes(form.capacity);
  const ordered = GIVERS_WITH_ORDER.includes(form.capacity);
  return [
    ["capacity", form.capacity !== ""],
    ["insteadOf", !instead || form.insteadOf !== ""],
    ["insteadReason", !instead || form.insteadReason.trim() !== ""],
    ["orderBody", !ordered || form.orderBody.trim() !== ""],
    ["orderReference", !ordered || form.orderReference.trim() !== ""],
    ["orderFrom", !ordered || form.orderFrom !== ""],
    ["orderUntil", !ordered || form.orderUntil !== ""],
  ];
}

function answers(form: Form): [string, boolean][] {
  const asked = form.answer === "agreed" || form.answer === "refused";
  return [
    ["answer", form.answer !== ""],
    ["askedBy", !asked || form.askedBy.trim() !== ""],
    ["assessed", form.answer !== "not_able" || form.assessed.trim() !== ""],
    ["assessedWhy", form.assessed.trim() === "" || form.assessedWhy.trim() !== ""],
  ];
}

function grants({ grants, denied, never, neverParty }: Form): [string, boolean][] {
  const any = grants.length + denied.length + never.length > 0 || neverParty.trim() !== "";
  return [
    ["grants", any],
    ...grants.flatMap((row, n): [string, boolean][] => [
      [`grants.${n}.recipient`, row.recipient !== "" && row.country !== ""],
      [`grants.${n}.categories`, row.categories.length > 0],
      [`grants.${n}.until`, row.until >= row.from],
    ]),
  ];
}

function forms(form: Form): [string, boolean][] {
  const seen = form.method === "thumbprint" || form.method === "witnessed";
  return [
    ["method", form.method !== ""],
    ["witness", !seen || form.witness.trim() !== ""],
    ["on", form.on !== ""],
    ["protected", form.protected !== ""],
    ["notGivenBecause", form.givenAs !== "not_given" || form.notGivenBecause.trim() !== ""],
  ];
}

/** The page on which a field of a record is filled in. */
export function pageOf(kind: string, field: string): PageName {
  if (kind === "mandatory_protection") return "duty";
  if (kind === "vital_interest") return "emergency";
  const group = field.split(".")[0]!;
  const pages: { readonly [group: string]: PageName } = {
    subject: "child",
    born: "child",
    reconfirm_by: "child",
    giver: "giver",
    informing: "told",
    assent: "answer",
    grants: "sharing",
    denials: "sharing",
  };
  return pages[group] ?? "form";
}
