/** Consents and other lawful bases: the list, one of them with what can be done about it, a new one, receipts, breaches. */

import type { VNode } from "preact";
import type { ScreenProps } from "../../core/app.ts";
import { BlankForm } from "./blank_form.tsx";
import { Ground } from "./ground.tsx";
import { HeldBackList } from "./held_back.tsx";
import { List } from "./list.tsx";
import { One } from "./one.tsx";
import { Receipts } from "./receipts.tsx";
import { Record } from "./record.tsx";

export default function Consent({ args }: ScreenProps): VNode {
  const [first, second] = args;
  if (!first) return <List />;
  if (first === "new") return <Record />;
  if (first === "form") return <BlankForm />;
  if (first === "receipts") return <Receipts />;
  if (first === "ground") return <Ground />;
  if (first === "held-back") return <HeldBackList />;
  return <One key={first} id={first} view={second ?? ""} />;
}
