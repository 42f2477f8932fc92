"""What a norm is called, where it ranks, who made it and for which territory: from its own words first, its folder second."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from anlan.law.parsing.marks import BLANKS

STATE: Final = "中华人民共和国"
BRANCHES: Final = {
    "宪法": "宪法", "宪法相关法": "宪法相关法", "民法典": "民法商法", "民法商法": "民法商法", "行政法": "行政法", "经济法": "经济法",
    "社会法": "社会法", "刑法": "刑法", "诉讼与非诉讼程序法": "诉讼与非诉讼程序法", "生态环境法": "生态环境法",
    "constitution": "宪法", "constitutional-relevance": "宪法相关法", "civil-and-commercial": "民法商法",
    "administrative": "行政法", "economic": "经济法", "social": "社会法", "criminal-law": "刑法",
    "procedural": "诉讼与非诉讼程序法", "ecological-environment": "生态环境法",
}  # fmt: skip
"""Branch of law by the folder in which either collection keeps its national laws."""
_FOLDERS: Final = (
    ("地方政府规章", "local_rule"), ("地方性法规", "local"), ("地方法规", "local"), ("监察法规", "supervisory"), ("行政法规", "administrative"),
    ("司法解释", "judicial"), ("部门规章", "rule"), ("规范性文件", "document"), ("标准", "standard"),
)  # fmt: skip
_ZONES: Final = {"深圳经济特区": "深圳市", "珠海经济特区": "珠海市", "汕头经济特区": "汕头市", "厦门经济特区": "厦门市"}
_MINISTRY: Final = re.compile(
    r"(?:中华人民共和国)?([^\s，、（）《》]{2,24}?(?:部|委员会|总局|局|署|银行|办公室|行|院))(?:令|公告)?\s*(?:第.{1,8}号|发布|公布)"
)
_LOCAL: Final = re.compile(
    r"([^\s，、（）《》\d]{1,20}?(?:省|自治区|市|州|县|特区|盟|区))第?[^\s，、]{1,8}届?(?:人民代表大会|人大)"
)


def everyday(title: str) -> str:
    """安全生产法 for 中华人民共和国安全生产法; also inside quotation: 《中华人民共和国水法》 → 《水法》."""
    short = BLANKS.sub("", title).replace("<", "〈").replace(">", "〉")
    short = re.sub(rf"([《〈]){STATE}", r"\1", short)
    return short.removeprefix(STATE) if len(short) > len(STATE) + 1 else short


def slug_of(short: str) -> str:
    """The everyday title without marks; very long ones are cut and told apart by six digits of their digest."""
    slug = re.sub(r"[^\w]+", "", short)
    return slug if len(slug) <= 100 else slug[:90] + "-" + hashlib.blake2b(slug.encode(), digest_size=3).hexdigest()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a norm stands; `level` is a value of `Statute.Level`."""

    level: str
    issuer: str
    field: str


def standing_of(title: str, header: str, place: str, category: str = "") -> Standing:
    """Level, issuer and branch. `header` is the header as one string, `place` the path in its collection."""
    folders = place.split("/")[:-1]
    branch = next((BRANCHES[name] for name in folders if name in BRANCHES), "")
    level = _level(everyday(title), header, folders, category, bool(branch))
    if level not in ("law", "constitution"):
        branch = ""
    return Standing(level, _issuer(level, title, header), branch)


