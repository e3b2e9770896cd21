/**
 * Every screen: the first word of its address, the chunks with its code and words, and who finds it in the menu.
 *
 * A role in the menu is a convenience: what somebody may do is decided by certificates, at the hub and at whoever reads.
 */

import type { ComponentType } from "preact";
import type { ScreenProps } from "./app.ts";
import { loadWords, type WordLoader } from "./words.ts";

export interface Screen {
  readonly path: string;
  readonly load: () => Promise<{ readonly default: ComponentType<ScreenProps> }>;
  readonly words: WordLoader;
  /** Whether it stands in the menu, under `app.nav_PATH`. */
  readonly nav?: boolean;
  /** Whose menu it stands in; without them everybody's. */
  readonly roles?: readonly string[];
}

const inboxWords: WordLoader = (lang) => import(`../screens/inbox/words/${lang}.json`);
/** Words of a screen that shows rows or states as the inbox does. */
const besideInbox =
  (words: WordLoader): WordLoader =>
  async (lang) => {
    await loadWords("inbox", lang, inboxWords);
    return words(lang);
  };
const peopleWords: WordLoader = (lang) => import(`../screens/people/words/${lang}.json`);
const keysWords: WordLoader = (lang) => import(`../screens/keys/words/${lang}.json`);
const joinWords: WordLoader = (lang) => import(`../screens/join/words/${lang}.json`);
const settingsWords: WordLoader = (lang) => import(`../screens/settings/words/${lang}.json`);
/** Words of a screen that says roles and kinds of agencies, and shows parts of others. */
const besidePeople =
  (words: WordLoader, others: { readonly [room: string]: WordLoader } = {}): WordLoader =>
  async (lang) => {
    const rooms = Object.entries({ people: peopleWords, ...others });
    await Promise.all(rooms.map(([room, load]) => loadWords(room, lang, load)));
    return words(lang);
  };
const servicesWords: WordLoader = (lang) => import(`../screens/services/words/${lang}.json`);
/** Words of a screen that shows records of the service map, or parts of them. */
const besideServices =
  (words: WordLoader): WordLoader =>
  async (lang) => {
    await loadWords("services", lang, servicesWords);
    return words(lang);
  };
const transferWords: WordLoader = (lang) => import(`../screens/transfer/words/${lang}.json`);
/** Words of a screen that shows legs of transfers, and what was sent by them. */
const besideTransfer =
  (words: WordLoader): WordLoader =>
  async (lang) => {
    await Promise.all([
      loadWords("transfer", lang, transferWords),
      loadWords("inbox", lang, inboxWords),
      loadWords("handoff", lang, (one) => import(`../screens/handoff/words/${one}.json`)),
    ]);
    return words(lang);
  };
const KEEPERS = ["coordinator", "agency_admin"];
const handoffWords: WordLoader = (lang) => import(`../screens/handoff/words/${lang}.json`);
const consentWords: WordLoader = (lang) => import(`../screens/consent/words/${lang}.json`);
/** Words of a screen that shows parts of a handoff, finds areas of the map, and chooses agencies. */
const besideCompose = (words: WordLoader): WordLoader =>
  besideInbox(async (lang) => {
    await Promise.all([
      loadWords("handoff", lang, handoffWords),
      loadWords("services", lang, servicesWords),
      loadWords("consent", lang, consentWords),
    ]);
    return words(lang);
  });
const DESK = ["caseworker", "supervisor", "focal_point", "deputy"];

