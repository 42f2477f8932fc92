"""Reading one source: both layouts, plain paragraphs, and what is odd in real collections."""

from __future__ import annotations

from datetime import date

import pytest

from anlan.law.parsing import Kind, parse, parse_lines
from anlan.law.parsing.dating import dated
from anlan.law.parsing.days import commencement, events_of, is_header, partial_commencements, repeals
from anlan.law.parsing.marks import Line, read_lines
from anlan.law.parsing.naming import Divisions, everyday, slug_of, standing_of
from anlan.law.parsing.numbers import number
from anlan.law.tests.made_up import LANTERN, LANTERN_2020, PAPER


def outline(source: str) -> list[str]:
    """Kind, label and heading of every piece, for reading."""
    return [f"{p.kind} {p.ref or p.label} {p.heading}".strip() for p in parse(source).pieces]


def test_a_text_becomes_chapters_sections_and_articles() -> None:
    assert outline(LANTERN) == [
        "chapter 第一章 总则", "article 1", "article 2", "article 2-1", "chapter 第二章 挂灯", "section 第一节 高处",
        "article 3", "chapter 第三章 附则", "article 4",
    ]  # fmt: skip


def test_both_layouts_read_alike() -> None:
    assert [p.label for p in parse(LANTERN_2020).articles] == ["第一条", "第二条", "第三条", "第四条", "第五条"]
    assert parse(LANTERN_2020).pieces[0].heading == parse(LANTERN).pieces[0].heading == "总则"


def test_paragraphs_and_items_stay_lines_and_know_what_stands_above() -> None:
    two, three = parse(LANTERN).articles[1], parse(LANTERN).articles[3]
    assert two.text.split("\n") == ["挂灯笼的单位应当做到：", "（一）绳子结实；", "（二）蜡烛离纸三寸。"]
    assert three.parents == "第二章 挂灯 › 第一节 高处"


def test_the_header_gives_the_acts_with_their_days() -> None:
    events = parse(LANTERN_2020).events
    assert [(event.on, event.kind) for event in events] == [
        (date(2010, 3, 1), "adopted"),
        (date(2020, 6, 1), "amended"),
    ]
    assert events[1].lead == "根据"


def test_several_acts_in_one_line_are_told_apart_and_nothing_of_the_line_is_lost() -> None:
    line = "2010年5月1日甲会议修订根据2017年1月2日乙会议《关于修改〈甲〉的决定》第一次修正 根据2021年3月4日丙会议修正"
    events = events_of(line)
    assert [event.on for event in events] == [date(2010, 5, 1), date(2017, 1, 2), date(2021, 3, 4)]
    again = "".join(event.lead + event.written + event.words for event in events)
    assert again.replace(" ", "") == line.replace(" ", "")


def test_a_day_inside_a_title_is_not_an_act() -> None:
    assert [e.on for e in events_of("2020年1月1日 会议《关于2019年5月5日事故的决定》修正")] == [date(2020, 1, 1)]


@pytest.mark.parametrize(
    "words",
    [
        "为了2020年1月1日以后的安全，制定本法。",
        "本条例自2020年1月1日起施行，由公安机关解释。这是正文。",
        "第一条 2020年1月1日起通过审查。",
    ],
)
def test_running_text_with_a_day_is_no_header(words: str) -> None:
    assert not is_header(words) or words.startswith("本条例")


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("二十八", 28),
        ("一百一十九", 119),
        ("一千零三", 1003),
        ("二○二一", 2021),
        ("38", 38),
        ("十", 10),
        ("两百零五", 205),
    ],
)
def test_numbers_are_read_in_every_writing(words: str, value: int) -> None:
    assert number(words) == value


def test_a_table_of_contents_is_kept_apart_from_the_structure() -> None:
    text = parse(
        "# 灯笼办法\n\n目　录\n\n第一章 总则\n\n第二章 附则\n\n第一章 总则\n\n第一条 挂灯。\n\n第二章 附则\n\n第二条 完。\n"
    )
    assert text.contents == ("目 录", "第一章 总则", "第二章 附则")
    assert [p.kind for p in text.pieces] == [Kind.CHAPTER, Kind.ARTICLE, Kind.CHAPTER, Kind.ARTICLE]


