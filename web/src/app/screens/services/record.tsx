/** One record: what is known in plain words, how fresh each group is, who sees it, and what this member may do with it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { groupsIn, type Group } from "../../../client/freshness.ts";
import { record, search, updateLink, verify, type MapRecord } from "../../../client/servicemap.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, Choice, type Option } from "../../kit/controls.tsx";
import { Card, Facts, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { at, fieldsIn, HIDEABLE, isEmpty, others } from "./fields.ts";
import { inEachLanguage } from "./labels.ts";
import { Freshness, Lines, Texts, tapsOf } from "./parts.tsx";
import { EDITORS, readerOf } from "./reader.ts";
import { joined, labelOf, linesOf, member as memberOf, textsOf, type Reader } from "./values.ts";

export function OneRecord({ id }: { id: string }): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(async () => {
    const found = await record(member.hub, id);
    return { found, reader: await readerOf(member.hub, say, [found.document]) };
  }, [id, say.lang]);
  const title =
    loading.is === "ready"
      ? String(loading.value.found.document["name"] ?? say("services.unnamed"))
      : say("services.record");
  return (
    <Page title={title} back="services">
      <Loaded of={loading}>
        {({ found, reader }) => <Shown found={found} reader={reader} changed={loading.again} />}
      </Loaded>
    </Page>
  );
}

interface ShownProps {
  readonly found: MapRecord;
  readonly reader: Reader;
  readonly changed: () => void;
}

function Shown({ found, reader, changed }: ShownProps): VNode {
  const { say, roles, member } = useApp();
  const { labels } = reader;
  const ways = tapsOf(found);
  const still = useAction(async (groups: string[], how: string) => {
    await verify(member.hub, found.id, groups, how);
    changed();
  });
  const groups = groupsIn(found.kind, found.document);
  return (
    <>
      <p class="lead">
        {say(`services.kind_${found.kind}`)} · {say("services.kept_by")} <Foreign>{plainAgency(found.steward)}</Foreign>
      </p>
      {found.level !== "focal" && (
        <p class="hint">{say("services.seen_as", { level: labels.code("visibility", found.level) })}</p>
      )}
      {found.document["claimed"] === true && <Notice kind="warn">{say("services.claimed")}</Notice>}
      <Ways found={found} />
      {still.error !== null && <Problem error={still.error} />}
      {still.done && (
        <Notice kind="good" live>
          {say("services.said_right")}
        </Notice>
      )}
      {ways.length > 0 && (
        <Card title={say("services.still_right_all")}>
          <p>{say("services.still_right_hint")}</p>
          <p class="row">
            {ways.map((how) => (
              <Button key={how} kind="main" busy={still.busy} onClick={() => still.run([], how)}>
                {say(`services.still_${how}`)}
              </Button>
            ))}
          </p>
        </Card>
      )}
      {groups.map((group) => (
        <GroupCard
          key={group}
          {...{ found, reader, group }}
          ways={groups.length > 1 ? ways : []}
          busy={still.busy}
          still={(how) => still.run([group], how)}
        />
      ))}
      <Others found={found} reader={reader} />
      <Seen found={found} reader={reader} />
      {found.kind === "provider" && <Offered found={found} />}
      {found.may.includes("edit") && roles.some((role) => EDITORS.includes(role)) && <AskByLink found={found} />}
    </>
  );
}

export const plainAgency = (address: string): string => address.replace("urn:rcp:agency:", "");

/** What else one can do here: change, or propose a change; look back; see what others propose. */
function Ways({ found }: { found: MapRecord }): VNode {
  const { say } = useApp();
  const ways: readonly (readonly [string, string])[] = [
    ...(found.may.includes("edit") ? [[`services/${found.id}/edit`, say("services.edit")] as const] : []),
    ...(!found.may.includes("edit") && found.may.includes("propose")
      ? [[`services/${found.id}/edit`, say("services.propose")] as const]
      : []),
    ...(found.level === "focal"
      ? [
          [`services/${found.id}/history`, say("services.history")] as const,
          [`requests?record=${found.id}`, say("services.its_requests")] as const,
        ]
      : []),
  ];
  return (
    <p class="row">
      {ways.map(([path, words]) => (
        <a class="button" href={`#/${path}`} key={path}>
          {words}
        </a>
      ))}
    </p>
  );
}

function GroupCard({
  found,
  reader,
  group,
  ways,
  busy,
  still,
}: Omit<ShownProps, "changed"> & {
  group: Group;
  ways: readonly string[];
  busy: boolean;
  still: (how: string) => void;
}): VNode {
  const { say } = useApp();
  const { document, kind } = found;
  const fields = fieldsIn(kind, group);
  const said = fields.filter(({ path }) => !isEmpty(at(document, path)));
  const unsaid = fields.filter((field) => !said.includes(field)).map(({ path }) => labelOf(say, path));
  const title = reader.labels.code("groups", group);
  return (
    <Card title={title} kind="group">
      <Freshness document={document} group={group} labels={reader.labels} />
      <Facts
        rows={said.map(({ path, as }) => [
          labelOf(say, path),
          as.is === "phones" ? (
            <Phones value={at(document, path)} />
          ) : (
            <Texts texts={textsOf(reader, as, at(document, path))} />
          ),
        ])}
      />
      {unsaid.length > 0 && <p class="hint">{say("services.not_said", { fields: joined(say, unsaid) })}</p>}
      {ways.length > 0 && (
        <p class="row">
          {ways.map((how) => (
            <Button
              key={how}
              busy={busy}
              label={`${title}: ${say(`services.still_${how}`)}`}
              onClick={() => still(how)}
            >
              {say(`services.still_${how}`)}
            </Button>
          ))}
        </p>
      )}
    </Card>
  );
}

