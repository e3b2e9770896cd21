/** A recovery sheet on the screen, to be printed now: it is shown once. */

import type { VNode } from "preact";
import type { Sheet } from "../../../client/recovery.ts";
import { squareOf } from "../../../client/square.ts";
import { useFront } from "../../core/app.ts";
import { Button } from "../../kit/controls.tsx";
import { Qr } from "../../kit/qr.tsx";
import { Facts } from "../../kit/showing.tsx";

export function Paper({ sheet, agency, login }: { sheet: Sheet; agency: string; login: string }): VNode {
  const { say } = useFront();
  const { origin, pathname } = globalThis.location;
  return (
    <section class="paper" aria-label={say("settings.sheet")}>
      <h3>{say("settings.sheet")}</h3>
      <p>{say("settings.sheet_what")}</p>
      <Facts
        rows={[
          [say("settings.sheet_app"), <bdi class="digits">{`${origin}${pathname}`}</bdi>],
          [say("settings.agency"), <bdi class="digits">{agency}</bdi>],
          [say("sign_in.login"), <bdi>{login}</bdi>],
          [say("sign_in.recovery"), <span class="digits copy">{sheet.recovery}</span>],
          [say("sign_in.device"), <span class="digits copy">{sheet.device}</span>],
        ]}
      />
      <Qr text={squareOf(login, sheet.device)} label={say("settings.sheet_qr")} />
      <p class="hint">{say("settings.sheet_qr_what")}</p>
      <p>
        <strong>{say("settings.sheet_keep")}</strong>
      </p>
      <Button kind="main" onClick={() => globalThis.print()}>
        {say("app.print")}
      </Button>
    </section>
  );
}
