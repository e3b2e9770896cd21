/**
 * What they will see: the very sections and fields that a recipient would read on a basis, what is left out and why, what is
 * taken out because a place is protected, and until when. For whoever composes a referral or offers a case.
 */

import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import * as bases from "../../../client/basis.ts";
import type { Asked, Held, Preview } from "../../../client/basis.ts";
import { shortOf } from "../../../client/agencies.ts";
import { PROTECT, protectLocation, type Removed } from "../../../consent/protect.ts";
import type { Words } from "../../../consent/words.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Foreign, Notice } from "../../kit/showing.tsx";
import { SectionView } from "../cases/section_view.tsx";
import { Reasons } from "./reasons.tsx";
import { useSpoken } from "./room.ts";

export interface TheySeeProps {
  readonly held: Held;
  /** What would be asked; its `categories` are those of `sections`. */
  readonly asked: Asked;
  readonly sections: JsonObject;
  /** The names of the files that would go with it. */
  readonly files?: readonly string[];
  /** Told whenever the answer is there, or changes: whether all of it may be sent. */
  readonly onPreview?: (found: Preview) => void;
}

export function WhatTheyWillSee({ held, asked, sections, files = [], onPreview }: TheySeeProps): VNode {
  const { member } = useApp();
  const spoken = useSpoken();
  const names = Object.keys(sections).sort().join();
  const { purpose, service, person, to, listing, exception } = asked;
  const deps = [
    held.handoff,
    held.heads.length,
    to.entry.agency,
    purpose,
    service ?? "",
    person ?? "",
    listing?.["id"],
    Boolean(exception),
    names,
  ];
  const found = useLoaded(() => bases.preview(member, held, asked), deps);
  useEffect(() => {
    if (found.is === "ready") onPreview?.(found.value);
  }, [found.is === "ready" ? found.value : null]);
  return (
    <Loaded of={spoken}>
      {(words) => (
        <Loaded of={found}>
          {(preview) => <Seen preview={preview} sections={sections} files={files} words={words} />}
        </Loaded>
      )}
    </Loaded>
  );
}

interface SeenProps {
  readonly preview: Preview;
  readonly sections: JsonObject;
  readonly files: readonly string[];
  readonly words: Words;
}

function Seen({ preview, sections, files, words }: SeenProps): VNode {
  const { say } = useApp();
  const whole = Object.fromEntries(preview.seen.map((name) => [name, sections[name] ?? {}]));
  const protects = preview.obligations.includes(PROTECT);
  const { kept, removed } = protects ? protectLocation(whole) : { kept: whole, removed: [] };
  return (
    <div class="they-see">
      <p>
        {say("consent.see_to")} <Foreign>{shortOf(preview.to)}</Foreign>
      </p>
      {preview.permitted ? (
        <Notice kind="good">
          <p>{say("consent.see_all", { date: date(say, preview.until ?? "") })}</p>
        </Notice>
      ) : (
        <Notice kind="warn">
          <p>{say(preview.seen.length ? "consent.see_part" : "consent.see_none")}</p>
        </Notice>
      )}
      {preview.together.length > 0 && (
        <>
          <p>{say("consent.see_together")}</p>
          <Reasons reasons={preview.together} words={words} />
        </>
      )}
      {Object.entries(kept).map(([name, document]) => (
        <details key={name} open>
          <summary>{words.name("section", name)}</summary>
          <SectionView name={name} document={document} />
        </details>
      ))}
      {files.length > 0 && (
        <>
          <h3>{say("consent.see_files")}</h3>
          <ul>
            {files.map((name) => (
              <li key={name}>
                <Foreign>{name}</Foreign>
              </li>
            ))}
          </ul>
          {protects && <p class="hint">{say("consent.see_photos")}</p>}
        </>
      )}
      <LeftOut preview={preview} words={words} />
      {removed.length > 0 && <TakenOut removed={removed} words={words} />}
      <p class="quiet">{say("consent.see_besides")}</p>
    </div>
  );
}

function LeftOut({ preview, words }: { preview: Preview; words: Words }): VNode | null {
  const { say } = useApp();
  if (preview.missing.size === 0) return null;
  return (
    <section class="left-out">
      <h3>{say("consent.left_out")}</h3>
      <ul>
        {[...preview.missing].map(([name, reasons]) => (
          <li key={name}>
            <strong>{words.name("section", name)}</strong>
            <Reasons reasons={reasons} words={words} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What is taken out because places are protected (R13): each thing, so that the worker can see what remains. */
function TakenOut({ removed, words }: { removed: readonly Removed[]; words: Words }): VNode {
  const { say } = useApp();
  return (
    <section class="left-out">
      <h3>{say("consent.taken_out")}</h3>
      <p>{say("consent.taken_out_about")}</p>
      <RemovedList removed={removed} words={words} />
    </section>
  );
}

/** What was left out of a document: which section, what it was, where it stood; never what it said. */
export function RemovedList({ removed, words }: { removed: readonly Removed[]; words: Words }): VNode {
  const { say } = useApp();
  return (
    <ul>
      {removed.map(({ section, path, why }) => (
        <li key={`${section}${path}${why}`}>
          {words.name("section", section)}: {say(`consent.why.${why}`)} <bdi class="quiet">{path}</bdi>
        </li>
      ))}
    </ul>
  );
}