export const SCREENS: readonly Screen[] = [
  {
    path: "inbox",
    nav: true,
    load: () => import("../screens/inbox/index.tsx"),
    words: inboxWords,
  },
  {
    path: "outbox",
    nav: true,
    roles: DESK,
    load: () => import("../screens/inbox/outbox.tsx"),
    words: besideInbox(inboxWords),
  },
  {
    path: "compose",
    nav: true,
    roles: ["caseworker"],
    load: () => import("../screens/compose/index.tsx"),
    words: besideCompose((lang) => import(`../screens/compose/words/${lang}.json`)),
  },
  {
    path: "tasks",
    nav: true,
    roles: DESK,
    load: () => import("../screens/tasks/index.tsx"),
    words: besideCompose((lang) => import(`../screens/tasks/words/${lang}.json`)),
  },
  {
    path: "handoff",
    load: () => import("../screens/handoff/index.tsx"),
    words: besideInbox(handoffWords),
  },
  {
    path: "cases",
    nav: true,
    roles: DESK,
    load: () => import("../screens/cases/index.tsx"),
    words: (lang) => import(`../screens/cases/words/${lang}.json`),
  },
  {
    path: "programme",
    load: () => import("../screens/programme/index.tsx"),
    words: (lang) => import(`../screens/programme/words/${lang}.json`),
  },
  {
    path: "transfers",
    nav: true,
    roles: DESK,
    load: () => import("../screens/transfer/list.tsx"),
    words: besideTransfer(transferWords),
  },
  {
    path: "transfer",
    load: () => import("../screens/transfer/index.tsx"),
    words: besideTransfer(transferWords),
  },
  {
    path: "handover",
    load: () => import("../screens/handover/index.tsx"),
    words: (lang) => import(`../screens/handover/words/${lang}.json`),
  },
  {
    path: "visits",
    nav: true,
    roles: DESK,
    load: () => import("../screens/visits/index.tsx"),
    words: (lang) => import(`../screens/visits/words/${lang}.json`),
  },
  {
    path: "timers",
    nav: true,
    roles: DESK,
    load: () => import("../screens/timers/index.tsx"),
    words: (lang) => import(`../screens/timers/words/${lang}.json`),
  },
  {
    path: "consent",
    nav: true,
    roles: [...DESK, "data_officer", "agency_admin"],
    load: () => import("../screens/consent/index.tsx"),
    words: consentWords,
  },
  {
    path: "supervisor",
    nav: true,
    roles: ["supervisor"],
    load: () => import("../screens/supervisor/index.tsx"),
    words: besideTransfer((lang) => import(`../screens/supervisor/words/${lang}.json`)),
  },
  {
    path: "keeping",
    nav: true,
    roles: ["supervisor", "data_officer"],
    load: () => import("../screens/keeping/index.tsx"),
    words: (lang) => import(`../screens/keeping/words/${lang}.json`),
  },
  {
    path: "services",
    nav: true,
    load: () => import("../screens/services/index.tsx"),
    words: servicesWords,
  },
  {
    path: "map",
    load: () => import("../screens/map/index.tsx"),
    words: besideServices((lang) => import(`../screens/map/words/${lang}.json`)),
  },
  {
    path: "due",
    nav: true,
    roles: [...KEEPERS, "provider", "focal_point"],
    load: () => import("../screens/due/index.tsx"),
    words: besideServices((lang) => import(`../screens/due/words/${lang}.json`)),
  },
  {
    path: "requests",
    load: () => import("../screens/requests/index.tsx"),
    words: besideServices((lang) => import(`../screens/requests/words/${lang}.json`)),
  },
  {
    path: "imports",
    load: () => import("../screens/imports/index.tsx"),
    words: besideServices((lang) => import(`../screens/imports/words/${lang}.json`)),
  },
  {
    path: "duplicates",
    load: () => import("../screens/duplicates/index.tsx"),
    words: besideServices((lang) => import(`../screens/duplicates/words/${lang}.json`)),
  },
  {
    path: "gaps",
    load: () => import("../screens/gaps/index.tsx"),
    words: besideServices((lang) => import(`../screens/gaps/words/${lang}.json`)),
  },
  {
    path: "areas",
    load: () => import("../screens/areas/index.tsx"),
    words: besideServices(async (lang) => {
      await loadWords("consent", lang, consentWords);
      return import(`../screens/areas/words/${lang}.json`);
    }),
  },
  {
    path: "board",
    nav: true,
    roles: [...KEEPERS, "supervisor", "caseworker"],
    load: () => import("../screens/board/index.tsx"),
    words: besideServices((lang) => import(`../screens/board/words/${lang}.json`)),
  },
  {
    path: "statistics",
    nav: true,
    roles: [...KEEPERS, "supervisor", "data_officer", "focal_point", "auditor"],
    load: () => import("../screens/statistics/index.tsx"),
    words: besideServices((lang) => import(`../screens/statistics/words/${lang}.json`)),
  },
  {
    path: "admin",
    nav: true,
    roles: ["agency_admin", "supervisor"],
    load: () => import("../screens/admin/index.tsx"),
    words: besidePeople((lang) => import(`../screens/admin/words/${lang}.json`), { keys: keysWords, join: joinWords }),
  },
  {
    path: "keys",
    nav: true,
    load: () => import("../screens/keys/index.tsx"),
    words: besidePeople(keysWords),
  },
  {
    path: "settings",
    nav: true,
    load: () => import("../screens/settings/index.tsx"),
    words: besidePeople(settingsWords),
  },
  {
    path: "join",
    load: () => import("../screens/join/index.tsx"),
    words: besidePeople(joinWords, { settings: settingsWords }),
  },
];

/** What stands in somebody's menu; `own`: only what is not everybody's. */
export const inMenu = (roles: readonly string[], own = false): readonly Screen[] =>
  SCREENS.filter(({ nav, roles: wanted }) => nav && (wanted ? wanted.some((role) => roles.includes(role)) : !own));

export const screenOf = (path: string): Screen | null => SCREENS.find((screen) => screen.path === path) ?? null;
