/** What every screen is given: who works here, in which language, with what of theirs on this device. */

import { createContext, type ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import type { Member } from "../../client/member.ts";
import type { Line } from "./line.ts";
import type { Local } from "./local.ts";
import type { Queue } from "./queue.ts";
import type { Lang, Say } from "./words.ts";

/** What is there before anybody signed in, too. */
export interface Front {
  readonly lang: Lang;
  readonly say: Say;
  readonly line: Line;
  /** The hub's address; "" where the app came from. */
  readonly hub: string;
  /** Unix seconds. */
  now(): number;
  /** Open a screen: `inbox`, `handoff/ID`. */
  go(path: string): void;
  setLang(lang: Lang): void;
}

export interface App extends Front {
  readonly member: Member;
  /** The roles that the agency's certificate gives this member. */
  readonly roles: readonly string[];
  readonly local: Local;
  readonly queue: Queue;
  /** Forget the keys until the passphrase is given again. */
  lock(): void;
  /** End the session here and at the hub. */
  leave(): Promise<void>;
}

export interface ScreenProps {
  /** What stands behind the screen's name in the address: `handoff/ID` gives `["ID"]`. */
  readonly args: readonly string[];
  readonly query: { readonly [name: string]: string };
}

export const FrontContext = createContext<Front | null>(null);
export const AppContext = createContext<App | null>(null);

/** Goes on with a member who just came in; only there while nobody is signed in, or until they are certified. */
export const EnterContext = createContext<((member: Member) => void) | null>(null);

export function useFront(): Front {
  return useContext(FrontContext) ?? missing();
}

export function useApp(): App {
  return useContext(AppContext) ?? missing();
}

export const useSay = (): Say => useFront().say;

export type Children = ComponentChildren;

function missing(): never {
  throw new Error("outside of the app");
}
