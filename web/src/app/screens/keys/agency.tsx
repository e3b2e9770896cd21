/** One agency: what it is, why its keys are believed, who vouches for it, and a fingerprint to compare by phone. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { CASE_ROLES } from "../../../client/documents.ts";
import { membersOf, named, type How, type TrustedAgency } from "../../../client/pins.ts";
import { fingerprint } from "../../../rcp/dsse.ts";
import { fromB64u } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { localeOf, type Say } from "../../core/words.ts";
import { Button, Form, TextArea } from "../../kit/controls.tsx";
import { Facts, Notice, StateWord } from "../../kit/showing.tsx";
import type { Listed } from "./index.tsx";

export function AgencyKeys({ row, open }: { row: Listed; open: boolean }): VNode {
  const { say, member } = useApp();
  const [shown, show] = useState(open);
  const [seen, look] = useState<{ readonly how: How } | null>(null);
  const pin = named(member.trust.pins.agencies, row.agency);
  return (
    <details class="card" open={open} onToggle={(event) => show(event.currentTarget.open)}>
      <summary>
        <bdi dir="auto">{row.name || plainName(row.agency)}</bdi> · {countryName(say, row.country)}{" "}
        <StateWord words={`keys.how_${pin?.how ?? seen?.how ?? "unknown"}`} kind={pin ? "good" : "warn"} />
      </summary>
      {shown && <Shown agency={row.agency} onLooked={(how) => look({ how })} />}
    </details>
  );
}

function Shown({ agency, onLooked }: { agency: string; onLooked: (how: How) => void }): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(async () => {
    const found = await member.trust.lookAt(agency);
    onLooked(found.how);
    return found;
  }, [agency]);
  return (
    <Loaded of={loading}>
      {(found) => {
        const how = named(member.trust.pins.agencies, agency)?.how ?? found.how;
        return (
          <>
            <Why how={how} found={found} />
            <Facts rows={rowsOf(say, found, member.now())} />
            <h3>{say("keys.digits")}</h3>
            <p class="digits">{fingerprint(fromB64u(found.entry.root))}</p>
            {how !== "fingerprint" && <Compare agency={agency} onDone={loading.again} />}
          </>
        );
      }}
    </Loaded>
  );
}

function Why({ how, found }: { how: How; found: TrustedAgency }): VNode {
  const { say, member } = useApp();
  const certifiers = found.entry.certs.filter(({ certifier }) => member.trust.pins.certifiers.includes(certifier));
  return (
    <>
      <Notice kind={how === "first_seen" ? "warn" : "info"}>
        <p>{say(`keys.why_${how}`)}</p>
      </Notice>
      {certifiers.length > 0 && (
        <details>
          <summary>{say.many("keys.certifiers", certifiers.length)}</summary>
          <p>{say("keys.certifiers_what")}</p>
          <ul>
            {certifiers.map(({ certifier }) => (
              <li class="digits" key={certifier}>
                {fingerprint(fromB64u(certifier))}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function rowsOf(say: Say, { entry, ...found }: TrustedAgency, now: number): [string, string | VNode][] {
  const members = membersOf({ entry, ...found }, now);
  const working = members.filter(({ roles }) => roles.some((role) => CASE_ROLES.includes(role)));
  return [
    [say("keys.address"), <bdi class="digits">{plainName(entry.agency)}</bdi>],
    [say("people.kind"), say(`people.kind_${entry.kind}`)],
    [say("keys.country"), countryName(say, entry.country)],
    [say("keys.operator"), <bdi dir="auto">{entry.operator}</bdi>],
    [say("people.duty"), <bdi dir="auto">{entry.duty.join("\n") || say("keys.no_duty")}</bdi>],
    [say("keys.people"), say.many("keys.people_n", working.length)],
  ];
}

/** The fingerprint as somebody at that agency reads it out: typed, so that it is compared. */
function Compare({ agency, onDone }: { agency: string; onDone: () => void }): VNode {
  const { say, member } = useApp();
  const [said, type] = useState("");
  const [tried, attempt] = useState(false);
  const digits = said.replace(/\D/g, "");
  const comparing = useAction(async () => {
    attempt(true);
    if (digits.length !== 60) return;
    const spaced = digits.replace(/(.{5})(?!$)/g, "$1 ");
    const known = fingerprint(fromB64u((await member.trust.lookAt(agency)).entry.root)) === spaced;
    if (!known) throw new Differs();
    await member.trust.agency(agency, { digits: spaced });
    await member.keepPins();
    onDone();
  });
  const differs = comparing.error instanceof Differs;
  const short = tried && digits.length !== 60 ? say("keys.sixty", { n: digits.length }) : null;
  return (
    <details>
      <summary>{say("keys.compare")}</summary>
      <ol class="steps-down">
        <li>{say("keys.compare_1")}</li>
        <li>{say("keys.compare_2")}</li>
        <li>{say("keys.compare_3")}</li>
      </ol>
      <Form onSend={comparing.run}>
        <TextArea
          label={say("keys.said")}
          value={said}
          rows={3}
          error={differs ? say("keys.differ") : short}
          onInput={type}
        />
        {comparing.error !== null && !differs && <Problem error={comparing.error} />}
        <Button kind="main" type="submit" busy={comparing.busy}>
          {say("keys.compare_do")}
        </Button>
      </Form>
    </details>
  );
}

class Differs extends Error {}

export const plainName = (agency: string): string => agency.replace(/^urn:rcp:agency:/, "");

const countryName = (say: Say, code: string): string =>
  new Intl.DisplayNames(localeOf(say.lang), { type: "region" }).of(code) ?? code;