def test_a_document_without_articles_has_clauses() -> None:
    text = parse(
        "# 关于挂灯的决定\n\n2020年1月1日灯会通过\n\n为了挂灯，决定如下：\n\n一、挂红灯。\n\n红灯要圆。\n\n二、不挂破灯。\n"
    )
    assert text.preamble == "为了挂灯，决定如下："
    assert [(p.kind, p.ref, p.text) for p in text.pieces] == [
        (Kind.CLAUSE, "1", "挂红灯。\n红灯要圆。"),
        (Kind.CLAUSE, "2", "不挂破灯。"),
    ]


def test_an_amendment_keeps_the_articles_it_quotes_inside_its_clauses() -> None:
    text = parse(
        "# 灯笼法修正案\n\n一、第三条修改为：“挂两盏。\n\n“第三条之一　挂三盏的，加一人。”\n\n二、本修正案自2021年3月1日起施行。\n"
    )
    assert [p.ref for p in text.pieces] == ["1", "2"]
    assert not text.articles
    assert dated(text, "", {}).effective_on == date(2021, 3, 1)


def test_a_text_that_is_only_paragraphs_is_kept_whole() -> None:
    text = parse("# 关于灯笼的批复\n\n你处来文收悉。\n\n可以挂。\n")
    assert [(p.kind, p.text) for p in text.pieces] == [(Kind.TEXT, "你处来文收悉。\n可以挂。")]


def test_article_titles_in_brackets_become_headings() -> None:
    assert [p.heading for p in parse("# 灯法\n\n第一条 【目的】为了灯。\n\n第二条 挂灯。\n").articles] == ["目的", ""]
    titled = "# 灯法\n\n" + "".join(f"第{n}条 （挂法）\n\n挂第几盏灯。\n\n" for n in "一二三四")
    assert {p.heading for p in parse(titled).articles} == {"挂法"}
    assert {p.text for p in parse(titled).articles} == {"挂第几盏灯。"}


def test_a_bracket_that_opens_a_sentence_now_and_then_is_no_heading() -> None:
    text = parse("# 灯法\n\n第一条 （灯笼包括纸灯）灯笼要挂好。\n\n第二条 挂灯。\n\n第三条 收灯。\n")
    assert text.articles[0].text.startswith("（灯笼包括纸灯）")


def test_a_line_that_begins_with_a_reference_is_no_article() -> None:
    text = parse("# 灯法\n\n第一条 挂灯。\n\n第三条规定的灯除外。\n\n第二条 收灯。\n\n第三条 完。\n")
    assert [p.ref for p in text.articles] == ["1", "2", "3"]
    assert text.articles[0].text == "挂灯。\n第三条规定的灯除外。"


def test_articles_run_into_one_paragraph_are_split_where_the_numbers_follow() -> None:
    text = parse("# 灯法\n\n第一条 挂灯。 第二条 收灯。 第三条 见第九条 的规定。\n\n第四条 完。\n")
    assert [p.ref for p in text.articles] == ["1", "2", "3", "4"]
    assert len(text.doubts) == 2


def test_missing_and_repeated_numbers_are_said() -> None:
    assert any("缺条号：2" in words for words in parse("# 灯法\n\n第一条 挂灯。\n\n第三条 收灯。\n").doubts)
    assert any("重复" in words for words in parse("# 灯法\n\n第一条 挂灯。\n\n第二条 收灯。\n\n第二条 又收。\n").doubts)


def test_a_misprinted_label_is_read_all_the_same() -> None:
    assert [p.ref for p in parse("# 灯法\n\n第一条 挂灯。\n\n笫二条 收灯。\n\n第三 条 完。\n").articles] == [
        "1",
        "2",
        "3",
    ]


def test_an_annex_ends_the_articles() -> None:
    text = parse("# 灯法\n\n第一条 挂灯。\n\n第二条 完。\n\n附件：灯的样子\n\n第一条 这是附件里的话。\n")
    assert [p.kind for p in text.pieces] == [Kind.ARTICLE, Kind.ARTICLE, Kind.APPENDIX]
    assert text.pieces[2].text == "第一条 这是附件里的话。"


