/** Case files: the list, one file with its sections, questions, papers and dates, a section's form, and the file on paper. */

import type { VNode } from "preact";
import type { ScreenProps } from "../../core/app.ts";
import { CaseHome } from "./home.tsx";
import { CaseList } from "./list.tsx";
import { NewCase } from "./new.tsx";
import { OpenedCase } from "./opened.tsx";
import { CaseOnPaper } from "./print.tsx";
import { SectionPage } from "./section_page.tsx";
import { ToldPage } from "./told_page.tsx";

export default function Cases({ args, query }: ScreenProps): VNode {
  const [record, part, name] = args;
  if (!record) return <CaseList />;
  if (record === "new") return <NewCase />;
  return (
    <OpenedCase record={record} back="cases">
      {(held, put) => {
        if (part === "section" && name) return <SectionPage held={held} name={name} put={put} key={name} />;
        if (part === "told" && name) return <ToldPage held={held} decision={name} put={put} key={name} />;
        if (part === "print") return <CaseOnPaper held={held} />;
        return <CaseHome held={held} put={put} tab={query["tab"] ?? "sections"} />;
      }}
    </OpenedCase>
  );
}
