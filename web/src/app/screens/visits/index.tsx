/** Visits after arrival: who is to be seen by when, as a list or a calendar; one case; what is entered about it. */

import type { VNode } from "preact";
import type { ScreenProps } from "../../core/app.ts";
import { Close } from "./close.tsx";
import { OneCase } from "./case.tsx";
import { Happened, ReviewLater } from "./dates.tsx";
import { Overview } from "./overview.tsx";
import { PutOff, RecordVisit, Review, RiskChange } from "./entries.tsx";
import { BeginPlan } from "./plan.tsx";
import { Report } from "./report.tsx";
import { ObserverSign } from "./sign.tsx";

const ENTRIES: { readonly [name: string]: (props: { record: string; about?: string | undefined }) => VNode } = {
  record: RecordVisit,
  review: Review,
  risk: RiskChange,
  delay: PutOff,
  plan: BeginPlan,
  close: Close,
  report: Report,
  event: Happened,
  extend: ReviewLater,
};

export default function Visits({ args, query }: ScreenProps): VNode {
  const [record, part, about] = args;
  if (!record) return <Overview view={query["view"] ?? "list"} at={query["at"]} />;
  if (record === "sign") return <ObserverSign />;
  const Entry = ENTRIES[part ?? ""];
  return Entry ? <Entry record={record} about={about} key={part} /> : <OneCase record={record} />;
}