def test_tables_of_either_kind_become_rows() -> None:
    lines = read_lines(
        "<table><tr><th>灯</th><th>价</th></tr><tr><td>红</td><td>3</td></tr></table>\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"
    )
    assert [line.words for line in lines] == ["| 灯 | 价 |", "| 红 | 3 |", "| a | b |", "| 1 | 2 |"]


def test_front_matter_is_read_and_taken_off() -> None:
    text = parse('---\ntitle: "灯法"\nstatus: "废止或失效"\ntags:\n  - 法\n---\n# 灯法\n\n第一条 挂灯。\n')
    assert text.front["status"] == "废止或失效"
    assert text.title == "灯法"


def test_a_word_file_without_marks_is_read_by_its_words() -> None:
    lines = [
        "灯笼安全条例", "（2020年1月1日灯会通过 2021年2月2日灯会修正）", "目 录", "第一章 总则", "第二章 附则", "第一章 总则",
        "第一条 挂灯。", "第二章 附则", "第二条 本条例自2020年3月1日起施行。",
    ]  # fmt: skip
    text = parse_lines([Line(0, words) for words in lines])
    assert text.title == "灯笼安全条例"
    assert [event.on for event in text.events] == [date(2020, 1, 1), date(2021, 2, 2)]
    assert [p.kind for p in text.pieces] == [Kind.CHAPTER, Kind.ARTICLE, Kind.CHAPTER, Kind.ARTICLE]


@pytest.mark.parametrize(
    "source",
    ["", "\ufeff", "---\n---\n", "# \n", "<!-- INFO END -->", "第", "# 灯\n\n第零条 空。", "| |\n|-|", "\x00\x01"],
)
def test_odd_files_are_read_without_an_error(source: str) -> None:
    parse(source)


# Days


def test_a_first_version_binds_from_the_day_of_its_last_article() -> None:
    days = dated(parse(LANTERN), "灯笼安全法(2010-03-01).md", {})
    assert (days.key, days.adopted_on, days.effective_on) == ("2010-03-01", date(2010, 3, 1), date(2010, 5, 1))
    assert days.doubts == ()
    assert days.ends == (("纸灯暂行办法", "4"),)


def test_an_amended_version_takes_the_known_day_else_the_day_of_the_amendment_with_a_doubt() -> None:
    text = parse(LANTERN_2020)
    assert dated(text, "", {"2020-06-01": date(2020, 9, 1)}).effective_on == date(2020, 9, 1)
    guessed = dated(text, "", {})
    assert guessed.effective_on == date(2020, 6, 1)
    assert guessed.doubts == ("修改决定何时施行没有写在文本里，暂按修改之日起算。",)


def test_from_promulgation_means_the_day_of_promulgation() -> None:
    assert dated(parse(PAPER), "", {}).effective_on == date(1999, 1, 1)


def test_a_text_without_a_day_takes_the_one_of_its_file_and_says_so() -> None:
    days = dated(parse("# 灯法\n\n第一条 挂灯。\n"), "x/灯法(2001-02-03).md", {})
    assert days.adopted_on == date(2001, 2, 3)
    assert "文件名" in days.doubts[0]


def test_a_file_name_that_contradicts_the_text_is_reported_and_not_believed() -> None:
    days = dated(parse(LANTERN), "灯笼安全法(2018-01-01).md", {})
    assert days.adopted_on == date(2010, 3, 1)
    assert "相差很大" in days.doubts[0]


def test_impossible_and_disordered_days_are_reported() -> None:
    text = parse(
        "# 灯法\n\n2020年2月31日 灯会通过\n\n2019年1月1日 灯会修正\n\n2018年1月1日 灯会修正\n\n<!-- INFO END -->\n\n第一条 挂灯。\n"
    )
    doubts = " ".join(dated(text, "", {}).doubts)
    assert "没有这一天" in doubts
    assert "先后" in doubts


