"""What a personnel office's table means: where its header is, which column is what, what each row says.

Pure: no database, no clock. Rows are lists of cells as `lib.xlsx.read_rows` gives them.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.lib.codes import Malformed, id_number, phone
from anlan.lib.dates import parse_date

Row = Sequence[object]

FIELDS: Final[dict[str, str | Promise]] = {
    "name": gettext_lazy("姓名"),
    "id_number": gettext_lazy("身份证号"),
    "phone": gettext_lazy("手机号"),
    "job_title": gettext_lazy("岗位"),
    "department": gettext_lazy("部门"),
    "staff_number": gettext_lazy("工号"),
    "hired_on": gettext_lazy("入职日期"),
    "category": gettext_lazy("人员类别"),
}
"""What a roster can say of a worker, in the order of the template."""

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("姓名", "名字", "员工姓名", "职工姓名", "人员姓名", "员工", "人员", "工人姓名", "NAME"),
    "id_number": (
        "身份证号", "身份证", "身份证号码", "居民身份证号码", "证件号码", "证件号", "公民身份号码", "IDCARD",
    ),
    "phone": (
        "手机号", "手机", "手机号码", "联系电话", "电话", "电话号码", "联系方式", "移动电话", "本人电话", "MOBILE", "PHONE",
    ),
    "job_title": ("岗位", "工种", "职务", "岗位工种", "工种岗位", "职位", "岗位名称", "现岗位", "从事岗位", "职务岗位"),
    "department": ("部门", "所在部门", "车间", "班组", "所属部门", "部门名称", "部门班组", "部门车间", "车间部门", "科室"),
    "staff_number": ("工号", "员工编号", "人员编号", "职工编号", "员工号", "职工号"),
    "hired_on": ("入职日期", "入职时间", "入厂日期", "入厂时间", "入司日期", "进厂日期", "参加工作日期", "到岗日期", "上岗日期"),
    "category": ("人员类别", "人员类型", "从业人员类别", "安全培训类别", "培训对象类别"),
}  # fmt: skip

CATEGORIES: Final[dict[str, str]] = {
    "主要负责人": "head", "企业主要负责人": "head", "负责人": "head", "法定代表人": "head", "总经理": "head", "厂长": "head",
    "安全生产管理人员": "safety_manager", "安全管理人员": "safety_manager", "安全管理员": "safety_manager", "安全员": "safety_manager",
    "特种作业人员": "special", "特种作业": "special", "特种人员": "special",
    "其他从业人员": "other", "从业人员": "other", "其他": "other", "一般员工": "other", "普通员工": "other", "员工": "other",
}  # fmt: skip

_CONTAINED: Final = tuple(
    (field, word)
    for field, words in (
        ("name", ("姓名",)),
        ("id_number", ("身份证", "证件号", "身份号码")),
        ("phone", ("手机", "电话", "联系方式")),
        ("hired_on", ("入职", "入厂", "入司", "进厂")),
        ("staff_number", ("工号", "员工编号")),
        ("category", ("人员类别",)),
        ("department", ("部门", "车间", "班组")),
        ("job_title", ("岗位", "工种", "职务", "职位")),
    )
    for word in words
)
_SOMEBODY_ELSE: Final = re.compile(
    "紧急|家属|配偶|监护|介绍|上级|领导|主管|负责人|签字|签名|座机|办公|固定|出生|有效|地址|离职|类型|级别|等级|合同|代码|证书"
)
_BRACKETS: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_NOT_WORDS: Final = re.compile(r"[\W_]+")
_CLOSING: Final = re.compile(
    r"^(合计|总计|小计|共计|总人数|人数合计|备注|说明|注|制表|填表|审核|单位盖章|单位负责人|填报)"
)
_NAME: Final = re.compile(r"[^\W\d_]+(?:[·.'’ \-][^\W\d_]+)*[.]?")
_CHINESE: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_FORMULA_ERROR: Final = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)", re.I)

_INVISIBLE: Final = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ue000-\uf8ff]"
)

HEADER_DEPTH: Final = 20
MAX_COLUMNS: Final = 200
_NOTHING: Final = frozenset({"-", "/", "无", "—", "--", "——", "暂无"})
LONGEST: Final = {"job_title": 60, "department": 60, "staff_number": 40}


@dataclass(frozen=True, slots=True)
class Line:
    """One person as a row of the sheet (`row`, from 1) tells of them. Empty means: the table does not say."""

    row: int
    name: str
    id_number: str = ""
    phone: str = ""
    job_title: str = ""
    department: str = ""
    staff_number: str = ""
    hired_on: date | None = None
    category: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be taken, and why, in words for people."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header is (numbered from 1; 0: none) and which column holds which field (from 0)."""

    header_row: int
    columns: dict[str, int]


