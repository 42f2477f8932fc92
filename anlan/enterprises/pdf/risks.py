"""The four-colour map on A3 and the notice cards, by typst."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from anlan.enterprises.grading import RISKS
from anlan.enterprises.models import Enterprise, FloorPlan, RiskPoint
from anlan.files.actions import open_blob

HERE: Final = Path(__file__).parent
NAMES: Final = dict(Enterprise.Risk.choices)


def map_pdf(plan: FloorPlan, points: Sequence[tuple[int, RiskPoint]]) -> bytes:
    """The drawing with its marks and a table of them; A3, across or upright as the drawing is."""
    with open_blob(plan.blob) as file:
        picture = bytes(file.read())
    facts = {
        "firm": str(plan.enterprise), "title": _("安全风险四色图"), "name": plan.name, "width": plan.width, "height": plan.height,
        "points": [_row(n, point) | {"x": point.x, "y": point.y} for n, point in points], "day": _day(),
        "legend": [[risk, str(NAMES[risk])] for risk in RISKS], "says": _says(),
    }  # fmt: skip
    return _compile("risk_map.typ", facts, {"plan.jpg": picture})


def cards_pdf(firm: Enterprise, points: Sequence[RiskPoint], size: str) -> bytes:
    """One page per risk point: what could happen, what is done, what to do when it happens. `size` is a4 or a5."""
    facts = {
        "firm": str(firm), "title": _("岗位安全风险告知卡"), "size": size, "day": _day(), "says": _says(),
        "cards": [
            _row(n, point) | {"measures": _lines(point.measures), "emergency": _lines(point.emergency), "basis": point.basis, "sum": _sum(point)}
            for n, point in enumerate(points, 1)
        ],
    }  # fmt: skip
    return _compile("risk_cards.typ", facts, {})


def _row(n: int, point: RiskPoint) -> dict[str, Any]:
    return {"n": n, "name": point.name, "place": point.place, "accident": point.accident, "risk": point.risk,
            "grade": str(NAMES[point.risk]), "responsible": point.responsible}  # fmt: skip


def _sum(point: RiskPoint) -> str:
    """D = 3 × 6 × 7 = 126."""
    values = [point.likelihood, *([point.exposure] if point.exposure is not None else []), point.consequence]
    letter = "D" if point.exposure is not None else "R"
    return f"{letter} = {' × '.join(f'{value.normalize():f}' for value in values)} = {point.score.normalize():f}"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _day() -> str:
    return date_format(timezone.localdate(), "Y-m-d")


def _says() -> dict[str, str]:
    return {
        "place": _("部位"), "accident": _("可能发生的事故"), "measures": _("管控措施"), "emergency": _("应急处置"), "responsible": _("责任人"),
        "basis": _("依据"), "name": _("风险点"), "grade": _("等级"), "printed": _("打印日期"), "call": _("报警 110　火警 119　急救 120　举报 12350"),
        "sum": _("评定"),
    }  # fmt: skip


def _compile(template: str, facts: dict[str, Any], files: dict[str, bytes]) -> bytes:
    """Nothing of the machine but the font folder is read."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(HERE / template, root / template)
        (root / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        for name, content in files.items():
            (root / name).write_bytes(content)
        fonts = [str(settings.WEB_DIST / "fonts")]
        return bytes(typst.compile(str(root / template), root=folder, font_paths=fonts, format="pdf"))
