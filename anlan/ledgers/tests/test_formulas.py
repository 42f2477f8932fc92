"""Formulas: what they give, and how they are refused."""

from decimal import Decimal

import pytest

from anlan.ledgers import formulas

NUMBERS = {
    "f1": Decimal("3"),
    "f2": Decimal("0.1"),
    "f3": Decimal("0.2"),
    "f4": Decimal(0),
    "f5": None,
    "f6.c7": [Decimal(2), Decimal(5)],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[f2]+[f3]", Decimal("0.3")), ("[f1]*(2-0.5)", Decimal("4.5")), ("合计([f6.c7])", Decimal(7)), ("平均([f6.c7])/[f1]", Decimal("3.5") / 3),
        ("最大([f6.c7],[f1])", Decimal(5)), ("个数([f6.c7])", Decimal(2)), ("取整(2.5)", Decimal(3)), ("-[f1]", Decimal(-3)),
        ("[f1]/[f4]", None), ("[f1]+[f5]", None), ("合计([f5])", Decimal(0)), ("[f6.c7]*2", None), ("[f1]*99999999999999999999", None),
    ],
)  # fmt: skip
def test_a_formula_gives(text: str, value: Decimal | None) -> None:
    assert formulas.value(text, NUMBERS) == value


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("[f1]+", 5), ("[f1]+[f9]", 6), ("__import__('os')", 1), ("[f1].real", 1), ("abc(1)", 1), ("[f1]**9", 1), ("f1+1", 1),
        ("[f1] if 1 else 2", 1), ("", 1), ("(lambda: 1)()", 1), ("[f1]+True", 6), ("1" * 300, 200), ("((((1)", 1),
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(formulas.BadFormula) as error:
        formulas.check(text, {"f1", "f6.c7"})
    assert error.value.message
    assert 1 <= error.value.position <= max(1, len(text) + 1)
    if position > 1:
        assert error.value.position == position


def test_labels_become_keys_and_come_back() -> None:
    labels = {"数量": "f2", "明细.金额": "f7.c9"}
    stored = formulas.with_keys("合计([明细 . 金额])×[数量]", labels)
    assert stored == "合计([f7.c9])*[f2]"
    assert formulas.with_labels(stored, labels) == "合计([明细.金额])*[数量]"
    with pytest.raises(formulas.BadFormula) as error:
        formulas.with_keys("1+[价]", labels)
    assert error.value.position == 3


def test_no_depth_breaks_it() -> None:
    assert formulas.value("(" * 5000 + "1" + ")" * 5000, {}) is None
    with pytest.raises(formulas.BadFormula):
        formulas.check("-" * 190 + "[f9]", {"f1"})
