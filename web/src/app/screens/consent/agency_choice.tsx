/** Choosing an agency that the hub knows, and what its verified key entry says of it. */

import type { VNode } from "preact";
import * as agencies from "../../../client/agencies.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useLoaded } from "../../core/loading.tsx";
import { Choice, type FieldProps } from "../../kit/controls.tsx";

export interface AgencyProps extends FieldProps {
  readonly value: string;
  readonly onChoose: (agency: string) => void;
  /** Agencies that cannot be chosen. */
  readonly without?: readonly string[];
}

export function AgencyChoice({ value, onChoose, without = [], ...field }: AgencyProps): VNode {
  const { member, say } = useApp();
  const known = useLoaded(() => agencies.known(member), []);
  if (known.is === "failed") return <Problem error={known.error} />;
  const rows = known.is === "ready" ? known.value : [];
  const options = rows.filter(({ agency }) => !without.includes(agency));
  return (
    <Choice
      {...field}
      value={value}
      onChoose={onChoose}
      none={say("consent.choose")}
      options={options.map((row) => [row.agency, agencies.labelOf(row)])}
    />
  );
}
