// The rules in JavaScript, asked by the tests: one list of questions a line in, one list of answers a line out.
import { createInterface } from "node:readline";
import { compiled, RuleError, scopeOf } from "../../web/rules/evaluate.js";

/** @param {any} question */
function answer({ expression, named, facts }) {
  try {
    const ask = compiled(expression, named ?? {});
    const days = new Set();
    return { answer: ask(scopeOf(JSON.parse(facts), days)), days: [...days].sort() };
  } catch (error) {
    if (error instanceof RuleError) return { refused: true };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(`${JSON.stringify(JSON.parse(line).map(answer))}\n`);
}
