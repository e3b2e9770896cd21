/** Signed papers that came back: photographed, cleaned of what the camera wrote, hashed into the meeting's record. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { FORMS, formNumber } from "../../../client/handover.ts";
import * as meetings from "../../../client/meetings.ts";
import type { Bytes } from "../../../rcp/encoding.ts";
import { HubError } from "../../../client/session.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, FileDrop, TextField } from "../../kit/controls.tsx";
import { Card, Facts, Foreign } from "../../kit/showing.tsx";
import { cleaned } from "../visits/photo.ts";
import { wordsOf } from "./facts.ts";
import type { MeetingProps } from "./meeting.tsx";

export function Scans({ meeting, put }: MeetingProps): VNode {
  const { member, say, lang } = useApp();
  const words = wordsOf(lang);
  const [number, setNumber] = useState("");
  const [photo, setPhoto] = useState<File | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const known = meetings.scans(meeting);
  const keep = useAction(async () => {
    setWrong(null);
    if (!photo) return;
    try {
      formNumber(number);
      const source = new Uint8Array(await photo.arrayBuffer()) as Bytes;
      const pages = new Map([["page-1.jpg", await cleaned(photo)]]);
      put((await meetings.scan(member, number, source, pages)).meeting);
      setPhoto(null);
      setNumber("");
    } catch (error) {
      const told = error instanceof HubError && ["invalid_request", "not_found"].includes(error.code);
      if (!told) throw error;
      setWrong(say(`handover.number_${error.code}`));
    }
  });
  const form = (kind: string) => (FORMS.some((one) => one === kind) ? words.forms[kind] : kind) ?? kind;
  return (
    <>
      {meeting.value.forms.length > 0 && (
        <ul>
          {meeting.value.forms.map((row) => (
            <li key={row.form}>
              {form(row.kind)}, <span class="digits">{row.form}</span>, {moment(say, row.at)}:{" "}
              {say(known.some((scan) => scan.form === row.form) ? "handover.came_back" : "handover.not_back")}
            </li>
          ))}
        </ul>
      )}
      {known.map((scan) => (
        <Card key={scan.record}>
          <Facts
            rows={[
              [words.labels["number"] ?? "", <span class="digits">{scan.form}</span>],
              [say("handover.fingerprint"), <span class="digits">{scan.files.join(" ")}</span>],
            ]}
          />
        </Card>
      ))}
      <Card title={say("handover.scan")}>
        <TextField
          label={words.labels["number"] ?? ""}
          hint={say("handover.number_hint")}
          code
          value={number}
          onInput={setNumber}
          error={wrong}
        />
        <FileDrop
          label={say("handover.photo")}
          hint={say("handover.photo_hint")}
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
        <Button kind="main" busy={keep.busy} disabled={!photo} onClick={keep.run}>
          {say("handover.keep_scan")}
        </Button>
      </Card>
    </>
  );
}
