/** What a local observer sent or ticked, typed in by the worker: four letters and 1, 2 or 3. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { isMark, readSignal } from "../../../client/careforms.ts";
import { HubError } from "../../../client/session.ts";
import { signal } from "../../../client/visits.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, FileDrop, Form, TextField } from "../../kit/controls.tsx";
import { Foreign, Notice, Page } from "../../kit/showing.tsx";
import { localMoment } from "../cases/fields.tsx";
import { cleaned } from "./photo.ts";
import { chaseLater } from "./reading.ts";

export function ObserverSign(): VNode {
  const { member, say, go, now } = useApp();
  const [text, setText] = useState("");
  const [at, setAt] = useState(() => localMoment(now()));
  const [photo, setPhoto] = useState<File | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const keep = useAction(async () => {
    setWrong(isSignal(text) ? null : say("visits.sign_wrong"));
    if (!isSignal(text)) return;
    const happened = Math.floor(new Date(at).getTime() / 1000);
    try {
      const row = await signal(member, text, happened, photo ? await cleaned(photo) : undefined);
      const record = String(row.value["case"]);
      chaseLater(member, record);
      go(`visits/${record}`);
    } catch (error) {
      if (!(error instanceof HubError && error.code === "not_found")) throw error;
      setWrong(say("visits.sign_unknown"));
    }
  });
  return (
    <Page title={say("visits.observer_sign")} back="visits">
      <Notice>
        <p>{say("visits.sign_text")}</p>
      </Notice>
      <Form onSend={keep.run}>
        <TextField label={say("visits.sign_label")} value={text} onInput={setText} code error={wrong} />
        <TextField
          label={say("visits.when")}
          type="datetime-local"
          value={at}
          onInput={setAt}
          max={localMoment(now())}
        />
        <FileDrop
          label={say("visits.sign_photo")}
          accept="image/*"
          camera
          multiple={false}
          onFiles={([file]) => setPhoto(file ?? null)}
        />
        {photo && (
          <p role="status">
            <Foreign>{photo.name}</Foreign>
          </p>
        )}
        {keep.error ? <Problem error={keep.error} /> : null}
        <Button kind="main" type="submit" busy={keep.busy}>
          {say("app.save")}
        </Button>
      </Form>
    </Page>
  );
}

function isSignal(text: string): boolean {
  try {
    return isMark(readSignal(text).mark);
  } catch {
    return false;
  }
}
