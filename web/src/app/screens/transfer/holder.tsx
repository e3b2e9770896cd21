/** Who is responsible for the child, by which signed words, checked on this device; and the proof as a file. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import * as proof from "../../../client/proof.ts";
import type { Holding, Link } from "../../../client/register.ts";
import { utf8, type Json } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { save } from "../../core/save.ts";
import { moment } from "../../core/time.ts";
import { Button, FileDrop } from "../../kit/controls.tsx";
import { Card, Foreign, Notice } from "../../kit/showing.tsx";
import type { Coded } from "../handoff/coded.ts";
import { agencyWord } from "./room.ts";

interface HolderProps {
  readonly holding: Holding;
  readonly name: string;
  readonly coded: Coded;
}

export function Holder({ holding, name, coded }: HolderProps): VNode {
  const { say, member } = useApp();
  const others = holding.acting.filter((agency) => agency !== holding.holder);
  return (
    <Card title={say("transfer.holder")}>
      <p class="lead">{say("transfer.holder_now", { agency: agencyWord(say, holding.holder, member.agency) })}</p>
      {holding.unilateral && (
        <Notice kind="warn">
          <p>{say("transfer.unilateral")}</p>
        </Notice>
      )}
      {others.map((agency) => (
        <p key={agency}>{say("transfer.acting", { agency: agencyWord(say, agency, member.agency) })}</p>
      ))}
      {holding.release !== null && <p>{say("transfer.release_open")}</p>}
      {holding.chain.length === 0 ? <p>{say("transfer.no_chain")}</p> : <Chain {...{ holding, name, coded }} />}
    </Card>
  );
}

/** The words by which it is so, and their proof as a file. */
function Chain({ holding, name, coded }: HolderProps): VNode {
  const { say, member } = useApp();
  const make = useAction(async () => {
    const made = await proof.make(member, name);
    save(`proof-${name.slice(0, 8)}.json`, JSON.stringify(made), "application/json");
  });
  return (
    <>
      <p>{say.many("transfer.checked_here", holding.chain.length)}</p>
      <details>
        <summary>{say("transfer.chain")}</summary>
        <ol class="chain">
          {holding.chain.map((link) => (
            <Word key={link.hash} link={link} coded={coded} />
          ))}
        </ol>
      </details>
      <p class="row">
        <Button busy={make.busy} onClick={make.run}>
          {say("transfer.make_proof")}
        </Button>
      </p>
      {make.error !== null && <Problem error={make.error} />}
      {make.done && (
        <Notice kind="good" live>
          <p>{say("transfer.proof_made")}</p>
        </Notice>
      )}
    </>
  );
}

function Word({ link, coded }: { link: Link; coded: Coded }): VNode {
  const { say } = useApp();
  const place =
    link.position === null
      ? say("transfer.link_waits")
      : say("transfer.link_place", { n: link.position, host: link.host });
  return (
    <li>
      <strong>{coded.word("steps", link.type.slice(link.type.lastIndexOf(".") + 1))}</strong>
      <br />
      <span class="quiet">
        {moment(say, link.at)} · <Foreign>{shortOf(link.by)}</Foreign> · {place}
      </span>
    </li>
  );
}

/** Checks the file of a proof that somebody brought, by what this device trusts. */
export function CheckProof(): VNode {
  const { say, member } = useApp();
  const [found, show] = useState<proof.Proven | null>(null);
  const check = useAction(async (files: File[]) => {
    show(null);
    const [file] = files;
    if (!file) return;
    const value = JSON.parse(utf8(new Uint8Array(await file.arrayBuffer()))) as Json;
    await proof.learn(member, value);
    show(proof.check(member, value));
  });
  return (
    <details>
      <summary>{say("transfer.check_proof")}</summary>
      <FileDrop label={say("transfer.proof_file")} accept=".json" multiple={false} onFiles={check.run} />
      {check.error !== null && <Problem error={check.error} />}
      {found && (
        <Notice kind="good" live>
          <p>
            {say("transfer.proof_holds", {
              day: moment(say, found.made),
              agency: agencyWord(say, found.holder, member.agency),
            })}
          </p>
          {found.release !== null && <p>{say("transfer.release_open")}</p>}
        </Notice>
      )}
    </details>
  );
}
