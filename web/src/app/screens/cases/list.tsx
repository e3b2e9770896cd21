/** The agency's case files, those changed last first. A child's name stands only by the files of whoever looks (R46). */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { calledIn, colleagues } from "../../../client/colleagues.ts";
import { listing } from "../../../client/cases.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { day } from "../../core/time.ts";
import { Tick, TextField } from "../../kit/controls.tsx";
import { Empty, Foreign, Page } from "../../kit/showing.tsx";
import { caseName } from "./case_picker.tsx";

export function CaseList(): VNode {
  const { member, say } = useApp();
  const [search, setSearch] = useState("");
  const [mine, setMine] = useState(false);
  const loading = useLoaded(async () => Promise.all([listing(member), colleagues(member)]), [member]);
  return (
    <Page title={say("cases.title")}>
      <p class="row">
        <a class="button main" href="#/cases/new">
          {say("cases.new")}
        </a>
      </p>
      <Loaded of={loading}>
        {([rows, people]) => {
          const named = rows.map((held) => ({ held, name: caseName(say, held, member.id) }));
          const wanted = named.filter(
            ({ held, name }) =>
              (!mine || held.begunBy === member.id) && name.toLowerCase().includes(search.trim().toLowerCase()),
          );
          if (!rows.length) {
            return (
              <Empty>
                <p>{say("cases.none")}</p>
              </Empty>
            );
          }
          return (
            <>
              <TextField label={say("cases.find")} type="search" value={search} onInput={setSearch} />
              <Tick label={say("cases.only_mine")} checked={mine} onTick={setMine} />
              <p role="status">{say.many("cases.count", wanted.length)}</p>
              <ul class="plain-list">
                {wanted.map(({ held, name }) => (
                  <li class="card" key={held.record}>
                    <h2>
                      <a href={`#/cases/${held.record}`}>
                        <Foreign>{name}</Foreign>
                      </a>
                    </h2>
                    <p class="quiet">
                      {say("cases.changed_by", { day: day(say, held.at), name: calledIn(people, held.by) })}
                    </p>
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
