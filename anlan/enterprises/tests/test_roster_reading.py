import io
import zipfile
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from anlan.enterprises.roster_making import clean_rows, dirty_rows, person
from anlan.enterprises.roster_reading import FIELDS, Fault, Layout, Line, field_of, find_layout, map_header, read_lines
from anlan.lib.codes import Malformed, demo_id_number, demo_phone
from anlan.lib.xlsx import read_rows, write_rows

TODAY = date(2026, 11, 20)
ID = demo_id_number("410105", date(1990, 3, 1), 7)
PHONE = demo_phone(17)


def lines(rows: list[list[object]], layout: Layout | None = None) -> list[Line | Fault]:
    return list(read_lines(rows, layout or find_layout(rows), allow_demo=True, today=TODAY))


def one(**cells: object) -> Line | Fault:
    row = {"姓名": "李国强", "身份证号": ID, "手机号": PHONE} | cells
    return lines([list(row), list(row.values())])[0]


def reason(**cells: object) -> str:
    found = one(**cells)
    assert isinstance(found, Fault), found
    return found.reason


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("姓名", "name"), ("姓 名", "name"), ("员工姓名*", "name"), ("姓名（必填）", "name"),
        ("身份证号码", "id_number"), ("证件号码", "id_number"), ("公民身份号码", "id_number"),
        ("手机", "phone"), ("联系电话：", "phone"), ("本人手机号（11位）", "phone"),
        ("工种", "job_title"), ("岗位/工种", "job_title"), ("现任职务", "job_title"),
        ("部　门", "department"), ("所在车间", "department"), ("入职时间", "hired_on"), ("入厂日期", "hired_on"),
        ("工号", "staff_number"), ("人员类别", "category"),
        ("紧急联系电话", ""), ("部门负责人", ""), ("证件类型", ""), ("出生日期", ""), ("序号", ""), ("离职日期", ""), ("办公电话", ""), ("", ""),
    ],
)  # fmt: skip
def test_header_words_mean_what_personnel_offices_mean(title: str, field: str) -> None:
    assert field_of(title)[0] == field


def test_the_surer_of_two_columns_wins() -> None:
    assert map_header(["本人现任岗位说明", "岗位", "姓名", "曾用姓名"]) == {"name": 2, "job_title": 1}


@given(st.permutations(list(FIELDS)))
def test_columns_are_found_in_any_order(order: list[str]) -> None:
    titles: list[object] = [str(FIELDS[field]) for field in order]
    assert map_header(titles) == {field: order.index(field) for field in FIELDS}


def test_titles_and_a_second_header_row_above_are_passed_over() -> None:
    rows: list[list[object]] = [
        ["某某公司员工花名册", "", "", ""],
        ["制表：人事部 2026年11月", "", "", ""],
        ["基本信息", "", "联系方式", ""],
        ["序号", "姓名", "手机", "身份证"],
        [1, "李国强", PHONE, ID],
    ]
    assert find_layout(rows) == Layout(4, {"name": 1, "id_number": 3, "phone": 2})
    assert lines(rows) == [Line(5, "李国强", ID, PHONE)]


def test_a_table_without_header_is_mapped_by_its_content() -> None:
    rows: list[list[object]] = [list(person(n)) for n in range(10)]
    assert find_layout(rows) == Layout(0, {"name": 0, "id_number": 1, "phone": 2})
    assert [line.row for line in lines(rows)] == list(range(1, 11))


@pytest.mark.parametrize("rows", [[], [["", ""], ["", ""]]])
def test_an_empty_sheet_says_so(rows: list[list[object]]) -> None:
    with pytest.raises(Malformed, match="没有内容"):
        find_layout(rows)


def test_a_header_without_people_says_so() -> None:
    with pytest.raises(Malformed, match="没有人员"):
        find_layout([["姓名", "手机号"], ["", ""]])


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-01", "2024/3/1", "2024.3.1", "2024年3月1日", "20240301", 45352, 45352.0, "45352", date(2024, 3, 1),
        "２０２４－０３－０１", "2024-03-01 00:00:00",
    ],
)  # fmt: skip
def test_dates_are_read_however_they_are_written(written: object) -> None:
    found = one(入职日期=written)
    assert isinstance(found, Line) and found.hired_on == date(2024, 3, 1)


def test_numbers_in_full_width_with_spaces_and_prefix_are_read() -> None:
    wide = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
    found = one(身份证号=f" {ID.translate(wide)} ", 手机号=f"+86 {PHONE[:3]}-{PHONE[3:7]} {PHONE[7:]}")
    assert found == Line(2, "李国强", ID, PHONE)
    assert one(手机号=float(PHONE)) == one(手机号=int(PHONE)) == Line(2, "李国强", ID, PHONE)


