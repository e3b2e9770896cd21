/** Login and passphrase; then the keys are made, here and nowhere else. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as enrol from "../../../client/enrol.ts";
import { begin } from "../../../client/founding.ts";
import { readied, session, signedIn } from "../../core/accounts.ts";
import { useFront, type Front } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Form, TextField } from "../../kit/controls.tsx";
import { isGood, NewPassphrase, NOT_YET, type Chosen } from "../sign_in/secret.tsx";
import { keepBegun } from "./begun.ts";
import { useCodes } from "./codes.tsx";
import { AgencyFacts, factsOf, isWhole, NO_FACTS } from "./facts.tsx";
import type { Made } from "./index.tsx";

const LOGIN = /^[a-z0-9][a-z0-9._-]{2,62}$/;
const WORDS = 4;
const GOOD = 16;

export function NewKeys({
  invitation,
  founding,
  onMade,
}: {
  invitation: enrol.Invitation;
  founding: boolean;
  onMade: (made: Made) => void;
}): VNode {
  const front = useFront();
  const { say } = front;
  const [login, setLogin] = useState("");
  const [chosen, choose] = useState<Chosen>(NOT_YET);
  const [facts, setFacts] = useState(NO_FACTS);
  const [tried, attempt] = useState(false);
  const fits = LOGIN.test(login);
  const codes = useCodes();
  const making = useAction(async () => {
    attempt(true);
    if (!fits || !isGood(chosen) || (founding && !isWhole(facts))) return;
    const desk = await deskOf(front, login, chosen.first);
    await enrol.checkHub(desk.hub, invitation);
    if (founding) {
      const made = begin(desk, invitation, factsOf(facts));
      await keepBegun(made.member, made.begun);
      onMade(made);
    } else {
      const made = enrol.prepare(desk, invitation);
      await enrol.register(made.member, invitation);
      await signedIn(made.member);
      await codes.ensure(made.member);
      onMade(made);
    }
  });
  const code = making.error === null ? "" : codeOf(making.error);
  const known = say.has(`join.error_${code}`);
  if (codes.page) return codes.page;
  return (
    <Form onSend={making.run}>
      {founding && <AgencyFacts value={facts} tried={tried} onChange={setFacts} />}
      <h2>{say("join.yours")}</h2>
      <DeskFields {...{ login, setLogin, chosen, choose, tried }} />
      {code &&
        (known ? (
          <p class="error" role="alert">
            {say(`join.error_${code}`)}
          </p>
        ) : (
          <Problem error={making.error} />
        ))}
      <p>
        <Button kind="main" type="submit" busy={making.busy}>
          {say("join.make")}
        </Button>
      </p>
      <p class="hint">{say("join.make_what")}</p>
    </Form>
  );
}

export function DeskFields({
  login,
  setLogin,
  chosen,
  choose,
  tried,
}: {
  login: string;
  setLogin: (text: string) => void;
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
  tried: boolean;
}): VNode {
  const { say } = useFront();
  return (
    <>
      <TextField
        label={say("sign_in.login")}
        hint={say("join.login_hint")}
        value={login}
        error={tried && !LOGIN.test(login) ? say("join.login_wrong") : null}
        autocomplete="username"
        onInput={(text) => setLogin(text.trim().toLowerCase())}
        code
      />
      <NewPassphrase value={chosen} tried={tried} onChange={choose} />
      <p aria-live="polite" class="hint">
        {chosen.first && say(`join.strength_${strength(chosen.first, login)}`)}
      </p>
    </>
  );
}

export const deskIsGood = (login: string, chosen: Chosen): boolean => LOGIN.test(login) && isGood(chosen);

export async function deskOf(front: Front, login: string, passphrase: string): Promise<enrol.Desk> {
  await readied();
  return { hub: session(front, login), login, passphrase, now: front.now };
}

/** How hard a passphrase is to guess for who does not know its owner, in three words. */
function strength(passphrase: string, login: string): "weak" | "fair" | "good" {
  const plain = passphrase.toLowerCase();
  const words = new Set(plain.split(/[\s.,-]+/).filter((word) => word.length > 2)).size;
  const letters = new Set(plain).size;
  if (passphrase.length < 12 || letters < 7 || (login && plain.includes(login))) return "weak";
  return words >= WORDS || (passphrase.length >= GOOD && letters >= 10) ? "good" : "fair";
}
