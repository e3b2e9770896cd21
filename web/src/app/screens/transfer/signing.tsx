/** What the forms of this room that end in a signature have in common: the case and what goes of it, and their foot. */

import type { VNode } from "preact";
import type { CaseFile } from "../../../client/cases.ts";
import { useApp } from "../../core/app.ts";
import { Problem, type Acting } from "../../core/loading.tsx";
import { Button, Ticks } from "../../kit/controls.tsx";
import { sectionName, type Labels } from "../cases/labels.ts";
import type { Why } from "../handoff/why.tsx";

interface FootProps {
  readonly act: Acting<[]>;
  /** Where what is opened before it is signed may be another colleague's. */
  readonly why?: Why;
  /** What is pressed: `sign_send`, or `prepare` where another person signs second. */
  readonly words?: string;
  readonly warn?: boolean;
  readonly disabled?: boolean;
  /** Where it is left off. */
  readonly back?: string;
}

/** The reason for opening where one is asked for, what went wrong, and the press. */
export function Foot({ act, why, words = "sign_send", warn = false, disabled = false, back }: FootProps): VNode {
  const { say } = useApp();
  return (
    <>
      {why?.field}
      {act.error !== null && !why?.asked && <Problem error={act.error} />}
      <p class="row">
        <Button type="submit" kind={warn ? "warn" : "main"} busy={act.busy} disabled={disabled}>
          {say(`transfer.${words}`)}
        </Button>
        {back !== undefined && (
          <a class="button" href={back}>
            {say("app.cancel")}
          </a>
        )}
      </p>
    </>
  );
}

interface SectionTicksProps {
  /** The case file; before it is chosen nothing is asked. */
  readonly held: CaseFile | null;
  readonly labels: Labels;
  readonly values: readonly string[];
  readonly onChange: (sections: string[]) => void;
  /** Whether somebody has pressed already, so that nothing chosen is said. */
  readonly tried: boolean;
  readonly label?: string;
  readonly hint?: string;
}

/** Which sections of a case file go along. */
export function SectionTicks({ held, labels, values, onChange, tried, ...field }: SectionTicksProps): VNode | null {
  const { say } = useApp();
  return (
    held && (
      <Ticks
        label={say("transfer.offer.sections")}
        {...field}
        values={values}
        options={Object.keys(held.sections).map((name) => [name, sectionName(labels, name)])}
        onChange={onChange}
        error={tried && values.length === 0 ? say("transfer.offer.sections_none") : null}
      />
    )
  );
}
