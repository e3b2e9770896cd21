/** The recovery sheet: printed now, and typed back in part, so that it counts. */

import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import type { Sheet } from "../../../client/recovery.ts";
import { systemRandom } from "../../../rcp/age.ts";
import { useFront } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Form, TextField } from "../../kit/controls.tsx";
import { Paper } from "../settings/paper.tsx";

const TAIL = 5;
const GROUPS = 10;

export function SheetStep({
  sheet,
  member,
  onTested,
}: {
  sheet: Sheet;
  member: Member;
  onTested: () => Promise<void>;
}): VNode {
  const { say } = useFront();
  const [one, other] = useMemo(twoGroups, []);
  const [typed, type] = useState({ one: "", other: "", tail: "" });
  const [tried, attempt] = useState(false);
  const groups = sheet.recovery.split("-");
  const right = {
    one: plain(typed.one) === groups[one],
    other: plain(typed.other) === groups[other],
    tail: typed.tail.trim() === sheet.device.slice(-TAIL),
  };
  const testing = useAction(async () => {
    attempt(true);
    if (right.one && right.other && right.tail) await onTested();
  });
  const wrong = (name: keyof typeof right) => (tried && !right[name] ? say("join.not_on_sheet") : null);
  const set = (name: keyof typeof right) => (text: string) => type({ ...typed, [name]: text });
  return (
    <>
      <p>{say("join.sheet_what")}</p>
      <h2>{say("join.print_it")}</h2>
      <Paper sheet={sheet} agency={member.agency} login={member.login} />
      <h2>{say("join.type_back")}</h2>
      <p>{say("join.type_back_what")}</p>
      <Form onSend={testing.run}>
        <TextField
          label={say("join.group", { n: one + 1 })}
          value={typed.one}
          error={wrong("one")}
          onInput={set("one")}
          autocomplete="off"
          code
        />
        <TextField
          label={say("join.group", { n: other + 1 })}
          value={typed.other}
          error={wrong("other")}
          onInput={set("other")}
          autocomplete="off"
          code
        />
        <TextField
          label={say("join.tail", { n: TAIL })}
          hint={say("join.tail_hint")}
          value={typed.tail}
          error={wrong("tail")}
          onInput={set("tail")}
          autocomplete="off"
          code
        />
        {testing.error !== null && <Problem error={testing.error} />}
        <Button kind="main" type="submit" busy={testing.busy}>
          {say("join.printed")}
        </Button>
      </Form>
    </>
  );
}

const plain = (text: string): string => text.trim().toUpperCase();

/** Two groups that nobody knows beforehand, so that one has to look. */
function twoGroups(): [number, number] {
  const [first = 0, second = 0] = systemRandom(2);
  const one = first % GROUPS;
  const other = (one + 1 + (second % (GROUPS - 1))) % GROUPS;
  return [Math.min(one, other), Math.max(one, other)];
}
