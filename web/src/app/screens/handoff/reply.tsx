/** Words that the recipient sealed for the sender: a question, a reason, an outcome, whom to ask instead. */

import type { VNode } from "preact";
import { barriers, reason, redirect } from "../../../client/reasons.ts";
import type { Json, JsonObject } from "../../../rcp/encoding.ts";
import { useApp, type Children } from "../../core/app.ts";
import { Facts, Foreign } from "../../kit/showing.tsx";
import { agencyName } from "../inbox/list.tsx";
import type { Coded } from "./coded.ts";

export function ReplyView({ reply, coded }: { reply: JsonObject; coded: Coded }): VNode {
  const { say } = useApp();
  const instead = redirect(reply["redirect"]);
  const list = (value: Json | undefined, name: string) =>
    (Array.isArray(value) ? value : []).map((code) => coded.word(name, String(code))).join(", ");
  const why = reason(reply["code"]);
  const rows: (readonly [string, Children])[] = [
    [say("handoff.field.text"), typeof reply["text"] === "string" ? <Foreign key="text">{reply["text"]}</Foreign> : ""],
    [say("handoff.field.code"), why ? coded.word("codes", why) : ""],
    [
      say("handoff.field.got_help"),
      typeof reply["got_help"] === "string" ? coded.word("answers", reply["got_help"]) : "",
    ],
    [say("handoff.field.needs"), list(reply["needs"], "needs")],
    [say("handoff.field.services"), list(reply["services"], "services")],
    [say("handoff.field.barriers"), list(barriers(reply["barriers"]), "codes")],
    [
      say("handoff.instead"),
      instead ? <Foreign key="instead">{agencyName(instead.agency ?? instead.service ?? "")}</Foreign> : "",
    ],
    [say("handoff.they_held_back"), list(Object.keys((reply["held_back"] ?? {}) as JsonObject), "categories")],
  ];
  return <Facts rows={rows.filter(([, value]) => value !== "")} />;
}