def test_an_id_number_that_became_a_float_is_refused_and_not_guessed() -> None:
    assert "Excel" in reason(身份证号=float(ID[:17] + "0"))
    assert "Excel" in reason(身份证号="4.10105E+17")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"身份证号": ID[:-1] + ("1" if ID[-1] != "1" else "2")}, "校验位"),
        ({"身份证号": "", "手机号": ""}, "至少要有一个"),
        ({"姓名": ""}, "没有姓名"),
        ({"姓名": "李国强😀"}, "不能用的字符"),
        ({"姓名": "李"}, "只有一个字"),
        ({"姓名": 12}, "不是文字"),
        ({"手机号": "0371-66666666"}, "手机号"),
        ({"入职日期": "2024-02-30"}, "没有 2024 年 2 月 30 日"),
        ({"入职日期": "24-3-1"}, "年份请写四位"),
        ({"入职日期": "2027-06-01"}, "还没有到"),
        ({"岗位": "工" * 61}, "最多 60 个字"),
        ({"岗位": "#N/A"}, "公式"),
        ({"人员类别": "临时"}, "认不出"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(cells: dict[str, object], words: str) -> None:
    assert words in reason(**cells)


def test_everything_wrong_in_a_row_is_said_at_once() -> None:
    assert reason(身份证号="123", 手机号="456", 入职日期="昨天").count("；") == 2


def test_demo_numbers_are_refused_outside_the_demo() -> None:
    rows: list[list[object]] = [["姓名", "手机号"], ["李国强", PHONE]]
    (found,) = read_lines(rows, find_layout(rows), allow_demo=False, today=TODAY)
    assert isinstance(found, Fault) and "演示" in found.reason


def test_names_of_minorities_and_foreigners_are_kept_and_spaces_between_characters_are_not() -> None:
    for given_name, kept in (
        ("阿依古丽•买买提", "阿依古丽·买买提"), ("张　三", "张三"), ("𠮷田", "𠮷田"), ("John Smith", "John Smith"), ("张\u200b三", "张三"),
    ):  # fmt: skip
        found = one(姓名=given_name)
        assert isinstance(found, Line) and found.name == kept


def test_repeated_headers_totals_notes_and_blank_rows_are_not_people() -> None:
    rows: list[list[object]] = [
        ["序号", "姓名", "手机号", "身份证号"],
        [1, "李国强", PHONE, ID],
        ["", "", "", ""],
        [2, "", "", ""],
        ["序号", "姓名", "手机号", "身份证号"],
        [3, "王芳", demo_phone(18), ""],
        ["合计", "2 人", "", ""],
        ["备注：以上人员均已签订合同", "", "", ""],
        ["填表人：周敏", "", "", ""],
    ]
    assert [line.row for line in lines(rows)] == [2, 6]


def test_a_person_who_stands_twice_is_taken_once_and_the_later_row_says_where_the_first_is() -> None:
    rows: list[list[object]] = [
        ["姓名", "身份证号", "手机号"],
        ["李国强", ID, PHONE],
        ["李国强", ID, ""],
        ["王芳", "", PHONE],
    ]
    first, again, same_phone = lines(rows)
    assert isinstance(first, Line)
    assert isinstance(again, Fault) and "第 2 行" in again.reason and "身份证号" in again.reason
    assert isinstance(same_phone, Fault) and "手机号与第 2 行相同" in same_phone.reason


def test_sixty_columns_and_rows_of_unequal_length_do_no_harm() -> None:
    wide: list[object] = [f"列{n}" for n in range(57)]
    rows: list[list[object]] = [[*wide, "姓名", "手机号", "备注"], [*[""] * 57, "李国强", PHONE], ["x"] * 57]
    good, short = lines(rows)
    assert good == Line(2, "李国强", "", PHONE) and isinstance(short, Fault)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_of_any_encoding_and_delimiter_is_read(encoding: str, mark: str) -> None:
    text = f"姓名{mark}证件号码{mark}联系电话\r\n李国强{mark}{ID}{mark}{PHONE}\r\n"
    rows = list(read_rows(io.BytesIO(text.encode(encoding)), "花名册.csv"))
    assert lines(rows) == [Line(2, "李国强", ID, PHONE)]


def test_formulas_are_read_by_their_value() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", "手机号"])
        sheet.write_formula(1, 0, '="李"&"国强"', value="李国强")
        sheet.write_formula(1, 1, "=1+1", value=PHONE)
    file.seek(0)
    assert lines(list(read_rows(file, "a.xlsx"))) == [Line(2, "李国强", "", PHONE)]


def test_what_is_no_table_is_refused_in_words() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 40_000_000)
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    for data, words in (
        (bomb.getvalue(), "太大"),
        (locked, "密码"),
        (b"%PDF-1.7 \x00\x01", "不是表格"),
        (b"PK\x03\x04junk", "损坏"),
        (b" ", "空的"),
    ):
        with pytest.raises(Malformed, match=words):
            list(read_rows(io.BytesIO(data), "花名册.xlsx"))


def test_a_clean_roster_of_the_generator_reads_without_a_fault() -> None:
    found = lines(list(clean_rows(300)))
    assert len(found) == 300 and all(isinstance(line, Line) for line in found)


def test_a_dirty_roster_survives_the_way_through_a_workbook() -> None:
    file = io.BytesIO()
    write_rows(file, {"花名册": dirty_rows(1200)})
    file.seek(0)
    found = lines(list(read_rows(file, "a.xlsx")))
    good = [line for line in found if isinstance(line, Line)]
    faults = [line for line in found if isinstance(line, Fault)]
    assert len(found) == 1200 and len(faults) == 24
    assert all(line.hired_on and line.phone for line in good)
    for words in ("Excel", "校验位", "至少要有一个", "没有姓名", "13 月", "相同"):
        assert any(words in fault.reason for fault in faults), words


@given(
    st.lists(
        st.lists(
            st.one_of(st.text(max_size=12), st.integers(), st.floats(), st.none(), st.dates(), st.booleans()),
            max_size=8,
        ),
        max_size=12,
    )
)
def test_no_table_whatever_breaks_the_reader(rows: list[list[object]]) -> None:
    table: list[list[object]] = [
        ["姓名", "手机号", "身份证号", "入职日期", "岗位"],
        *[["" if c is None else c for c in row] for row in rows],
    ]
    for line in read_lines(
        table,
        Layout(1, {"name": 0, "phone": 1, "id_number": 2, "hired_on": 3, "job_title": 4}),
        allow_demo=True,
        today=TODAY,
    ):
        assert 2 <= line.row <= len(table)
