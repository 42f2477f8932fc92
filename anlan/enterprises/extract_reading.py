"""What an extract of the business registration means: its header, its columns, what each row says of a firm.

Pure: no database, no clock. Rows are lists of cells as `lib.xlsx.read_rows` gives them; regions come as `Places`.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.enterprises.industries import industries
from anlan.enterprises.roster_reading import HEADER_DEPTH, MAX_COLUMNS, Fault, Layout, Row, text_of
from anlan.lib.codes import Malformed, credit_code, is_demo, phone
from anlan.lib.dates import parse_date

FIELDS: Final[dict[str, str | Promise]] = {
    "credit_code": gettext_lazy("统一社会信用代码"),
    "name": gettext_lazy("企业名称"),
    "legal_person": gettext_lazy("法定代表人"),
    "region": gettext_lazy("镇街或网格"),
    "registered_address": gettext_lazy("住所"),
    "address": gettext_lazy("经营场所"),
    "industry": gettext_lazy("行业"),
    "headcount": gettext_lazy("从业人数"),
    "contact_phone": gettext_lazy("联系电话"),
    "status": gettext_lazy("经营状态"),
    "founded_on": gettext_lazy("成立日期"),
    "registered_by": gettext_lazy("登记机关"),
    "licence_number": gettext_lazy("注册号"),
}
"""What an extract can say of a firm, in the order of the template."""

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "credit_code": ("统一社会信用代码", "社会信用代码", "信用代码", "统一代码", "统一信用代码", "统一社会信用代码证号", "USCC"),
    "name": ("企业名称", "主体名称", "市场主体名称", "名称", "单位名称", "企业字号名称", "经营主体名称", "公司名称", "商户名称", "字号名称"),
    "legal_person": ("法定代表人", "负责人", "法定代表人姓名", "法人", "法人代表", "法定代表人负责人", "法人姓名", "投资人", "经营者", "经营者姓名"),
    "region": ("乡镇", "街道", "乡镇街道", "镇街", "所属乡镇", "所属街道", "所在乡镇", "所属镇街", "网格", "所属网格", "所在网格", "网格编码", "区划代码", "行政区划", "行政区划代码", "属地", "辖区", "管辖单位"),
    "registered_address": ("住所", "注册地址", "登记住所", "企业住所", "注册住所", "登记地址", "主要经营场所住所"),
    "address": ("经营场所", "生产经营地", "生产经营地址", "经营地址", "实际地址", "实际经营地址", "生产地址", "地址", "详细地址"),
    "industry": ("行业代码", "行业门类", "行业", "所属行业", "行业类别", "国民经济行业", "行业小类", "行业大类", "行业名称", "主行业", "国民经济行业代码"),
    "headcount": ("从业人数", "从业人员", "从业人员数", "职工人数", "员工人数", "员工数", "人数", "用工人数"),
    "contact_phone": ("联系电话", "电话", "手机", "手机号", "联系方式", "企业联系电话", "联系人电话", "联络员电话", "法定代表人电话"),
    "status": ("经营状态", "登记状态", "企业状态", "主体状态", "状态", "存续状态"),
    "founded_on": ("成立日期", "注册日期", "成立时间", "登记日期", "开业日期", "设立日期"),
    "registered_by": ("登记机关", "注册机关", "登记部门", "发照机关", "登记管理机关"),
    "licence_number": ("注册号", "工商注册号", "营业执照注册号", "执照号", "营业执照号"),
}  # fmt: skip
_BY_NAME: Final = {word: name for name, words in SYNONYMS.items() for word in words}
_BRACKETS: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_NOT_WORDS: Final = re.compile(r"[\W_]+")
CLOSED: Final = re.compile(r"注销|吊销|撤销|关闭|清算|歇业|CLOSED", re.I)
_NOTHING: Final = frozenset({"-", "/", "无", "—", "--", "——", "暂无", "NULL", "null", "#N/A", "\\N"})
LONGEST: Final = {
    "name": 120, "legal_person": 60, "registered_address": 200, "address": 200, "registered_by": 80, "licence_number": 40,
}  # fmt: skip
_PLAIN: Final = ("legal_person", "registered_address", "address", "registered_by", "licence_number")
MOST_PEOPLE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class FirmLine:
    """One firm as a row of the sheet (`row`, from 1) tells of it. Empty means: the table does not say."""

    row: int
    name: str
    credit_code: str = ""
    region: str = ""
    legal_person: str = ""
    registered_address: str = ""
    address: str = ""
    industry: str = ""
    headcount: int = 0
    contact_phone: str = ""
    closed: bool = False
    founded_on: date | None = None
    registered_by: str = ""
    licence_number: str = ""
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the name is compared by."""
        return plain_name(self.name)


