/** The service map: search, what the own agency keeps, and one record with its history and its form. */

import type { VNode } from "preact";
import type { ScreenProps } from "../../core/app.ts";
import { KINDS, type Kind } from "../../../client/servicemap.ts";
import { ChangedRecord, NewRecord } from "./edit.tsx";
import { HistoryOf } from "./history.tsx";
import { OneRecord } from "./record.tsx";
import { Search } from "./search.tsx";

export default function Services({ args, query }: ScreenProps): VNode {
  const [id, part] = args;
  if (!id) return <Search />;
  if (id === "new")
    return (
      <NewRecord
        kind={KINDS.find((kind) => kind === part) ?? ("service" satisfies Kind)}
        provider={query["provider"]}
      />
    );
  if (part === "edit") return <ChangedRecord id={id} />;
  if (part === "history") return <HistoryOf id={id} />;
  return <OneRecord id={id} key={id} />;
}
