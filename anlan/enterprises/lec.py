"""How a risk point is graded: LEC (D = L·E·C) and the matrix (R = L·S). Pure; the thresholds are data (`data/policy.toml`).

LEC values and thresholds as commonly taught after Graham and Kinney; facts.md marks them S: changeable defaults.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from anlan.lib.errors import Text

DATA: Final = Path(__file__).parent / "data" / "policy.toml"

LIKELIHOOD: Final[tuple[tuple[str, Text], ...]] = (
    ("10", _("完全可以预料")), ("6", _("相当可能")), ("3", _("可能，但不经常")), ("1", _("可能性小，完全意外")),
    ("0.5", _("很不可能，可以设想")), ("0.2", _("极不可能")), ("0.1", _("实际不可能")),
)  # fmt: skip
EXPOSURE: Final[tuple[tuple[str, Text], ...]] = (
    ("10", _("一直待在那里")), ("6", _("每天工作时间内")), ("3", _("每周一次，或偶尔")), ("2", _("每月一次")),
    ("1", _("每年几次")), ("0.5", _("非常少见")),
)  # fmt: skip
CONSEQUENCE: Final[tuple[tuple[str, Text], ...]] = (
    ("100", _("大灾难，许多人死亡")), ("40", _("灾难，数人死亡")), ("15", _("非常严重，一人死亡")), ("7", _("严重，重伤")),
    ("3", _("较重，致残")), ("1", _("引人注意，需要救护")),
)  # fmt: skip
MATRIX_LIKELIHOOD: Final[tuple[tuple[str, Text], ...]] = (
    ("5", _("没有防范措施，或从来不执行")), ("4", _("措施不全，常有偏差")), ("3", _("有措施，偶尔不执行")),
    ("2", _("措施有效，极少偏差")), ("1", _("措施充分，员工都会")),
)  # fmt: skip
MATRIX_SEVERITY: Final[tuple[tuple[str, Text], ...]] = (
    ("5", _("有人死亡，或全厂停产")), ("4", _("丧失劳动能力，或部分停产")), ("3", _("截肢、骨折、听力受损，或一条线停产")),
    ("2", _("轻伤，或短时停机")), ("1", _("没有受伤，没有停机")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """The product and the colour it stands for."""

    value: Decimal
    risk: str


@cache
def thresholds() -> dict[str, dict[str, int]]:
    """{"lec" | "matrix": {red, orange, yellow: least product of the grade}}."""
    data: dict[str, Any] = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {name: data[name] for name in ("lec", "matrix")}


def score(method: str, likelihood: Decimal, consequence: Decimal, exposure: Decimal | None = None) -> Score:
    """The product of the values and its grade. `exposure` belongs to LEC only. Raises `ValueError` for a value not offered."""
    lec = method == "lec"
    offered = (LIKELIHOOD, CONSEQUENCE) if lec else (MATRIX_LIKELIHOOD, MATRIX_SEVERITY)
    for value, choices in zip((likelihood, consequence), offered, strict=True):
        _check(value, choices)
    product = likelihood * consequence
    if lec:
        if exposure is None:
            raise ValueError("LEC needs an exposure")
        _check(exposure, EXPOSURE)
        product *= exposure
    limits = thresholds()["lec" if lec else "matrix"]
    return Score(product, next((risk for risk in ("red", "orange", "yellow") if product >= limits[risk]), "blue"))


def _check(value: Decimal, choices: tuple[tuple[str, Text], ...]) -> None:
    if value not in {Decimal(offered) for offered, _words in choices}:
        raise ValueError(f"{value} is not offered")
