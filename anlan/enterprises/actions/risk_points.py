"""The firm's own risk points, and the plan on which they are placed."""

from __future__ import annotations

from decimal import Decimal
from typing import IO, Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy
from PIL import Image

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.actions.enterprises import refuse_unless_editor
from anlan.enterprises.lec import score
from anlan.enterprises.models import Enterprise, FloorPlan, RiskPoint
from anlan.files.actions import open_blob, store
from anlan.files.pictures import lighten
from anlan.lib.errors import Refused

MOST_POINTS: Final = 300
MOST_PLANS: Final = 12
LONGEST: Final = 2400
"""Longest side of a plan in pixels: 150 dots an inch on A3."""
VALUES: Final = (
    "name", "place", "accident", "method", "likelihood", "exposure", "consequence", "measures", "emergency", "responsible", "basis",
)  # fmt: skip


def _graded(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the score and colour that follow from them. Raises `Refused` (422)."""
    kept: dict[str, Any] = {name: values.get(name) for name in VALUES}
    if kept["method"] == RiskPoint.Method.MATRIX:
        kept["exposure"] = None
    try:
        likelihood, consequence = (Decimal(str(kept[name])) for name in ("likelihood", "consequence"))
        found = score(kept["method"], likelihood, consequence, kept["exposure"])
    except (ValueError, ArithmeticError):
        raise Refused(
            gettext_lazy("请从给出的取值里选。"), code="not_offered", status=422, field="likelihood"
        ) from None
    return kept | {"score": found.value, "risk": found.risk}


@transaction.atomic
def add_risk_point(enterprise: Enterprise, values: dict[str, Any], *, by: User) -> RiskPoint:
    """Write a risk point, graded. A second tap finds what is there. Raises `Refused`: 403, 422 for the 301st."""
    refuse_unless_editor(enterprise, by)
    kept = _graded(values)
    own = RiskPoint.objects.filter(enterprise=enterprise, retired_on__isnull=True)
    if (twin := own.filter(name=kept["name"], place=kept["place"], score=kept["score"]).first()) is not None:
        return twin
    if own.count() >= MOST_POINTS:
        raise Refused(gettext_lazy("风险点已经有 300 个，请先停用不再有的。"), code="too_many", status=422)
    point = RiskPoint.objects.create(enterprise=enterprise, graded_by=by, **kept)
    _record("add_risk_point", point, by)
    return point


@transaction.atomic
def edit_risk_point(point: RiskPoint, values: dict[str, Any], *, by: User) -> None:
    """Write it anew; score and colour follow. Raises `Refused`: 403, 409 when it is retired."""
    refuse_unless_editor(point.enterprise, by)
    for name, value in _graded(values).items():
        setattr(point, name, value)
    point.graded_by = by
    held = RiskPoint.objects.select_for_update().get(pk=point.pk)
    if held.retired_on is not None:
        raise Refused(gettext_lazy("这个风险点已经停用。恢复它，或另写一个。"), code="retired")
    point.plan_id, point.x, point.y = held.plan_id, held.x, held.y  # moved meanwhile, perhaps
    point.save()
    _record("edit_risk_point", point, by)


@transaction.atomic
def retire_risk_point(point: RiskPoint, *, by: User) -> None:
    """Take it off the list, the map and the cards; it can still be read. A second tap changes nothing."""
    refuse_unless_editor(point.enterprise, by)
    if RiskPoint.objects.filter(pk=point.pk, retired_on__isnull=True).update(retired_on=timezone.localdate()):
        _record("retire_risk_point", point, by)


@transaction.atomic
def place_risk_point(point: RiskPoint, plan: FloorPlan | None, x: float, y: float, *, by: User) -> None:
    """Put it on a plan at shares of its width and height (0–1), or take it off (`plan` None). Raises `Refused`: 403, 422."""
    refuse_unless_editor(point.enterprise, by)
    if plan is not None and (plan.enterprise_id != point.enterprise_id or not (0 <= x <= 1 and 0 <= y <= 1)):
        raise Refused(gettext_lazy("位置在图外，请在图上再点一次。"), code="outside", status=422)
    where = {"plan": plan, "x": round(x, 4) if plan else None, "y": round(y, 4) if plan else None}
    RiskPoint.objects.filter(pk=point.pk, retired_on__isnull=True).update(**where)
    point.refresh_from_db()


@transaction.atomic
def add_plan(enterprise: Enterprise, content: IO[bytes], name: str, *, by: User, file: str = "") -> FloorPlan:
    """Keep a drawing or photograph of the floor. Raises `Refused`: 403, 422 for no picture or the thirteenth."""
    refuse_unless_editor(enterprise, by)
    if enterprise.plans.count() >= MOST_PLANS:
        raise Refused(gettext_lazy("平面图已经有 12 张，请先删掉不用的。"), code="too_many", status=422)
    light, _facts = lighten(content, file, longest=LONGEST)
    blob = store(light, name=f"{name[:40]}.jpg", owner=("enterprise", str(enterprise.pk)), by_id=by.pk)
    twin = enterprise.plans.filter(blob__sha256=blob.sha256).first()
    if twin is not None:
        return twin
    with open_blob(blob) as kept, Image.open(kept) as image:
        width, height = image.size
    plan = FloorPlan.objects.create(
        enterprise=enterprise, name=name.strip()[:60], blob=blob, width=width, height=height, by=by
    )
    record("add_plan", enterprise, by=by, region_code=enterprise.organisation.region_code, what=plan.name)
    return plan


@transaction.atomic
def remove_plan(plan: FloorPlan, *, by: User) -> None:
    """Delete a plan; its points stay in the list without a place."""
    refuse_unless_editor(plan.enterprise, by)
    RiskPoint.objects.filter(plan=plan).update(plan=None, x=None, y=None)
    record("remove_plan", plan.enterprise, by=by, region_code=plan.enterprise.organisation.region_code, what=plan.name)
    plan.delete()


def _record(verb: str, point: RiskPoint, by: User) -> None:
    firm = point.enterprise
    record(verb, firm, by=by, region_code=firm.organisation.region_code, what=point.name, risk=point.risk)
