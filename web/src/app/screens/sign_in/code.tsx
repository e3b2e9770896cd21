/** Asks for the six digits of the authenticator app, in the way of whatever needs a session; what was typed stays. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { HubError } from "../../../client/session.ts";
import { useSay } from "../../core/app.ts";
import { Button, Dialog, TextField } from "../../kit/controls.tsx";

const DIGITS = /^[0-9]{6}$/;

interface Question {
  readonly wrong: boolean;
  /** What somebody typed; null if they closed the question. */
  readonly answer: (code: string | null) => void;
}

let put: ((question: Question) => void) | null = null;

/** What somebody types; fails with `totp_required` if they close the question. */
export const askForCode = (wrong: boolean): Promise<string> =>
  new Promise((done, failed) => {
    const answer = (code: string | null) => (code === null ? failed(new HubError("totp_required")) : done(code));
    if (put) put({ wrong, answer });
    else answer(null);
  });

/** Where the question appears: beside everything else, once. */
export function CodeQuestion(): VNode | null {
  const say = useSay();
  const [question, set] = useState<Question | null>(null);
  useEffect(() => {
    put = set;
  }, []);
  if (!question) return null;
  const close = (code: string | null) => {
    set(null);
    question.answer(code);
  };
  return (
    <Dialog title={say("sign_in.totp_title")} onClose={() => close(null)}>
      <CodeForm error={question.wrong ? say("sign_in.totp_wrong") : null} busy={false} onCode={close} />
    </Dialog>
  );
}

/** A field for six digits and the button under it. */
export function CodeForm({
  error,
  busy,
  action = "sign_in.totp_go",
  hint = "sign_in.totp_hint",
  onCode,
}: {
  error: string | null;
  busy: boolean;
  action?: string;
  hint?: string;
  onCode: (code: string) => unknown;
}): VNode {
  const say = useSay();
  const [code, type] = useState("");
  const [tried, trying] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        trying(true);
        if (DIGITS.test(code)) void onCode(code);
      }}
    >
      <TextField
        label={say("sign_in.totp_code")}
        hint={say(hint)}
        value={code}
        error={tried && !DIGITS.test(code) ? say("sign_in.totp_six") : error}
        inputMode="numeric"
        autocomplete="one-time-code"
        maxLength={7}
        onInput={(text) => type(western(text))}
        code
      />
      <p>
        <Button kind="main" type="submit" busy={busy}>
          {say(action)}
        </Button>
      </p>
    </form>
  );
}

/** Digits as apps show them in any script, without the gap in the middle. */
const western = (text: string): string =>
  text
    .replace(/\s/g, "")
    .replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0));