# --- the header -----------------------------------------------------------------------------------


def field_of(cell: object) -> str:
    """The field that a header cell names, or nothing."""
    if not isinstance(cell, str):
        return ""
    text = text_of(cell)
    key = _NOT_WORDS.sub("", _BRACKETS.sub("", text)).upper()
    return _BY_NAME.get(key) or _BY_NAME.get(_NOT_WORDS.sub("", text).upper(), "")


def map_header(row: Row) -> dict[str, int]:
    """Field → column of a header row; the first column that names a field has it."""
    found: dict[str, int] = {}
    for index, cell in enumerate(row[:MAX_COLUMNS]):
        name = field_of(cell)
        if name:
            found.setdefault(name, index)
    if "region" in found:  # 乡镇 beside 网格: the finer one says more
        for index, cell in enumerate(row[:MAX_COLUMNS]):
            if field_of(cell) == "region" and "网格" in str(cell):
                found["region"] = index
    return {name: found[name] for name in FIELDS if name in found}


def find_layout(rows: Sequence[Row]) -> Layout:
    """The header among the first rows; titles and notes may stand above it. Raises `Malformed` without any data."""
    if not any(any(cell != "" for cell in row) for row in rows):
        raise Malformed(gettext_lazy("这个表里没有内容。请确认名录在第一张工作表里。"))
    count, index = max((len(map_header(row)), -index) for index, row in enumerate(rows[:HEADER_DEPTH]))
    layout = Layout(1 - index, map_header(rows[-index])) if count >= 2 else Layout(0, {})
    if not any(any(cell != "" for cell in row) for row in rows[layout.header_row :]):
        raise Malformed(gettext_lazy("表头下面没有企业。请把名录补上再传。"))
    return layout


# --- the rows -------------------------------------------------------------------------------------


def plain_name(name: str) -> str:
    """A firm's name without what people write differently: width, spaces, brackets, 责任."""
    text = _NOT_WORDS.sub("", unicodedata.normalize("NFKC", name)).upper()
    return text.replace("有限责任公司", "有限公司")


def read_lines(rows: Sequence[Row], layout: Layout, *, allow_demo: bool, today: date) -> Iterator[FirmLine | Fault]:
    """What each row below the header says, in order. Blank rows and repeated headers are passed over.

    A firm that stands twice (same credit code, or same name where neither has one) is taken once: the later row is a
    fault. Deterministic for the same file, layout and day, which makes an import resumable by counting.
    """
    seen: dict[str, int] = {}
    name, code = layout.columns.get("name"), layout.columns.get("credit_code")
    title = _cell(rows[layout.header_row - 1], name) if layout.header_row else None
    for number, row in enumerate(rows[layout.header_row :], layout.header_row + 1):
        if all(cell == "" or (isinstance(cell, str) and not cell.strip()) for cell in row):
            continue
        if _cell(row, name) == title or _is_total(row, name, code):
            continue
        result = read_line(number, row, layout.columns, allow_demo=allow_demo, today=today)
        if isinstance(result, FirmLine):
            key = result.credit_code or f"name:{result.key}"
            if key in seen:
                words = (
                    _("信用代码与第 %(row)d 行相同，只导入了第 %(row)d 行")
                    if result.credit_code
                    else _("没有信用代码，名称又与第 %(row)d 行相同，只导入了第 %(row)d 行")
                )
                result = Fault(number, words % {"row": seen[key]})
            else:
                seen[key] = number
        yield result


