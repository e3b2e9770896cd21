/** Lines that something was prepared for a second person to sign. */

import type { VNode } from "preact";
import { calledIn, type Colleague } from "../../../client/colleagues.ts";
import type { Waiting } from "../../../client/cosigning.ts";
import { useApp } from "../../core/app.ts";
import type { Say } from "../../core/words.ts";
import { Foreign, Notice } from "../../kit/showing.tsx";

const stepOf = (say: Say, { type }: Waiting): string => say(`transfer.step.${type.slice(type.indexOf(".") + 1)}`);

/** `name` is what this device calls the case, where it knows it. */
export function CosignLine({ item, first, name }: { item: Waiting; first: string; name?: string | undefined }): VNode {
  const { say } = useApp();
  return (
    <>
      <p>
        {name && (
          <>
            <strong>
              <Foreign>{name}</Foreign>
            </strong>
            <br />
          </>
        )}
        {say("transfer.cosign_you", { first, step: stepOf(say, item) })}
      </p>
      <p class="row">
        <a class="button main" href={`#/transfer/sign/${item.record}`}>
          {say("transfer.read_and_sign")}
        </a>
      </p>
    </>
  );
}

/** Who signs next, for whoever cannot. */
export function CosignWaits({ item, people }: { item: Waiting; people: readonly Colleague[] }): VNode {
  const { say } = useApp();
  const [first, second] = [calledIn(people, item.first), calledIn(people, item.second)];
  return (
    <Notice>
      <p>{say("transfer.cosign_waits", { step: stepOf(say, item), first, second })}</p>
    </Notice>
  );
}
