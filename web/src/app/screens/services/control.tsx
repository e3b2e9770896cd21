/** One field of a record as a control: what it is decides which. Nothing is sent from here. */

import type { VNode } from "preact";
import { useApp } from "../../core/app.ts";
import { Choice, DateField, TextArea, TextField, type Option } from "../../kit/controls.tsx";
import { AreaField } from "./parts.tsx";
import { Amount, Countries, COUNTRY, Listed, OrAny, texts, type ControlProps } from "./choose.tsx";
import { Exclusions } from "./exclusions.tsx";
import { isEmpty } from "./fields.ts";
import { Bands, Hours, Languages, LastDays, OurAgency, OurInbox, Phones, Records, Rows } from "./rows.tsx";
import { Translations } from "./translations.tsx";

export function Control(props: ControlProps): VNode {
  const { say } = useApp();
  const { label, as, value, labels, set } = props;
  const error = props.error ?? null;
  const field = { label, error, optional: true };
  const text = isEmpty(value) ? "" : String(value);
  const none = say("services.not_known");
  switch (as.is) {
    case "text":
      return <TextField {...field} value={text} onInput={set} maxLength={1000} />;
    case "long":
      return <TextArea {...field} value={text} onInput={set} maxLength={20000} />;
    case "day":
      return <DateField {...field} value={text} onInput={set} />;
    case "whole":
    case "number":
      return <Amount {...props} whole={as.is === "whole"} />;
    case "flag":
      return (
        <Choice
          {...{ label, error, none }}
          value={value === true ? "yes" : value === false ? "no" : ""}
          options={[
            ["yes", say("services.yes")],
            ["no", say("services.no")],
          ]}
          onChoose={(chosen) => set(chosen ? chosen === "yes" : null)}
        />
      );
    case "one":
      return <Choice {...{ label, error, none }} value={text} options={labels.options(as.list)} onChoose={set} />;
    case "own": {
      const options = as.codes.map((code): Option => [code, say(`services.code.${code.replace(/ /g, "_")}`)]);
      return <Choice {...{ label, error, none }} value={text} options={options} onChoose={set} />;
    }
    case "many":
      return <Listed {...{ label, error, set }} values={texts(value)} options={labels.options(as.list)} />;
    case "many_or_any":
      return (
        <OrAny {...props}>
          {(values) => <Listed {...{ label, set, values }} options={labels.options(as.list)} error={null} />}
        </OrAny>
      );
    case "areas_or_any":
      return <OrAny {...props}>{(codes) => <AreaField label={label} codes={codes} many onChange={set} />}</OrAny>;
    case "countries_or_any":
      return <OrAny {...props}>{(codes) => <Countries label={label} codes={codes} labels={labels} set={set} />}</OrAny>;
    case "area":
      return (
        <AreaField
          {...{ label, error }}
          codes={text ? [text] : []}
          onChange={(codes) => set(codes[codes.length - 1] ?? null)}
        />
      );
    case "areas":
      return <AreaField {...{ label, error }} codes={texts(value)} many onChange={set} />;
    case "country":
      return (
        <TextField
          {...field}
          hint={COUNTRY.test(text) ? labels.country(text.toUpperCase()) : say("services.two_letters")}
          value={text}
          onInput={(given) => set(given.trim().toUpperCase())}
          maxLength={2}
          code
        />
      );
    case "agency":
      return <OurAgency {...props} />;
    case "inbox":
      return <OurInbox {...props} />;
    case "lines":
      return <Rows {...props} hint={say("services.one_a_line")} texts={texts(value)} read={(rows) => rows} />;
    case "phones":
      return <Phones {...props} />;
    case "languages":
      return <Languages {...props} />;
    case "sites":
    case "provider":
      return <Records {...props} />;
    case "days":
      return <LastDays {...props} list={as.list} />;
    case "bands":
      return <Bands {...props} />;
    case "hours":
      return <Hours {...props} />;
    case "exclusions":
      return <Exclusions {...props} />;
    case "translations":
      return <Translations {...props} names={as.names} />;
  }
}