def _level(short: str, header: str, folders: list[str], category: str, in_branch: bool) -> str:
    if short == "宪法" or short.startswith("宪法修正案"):
        return "constitution"
    if re.match(r"(?:GB|AQ|HG|DB\d*|JGJ|SY|MT|TSG)[/ T]*\d", short) or (
        folders and folders[-1] == "其他" and short.endswith("标准")
    ):
        return "standard"
    if re.match(r"(?:关于.{0,40})?最高人民(?:法院|检察院)", short):
        return "judicial"
    by_folder = next((level for name, level in _FOLDERS for folder in folders if name in folder), "")
    if (
        by_folder == "local"
        and re.search(r"人民政府(?:令|常务会议|第.{1,5}次)", header)
        and "人民代表大会" not in header
    ):
        return "local_rule"
    if by_folder == "administrative":
        # Early regulations were approved by the State Council and issued by a ministry; without either they are its rules.
        state = re.search(r"国务院|政务院|国务院令|中央军事委员会|全国人民代表大会", header + short)
        return "administrative" if state or not _MINISTRY.search(header) else "rule"
    if by_folder:
        return by_folder
    if in_branch:
        return "law"
    for name, level in (
        ("地方", "local"),
        ("行政法规", "administrative"),
        ("司法解释", "judicial"),
        ("部门规章", "rule"),
        ("法律", "law"),
        ("监察法规", "supervisory"),
    ):
        if name in category:
            return level
    return _level_by_words(short, header)


def _level_by_words(short: str, header: str) -> str:
    if "国家监察委员会" in header:
        return "supervisory"
    if re.search(r"国务院令|国务院第.{1,6}次常务会议|国务院(?:批准|公布|发布)", header):
        return "administrative"
    local = _LOCAL.search(header)
    if local and "全国" not in local[1]:
        return "local"
    if re.search(r"全国人民代表大会|主席令", header):
        return "law"
    if re.search(r"(?:省|市|自治区)人民政府", header):
        return "local_rule"
    if _MINISTRY.search(header):
        return "rule"
    if re.fullmatch(r".{2,30}法", short) and not re.match(r".{2,4}(?:省|市|自治区)", short):
        return "law"
    return "document"


def _issuer(level: str, title: str, header: str) -> str:
    if level in ("constitution", "law"):
        first = re.search(r"全国人民代表大会(常务委员会)?", header)
        return first[0] if first else ""
    if level == "judicial":
        return "、".join(name for name in ("最高人民法院", "最高人民检察院") if name in title + header)
    if level == "administrative":
        return "国务院"
    if level in ("local", "local_rule"):
        found = _LOCAL.search(header)
        body = (
            "人民政府"
            if level == "local_rule"
            else "人民代表大会常务委员会"
            if "常务委员会" in header or "常委会" in header
            else "人民代表大会"
        )
        return found[1] + body if found and "全国" not in found[1] else ""
    found = _MINISTRY.search(header)
    return found[1].removeprefix(STATE) if found else ""


class Divisions:
    """Names of divisions and their codes: which territory a title begins with, where that is unambiguous."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        """Take (code, name) pairs; codes of 2, 4 or 6 digits."""
        self.codes: dict[str, set[str]] = {}
        for code, name in rows:
            if len(code) <= 6 and name not in ("市辖区", "县"):
                self.codes.setdefault(name, set()).add(code)
        self.longest = max(map(len, self.codes), default=0)

    def find(self, words: str, within: str = "") -> str:
        """The code of the division that `words` begin with, descending as far as they go; empty when none or several."""
        for zone, city in _ZONES.items():
            if words.startswith(zone):
                words = city + words.removeprefix(zone)
        code = ""
        for size in range(min(self.longest, len(words)), 1, -1):
            found = {hit for hit in self.codes.get(words[:size], ()) if hit.startswith(within)}
            # A municipality and its only city level share the name: the shorter code is the territory.
            tops = {hit for hit in found if not any(hit != other and hit.startswith(other) for other in found)}
            if len(tops) == 1:
                code = tops.pop()
                deeper = self.find(words[size:], code) if len(code) < 6 else ""
                return deeper or code
        return code

    def of_folder(self, folders: Iterable[str]) -> str:
        """The province that a folder is named after: 河南, 河南省, 河南地方法规."""
        for folder in folders:
            stem = re.sub(r"(?:地方)?(?:性)?法规$", "", folder)
            for ending in ("", "省", "市", "自治区"):
                found = {code for code in self.codes.get(stem + ending, ()) if len(code) == 2}
                if len(found) == 1 and len(stem) > 1:
                    return found.pop()
        return ""
