"""When a version was made and when it binds, from its own header and final clause. Pure.

An amended text keeps the commencement of its first version in its last article, so the day from which the *amended* text binds
is not in it. It comes, in this order, from the known facts (`data/facts.toml`, each with its source), from a day in the final
clause or header that lies after the amendment, else from the day of the amendment itself, which is said as a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from anlan.law.parsing.days import Event, commencement, partial_commencements, repeals
from anlan.law.parsing.structure import Kind, Text

_IN_NAME: Final = re.compile(r"[（(](\d{4})-(\d{2})-(\d{2})[)）]")


@dataclass(frozen=True, slots=True)
class Dated:
    """The days of one version; `doubts` says what the text does not settle."""

    key: str
    adopted_on: date | None
    effective_on: date | None
    later: dict[str, date] = field(default_factory=dict)
    """Articles that begin to bind on another day."""
    ends: tuple[tuple[str, str], ...] = ()
    """Titles that this text repeals, and the article that says so."""
    doubts: tuple[str, ...] = ()


def date_of_name(place: str) -> date | None:
    """The day that a collection writes into the name of the file. Only a hint: it is often the day of loading."""
    found = _IN_NAME.search(place)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def dated(text: Text, place: str, facts: Mapping[str, date]) -> Dated:
    """Return the days of a text. `facts` are the known commencements of this statute by version key."""
    events = text.events
    acts = [event for event in events if event.on and event.kind in ("adopted", "amended", "revised", "other")]
    adopted = max((event.on for event in acts if event.on), default=None)
    named = date_of_name(place)
    doubts: list[str] = []
    told = _told(text, "publish_date")
    clauses = [(p.ref, p.text) for p in text.pieces if p.kind in (Kind.ARTICLE, Kind.CLAUSE, Kind.TEXT)]
    said = commencement(clauses)
    if adopted is None and told:
        adopted = told
    elif adopted is None:
        adopted = named or (said.on if said else None)
        doubts.append(
            f"文本没有写明通过或公布的日期，暂用文件名的日期 {adopted}。" if named else "文本没有写明通过或公布的日期。"
        )
    elif named and named > adopted and named.isoformat() in facts:
        doubts.append(f"题注缺少最后一次修改；已知 {named} 修改过，按此计。")
        adopted = named
    elif named and abs(named - adopted) > timedelta(days=400):
        doubts.append(f"文件名的日期 {named} 与文本写明的 {adopted} 相差很大，以文本为准。")
    doubts += _disorder(events)
    key = adopted.isoformat() if adopted else "undated"
    effective, words = _effective(text, key, adopted, said.on if said else None, bool(said and said.at_once), facts)
    if words:
        doubts.append(words)
    refs = [piece.ref for piece in text.articles]
    later = {ref: day for ref, day in partial_commencements(clauses, refs).items() if day != effective}
    return Dated(key, adopted, effective, later, tuple(repeals(clauses)), tuple(doubts))


def _effective(
    text: Text, key: str, adopted: date | None, clause: date | None, at_once: bool, facts: Mapping[str, date]
) -> tuple[date | None, str]:
    if key in facts:
        return facts[key], ""
    told = _told(text, "effective_date")
    if told and (adopted is None or told >= adopted):
        return told, ""
    if clause and (adopted is None or clause >= adopted):
        return clause, ""
    changes = [event for event in text.events if event.on and event.kind in ("amended", "revised")]
    announced = [
        event.on for event in text.events if event.on and event.kind == "force" and (not adopted or event.on >= adopted)
    ]
    if announced:
        return announced[-1], ""
    if at_once and (not changes or _anew(changes[-1])):
        return adopted, ""
    if not changes:
        if clause:
            # The header lists only the last act: the clause speaks of a version before it.
            return adopted, f"文本写的施行日期 {clause} 早于通过或公布日期 {adopted}，暂按后者起算，请核对。"
        return adopted, "文本没有写明施行日期，暂按公布之日起算。"
    return adopted, "修改决定何时施行没有写在文本里，暂按修改之日起算。"


def _told(text: Text, name: str) -> date | None:
    """A day that the source itself tells beside the text."""
    try:
        return date.fromisoformat(text.front.get(name, ""))
    except ValueError:
        return None


def _anew(event: Event) -> bool:
    """A revision of the whole text, not a decision on single articles that calls itself 修订."""
    return event.kind == "revised" and not re.search(r"修改.{0,60}决定", event.words)


def _disorder(events: list[Event]) -> list[str]:
    days = [event.on for event in events if event.on and event.kind != "force"]
    future = [day for day in days if day.year < 1949 or day.year > 2100]
    broken = [event.written for event in events if event.written and event.on is None]
    said = [f"题注中没有这一天：{written}。" for written in broken]
    said += [f"题注中的日期 {day} 不可信。" for day in future]
    if days != sorted(days):
        said.append("题注中的日期不是按先后排列，以最晚的为准。")
    return said
