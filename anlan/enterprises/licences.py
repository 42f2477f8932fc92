"""What the lines of a photographed business licence or permit mean. Pure: text in, proposed fields out.

The layouts: business licence by the form of the State Administration for Market Regulation (electronic and paper form of
2019, the older one with a registration number); permits have no common form, but common labels. Nothing here is trusted:
a person confirms every field beside the picture.
"""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Final

from anlan.lib.codes import Malformed, credit_code
from anlan.lib.dates import parse_date

LABELS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("单位名称", "企业名称", "持证单位", "生产者名称", "经营者名称", "名称"),
    "legal_person": (
        "法定代表人",
        "主要负责人",
        "单位负责人",
        "企业负责人",
        "负责人",
        "经营者",
        "投资人",
        "执行事务合伙人",
    ),
    "registered_address": ("住所", "经营场所", "注册地址", "单位地址", "企业地址", "营业场所", "地址"),
    "scope": ("经营范围", "许可范围", "许可经营范围", "生产范围", "食品类别", "许可项目"),
    "founded": ("成立日期", "注册日期"),
    "number": ("许可证编号", "证书编号", "许可证号", "证书号", "编号"),
    "issued_by": ("发证机关", "登记机关", "发证部门", "颁发机关"),
    "kind": ("组织形式", "经济类型", "类型"),
    "capital": ("注册资本", "注册资金"),
    "term": ("有效期限", "营业期限", "有效期", "许可期限"),
}
"""Label → field; the longer of two that fit wins."""
_BY_LENGTH: Final = sorted(
    ((label, key) for key, labels in LABELS.items() for label in labels), key=lambda pair: -len(pair[0])
)
_DATE: Final = r"[0-9]{4}\s*[年./-]\s*[0-9]{1,2}\s*[月./-]\s*[0-9]{1,2}\s*日?"
_TITLE: Final = re.compile(
    r"[\u4e00-\u9fff（）()]{2,30}(?:许可证|合格证|登记证|资质证书|等级证书|化证书|执照)(?:（[^）]*）)?"
)
_CODE: Final = re.compile(r"[0-9A-Z]{18}")
_NO_LABEL: Final = re.compile(r"[:：\s]+")


def _plain(line: str) -> str:
    """Half-width letters and digits without spaces inside Chinese words; full-width brackets as people write names."""
    text = unicodedata.normalize("NFKC", line).strip()
    text = re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", text)
    text = re.sub(r"(?<=[\u4e00-\u9fff）])[;,]", lambda mark: {";": "；", ",": "，"}[mark[0]], text)
    return text.replace("(", "（").replace(")", "）")


def _labelled(text: str) -> tuple[str, str] | None:
    for label, key in _BY_LENGTH:
        if text.startswith(label):
            return key, _NO_LABEL.sub("", text[len(label) :], count=1) if text[len(label) :][:1] in ":： " else text[
                len(label) :
            ]
    return None


def understand(lines: Sequence[str], *, today: date) -> dict[str, str]:
    """Return the fields found in `lines` (top to bottom, left to right as read).

    Keys: title, credit_code, name, legal_person, registered_address, scope, number, issued_by, founded, valid_from,
    until (dates as 2026-11-22; `until` is "" for 长期). What was not found is missing; nothing is guessed.
    """
    texts = [text for text in (_plain(line) for line in lines) if text]
    found: dict[str, str] = {}
    for n, text in enumerate(texts):
        pair = _labelled(text)
        if pair is None:
            continue
        key, value = pair
        if not value and n + 1 < len(texts) and _labelled(texts[n + 1]) is None:
            value = texts[n + 1]  # the label stood alone, its value is what was read next
        if value and key not in found and not (key == "issued_by" and re.fullmatch(_DATE, value)):
            found[key] = value.strip(" :：")
    whole = "\n".join(texts)
    _title(found, texts)
    _code(found, texts)
    _dates(found, whole, today)
    for spare in ("kind", "capital", "term"):
        found.pop(spare, None)
    return found


def _title(found: dict[str, str], texts: list[str]) -> None:
    for text in texts[:6]:
        if _TITLE.fullmatch(text):
            found["title"] = text
            return


def _code(found: dict[str, str], texts: list[str]) -> None:
    for text in texts:
        for run in _CODE.findall(re.sub(r"[^0-9A-Z]", " ", text.upper())):
            with suppress(Malformed):
                found["credit_code"] = credit_code(run)
                return


def _dates(found: dict[str, str], whole: str, today: date) -> None:
    if "founded" in found:
        day = _day(found.pop("founded"), today)
        if day:
            found["founded"] = day
    # 有效期：2024年05月20日至2027年05月19日; 自…至…; 有效期至2027-05-19; 长期
    span = re.search(rf"(?:自\s*)?({_DATE})\s*(?:起)?\s*(?:至|到|—|–|~|-)+\s*({_DATE}|长期|永久)", whole)
    if span:
        found["valid_from"] = _day(span[1], today)
        found["until"] = _day(span[2], today)
        return
    end = re.search(rf"(?:有效期(?:限)?(?:至|到)|截止日期|有效期限?)\s*[:：]?\s*({_DATE}|长期|永久)", whole)
    if end:
        found["until"] = _day(end[1], today)


def _day(text: str, today: date) -> str:
    with suppress(Malformed):
        return parse_date(re.sub(r"\s", "", text), today=today).isoformat()
    return ""


def same_text(one: str, other: str) -> bool:
    """Whether two spellings of a name mean the same: brackets, spaces and width do not count."""

    def bare(text: str) -> str:
        return re.sub(r"[\s（）()·.,，。:：-]", "", unicodedata.normalize("NFKC", text)).upper()

    return bare(one) == bare(other)
