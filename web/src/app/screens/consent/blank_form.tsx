/** The form to sign, empty, to be filled in by hand: the notices to read out, and room for each answer (`hub consent form`). */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import { spoken, type Words } from "../../../consent/words.ts";
import { useApp, type Children } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { dirOf, isLang, LANGS, OWN_NAMES, type Lang } from "../../core/words.ts";
import { Button, Choice } from "../../kit/controls.tsx";
import { Page } from "../../kit/showing.tsx";

const PURPOSES = ["referral", "transfer"] as const;
const [ASKED, NEVER] = [5, 3];
const FORMATS = ["read_aloud", "written", "picture_cards", "drawing", "play", "video", "audio"];
const UNDERSTOOD = ["teach_back", "asked", "not_checked"];
const INTERPRETERS = ["in_person", "phone", "video", "relative", "colleague"];
const SHOWN = ["spoken", "written", "drawing", "play", "signed", "picture_cards"];
const ANSWERS = ["agreed", "agreed_in_part", "refused", "too_young", "not_able"];
const METHODS = ["signature", "thumbprint", "witnessed", "recorded", "electronic"];
const WAYS = ["in_person", "phone", "sms", "letter", "email", "through_worker"];
const GIVEN = ["paper", "code_only", "read_aloud", "not_given"];

export function BlankForm(): VNode {
  const { member, say, lang } = useApp();
  const [chosen, choose] = useState<Lang>(lang);
  const [purpose, forWhat] = useState<string>(PURPOSES[0]);
  const loaded = useLoaded(async () => ({ words: await spoken(chosen), home: await member.home() }), [chosen]);
  return (
    <Page title={say("consent.blank_form")} back="consent">
      <p class="no-print">{say("consent.blank_form_about")}</p>
      <div class="row">
        <Choice
          label={say("consent.blank_form_language")}
          value={chosen}
          onChoose={(name) => isLang(name) && choose(name)}
          options={LANGS.map((name) => [name, OWN_NAMES[name]])}
        />
        <Choice
          label={say("consent.blank_form_for")}
          value={purpose}
          onChoose={forWhat}
          options={PURPOSES.map((name) => [name, say(`consent.blank_form_for.${name}`)])}
        />
        <Button kind="main" onClick={() => globalThis.print()}>
          {say("app.print")}
        </Button>
      </div>
      <Loaded of={loaded}>
        {({ words, home }) => (
          <Sheet words={words} purpose={purpose} agency={shortOf(member.agency)} phone={home.entry.duty[0] ?? ""} />
        )}
      </Loaded>
    </Page>
  );
}

interface SheetProps {
  readonly words: Words;
  readonly purpose: string;
  readonly agency: string;
  readonly phone: string;
}

function Sheet({ words, purpose, agency, phone }: SheetProps): VNode {
  const { labels: label, choices } = words.file;
  const told = words.notice(`notice-${purpose}`);
  const lines = (...names: string[]) => names.map((name, n) => <Line key={n} label={label[name]!} />);
  const boxes = (name: string | null, codes: readonly string[], ...others: string[]) => (
    <Boxes
      label={name && label[name]!}
      options={[...codes.map((code) => choices[code]!), ...others.map((other) => label[other]!)]}
    />
  );
  return (
    <article class="blank-form" lang={words.lang} dir={dirOf(words.lang)}>
      <h2>{label["form"]}</h2>
      <Told words={words} id={told.id} read={label["read_first"]!} />
      <Told words={words} id={`${told.id}-child`} read={label["read_child"]!} />
      <Part title={label["about"]!}>
        {lines("child_code", "age_group")}
        <Line label={label["organisation"]!} said={agency} />
        {lines("worker", "date", "place")}
      </Part>
      <Part title={label["asked_for"]!}>
        {Array.from({ length: ASKED }, (_, n) => (
          <div class="asked" key={n}>
            {lines("what", "to_whom", "why", "country", "until", "onward")}
            {boxes(null, [], "yes", "no")}
          </div>
        ))}
      </Part>
      <Part title={label["never_shared"]!}>
        {Array.from({ length: NEVER }, (_, n) => (
          <div class="asked" key={n}>
            {lines("what", "not_whom", "why")}
          </div>
        ))}
      </Part>
      <Part title={label["explained"]!}>
        {lines("language", "interpreter")}
        {boxes("interpreter", INTERPRETERS, "no_interpreter", "interpreter_promise")}
        {boxes("format", FORMATS)}
        {boxes("understood", UNDERSTOOD)}
        {boxes(null, [], "time_to_think")}
        {lines("answer_on", "worker")}
      </Part>
      <Part title={label["child_answer"]!}>
        {lines("asked_by", "date")}
        {boxes("format", SHOWN)}
        {boxes(null, ANSWERS)}
        <Room label={label["own_words"]!} />
      </Part>
      <Part title={label["giver"]!}>
        <Boxes label={null} options={Object.values(words.file.givers)} />
        {lines("relationship", "appointed_by", "order", "order_until")}
        <p>{label["giver_answer"]}</p>
        {boxes(null, METHODS)}
        <Room label={label["sign_here"]!} />
        <Room label={label["thumb_here"]!} />
      </Part>
      <Part title={label["witness"]!}>
        <p>{label["witness_needed"]}</p>
        {boxes(null, [], "independent")}
        {lines("code", "date")}
        <Room label={label["sign_here"]!} />
      </Part>
      <Part title={label["safe_contact"]!}>
        {boxes("allowed", WAYS)}
        {boxes("prohibited", WAYS)}
      </Part>
      <Part title={label["receipt_given"]!}>
        {boxes(null, GIVEN)}
        {lines("why", "complaints")}
        <Line label={label["call"]!} said={phone} />
        <Room label={`${label["worker"]}: ${label["sign_here"]}`} />
      </Part>
      <p class="quiet" dir="ltr">
        {told.id} {told.version} {words.lang} <span class="code">{told.sha256}</span>
      </p>
    </article>
  );
}

/** One notice, to be read out; each part has a box for when it has been explained. */
function Told({ words, id, read }: { words: Words; id: string; read: string }): VNode {
  const { title, paragraphs } = words.notice(id);
  return (
    <section>
      <h3>{title}</h3>
      <p class="quiet">
        {read}. {words.file.labels["tick"]}
      </p>
      {paragraphs.map(({ topic, heading, text }) => (
        <p key={topic} class="boxed">
          <strong>{heading}</strong> {text}
        </p>
      ))}
    </section>
  );
}

function Part({ title, children }: { title: string; children: Children }): VNode {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** What is written by hand, or stands there already. */
const Line = ({ label, said = "" }: { label: string; said?: string }): VNode => (
  <p class="by-hand">
    {label}: <bdi>{said}</bdi>
  </p>
);

const Room = ({ label }: { label: string }): VNode => <p class="room">{label}</p>;

function Boxes({ label, options }: { label: string | null; options: readonly string[] }): VNode {
  return (
    <>
      {label !== null && <p>{label}:</p>}
      <ul class="boxes">
        {options.map((option, n) => (
          <li class="boxed" key={n}>
            {option}
          </li>
        ))}
      </ul>
    </>
  );
}