def _is_total(row: Row, name: int | None, code: int | None) -> bool:
    if _cell(row, code) != "":
        return False
    first = next((text_of(cell) for cell in row if cell != ""), "")
    return re.match(r"合计|总计|共计|备注|说明|制表|填表", first) is not None


def _cell(row: Row, index: int | None) -> object:
    return row[index] if index is not None and index < len(row) else ""


def read_line(number: int, row: Row, columns: Mapping[str, int], *, allow_demo: bool, today: date) -> FirmLine | Fault:
    """One row as a `FirmLine`; a `Fault` when name or credit code cannot be relied on. Lesser doubts become notes."""
    values: dict[str, str] = {}
    for name, index in columns.items():
        text = " ".join(text_of(_cell(row, index)).split())
        if text and text not in _NOTHING:
            values[name] = text
    wrong: list[str] = []
    notes: list[str] = []
    given: dict[str, object] = {name: values[name][: LONGEST[name]] for name in _PLAIN if name in values}
    title = _full_width(values.get("name", ""))
    if len(title) < 2 or len(title) > LONGEST["name"]:
        wrong.append(_("没有企业名称") if not title else _("企业名称应为 2 至 120 个字"))
    if "credit_code" in values:
        try:
            given["credit_code"] = code = credit_code(values["credit_code"])
            if is_demo(code) and not allow_demo:
                wrong.append(_("这是演示用的信用代码，不能用于真实业务"))
        except Malformed as error:
            wrong.append(str(error))
    if wrong:
        return Fault(number, "；".join(words.rstrip("。") for words in wrong)[:490])
    for name, reader in _READERS.items():
        if name in values:
            try:
                given[name] = reader(values[name], allow_demo, today)
            except Malformed as error:
                notes.append(_("%(what)s没有采用：%(why)s") % {"what": FIELDS[name], "why": str(error).rstrip("。")})
    return FirmLine(
        number, title, region=values.get("region", ""), closed=bool(CLOSED.search(values.get("status", ""))), notes=tuple(notes),
        **given,  # type: ignore[arg-type]  # each under its own name
    )  # fmt: skip


def _full_width(name: str) -> str:
    """A Chinese name with the brackets that the registration writes: 洛水（郑州）木业."""
    return name.replace("(", "（").replace(")", "）") if re.search(r"[\u3400-\u9fff]", name) else name


@lru_cache(maxsize=1)
def _industry_words() -> dict[str, str]:
    """Codes with and without the section's letter, and names of sections and divisions → code."""
    found: dict[str, str] = {}
    for code, entry in industries().items():
        found[code] = code
        if len(code) > 1:
            found.setdefault(code[1:], code)
        found.setdefault(entry.name, code)
    return found


@lru_cache(maxsize=4096)
def industry_of(text: str) -> str:
    """The code that a cell means: C3311, 3311, 33, C, 制造业, "C33 金属制品业", "3311 金属结构制造". Raises `Malformed`."""
    plain = text.replace(" ", "").upper()
    words = _industry_words()
    lead = re.match(r"[A-T]?\d{0,4}", plain)
    for candidate in (plain, lead.group() if lead else "", re.sub(r"^[A-T]?\d*[、.：:]?", "", plain)):
        while candidate:
            if candidate in words:
                return words[candidate]
            if not candidate[-1].isdigit() or len(candidate) <= 2:
                break
            candidate = candidate[:-1].rstrip("0") or candidate[:-1]
    raise Malformed(_("认不出行业“%(text)s”") % {"text": text[:20]})


def _headcount(text: str, allow_demo: bool, today: date) -> int:
    digits = re.fullmatch(r"(\d{1,7})(?:\.0+)?(?:人)?", text.replace(",", ""))
    if digits is None or int(digits[1]) > MOST_PEOPLE:
        raise Malformed(_("“%(text)s”不是人数") % {"text": text[:20]})
    return int(digits[1])


