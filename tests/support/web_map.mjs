// What the web client says of the service map's records and of counts, asked by the tests.
import { dueOf, groupOf, groupsIn, standing } from "../../web/src/client/freshness.ts";
import { suppress } from "../../web/src/client/suppression.ts";
import * as unmet from "../../web/src/client/unmet_counts.ts";
import { serve } from "./answering.mjs";

await serve({
  due({ kind, document, today }) {
    return groupsIn(kind, document).map((group) => {
      const due = dueOf(document, group);
      return [group, due.due, due.limit, standing(due, today)];
    });
  },
  suppress: ({ facts, but }) => suppress(facts, but),
  suppress_unmet: ({ rows }) => unmet.suppress(rows),
  read_unmet({ text }) {
    const { months, wrong } = unmet.read(text);
    return { months: Object.fromEntries(months), wrong };
  },
  group: ({ kind, member }) => groupOf(kind, member),
});
