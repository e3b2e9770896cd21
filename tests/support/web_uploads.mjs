// Members in Node who send large packets, asked by the tests.
import { HubError } from "../../web/src/client/session.ts";
import { serve } from "./answering.mjs";
import { memberAnswers, members } from "./web_members.mjs";

let heard = [];
// The line is quick however busy this machine is: a slow one gets smaller pieces, and the tests count pieces.
performance.now = () => 0;

await serve(
  {
    ...memberAnswers,
    listen({ name }) {
      heard = [];
      members.get(name).hub.onProgress = (done, total) => heard.push([done, total]);
    },
    heard: () => heard,
  },
  HubError,
);
