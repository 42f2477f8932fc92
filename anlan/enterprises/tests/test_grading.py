"""The pure rules: no bad fact ever lowers a grade, every line is explained, the way down leads down."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.enterprises.actions.policy import install_default_policy
from anlan.enterprises.grading import FACTS, OPS, RISKS, Rule, faults, grade, read_rules, way_down
from anlan.enterprises.lec import score, thresholds
from anlan.enterprises.models import RiskPolicy

LIMITS = {"red": 60, "orange": 40, "yellow": 20}


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    fact = draw(st.sampled_from([fact for fact in FACTS.values() if fact.kind != "code"]))
    op = "is" if fact.kind == "yes" else draw(st.sampled_from(OPS["number"]))
    value = "1" if op == "is" else str(draw(st.integers(0, 9)))
    return Rule(
        draw(st.uuids()).hex, "规则", fact.key, op, value, draw(st.integers(0, 40)), draw(st.sampled_from(["", "", "", "red", "orange", "yellow"])),
        way_out=draw(st.sampled_from(["", "改 {n}"])),
    )  # fmt: skip


@st.composite
def seen(draw: st.DrawFn) -> dict[str, Any]:
    return {
        fact.key: draw(st.none() | (st.booleans() if fact.kind == "yes" else st.integers(0, 12)))
        for fact in FACTS.values()
        if fact.kind != "code"
    }


@given(st.lists(rules(), min_size=1, max_size=12), seen(), st.data())
def test_another_bad_fact_never_lowers_the_grade(lines: list[Rule], facts: dict[str, Any], data: st.DataObject) -> None:
    before = grade(lines, LIMITS, facts)
    rule = data.draw(st.sampled_from(lines))
    now: Any = True if rule.op == "is" else float(rule.value) if rule.op == ">=" else float(rule.value) - 1
    others = [line for line in lines if line.fact != rule.fact]
    after = grade([*others, rule], LIMITS, facts | {rule.fact: now})
    without = grade(others, LIMITS, facts)
    assert RISKS.index(after.risk) <= RISKS.index(without.risk)
    assert after.points >= without.points
    assert before.points == sum(row["points"] for row in before.reasons)


@given(st.lists(rules(), max_size=12), seen())
def test_the_lines_explain_the_grade_completely(lines: list[Rule], facts: dict[str, Any]) -> None:
    verdict = grade(lines, LIMITS, facts, unsure={"has_dust"})
    again = grade(read_rules(verdict.reasons), LIMITS, {row["fact"]: row["seen"] for row in verdict.reasons})
    assert (again.risk, again.points) == (verdict.risk, verdict.points)
    assert all(row["unsure"] == (row["fact"] == "has_dust") for row in verdict.reasons)


@given(st.lists(rules(), max_size=12), seen())
def test_the_way_down_leads_to_a_better_grade_and_holds_nothing_needless(
    lines: list[Rule], facts: dict[str, Any]
) -> None:
    verdict = grade(lines, LIMITS, facts)
    way = way_down(verdict.reasons, LIMITS)
    if way.steps:
        assert RISKS.index(way.risk) > RISKS.index(verdict.risk)
    else:
        fixed = [rule for rule in lines if not rule.way_out]
        assert verdict.risk == "blue" or grade(fixed, LIMITS, facts).risk == verdict.risk


def test_a_way_out_says_how_much_is_missing() -> None:
    rule = Rule("open", "没闭环 5 条以上", "hazards_open", ">=", "5", 50, way_out="再闭环 {n} 条")
    low = Rule("done", "完成率不到 80%", "completion", "<", "80", 0, "red", way_out="再提高 {n} 个百分点")
    verdict = grade([rule, low], LIMITS, {"hazards_open": 7, "completion": 74})
    assert verdict.risk == "red"
    assert way_down(verdict.reasons, LIMITS).steps == ("再提高 6 个百分点",)
    assert way_down(grade([rule], LIMITS, {"hazards_open": 7}).reasons, LIMITS).steps == ("再闭环 3 条",)


@pytest.mark.django_db
def test_the_default_rules_come_with_the_house_and_are_sound() -> None:
    policy = RiskPolicy.objects.get(region_code="", number=1)
    assert faults(policy.rules, policy.thresholds, policy.duties) == []
    assert not install_default_policy()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"points": -5}, "分值"), ({"points": 0, "grade": ""}, "分值"), ({"grade": "blue"}, "等级"), ({"op": "is"}, "对不上"),
        ({"fact": "nonsense"}, "对不上"), ({"value": "many"}, "不完整"), ({"label": " "}, "名称"), ({"value": "-3"}, "数值"),
    ],
)  # fmt: skip
def test_a_senseless_rule_is_named(change: dict[str, Any], word: str) -> None:
    row = {
        "key": "a",
        "label": "隐患",
        "fact": "hazards_open",
        "op": ">=",
        "value": "3",
        "points": 10,
        "grade": "",
    } | change
    duties = {risk: {"patrol_days": 60, "training_hours": 12, "remind_days": 7} for risk in RISKS}
    assert word in "".join(faults([row], LIMITS, duties))
    assert faults([row | {"points": 1}], {"red": 10, "orange": 40, "yellow": 20}, duties)


@pytest.mark.parametrize(
    ("values", "product", "risk"),
    [
        (("lec", "10", "100", "10"), "10000", "red"), (("lec", "3", "7", "6"), "126", "yellow"), (("lec", "6", "15", "2"), "180", "orange"),
        (("lec", "0.1", "1", "0.5"), "0.05", "blue"), (("matrix", "5", "5", None), "25", "red"), (("matrix", "3", "5", None), "15", "orange"),
        (("matrix", "3", "3", None), "9", "yellow"), (("matrix", "2", "4", None), "8", "blue"),
    ],
)  # fmt: skip
def test_risk_points_are_graded_by_the_usual_thresholds(
    values: tuple[str, str, str, str | None], product: str, risk: str
) -> None:
    method, likelihood, consequence, exposure = values
    found = score(method, Decimal(likelihood), Decimal(consequence), Decimal(exposure) if exposure else None)
    assert (found.value, found.risk) == (Decimal(product), risk)
    assert thresholds()["lec"] == {"red": 320, "orange": 160, "yellow": 70}


def test_a_value_that_is_not_offered_is_refused() -> None:
    with pytest.raises(ValueError, match="not offered"):
        score("lec", Decimal(4), Decimal(7), Decimal(6))
    with pytest.raises(ValueError, match="exposure"):
        score("lec", Decimal(3), Decimal(7))
