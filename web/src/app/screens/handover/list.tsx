/** The meetings in which cases were handed over, and what of each is not said yet. */

import type { VNode } from "preact";
import { listing as caseFiles } from "../../../client/cases.ts";
import { missing } from "../../../client/handover.ts";
import { listing } from "../../../client/meetings.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Empty, Foreign, Page } from "../../kit/showing.tsx";
import { caseName } from "../cases/case_picker.tsx";
import { loadCaseWords } from "../cases/labels.ts";

/** All of them, or those of one case. */
export function MeetingList({ of }: { of: string | null }): VNode {
  const { member, say, lang } = useApp();
  const loading = useLoaded(async () => {
    const [rows, files] = await Promise.all([listing(member), caseFiles(member), loadCaseWords(lang)]);
    const wanted = rows.filter((row) => of === null || row.case === of);
    return wanted.map((meeting) => {
      const file = files.find(({ record, legs }) => record === meeting.case || legs.includes(meeting.leg ?? ""));
      return { meeting, name: file ? caseName(say, file, member.id) : say("handover.no_case") };
    });
  }, [member, of, lang]);
  return (
    <Page title={say("handover.title")} {...(of ? { back: `cases/${of}` } : {})}>
      <p class="row">
        <a class="button main" href={`#/handover/new${of ? `?case=${of}` : ""}`}>
          {say("handover.begin")}
        </a>
      </p>
      <Loaded of={loading}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty>
              <p>{say("handover.none")}</p>
            </Empty>
          ) : (
            <ul class="plain-list">
              {rows.map(({ meeting, name }) => {
                const { document, differences } = meeting.merged;
                const open = missing(document).length;
                return (
                  <li class="card" key={meeting.record}>
                    <h2>
                      <a href={`#/handover/${meeting.record}`}>
                        <Foreign>{name}</Foreign>
                      </a>
                    </h2>
                    <p>
                      {say(`handover.as_${meeting.side}`)}
                      {typeof document["when"] === "number" && `. ${moment(say, document["when"])}`}
                    </p>
                    <p>
                      <span class="state">{open ? say.many("handover.missing", open) : say("handover.complete")}</span>{" "}
                      {differences.length > 0 && (
                        <span class="due over">{say.many("handover.differs", differences.length)}</span>
                      )}
                    </p>
                  </li>
                );
              })}
            </ul>
          )
        }
      </Loaded>
    </Page>
  );
}
