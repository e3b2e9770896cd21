/** The app: sign in, work, lock. Nothing is asked of a hub before a person does something. */

import { render, type VNode } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { Member } from "../client/member.ts";
import { hostOf } from "../rcp/keys.ts";
import { forgetPackets } from "./core/forgetting.ts";
import { leave as leaveHub, listen, lockOthers } from "./core/accounts.ts";
import { unlessFull } from "./core/database.ts";
import { AppContext, EnterContext, FrontContext, type App, type Front } from "./core/app.ts";
import { grantLater } from "./core/granting.ts";
import { hubAddress } from "./core/hub.ts";
import { Line } from "./core/line.ts";
import { Local } from "./core/local.ts";
import { Loaded, useLoaded } from "./core/loading.tsx";
import { keepPinsLater } from "./core/pinning.ts";
import { Queue } from "./core/queue.ts";
import { go, usePlace, type Place } from "./core/router.ts";
import { forgetSaid } from "./core/said.ts";
import { Shell, Current } from "./core/shell.tsx";
import { UpdateNotice } from "./core/update_notice.tsx";
import { updates } from "./core/updates.ts";
import { watchIdle } from "./core/idle.ts";
import { langKept, keepLang } from "./core/settings.ts";
import { dirOf, langOf, loadWords, sayIn, type Lang, type WordLoader } from "./core/words.ts";
import { CodeQuestion } from "./screens/sign_in/code.tsx";
import SignIn from "./screens/sign_in/index.tsx";

const WORDS: WordLoader = (lang) => import(`./words/${lang}.json`);
const SIGN_IN_WORDS: WordLoader = (lang) => import(`./screens/sign_in/words/${lang}.json`);
/** Screens that somebody without an account here may open. */
const OPEN = ["join"];
/** What is shown to somebody whom the agency has not certified yet. */
const WAITING: Place = { path: "join", args: [], query: {} };
const line = new Line();
line.heed(globalThis);
const now = (): number => Math.floor(Date.now() / 1000);

function Root(): VNode {
  const [lang, setLang] = useState<Lang>(() => langKept() ?? langOf(navigator.languages));
  const loading = useLoaded(() => wordsOf(lang), [lang]);
  const shown = loading.is === "ready" ? loading.value : null;
  useEffect(() => {
    if (!shown) return;
    document.documentElement.lang = shown;
    document.documentElement.dir = dirOf(shown);
  }, [shown]);
  const choose = useCallback((chosen: Lang) => {
    keepLang(chosen);
    setLang(chosen);
  }, []);
  const front = useMemo<Front | null>(
    () => shown && { lang: shown, say: sayIn(shown), line, hub: hubAddress(), now, go, setLang: choose },
    [shown],
  );
  if (!front) return <p class="waiting" />;
  return (
    <FrontContext.Provider value={front}>
      <Inside front={front} />
      <CodeQuestion />
    </FrontContext.Provider>
  );
}

async function wordsOf(lang: Lang): Promise<Lang> {
  await Promise.all([loadWords("app", lang, WORDS), loadWords("sign_in", lang, SIGN_IN_WORDS)]);
  return lang;
}

/** Signed in or not. */
function Inside({ front }: { front: Front }): VNode {
  const place = usePlace();
  const [member, setMember] = useState<Member | null>(null);
  const forget = useCallback(() => {
    line.local = null;
    forgetSaid();
    setMember(null);
  }, []);
  useEffect(() => (member ? watchIdle(forget) : undefined), [member]);
  useEffect(() => listen(null, forget), [forget]);
  if (member) return <Signed {...{ front, member, forget }} />;
  if (OPEN.includes(place.path)) {
    return (
      <main id="main" class="front">
        <EnterContext.Provider value={setMember}>
          <Current place={place} />
        </EnterContext.Provider>
      </main>
    );
  }
  return (
    <main id="main" class="front">
      <UpdateNotice />
      <SignIn onMember={setMember} query={place.query} />
    </main>
  );
}

function Signed({ front, member, forget }: { front: Front; member: Member; forget: () => void }): VNode {
  const kept = useMemo(() => {
    const local = new Local(member);
    line.local = local;
    member.letGo = (manifests, of) => forgetPackets(local, manifests, of);
    member.shelf = {
      load: (name) => local.get("kept", name),
      save: (name, value) => local.put("kept", name, value).catch(unlessFull),
    };
    return { local, queue: new Queue(member, local) };
  }, [member]);
  const roles = useLoaded(() => member.roles(), [member]);
  useEffect(() => {
    const flush = () => void kept.queue.flush().catch(() => undefined);
    flush();
    return front.line.watch(({ online }) => online && flush());
  }, [kept]);
  useEffect(() => {
    const host = hostOf(member.agency);
    updates.signedIn(host, member.trust.pins.hubs[host]);
  }, [member]);
  useEffect(() => keepPinsLater(member), [member]);
  useEffect(() => (roles.is === "ready" ? grantLater(member, kept.local, roles.value) : undefined), [member, roles.is]);
  const lock = () => {
    forget();
    lockOthers();
  };
  const leave = async () => {
    lock();
    await leaveHub(member).catch(() => undefined);
  };
  return (
    <Loaded of={roles}>
      {(held) => {
        const app: App = { ...front, ...kept, member, roles: held, lock, leave };
        return (
          <AppContext.Provider value={app}>
            {held.length ? (
              <Shell />
            ) : (
              <main id="main" class="front">
                <EnterContext.Provider value={roles.again}>
                  <Current place={WAITING} />
                </EnterContext.Provider>
              </main>
            )}
          </AppContext.Provider>
        );
      }}
    </Loaded>
  );
}

const root = document.getElementById("app");
if (root) {
  root.textContent = "";
  render(<Root />, root);
  updates.start();
}