# --- the header -----------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _half_width(text: str) -> str:
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()


def text_of(cell: object) -> str:
    """A cell as it was typed, half-width, without spaces around and invisible characters."""
    if isinstance(cell, str):
        if cell.isascii():
            return cell.strip()
        return _half_width(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _header_key(cell: object) -> str:
    return _NOT_WORDS.sub("", _BRACKETS.sub("", text_of(cell))).upper() if isinstance(cell, str) else ""


_BY_NAME: Final = {word: field for field, words in SYNONYMS.items() for word in words}


def field_of(cell: object) -> tuple[str, int]:
    """The field that a header cell names and how sure that is: 2 by its whole name, 1 by a part of it, 0 not at all."""
    key = _header_key(cell)
    if not key or len(key) > 24:
        return "", 0
    if key in _BY_NAME:
        return _BY_NAME[key], 2
    if _SOMEBODY_ELSE.search(key):
        return "", 0
    return next(((field, 1) for field, word in _CONTAINED if word in key), ("", 0))


def map_header(row: Row) -> dict[str, int]:
    """Field → column of a header row; where two columns claim a field, the surer and then the first has it."""
    best: dict[str, tuple[int, int]] = {}
    for index, cell in enumerate(row[:MAX_COLUMNS]):
        field, sure = field_of(cell)
        if field and sure > best.get(field, (0, 0))[0]:
            best[field] = (sure, index)
    return {field: best[field][1] for field in FIELDS if field in best}


def find_layout(rows: Sequence[Row]) -> Layout:
    """The header among the first rows (titles, merged cells and notes may stand above), else columns by their content.

    Raises `Malformed` when there is no row of data at all.
    """
    if not any(any(cell != "" for cell in row) for row in rows):
        raise Malformed(gettext_lazy("这个表里没有内容。请确认名单在第一张工作表里。"))
    found = [(len(map_header(row)), -index) for index, row in enumerate(rows[:HEADER_DEPTH])]
    count, index = max(found)
    layout = Layout(1 - index, map_header(rows[-index])) if count >= 2 else Layout(0, _guess_columns(rows))
    if not any(any(cell != "" for cell in row) for row in rows[layout.header_row :]):
        raise Malformed(gettext_lazy("表头下面没有人员。请把名单填好再上传。"))
    return layout


def _guess_columns(rows: Sequence[Row]) -> dict[str, int]:
    """Columns of a table without header, by what stands in most of their cells."""
    sample = [row for row in rows if sum(cell != "" for cell in row) >= 2][:50]
    guessed: dict[str, int] = {}
    for index in range(min(MAX_COLUMNS, max((len(row) for row in sample), default=0))):
        cells = [text_of(row[index]) for row in sample if index < len(row) and row[index] != ""]
        for field, shape in (("id_number", r"\d{17}[\dXx]"), ("phone", r"1\d{10}"), ("name", r"[\u3400-\u9fff·]{2,4}")):
            enough = sum(re.fullmatch(shape, cell) is not None for cell in cells) > 0.6 * len(sample)
            if field not in guessed and enough and len(set(cells)) > len(cells) // 2:
                guessed[field] = index
                break
    return guessed


# --- the rows -------------------------------------------------------------------------------------


def read_lines(rows: Sequence[Row], layout: Layout, *, allow_demo: bool, today: date) -> Iterator[Line | Fault]:
    """What each row below the header says, in order. Blank rows, repeated headers, totals and notes are passed over.

    A person who stands twice in the table (same ID number, or same phone) is taken once: the later row is a fault.
    Deterministic for the same file, layout and day, which makes an import resumable by counting.
    """
    seen: dict[str, int] = {}
    header = (
        {field: rows[layout.header_row - 1][at] for field, at in layout.columns.items()} if layout.header_row else {}
    )
    for number, row in enumerate(rows[layout.header_row :], layout.header_row + 1):
        if _is_beside_the_matter(row, layout.columns, header):
            continue
        result = read_line(number, row, layout.columns, allow_demo=allow_demo, today=today)
        if isinstance(result, Line):
            result = _first_time(result, seen)
        yield result


def _first_time(line: Line, seen: dict[str, int]) -> Line | Fault:
    for key in (line.id_number, line.phone):
        if key and key in seen:
            words = (
                _("身份证号与第 %(row)d 行相同，只导入了第 %(row)d 行")
                if key == line.id_number
                else _("手机号与第 %(row)d 行相同，请核对是谁的号码")
            )
            return Fault(line.row, words % {"row": seen[key]})
    seen.update({key: line.row for key in (line.id_number, line.phone) if key})
    return line


def _is_beside_the_matter(row: Row, columns: Mapping[str, int], header: Mapping[str, object]) -> bool:
    filled = [cell for cell in row if cell != "" and (not isinstance(cell, str) or cell.strip())]
    if not filled:
        return True
    mapped = [_cell(row, columns.get(field)) for field in ("name", "id_number", "phone")]
    if all(cell == "" for cell in mapped) and all(not isinstance(cell, str) for cell in filled):
        return True  # a running number in front of a blank line
    if isinstance(filled[0], str) and mapped[1] == "" and mapped[2] == "" and _CLOSING.match(text_of(filled[0])):
        return True
    same = sum(1 for field, title in header.items() if title != "" and _cell(row, columns[field]) == title)
    return same >= 2 and same * 2 > len(header)


def _cell(row: Row, index: int | None) -> object:
    return row[index] if index is not None and index < len(row) else ""


def read_line(number: int, row: Row, columns: Mapping[str, int], *, allow_demo: bool, today: date) -> Line | Fault:
    """One row as a `Line`, or a `Fault` with everything that is wrong in it."""
    values: dict[str, str] = {}
    wrong: list[str] = []
    hired_on: date | None = None
    for field, index in columns.items():
        cell = _cell(row, index)
        if cell == "" or cell is None:
            continue
        try:
            if field == "hired_on":
                hired_on = _hired(cell, today)
            else:
                values[field] = _READERS.get(field, _plain)(field, cell, allow_demo)
        except Malformed as error:
            words = str(error)
            title = str(FIELDS[field])
            wrong.append(words if title in words else f"{title}：{words}")
    if not values.get("name") and not any(str(FIELDS["name"]) in words for words in wrong):
        wrong.insert(0, _("没有姓名"))
    if not wrong and not values.get("id_number") and not values.get("phone"):
        wrong.append(_("身份证号和手机号都没有填，至少要有一个"))
    if wrong:
        return Fault(number, "；".join(words.rstrip("。") for words in wrong)[:490])
    return Line(number, hired_on=hired_on, **values)


def _plain(field: str, cell: object, allow_demo: bool) -> str:
    text = " ".join(text_of(cell).split())
    if text[:1] == "#" and _FORMULA_ERROR.fullmatch(text):
        raise Malformed(_("这一格是公式算错的结果 %(text)s，请改成文字") % {"text": text})
    if len(text) > LONGEST.get(field, 60):
        raise Malformed(_("最多 %(n)d 个字，现在有 %(m)d 个") % {"n": LONGEST.get(field, 60), "m": len(text)})
    return "" if text in _NOTHING else text


def _name(field: str, cell: object, allow_demo: bool) -> str:
    if not isinstance(cell, str):
        raise Malformed(_("姓名一格不是文字"))
    text = re.sub(r"[•‧・･●∙]", "·", _plain(field, cell, allow_demo))
    if _CHINESE.search(text):
        text = text.replace(" ", "")
    if text and not _NAME.fullmatch(text):
        raise Malformed(_("姓名里有不能用的字符，请只写汉字、字母和间隔号“·”"))
    if len(text) == 1:
        raise Malformed(_("姓名只有一个字，请写全"))
    return text


def _category(field: str, cell: object, allow_demo: bool) -> str:
    text = _plain(field, cell, allow_demo).replace(" ", "")
    if text and text not in CATEGORIES:
        raise Malformed(
            _("认不出“%(text)s”，可以填：主要负责人、安全生产管理人员、特种作业人员、其他从业人员")
            % {"text": text[:20]}
        )
    return CATEGORIES.get(text, "")


def _id(field: str, cell: object, allow_demo: bool) -> str:
    text = _number(cell)
    return id_number(text, allow_demo=allow_demo) if text else ""


def _phone(field: str, cell: object, allow_demo: bool) -> str:
    text = _number(cell)
    return phone(text, allow_demo=allow_demo) if text else ""


def _number(cell: object) -> str:
    text = str(cell).strip()
    return "" if text in _NOTHING else text


def _hired(cell: object, today: date) -> date | None:
    if isinstance(cell, str) and not _plain("hired_on", cell, False):
        return None
    day = parse_date(cell, today=today)
    if day > today + timedelta(days=60):
        raise Malformed(_("入职日期 %(day)s 还没有到，请核对") % {"day": day.isoformat()})
    return day


_READERS: Final = {"name": _name, "id_number": _id, "phone": _phone, "category": _category}
