/** A line on paper for whoever signs. */

import type { VNode } from "preact";
import { useApp, type Children } from "../../core/app.ts";
import { wordsOf } from "./facts.ts";

export function SignHere({ children }: { children: Children }): VNode {
  const { lang } = useApp();
  const { labels } = wordsOf(lang);
  return (
    <p class="sign-line">
      {children}. {labels["date"]}, {labels["sign_here"]}
    </p>
  );
}
