/** Typing what nobody else should read: hidden, unless one wants to see it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { useSay } from "../../core/app.ts";
import { TextField, Tick } from "../../kit/controls.tsx";
import { SHORTEST } from "../../../client/recovery.ts";

interface Props {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly error?: string | null;
  readonly autocomplete?: string;
  readonly onInput: (value: string) => void;
}

export function Secret({ autocomplete = "current-password", ...field }: Props): VNode {
  const say = useSay();
  const [shown, show] = useState(false);
  return (
    <>
      <TextField {...field} type={shown ? "text" : "password"} autocomplete={autocomplete} code />
      <Tick label={say("sign_in.show")} checked={shown} onTick={show} />
    </>
  );
}

/** A passphrase that is to be, typed twice; null while it is none. */
export interface Chosen {
  readonly first: string;
  readonly again: string;
}

export const NOT_YET: Chosen = { first: "", again: "" };

export const isGood = ({ first, again }: Chosen): boolean => first.length >= SHORTEST && first === again;

export function NewPassphrase({
  value,
  tried,
  onChange,
}: {
  value: Chosen;
  /** Whether somebody pressed on: what is missing is said from then on. */
  tried: boolean;
  onChange: (value: Chosen) => void;
}): VNode {
  const say = useSay();
  const short = tried && value.first.length < SHORTEST ? say("sign_in.too_short", { count: SHORTEST }) : null;
  const other = tried && !short && value.first !== value.again ? say("sign_in.not_same") : null;
  return (
    <>
      <Secret
        label={say("sign_in.new_passphrase")}
        hint={say("sign_in.new_passphrase_hint", { count: SHORTEST })}
        value={value.first}
        error={short}
        autocomplete="new-password"
        onInput={(first) => onChange({ ...value, first })}
      />
      <TextField
        label={say("sign_in.again")}
        type="password"
        autocomplete="new-password"
        value={value.again}
        error={other}
        onInput={(again) => onChange({ ...value, again })}
        code
      />
    </>
  );
}
