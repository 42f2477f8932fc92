"""Which risk tags a course may belong under, from the words of its title and summary. Pure, and easy to explain.

A tag's name is compared by pairs of neighbouring characters, which in Chinese come close to words: 中毒窒息 is found
whole in "防中毒、防窒息" although nobody segmented it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Path = tuple[str, str, str]

WEIGHTS: Final = (2, 3, 5)
"""Industry, post, risk: the risk says most about what a course teaches."""
ENOUGH: Final = 0.3
_COMMON: Final = re.compile(r"(作业|加工|行业|岗位|人员|安全|操作|工$)")


@dataclass(frozen=True, slots=True)
class Match:
    """A tag with its share of agreement (0–1) and the words of the text that speak for it."""

    tag_id: int
    path: Path
    score: float
    words: tuple[str, ...]


def _pairs(text: str) -> set[str]:
    runs = re.findall(r"[\u4e00-\u9fff]+|[A-Za-z0-9]+", text)
    return {run[n : n + 2] for run in runs for n in range(max(1, len(run) - 1))}


def _agreement(name: str, pairs: set[str]) -> tuple[float, set[str]]:
    own = _pairs(_COMMON.sub("", name) or name)
    return (len(own & pairs) / len(own), own & pairs) if own else (0.0, set())


def propose(text: str, tags: Iterable[tuple[int, Path]], *, limit: int = 5) -> list[Match]:
    """Return the best tags for a text, best first; none below ENOUGH. `tags` are (id, (industry, post, risk))."""
    pairs = _pairs(text)
    found = []
    for tag_id, path in tags:
        parts = [_agreement(name, pairs) for name in path]
        score = sum(weight * share for weight, (share, _words) in zip(WEIGHTS, parts, strict=True)) / sum(WEIGHTS)
        if score >= ENOUGH:
            found.append(
                Match(tag_id, path, round(score, 2), tuple(sorted(set().union(*(words for _s, words in parts)))))
            )
    return sorted(found, key=lambda match: (-match.score, match.path))[:limit]
