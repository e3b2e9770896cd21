/** What was changed in a record, when, by whom, and how it is known: of each member the old and the new value. */

import type { VNode } from "preact";
import { history, record, type Change, type MapRecord } from "../../../client/servicemap.ts";
import { isObject, type Json } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { date, moment } from "../../core/time.ts";
import { Card, Foreign, Page } from "../../kit/showing.tsx";
import { isEmpty } from "./fields.ts";
import { Differences } from "./parts.tsx";
import { asDocuments, readerOf } from "./reader.ts";
import { labelOf, linesOf, member, type Reader } from "./values.ts";

interface Told {
  readonly found: MapRecord;
  readonly changes: readonly Change[];
  readonly reader: Reader;
}

export function HistoryOf({ id }: { id: string }): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(async (): Promise<Told> => {
    const [found, changes] = await Promise.all([record(member.hub, id), history(member.hub, id)]);
    const documents = changes.flatMap(({ fields }) => asDocuments(fields));
    return { found, changes, reader: await readerOf(member.hub, say, documents) };
  }, [id, say.lang]);
  return (
    <Page title={say("services.history_title")} back={`services/${id}`}>
      <Loaded of={loading}>
        {({ found, changes, reader }) => (
          <>
            <p>
              <Foreign>{String(found.document["name"] ?? "")}</Foreign>
            </p>
            {changes.map((change) => (
              <Version change={change} found={found} reader={reader} key={change.version} />
            ))}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Version({ change, found, reader }: { change: Change; found: MapRecord; reader: Reader }): VNode {
  const { say } = useApp();
  const { version, at, agency, how, note, fields } = change;
  const { verified, ...rest } = fields;
  const checked = verified ? checks(reader, verified[0], verified[1]) : [];
  const rows = Object.entries(rest).filter(([, [before, after]]) => !isEmpty(before) || !isEmpty(after));
  const sides = (name: string, value: Json) => linesOf(reader, found.kind, name, value);
  return (
    <Card title={say("services.version", { version, at: moment(say, at) })}>
      <p>
        {say("services.by")} <Foreign>{agency.replace("urn:rcp:agency:", "")}</Foreign> (
        {reader.labels.code("proofs", how)})
      </p>
      {note && (
        <p>
          <Foreign>{note}</Foreign>
        </p>
      )}
      {checked.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {version === 1 ? (
        <p>{say("services.was_made")}</p>
      ) : (
        <Differences
          reader={reader}
          heads={[say("services.was"), say("services.became")]}
          rows={rows.map(([name, [before, after]]) => ({
            label: labelOf(say, name),
            sides: [sides(name, before), sides(name, after)],
          }))}
        />
      )}
    </Card>
  );
}

/** Which groups were said to be right, and of which day. */
function checks({ say, labels }: Reader, before: Json, after: Json): readonly string[] {
  if (!isObject(after)) return [];
  return Object.entries(after)
    .filter(([group, said]) => JSON.stringify(said) !== JSON.stringify(member(before, group) || null))
    .map(([group, said]) =>
      say("services.group_checked", {
        group: labels.code("groups", group),
        day: date(say, String(member(said, "on"))),
      }),
    );
}
