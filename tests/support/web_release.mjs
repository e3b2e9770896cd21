// What the web client believes of releases, asked by the tests.
import { judge, readList } from "../../web/src/client/release.ts";
import { bytes, serve } from "./answering.mjs";

await serve({
  list: ({ data }) => readList(bytes(data)).hash,
  judge: ({ answer, seen }) => judge(answer, seen),
});
