from collections import Counter

from anlan.enterprises.industries import industries, lineage, name_of, search, sections


def test_the_standard_has_its_sections_divisions_groups_and_classes() -> None:
    levels = Counter(entry.level for entry in industries().values())
    assert (levels[1], levels[2], levels[3], levels[4]) == (20, 97, 473, 1381)
    assert len(sections()) == 20 and sections()[2] == ("C", "制造业")


def test_every_entry_hangs_below_one_of_the_level_above_and_within_its_section() -> None:
    for entry in industries().values():
        if entry.level > 1:
            assert industries()[entry.parent].level == entry.level - 1
            assert entry.code.startswith(entry.parent)


def test_words_and_codes_find_entries_best_first() -> None:
    assert search("锻件")[0].code == "C3393"
    assert search("c3391")[0].name == search("3391")[0].name == "黑色金属铸造"
    assert {entry.name for entry in search("面包 糕点")} == {"糕点、面包制造", "糕点、面包零售"}
    assert search("  ") == [] and search("没有这个行业") == []


def test_an_unknown_code_is_its_own_name() -> None:
    assert name_of("C9999") == "C9999" and lineage("C9999") == []
    assert [entry.level for entry in lineage("C3391")] == [1, 2, 3, 4]
