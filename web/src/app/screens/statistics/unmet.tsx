/** Unmet need that an agency counts elsewhere: a file with months, looked at here; small numbers stay here. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { read, REPORTERS, send, suppress } from "../../../client/unmet_counts.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button } from "../../kit/controls.tsx";
import { Card, Notice, Table } from "../../kit/showing.tsx";
import { FileField } from "../services/file_field.tsx";
import { amount } from "./places.ts";

export function UnmetFile(): VNode | null {
  const { say, member, roles } = useApp();
  const [found, setFound] = useState<ReturnType<typeof read> | null>(null);
  const reading = useAction(async (file: File) => setFound(read(await file.text())));
  const sending = useAction(async () => {
    for (const [month, rows] of [...found!.months].sort()) await send(member.hub, month, rows);
    setFound(null);
  });
  if (!REPORTERS.some((role) => roles.includes(role))) return null;
  const rows = [...(found?.months ?? [])].sort();
  const faults = found && !rows.length && !found.wrong.length ? [1] : (found?.wrong.slice(0, 10) ?? []);
  return (
    <Card title={say("statistics.unmet_title")}>
      <p>{say("statistics.unmet_intro")}</p>
      <FileField
        label={say("statistics.unmet_file")}
        hint={say("statistics.unmet_columns")}
        error={faults.length ? say("statistics.unmet_wrong", { lines: faults.join(", ") }) : null}
        onFile={(file) => void reading.run(file)}
      />
      {rows.length > 0 && faults.length === 0 && (
        <>
          <Table
            caption={say("statistics.unmet_months")}
            rows={rows}
            keyOf={([month]) => month}
            columns={[
              { title: say("statistics.month"), cell: ([month]) => month },
              { title: say("statistics.number"), cell: ([, counts]) => amount(say, counts.length), number: true },
              {
                title: say("statistics.unmet_hidden"),
                cell: ([, counts]) => amount(say, suppress(counts).filter(({ count }) => count === null).length),
                number: true,
              },
            ]}
          />
          <Button kind="main" busy={sending.busy} onClick={() => sending.run()}>
            {say("statistics.unmet_send")}
          </Button>
        </>
      )}
      {sending.error !== null && <Problem error={sending.error} />}
      {sending.done && (
        <Notice kind="good" live>
          {say("statistics.unmet_sent")}
        </Notice>
      )}
    </Card>
  );
}
