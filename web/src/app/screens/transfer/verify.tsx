/** After arrival: each item of what came is true, corrected or not known. What is corrected goes back to the sender. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as findings from "../../../client/findings.ts";
import { FOUND, type Item } from "../../../client/findings.ts";
import type { Json } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Choice, Form, TextField } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { loadLabels, memberName, sectionName, type Labels } from "../cases/labels.ts";
import { SectionView } from "../cases/section_view.tsx";
import { useWhy } from "../handoff/why.tsx";
import { isText, type PartProps } from "./room.ts";
import { Foot } from "./signing.tsx";

interface Said {
  readonly found: string;
  readonly value: string;
}
const keyOf = ({ section, item }: Item): string => `${section}/${item}`;
/** What one line can correct: texts, numbers, and lists of texts. */
const isPlain = (value: Json): boolean =>
  isText(value) || typeof value === "number" || (Array.isArray(value) && value.every(isText));

export function Verify({ shown, done }: PartProps): VNode {
  const { say, member, lang } = useApp();
  const [opened, open] = useState<{ items: Item[]; labels: Labels } | null>(null);
  const [said, setSaid] = useState<{ readonly [key: string]: Said }>({});
  const [tried, setTried] = useState(false);
  const why = useWhy();
  const read = useAction(async () => {
    const [items, labels] = await Promise.all([why.with((reason) => itemsOf(reason)), loadLabels(lang)]);
    open({ items, labels });
  });
  /** What came is opened and kept as a case file first, if nobody has done that. */
  async function itemsOf(reason: string | undefined): Promise<Item[]> {
    const { takenIn, OFFER } = await import("../../../client/transfers.ts");
    await takenIn(member, shown.id, OFFER, reason);
    return findings.itemsOf(member, shown.id, reason);
  }
  const rows = (opened?.items ?? []).flatMap((one): Item[] => {
    const { found = "", value = "" } = said[keyOf(one)] ?? {};
    return found ? [{ ...one, found, value: found === "corrected" ? corrected(one.value, value) : null }] : [];
  });
  const missing = rows.find(({ found, value }) => found === "corrected" && value === null);
  const act = useAction(async () => {
    setTried(true);
    if (rows.length === 0 || missing) return;
    await why.with((reason) => findings.verify(member, shown.id, rows, reason));
    done();
  });
  if (!opened) {
    return (
      <>
        <p class="quiet">{say("transfer.opening_logged")}</p>
        {why.field}
        <p class="row">
          <Button kind="main" busy={read.busy} onClick={read.run}>
            {say("transfer.open_what_came")}
          </Button>
        </p>
        {read.error !== null && !why.asked && <Problem error={read.error} />}
      </>
    );
  }
  /** Everything of a section that nobody looked at yet is as it says. */
  function allTrue(section: string): void {
    const rest = opened!.items.filter((one) => one.section === section && !said[keyOf(one)]?.found);
    setSaid({ ...said, ...Object.fromEntries(rest.map((one) => [keyOf(one), { found: "verified", value: "" }])) });
  }
  const sections = [...new Set(opened.items.map(({ section }) => section))];
  return (
    <Form onSend={act.run}>
      {sections.map((section) => (
        <section key={section} class="card">
          <h2>{sectionName(opened.labels, section)}</h2>
          <p class="row">
            <Button onClick={() => allTrue(section)}>
              {say("transfer.all_true", { section: sectionName(opened.labels, section) })}
            </Button>
          </p>
          {opened.items
            .filter((one) => one.section === section)
            .map((one) => (
              <ItemField
                key={keyOf(one)}
                item={one}
                label={memberName(opened.labels, section, one.item)}
                said={said[keyOf(one)] ?? { found: "", value: "" }}
                onSay={(next) => setSaid({ ...said, [keyOf(one)]: next })}
                missing={tried && missing !== undefined && keyOf(missing) === keyOf(one)}
              />
            ))}
        </section>
      ))}
      {tried && rows.length === 0 && (
        <Notice kind="warn" live>
          <p>{say("transfer.verify_nothing")}</p>
        </Notice>
      )}
      <Foot {...{ act, why }} back={`#/transfer/${shown.id}`} />
    </Form>
  );
}

/** What stands there, of the kind that it was; null while nothing is said. */
function corrected(before: Json, typed: string): Json {
  const text = typed.trim();
  if (!text) return null;
  if (Array.isArray(before))
    return text
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean);
  return typeof before === "number" && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

function ItemField({
  item,
  label,
  said,
  onSay,
  missing,
}: {
  item: Item;
  label: string;
  said: Said;
  onSay: (said: Said) => void;
  missing: boolean;
}): VNode {
  const { say } = useApp();
  const plain = isPlain(item.value);
  const options = FOUND.filter((found) => plain || found !== "corrected");
  return (
    <div class="verify-item">
      <SectionView name={item.section} document={{ [item.item]: item.value }} />
      {item.found && (
        <p class="quiet">
          {say("transfer.found")}: {say(`transfer.found.${item.found}`)}
        </p>
      )}
      <Choice
        label={`${say("transfer.found")}: ${label}`}
        value={said.found}
        none={say("transfer.found.none")}
        options={options.map((found) => [found, say(`transfer.found.${found}`)])}
        onChoose={(found) => onSay({ ...said, found })}
        hint={plain ? undefined : say("transfer.verify_whole")}
      />
      {said.found === "corrected" && (
        <TextField
          label={`${say("transfer.true_instead")}: ${label}`}
          value={said.value}
          onInput={(value) => onSay({ ...said, value })}
          error={missing ? say("transfer.true_missing") : null}
        />
      )}
    </div>
  );
}
