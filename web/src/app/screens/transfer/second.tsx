/** Who signs second: another person, a supervisor; who that could be, and what happens then. */

import type { VNode } from "preact";
import { useApp } from "../../core/app.ts";
import { Choice, type Option } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";

export function Second({
  options,
  value,
  onChoose,
  missing,
}: {
  options: readonly Option[];
  value: string;
  onChoose: (member: string) => void;
  missing: boolean;
}): VNode {
  const { say } = useApp();
  if (options.length === 0) {
    return (
      <Notice kind="warn">
        <p>{say("transfer.second_none")}</p>
      </Notice>
    );
  }
  return (
    <Choice
      label={say("transfer.second")}
      hint={say("transfer.second_hint")}
      value={value}
      none={say("transfer.choose_person")}
      options={options}
      onChoose={onChoose}
      error={missing ? say("app.required") : null}
    />
  );
}