def _phone(text: str, allow_demo: bool, today: date) -> str:
    landline = re.fullmatch(r"\(?(0\d{2,3})\)?[- ]?(\d{7,8})(?:[- ]\d{1,5})?", text)
    return f"{landline[1]}-{landline[2]}" if landline else phone(text, allow_demo=allow_demo)


def _industry(text: str, allow_demo: bool, today: date) -> str:
    return industry_of(text)


def _founded(text: str, allow_demo: bool, today: date) -> date:
    day = parse_date(text, today=today)
    if day > today:
        raise Malformed(_("%(day)s 还没有到") % {"day": day.isoformat()})
    return day


_READERS: Final = {"industry": _industry, "headcount": _headcount, "contact_phone": _phone, "founded_on": _founded}


# --- places ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Places:
    """The towns and grids of a territory: (code, name, full name, open) of each, to find what a cell means."""

    rows: Iterable[tuple[str, str, str, bool]]
    scope: str
    names: dict[str, list[str]] = field(default_factory=dict)
    full: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str | Malformed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for code, name, full_name, is_open in self.rows:
            if is_open:
                self.open[code] = name
                self.names.setdefault(_squeezed(name), []).append(code)
                self.full[_squeezed(full_name)] = code
            else:
                self.closed[code] = name

    def find(self, text: str) -> str:
        """The code of the open town or grid that `text` means, by code or by name. Raises `Malformed` with the nearest names."""
        if text not in self.answers:
            try:
                self.answers[text] = self._find(text)
            except Malformed as error:
                self.answers[text] = error
        answer = self.answers[text]
        if isinstance(answer, Malformed):
            raise answer
        return answer

    def _find(self, text: str) -> str:
        plain = _squeezed(text)
        if re.fullmatch(r"\d{6,15}[0-9A-Z]*", plain):
            code = plain if plain in self.open else re.sub(r"(000)+$", "", plain)
            if code in self.open:
                return code
            if not code.startswith(self.scope):
                raise Malformed(_("区划代码 %(code)s 不在您的辖区") % {"code": plain})
            near = self.nearest(self.closed.get(code, ""), code)
            words = _("区划代码 %(code)s 已经撤销") if code in self.closed else _("没有区划代码 %(code)s")
            raise Malformed(words % {"code": plain} + _("，最接近的是%(names)s") % {"names": near})
        if plain in self.full:
            return self.full[plain]
        hits = self.names.get(plain) or [code for full, code in self.full.items() if full.endswith(plain)]
        hits = hits or [code for full, code in self.full.items() if plain.endswith(full)]
        hits = hits or [
            code for name, codes in self.names.items() if len(name) > 3 and plain.endswith(name) for code in codes
        ]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise Malformed(_("“%(text)s”有 %(n)d 处同名，请写全或写代码") % {"text": text[:30], "n": len(hits)})
        raise Malformed(
            _("辖区里没有“%(text)s”，最接近的是%(names)s") % {"text": text[:30], "names": self.nearest(text)}
        )

    def in_address(self, address: str) -> str:
        """The one town whose name stands in an address, or nothing."""
        plain = _squeezed(address)
        hits = {codes[0] for name, codes in self.names.items() if len(name) >= 3 and name in plain and len(codes) == 1}
        towns = {code[:9] for code in hits}
        return max(hits, key=len) if len(towns) == 1 else ""

    def nearest(self, name: str, code: str = "") -> str:
        """Up to three open names like this one, or beside this code."""
        found = difflib.get_close_matches(_squeezed(name), list(self.names), n=3, cutoff=0.3) if name else []
        if not found and code:
            near = sorted(self.open, key=lambda other: (-_common(other, code), other))
            found = [self.open[other] for other in near[:3]]
        found = found or sorted(self.open.values())[:3]
        return "、".join(found)


def _common(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@lru_cache(maxsize=8192)
def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()
