"""Days in the header and the final clauses of a statute. Pure.

Adopted: 通过, 批准, 公布, 发布 … Amended: 修正, 修改 (single articles). Revised: 修订 (the whole text anew). The header lists all
of them; the final clause says when the text began to bind, which for an amended text is usually the day of its first version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from anlan.law.parsing.numbers import ARTICLE, NUMBER, number, reference

DAY: Final = re.compile(
    rf"(?<![\d])([12]\d{{3}}|[一二][零〇○ＯO一二三四五六七八九]{{3}})\s*年\s*({NUMBER})\s*月\s*({NUMBER})\s*日?"
)
_ADOPTING: Final = re.compile(
    r"通过|批准|公布|发布|颁布|公告|印发|修正|修订|修改|制定|令第|签署|会议|决定|办法|[（(]?\d{4}[）)]?号"
)
_LEAD: Final = re.compile(r"[\s，、；。,;（(]*(?:和|及|并|自|于|又|经|现|本\w{1,3}自|根据|依据|按照)*[\s（(]*$")
FROM_NOW: Final = r"(?:公布|发布|颁布|印发|通过|下发|批准|颁发|签署)之日|(?:公布|发布|颁布|印发|批准)后"
_SELF: Final = (
    r"(?:本(?:法|条例|规定|办法|细则|规则|决定|解释|安排|意见|批复|决议|准则|标准|通则|章程|制度|通知|修正案|实施细则|实施办法|暂行\w{2}|若干规定)"
    r"|以上规定|上述规定|本实施\w{2})"
)
COMMENCES: Final = re.compile(
    rf"{_SELF}[^。；]{{0,12}}?(?:自|从|于|在|由)\s*(?:({DAY.pattern})|({FROM_NOW}))[^。；]{{0,6}}?(?:起|后)?[^。；]{{0,6}}?"
    rf"(?:施行|实施|生效|执行|实行|试行|起效)"
)
"""Groups: 1 a day (2 to 4 its parts), 5 from promulgation."""
_PARTLY: Final = re.compile(
    rf"((?:第[^，。；自]{{1,40}}条[^，。；自]{{0,12}}))(?:的规定)?，?\s*自\s*(?:{DAY.pattern})\s*起(?:施行|实施)"
)
_REPEALS: Final = re.compile(
    r"((?:[^。；\n]*《[^。；\n]+》)[^。；\n]*?)(?:同时|即行|随即|予以|一并)?(?:废止|失效|停止执行|停止施行)"
)


@dataclass(frozen=True, slots=True)
class Event:
    """One act in the life of a text. `lead` is what stands before the day (根据), kept so that nothing is lost."""

    on: date | None
    words: str
    lead: str = ""
    written: str = ""

    @property
    def kind(self) -> str:
        """revised, amended, adopted, force, or other."""
        outside = re.sub(r"[《〈<＜][^》]*[》〉>＞]", "", self.words)
        if "修订" in outside:
            return "revised"
        if "修正" in outside or "修改" in outside:
            return "amended"
        if re.search(r"通过|批准|公布|发布|颁布|公告|印发|令第|会议|签署|制定|号", outside):
            return "adopted"
        if re.search(r"施行|实施|生效|执行|实行|试行", outside):
            return "force"
        return "other"


def day_of(found: re.Match[str], first: int = 1) -> date | None:
    """The day of a match of `DAY` whose groups begin at `first`; None where no such day exists."""
    try:
        return date(number(found[first]), number(found[first + 1]), number(found[first + 2]))
    except ValueError:
        return None


def events_of(line: str) -> list[Event]:
    """The acts in one line of a header; a line without a day is one act without day. Concatenated they are the line."""
    depth_free = [
        found
        for found in DAY.finditer(line)
        if line.count("《", 0, found.start()) <= line.count("》", 0, found.start())
    ]
    if not depth_free:
        return [Event(None, line)]
    events: list[Event] = []
    lead = line[: depth_free[0].start()]
    for n, found in enumerate(depth_free):
        end = depth_free[n + 1].start() if n + 1 < len(depth_free) else len(line)
        words = line[found.end() : end]
        following = ""
        if n + 1 < len(depth_free):
            cut = _LEAD.search(words)
            if cut:
                words, following = words[: cut.start()], words[cut.start() :]
        events.append(Event(day_of(found), words.strip(), lead.strip(), found[0]))
        lead = following
    return events


def is_header(line: str) -> bool:
    """Whether a line tells of adoption, amendment or commencement rather than being text."""
    if len(line) > 1500:
        return False
    found = DAY.search(line)
    if found is None:
        return bool(
            re.fullmatch(
                r"[（(]?(?:法释|法发|高检发|国发|国办发|劳部发|主席令|.{2,14}令)\s?.{0,14}号[）)]?|[（(].{0,40}令第.{1,8}号[^。]{0,60}[）)]",
                line,
            )
        )
    before = line[: found.start()]
    return (
        len(before) <= 45
        and ("。" not in before)
        and bool(
            _ADOPTING.search(line[found.end() :])
            or re.search("施行|实施|生效|执行", line[found.end() :])
            or line == found[0]
        )
        and not re.match(r"第.{1,8}条|[一二三四五六七八九十]+、", line)
        and (
            bool(re.match(r"[（(]?\s*(?:根据|依据|自|由)?\s*[（(]?$", before))
            or bool(re.search(r"号|届|会议|发布|公布|根据|院|部|委|局|令|施行|通过", before))
        )
    )


@dataclass(frozen=True, slots=True)
class Commencement:
    """What the final clause says: a day, or promulgation."""

    on: date | None
    at_once: bool
    ref: str


def commencement(articles: list[tuple[str, str]]) -> Commencement | None:
    """Find "本法自…起施行" in (ref, text) pairs, the last one that says so."""
    for ref, text in reversed(articles):
        matches = list(COMMENCES.finditer(text))
        if matches:
            found = matches[-1]
            return Commencement(day_of(found, 2) if found[1] else None, not found[1], ref)
    return None


def partial_commencements(articles: list[tuple[str, str]], refs: list[str]) -> dict[str, date]:
    """Articles that begin to bind on a day of their own: "第X条…自…起施行", in the last articles only.

    Ranges (第三条至第五条) are spread over `refs`, the articles of the text in order.
    """
    days: dict[str, date] = {}
    for _ref, text in articles[-4:]:
        for found in _PARTLY.finditer(text):
            day = day_of(found, 2)
            numbers = [reference(hit) for hit in ARTICLE.finditer(found[1])]
            if day is None or not numbers:
                continue
            if "至" in found[1] and len(numbers) == 2 and numbers[0] in refs and numbers[1] in refs:
                numbers = refs[refs.index(numbers[0]) : refs.index(numbers[1]) + 1]
            days.update({ref: day for ref in numbers if ref in refs})
    return days


def repeals(articles: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Titles that a text ends, with the article that says so: (title, ref). Only sentences that end whole texts."""
    ended = []
    for ref, text in articles[-6:]:
        for sentence in re.split(r"[。；\n]", text):
            if not re.search(r"(?:同时|即行|予以|一并|随之|即)(?:废止|失效|停止执行)|(?:起|时)废止|废止$", sentence):
                continue
            if re.search(r"第[^《》]{1,12}条[^《》]{0,12}(?:废止|失效)|凡与|抵触|不一致", sentence):
                continue
            for title in re.findall(r"《((?:[^《》]|《[^《》]*》)+)》", sentence):
                ended.append((title, ref))
    return ended
