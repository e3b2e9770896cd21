/** The file as it is read on paper: whole for the own desk, or as the family or the child may have it. */

import type { VNode } from "preact";
import type { CaseFile } from "../../../client/cases.ts";
import * as forms from "../../../client/sections.ts";
import { useApp } from "../../core/app.ts";
import { Loaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { CopyFor } from "../consent/reader_copy.tsx";
import { caseName } from "./case_picker.tsx";
import { sectionName, useLabels } from "./labels.ts";
import { Section } from "./section_view.tsx";

export function CaseOnPaper({ held }: { held: CaseFile }): VNode {
  const { say, member, now } = useApp();
  const labels = useLabels();
  const order = (name: string) => (forms.NAMES.includes(name) ? forms.NAMES.indexOf(name) : forms.NAMES.length);
  return (
    <Page title={held.reference ?? caseName(say, held, member.id)} back={`cases/${held.record}`}>
      <div class="no-print">
        <Notice kind="warn">
          <p>{say("cases.paper_warning")}</p>
        </Notice>
        <Button kind="main" onClick={() => globalThis.print()}>
          {say("app.print")}
        </Button>
      </div>
      <p class="quiet">{say("cases.printed_at", { at: moment(say, now()) })}</p>
      <Loaded of={labels}>
        {(words) => (
          <CopyFor sections={held.sections}>
            {(kept) => (
              <>
                {Object.keys(kept)
                  .sort((one, other) => order(one) - order(other))
                  .map((name) => (
                    <section key={name}>
                      <h2>{sectionName(words, name)}</h2>
                      <Section name={name} document={kept[name]!} labels={words} />
                    </section>
                  ))}
              </>
            )}
          </CopyFor>
        )}
      </Loaded>
    </Page>
  );
}