def test_single_articles_may_begin_on_another_day() -> None:
    last = [("9", "本法自2020年1月1日起施行。第三条、第五条自2021年7月1日起施行。")]
    refs = [str(n) for n in range(1, 10)]
    assert partial_commencements(last, refs) == {"3": date(2021, 7, 1), "5": date(2021, 7, 1)}
    ranged = [("9", "第三条至第五条自2021年7月1日起施行，其他条款自2020年1月1日起施行。")]
    assert sorted(partial_commencements(ranged, refs)) == ["3", "4", "5"]


@pytest.mark.parametrize(
    ("words", "day", "at_once"),
    [
        ("本法自2020年1月1日起施行。", date(2020, 1, 1), False), ("本条例从2020年1月1日起开始实施。", date(2020, 1, 1), False),
        ("本办法自发布之日起施行。", None, True), ("本法自二○二○年一月一日起施行。", date(2020, 1, 1), False),
    ],
)  # fmt: skip
def test_commencements_are_found_in_every_wording(words: str, day: date | None, at_once: bool) -> None:
    found = commencement([("1", "挂灯。"), ("2", words)])
    assert found is not None
    assert (found.on, found.at_once) == (day, at_once)


def test_only_whole_texts_are_taken_as_repealed() -> None:
    assert repeals([("9", "本法自2020年1月1日起施行。《甲法》、《〈乙法〉实施细则》同时废止。")]) == [
        ("甲法", "9"),
        ("〈乙法〉实施细则", "9"),
    ]
    assert repeals([("9", "《甲法》第三条同时废止。")]) == []
    assert repeals([("9", "《甲法》与本法抵触的，予以废止。")]) == []


# Names


def test_everyday_titles_and_addresses() -> None:
    assert everyday("中华人民共和国安全生产法") == "安全生产法"
    assert everyday("河南省实施《中华人民共和国矿山安全法》办法") == "河南省实施《矿山安全法》办法"
    assert slug_of("河南省实施《矿山安全法》办法") == "河南省实施矿山安全法办法"
    assert slug_of("灯笼修正案（二）") == "灯笼修正案二"
    assert len(slug_of("灯" * 200)) <= 110
    assert slug_of("灯" * 200) != slug_of("灯" * 199 + "笼")


@pytest.mark.parametrize(
    ("title", "header", "place", "level"),
    [
        ("中华人民共和国灯笼法", "", "x/社会法/灯笼法.md", "law"), ("灯笼条例", "国务院令第1号公布", "灯笼条例.md", "administrative"),
        ("灯笼办法", "1990年1月1日 交通部发布", "行政法规/灯笼办法.md", "rule"), ("中华人民共和国宪法", "", "宪法/宪法.md", "constitution"),
        ("最高人民法院关于灯笼的解释", "", "a.md", "judicial"), ("某省灯笼条例", "某省第一届人民代表大会常务委员会通过", "a.md", "local"),
        ("灯笼管理办法", "应急管理部令第3号公布", "a.md", "rule"), ("灯笼的通知", "", "a.md", "document"), ("GB 1234-2020 灯笼", "", "a.md", "standard"),
    ],
)  # fmt: skip
def test_the_level_comes_from_words_and_folder(title: str, header: str, place: str, level: str) -> None:
    assert standing_of(title, header, place).level == level


def test_a_title_names_its_territory_where_it_is_unambiguous() -> None:
    table = Divisions(
        [
            ("41", "河南省"),
            ("4101", "郑州市"),
            ("410105", "金水区"),
            ("11", "北京市"),
            ("1101", "市辖区"),
            ("3201", "鼓楼区"),
            ("4102", "鼓楼区"),
        ]
    )
    assert table.find("河南省灯笼条例") == "41"
    assert table.find("郑州市灯笼条例") == "4101"
    assert table.find("河南省郑州市金水区灯笼办法") == "410105"
    assert table.find("鼓楼区灯笼办法") == ""
    assert table.find("鼓楼区灯笼办法", "41") == "4102"
    assert table.of_folder(["DLC", "河南地方法规", "河南"]) == "41"
