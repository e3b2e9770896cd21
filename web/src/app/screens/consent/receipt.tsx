/** The giver's receipt, to print and hand over: what was agreed, until when, and the code that stops it all. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import type { Consent } from "../../../consent/basis.ts";
import { spoken, type Words } from "../../../consent/words.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { dirOf, isLang, LANGS, OWN_NAMES, sayIn, type Lang } from "../../core/words.ts";
import { Button, Choice } from "../../kit/controls.tsx";
import { Facts, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { Qr } from "../../kit/qr.tsx";
import type { OfOne } from "./one.tsx";
import { Denied, sectionsOf } from "./view.tsx";

export function Receipt({ held }: OfOne): VNode {
  const { member, say, lang } = useApp();
  const [chosen, choose] = useState<Lang>(lang);
  const loaded = useLoaded(async () => ({ words: await spoken(chosen), home: await member.home() }), [chosen]);
  const consent = held.consent!;
  const given = consent.receipt.given_as;
  return (
    <Page title={say("consent.receipt")} back={`consent/${held.handoff}`}>
      {given === "not_given" ? (
        <Notice kind="warn">
          <p>{say("consent.receipt_refused")}</p>
          <p>
            <Foreign>{consent.receipt.because ?? ""}</Foreign>
          </p>
        </Notice>
      ) : (
        <>
          <p class="no-print">{say(given === "code_only" ? "consent.receipt_card" : "consent.receipt_about")}</p>
          <div class="row">
            {given !== "code_only" && (
              <Choice
                label={say("consent.receipt_language")}
                value={chosen}
                onChoose={(name) => isLang(name) && choose(name)}
                options={LANGS.map((name) => [name, OWN_NAMES[name]])}
              />
            )}
            <Button kind="main" onClick={() => globalThis.print()}>
              {say("app.print")}
            </Button>
          </div>
          <Loaded of={loaded}>
            {({ words, home }) =>
              given === "code_only" ? (
                <Card token={consent.receipt.token} phone={home.entry.duty[0] ?? ""} />
              ) : (
                <Paper
                  consent={consent}
                  words={words}
                  lang={chosen}
                  agency={member.agency}
                  phone={home.entry.duty.join(", ")}
                />
              )
            }
          </Loaded>
        </>
      )}
    </Page>
  );
}

/** A card with the code and a number, and no word: for where a paper would be dangerous. */
function Card({ token, phone }: { token: string | null; phone: string }): VNode {
  return (
    <div class="code-card" dir="ltr">
      <p class="token">{token?.split("-").join(" ")}</p>
      <p>{phone}</p>
    </div>
  );
}

interface PaperProps {
  readonly consent: Consent;
  readonly words: Words;
  readonly lang: Lang;
  readonly agency: string;
  readonly phone: string;
}

function Paper({ consent, words, lang, agency, phone }: PaperProps): VNode {
  const labels = words.file.labels;
  const say = sayIn(lang);
  const { token } = consent.receipt;
  const ends = [consent.reconfirm_by, ...consent.grants.map(({ until }) => until)];
  if (consent.giver.order) ends.push(consent.giver.order.until);
  const last = consent.grants
    .map(({ until }) => until)
    .sort()
    .pop();
  const denials = [...consent.denials, ...consent.refused].filter(({ party }) => !party); // a paper at home names nobody
  const how = words.notice("notice-referral").paragraphs.find(({ topic }) => topic === "right_to_withdraw")!;
  return (
    <article class="paper" lang={lang} dir={dirOf(lang)}>
      <h2>{labels["receipt"]}</h2>
      <Facts
        rows={[
          [labels["given_on"]!, date(say, consent.expression.on)],
          [labels["given_by"]!, words.name("giver", consent.giver.capacity)],
          [labels["until"]!, last ? date(say, last) : "–"],
          [labels["review"]!, date(say, ends.sort()[0]!)],
        ]}
      />
      <h3>{labels["agreed_to"]}</h3>
      <ul>
        {consent.grants.map((row) => (
          <li key={row.id}>
            <Foreign>{shortOf(row.recipient)}</Foreign> ({words.country(row.country)}),{" "}
            {words.name("purpose", row.purpose)}: {sectionsOf(row.categories, words)}
          </li>
        ))}
      </ul>
      {denials.length > 0 && (
        <>
          <h3>{labels["said_no"]}</h3>
          <ul>
            {denials.map((row, n) => (
              <li key={n}>
                <Denied row={row} words={words} />
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{labels["change_mind"]}</h3>
      <p>{how.text}</p>
      <h3>{labels["your_code"]}</h3>
      <p class="token" dir="ltr">
        {token}
      </p>
      {token && <Qr text={token} label={labels["qr"]!} />}
      <p>{labels["keep_code"]}</p>
      <Facts
        rows={[
          [labels["call"]!, <bdi dir="ltr">{phone}</bdi>],
          [labels["code_address"]!, <bdi dir="ltr">{shortOf(agency)}</bdi>],
        ]}
      />
    </article>
  );
}
