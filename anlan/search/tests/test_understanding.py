"""What a query means: words, lay wordings with gaps, typing errors, secrets cut out."""

from hypothesis import given
from hypothesis import strategies as st

from anlan.search.thesaurus import Thesaurus
from anlan.search.understanding import clean, understand
from anlan.search.words import meaningful, pairs, words

THESAURUS = Thesaurus.of(
    [
        ("synonym", ["老板"], ["主要负责人", "用人单位"]),
        ("synonym", ["拖欠…工资"], ["劳动报酬"]),
        ("synonym", ["工资"], ["工资"]),
        ("typo", ["工商认定"], ["工伤认定"]),
        ("scene", ["车间、工地、老板", "压断、摔"], ["工作原因受到事故伤害"]),
    ]
)


def test_lay_words_bring_the_laws_words() -> None:
    found = {match.lay: match.formal for match in understand("老板拖欠我三个月工资怎么办", THESAURUS).matches}
    assert found == {"老板": ("主要负责人", "用人单位"), "拖欠…工资": ("劳动报酬",)}


def test_a_gap_may_not_reach_across_the_whole_story() -> None:
    story = "拖欠的事先不说，我想问的是别的，比如年底时候的工资"
    assert "拖欠…工资" not in {match.lay for match in understand(story, THESAURUS).matches}


def test_typing_errors_are_mended_unless_asked_otherwise() -> None:
    assert understand("工商认定", THESAURUS).text == "工伤认定"
    assert understand("工商认定", THESAURUS, mend=False).text == "工商认定"


def test_politeness_is_not_searched() -> None:
    assert understand("请问一下，老板跑了", THESAURUS).text == "老板跑了"
    assert "怎么办" not in meaningful("老板跑了怎么办")


def test_one_character_is_a_query_and_nothing_is_none() -> None:
    assert understand("火", THESAURUS).pairs == ("火",)
    assert understand(" ，。 ", THESAURUS).is_empty


def test_numbers_of_ids_and_phones_are_cut_out() -> None:
    assert clean("我是41010519900307123X电话13812340417被辞退") == "我是电话被辞退"
    assert clean("安法38") == "安法38" and clean("GB 30871-2022") == "GB 30871-2022"


def test_long_stories_are_cut() -> None:
    assert len(clean("长" * 10_000_000)) == 200


@given(st.text(max_size=300))
def test_no_text_breaks_segmentation(text: str) -> None:
    understand(text, THESAURUS)
    assert all(word in "".join(words(text)) for word in words(text))
    assert all(len(pair) <= 2 or pair.isascii() for pair in pairs(text))


def test_a_scene_needs_a_word_of_every_group_in_any_order() -> None:
    found = understand("手指压断了，是在车间里", THESAURUS).matches
    assert [(match.lay, match.formal) for match in found] == [("车间…压断", ("工作原因受到事故伤害",))]
    assert understand("树枝压断了", THESAURUS).matches == ()
