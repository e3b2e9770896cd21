/** One basis, opened once: as a colleague's record it asks why (R46). Its views share what was opened. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asksWhy } from "../../../client/access.ts";
import * as bases from "../../../client/basis.ts";
import type { Held } from "../../../client/basis.ts";
import type { Words } from "../../../consent/words.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { Button, Form, TextField } from "../../kit/controls.tsx";
import { Page } from "../../kit/showing.tsx";
import { Ask } from "./ask.tsx";
import { Lift } from "./lift.tsx";
import { Receipt } from "./receipt.tsx";
import { Record } from "./record.tsx";
import { useSpoken } from "./room.ts";
import { View } from "./view.tsx";
import { Withdraw } from "./withdraw.tsx";

/** What every view of a basis is given. `why` is the reason for which it was opened. */
export interface OfOne {
  readonly held: Held;
  readonly why: string | undefined;
  readonly words: Words;
  /** Read it again: something about it was changed. */
  readonly again: () => void;
}

export function One({ id, view }: { id: string; view: string }): VNode {
  const { member, say } = useApp();
  const [why, give] = useState<string | undefined>(undefined);
  const spoken = useSpoken();
  const loaded = useLoaded(() => bases.load(member, id, why), [id, why]);
  if (loaded.is === "failed" && asksWhy(loaded.error)) return <AskWhy onGive={give} />;
  if (loaded.is !== "ready") {
    return (
      <Page title={say("consent.title")} back="consent">
        <Loaded of={loaded}>{() => null}</Loaded>
      </Page>
    );
  }
  const [held, again] = [loaded.value, loaded.again];
  return (
    <Loaded of={spoken}>
      {(words) => {
        const of = { held, why, words, again };
        if (view === "ask") return <Ask {...of} />;
        if (view === "withdraw") return <Withdraw {...of} />;
        if (view === "receipt") return <Receipt {...of} />;
        if (view === "lift") return <Lift {...of} />;
        if (view === "change") return <Record before={of} />;
        return <View {...of} />;
      }}
    </Loaded>
  );
}

function AskWhy({ onGive }: { onGive: (why: string) => void }): VNode {
  const { say } = useApp();
  const [typed, type] = useState("");
  return (
    <Page title={say("consent.why_title")} back="consent">
      <p>{say("consent.why_about")}</p>
      <Form
        onSend={() => {
          if (typed.trim()) onGive(typed.trim());
        }}
      >
        <TextField label={say("consent.why_label")} value={typed} onInput={type} />
        <Button type="submit" kind="main">
          {say("consent.open")}
        </Button>
      </Form>
    </Page>
  );
}
