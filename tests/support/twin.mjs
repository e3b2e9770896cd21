// The rules in JavaScript, asked by the tests: one list of questions a line in, one list of answers a line out.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { decide, policyOf } from "../../web/rules/decide.js";
import { gatesOf, judge } from "../../web/rules/gates.js";
import { criteriaOf, match, valueOf } from "../../web/rules/match.js";
import { compiled, RuleError, scopeOf } from "../../web/rules/evaluate.js";

const folder = new URL(`../../consent/policies/${process.argv[2]}/`, import.meta.url);
const [tables, rules] = ["tables", "rules"].map((name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")));
const policy = policyOf(tables, rules);
const [file, { groups }] = ["matching/criteria", "records/policy"].map((name) =>
  JSON.parse(readFileSync(new URL(`../../hub/directory/${name}.json`, import.meta.url), "utf8")),
);
const criteria = criteriaOf(file, groups);
const gates = gatesOf(JSON.parse(readFileSync(new URL("../../hub/casefile/gates/gates.json", import.meta.url), "utf8")));

/** @param {any} question */
function answer({ expression, named, facts, now, end, candidates, asked, areas, step }) {
  if (step !== undefined) return judge(gates, { step, ...facts });
  if (candidates !== undefined) return match(criteria, candidates, asked, areas, now).map((found) => valueOf(criteria, found));
  if (end !== undefined) return decide(policy, facts, now, end);
  try {
    const ask = compiled(expression, named ?? {});
    const watch = [];
    const found = ask(scopeOf(JSON.parse(facts), watch));
    return { answer: found, days: [...new Set(watch.map((pair) => JSON.stringify(pair)))].map((pair) => JSON.parse(pair)).sort() };
  } catch (error) {
    if (error instanceof RuleError) return { refused: true };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(`${JSON.stringify(JSON.parse(line).map(answer))}\n`);
}