/** Numbers that a phone can call. */
function Phones({ value }: { value: ReturnType<typeof at> }): VNode {
  const rows = Array.isArray(value) ? value : [];
  return (
    <ul class="plain">
      {rows.map((row, index) => {
        const number = String(memberOf(row, "number"));
        const about = String(memberOf(row, "description"));
        return (
          <li key={index}>
            <a href={`tel:${number.replace(/[^0-9+*#]/g, "")}`} dir="ltr">
              {number}
            </a>{" "}
            {about && <Foreign>{about}</Foreign>}
          </li>
        );
      })}
    </ul>
  );
}

/** What the record has and no form here changes. */
function Others({ found, reader }: Omit<ShownProps, "changed">): VNode | null {
  const { say } = useApp();
  const names = others(found.kind, found.document).filter(
    (name) => name !== "claimed" && !isEmpty(found.document[name]),
  );
  if (!names.length) return null;
  return (
    <Card title={say("services.others")}>
      <Facts
        rows={names.map((name) => [
          labelOf(say, name),
          <Lines lines={linesOf(reader, found.kind, name, found.document[name] ?? null)} />,
        ])}
      />
    </Card>
  );
}

/** Who sees what: said only where something is not for everybody. */
function Seen({ found, reader }: Omit<ShownProps, "changed">): VNode {
  const { say } = useApp();
  const said = found.document["visibility"];
  const rows = HIDEABLE[found.kind].map((name) => [name, String(memberOf(said ?? null, name))] as const);
  const hidden = rows.filter(([, level]) => level && level !== "public");
  const source = found.document["source"];
  return (
    <Card title={say("services.who_sees")}>
      {hidden.length ? (
        <Facts
          rows={hidden.map(([name, level]) => [
            name === "*" ? say("services.whole_record") : labelOf(say, name),
            reader.labels.code("visibility", level),
          ])}
        />
      ) : (
        <p>{say("services.everybody_sees")}</p>
      )}
      {!isEmpty(source) && (
        <p class="hint">
          {say("services.from_source")} <Foreign>{String(memberOf(source ?? null, "name"))}</Foreign>{" "}
          {String(memberOf(source ?? null, "licence"))}
        </p>
      )}
      <p class="hint">{say("services.version", { version: found.version, at: moment(say, found.changed_at) })}</p>
    </Card>
  );
}

/** What a provider offers, as far as a search by its name finds it. */
function Offered({ found }: { found: MapRecord }): VNode {
  const { say, member } = useApp();
  const name = String(found.document["name"] ?? "");
  const loading = useLoaded(async () => {
    const answer = await search(member.hub, { text: name.slice(0, 200), include_stale: true, limit: 100 });
    return answer.found.map(({ listing }) => listing).filter(({ provider }) => provider.id === found.id);
  }, [found.id]);
  return (
    <Card title={say("services.offers")}>
      <Loaded of={loading}>
        {(rows) => (
          <ul class="plain">
            {rows.map((listing) => (
              <li key={listing.id}>
                <a href={`#/services/${listing.id}`}>
                  <Foreign>{listing.name}</Foreign>
                </a>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {found.may.includes("edit") && (
        <p>
          <a class="button" href={`#/services/new/service?provider=${found.id}`}>
            {say("services.new_service")}
          </a>
        </p>
      )}
    </Card>
  );
}

/** A link for a provider without an account: read out or sent by mail, in their language. */
function AskByLink({ found }: { found: MapRecord }): VNode {
  const { say, member, lang } = useApp();
  const [language, setLanguage] = useState<string>(lang);
  const [made, setMade] = useState<{ url: string | null; expires: number } | null>(null);
  const ask = useAction(async (by: "mail" | "hand") => setMade(await updateLink(member.hub, found.id, language, by)));
  const options: readonly Option[] = inEachLanguage();
  return (
    <Card title={say("services.ask_by_link")}>
      <p>{say("services.ask_by_link_hint")}</p>
      <Choice label={say("services.page_language")} value={language} options={options} onChoose={setLanguage} />
      <p class="row">
        <Button busy={ask.busy} onClick={() => ask.run("mail")}>
          {say("services.link_mail")}
        </Button>
        <Button busy={ask.busy} onClick={() => ask.run("hand")}>
          {say("services.link_hand")}
        </Button>
      </p>
      {ask.error !== null && <Problem error={ask.error} />}
      {made && (
        <Notice kind="good" live>
          <p>{say(made.url ? "services.link_made" : "services.link_sent", { until: moment(say, made.expires) })}</p>
          {made.url && (
            <p>
              <code dir="ltr">{made.url}</code>
            </p>
          )}
        </Notice>
      )}
    </Card>
  );
}
