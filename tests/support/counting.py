"""Facts without children, made up by chance, for tests of what is counted and published."""

from __future__ import annotations

import random
from collections import Counter

from hub.directory.records.vocabulary import AGE_GROUPS
from hub.referrals.reasons import BARRIERS, REASONS
from hub.reports.domain import ENDINGS, GRADES, LEAST, SPLITS, Fact
from hub.reports.suppression import Row

MONTH = "2026-05"
SERVICES, AREAS = ("health", "education"), ("ET.AA", "ET.OR")


def facts(seed, many, month=MONTH):
    """Return facts of a month that lie unevenly, as they do."""
    rng = random.Random(seed)

    def uneven(codes):
        return codes, [rng.random() ** 2 + 0.02 for _ in codes]

    service, area, band, ending = map(uneven, (SERVICES, AREAS, AGE_GROUPS, ENDINGS))

    def one():
        return Fact(
            month,
            *(rng.choices(*codes)[0] for codes in (service, area, band)),
            rng.choice(["female", "male"]),
            rng.choices(*ending)[0],
            rng.choice(REASONS[:3]),
            frozenset(rng.sample(BARRIERS, rng.choice([0, 0, 1]))),
            again=rng.random() < 0.1,
            unmet=rng.random() < 0.2,
            grade=rng.choice(GRADES),
        )

    return [one() for _ in range(many)]


def plain(service="health", area="ET.AA", band="6-11", sex="female", ending="yes", many=1, **more):
    """Return facts of one place that ended alike."""
    return [Fact(MONTH, service, area, band, sex, ending, **more)] * many


def careless(found, *, rows=False):
    """Return counts as somebody hides them who looks at each alone, or no further than along each row."""
    sizes = Counter(fact.path[:depth] for fact in found for depth in range(5))
    told = {path: Row(n) for path, n in sizes.items() if n >= LEAST}
    for path, row in told.items():
        inside = [fact for fact in found if fact.path[: len(path)] == path]
        for split in SPLITS.values():
            counts = Counter(split.of_fact(fact) for fact in inside)
            large = sorted((counts[one], one) for one in split.classes if counts[one] >= LEAST)
            if rows and len(split.classes) - len(large) == 1:
                large = large[1:]
            row.told |= {split.name: {one: n for n, one in large}} if large else {}
    return told
