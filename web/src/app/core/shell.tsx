/** Round every screen: the menu, the line's standing, what waits to be sent, and the lock. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { HubError } from "../../client/session.ts";
import { Button, Choice } from "../kit/controls.tsx";
import { Notice } from "../kit/showing.tsx";
import { fetchAhead } from "./ahead.ts";
import { useApp, useFront, type ScreenProps } from "./app.ts";
import { Loaded, useLoaded, OnItsWay } from "./loading.tsx";
import { PlaceContext, usePlace, type Place } from "./router.ts";
import { inMenu, screenOf, type Screen } from "./screens.ts";
import { Moving } from "./moving.tsx";
import { moment } from "./time.ts";
import { UpdateNotice } from "./update_notice.tsx";
import { LANGS, loadWords, OWN_NAMES, type Lang } from "./words.ts";
import type { Waiting } from "./queue.ts";

const HOME = "inbox";

export function Shell(): VNode {
  const { say, lock, leave, member, roles, lang } = useApp();
  const place = usePlace();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [place]);
  useEffect(() => fetchAhead(roles, lang), [roles, lang]);
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={toMain}>
        {say("app.skip")}
      </a>
      <header>
        <a class="brand" href={`#/${HOME}`}>
          Handover
        </a>
        <button type="button" class="menu" aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>
          {say("app.menu")}
        </button>
        <div id="menu" class={open ? "open" : ""}>
          <Menu at={place.path || HOME} />
          <p class="who">
            <bdi>{member.login}</bdi>
          </p>
          <p class="row">
            <Button onClick={lock}>{say("app.lock")}</Button>
            <Button onClick={leave}>{say("app.sign_out")}</Button>
          </p>
          <LangChoice />
        </div>
      </header>
      <LineNotice />
      <UpdateNotice />
      <FullNotice />
      <QueueNotice />
      <main id="main" tabIndex={-1}>
        <Moving />
        <Current place={place} />
      </main>
    </div>
  );
}

function Menu({ at }: { at: string }): VNode {
  const { say, roles } = useApp();
  return (
    <nav aria-label={say("app.menu")}>
      <ul>
        {inMenu(roles).map(({ path }) => (
          <li key={path}>
            <a href={`#/${path}`} aria-current={path === at ? "page" : undefined}>
              {say(`app.nav_${path}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The screen that the address names, once its code and words are here. */
export function Current({ place }: { place: Place }): VNode | null {
  const { lang } = useFront();
  const screen = screenOf(place.path || HOME) ?? screenOf(HOME);
  const loading = useLoaded(() => loadScreen(screen!, lang), [screen, lang]);
  return (
    <Loaded of={loading}>
      {({ path, lang: shown, Component }) =>
        path === screen!.path && shown === lang ? (
          <PlaceContext.Provider value={place}>
            <Component key={`${path}/${place.args.join("/")}`} args={place.args} query={place.query} />
          </PlaceContext.Provider>
        ) : (
          <OnItsWay />
        )
      }
    </Loaded>
  );
}

async function loadScreen({ path, load, words }: Screen, lang: Lang) {
  const [{ default: Component }] = await Promise.all([load(), loadWords(path, lang, words)]).catch(unloaded);
  return { path, lang, Component: Component as (props: ScreenProps) => VNode | null };
}

/** A chunk that cannot be had: it was never on this device and there is no line, or another release took its place. */
function unloaded(error: unknown): never {
  if (!(error instanceof TypeError)) throw error;
  throw new HubError(navigator.onLine ? "new_release" : "not_on_device");
}

/** The reader's language, for this device. */
export function LangChoice(): VNode {
  const { say, lang, setLang } = useFront();
  return (
    <Choice
      label={say("app.language")}
      value={lang}
      options={LANGS.map((one) => [one, OWN_NAMES[one]])}
      onChoose={(chosen) => setLang(chosen as Lang)}
    />
  );
}

function LineNotice(): VNode | null {
  const { say, line } = useFront();
  const [standing, set] = useState(line.standing);
  useEffect(() => line.watch(set), [line]);
  if (standing.online) return null;
  const words =
    standing.asOf === null ? say("app.offline") : say("app.offline_as_of", { at: moment(say, standing.asOf) });
  return (
    <Notice kind="warn" live>
      <p>{words}</p>
    </Notice>
  );
}

function FullNotice(): VNode | null {
  const { say, local } = useApp();
  const [full, set] = useState(false);
  useEffect(() => local.watchFull(set), [local]);
  if (!full) return null;
  return (
    <Notice kind="warn" live>
      <p>
        {say("app.error.device_full")} {say("app.todo.device_full")}
      </p>
    </Notice>
  );
}

function QueueNotice(): VNode | null {
  const { say, queue } = useApp();
  const [rows, set] = useState<readonly Waiting[]>([]);
  useEffect(() => queue.watch(set), [queue]);
  const refused = rows.filter((row) => row.refused !== null);
  const waiting = rows.length - refused.length;
  if (!rows.length) return null;
  return (
    <div>
      {waiting > 0 && (
        <Notice live>
          <p>{say.many("app.queued", waiting)}</p>
          <Button onClick={() => queue.flush()}>{say("app.send_now")}</Button>
        </Notice>
      )}
      {refused.map(({ name, at, refused: code }) => (
        <Notice kind="warn" key={name} live>
          <p>{say("app.not_taken", { at: moment(say, at) })}</p>
          <p>
            {say.has(`app.error.${code}`) ? say(`app.error.${code}`) : say("app.error.unknown", { code: code ?? "" })}
          </p>
          <Button onClick={() => queue.dismiss(name)}>{say("app.understood")}</Button>
        </Notice>
      ))}
    </div>
  );
}

const toMain = (event: Event): void => {
  event.preventDefault();
  document.getElementById("main")?.focus();
};
