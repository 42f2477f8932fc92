"""Hazards: list, life, board, statistics, notices, penalties, the working calendar."""

from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from anlan.enterprises.models import Enterprise
from anlan.files.actions import store
from anlan.hazards.actions import attach_photo, register_hazard
from anlan.hazards.models import HazardExport, Holiday, Order, Penalty
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.drawings import draw
from tests.walk.people import AGENCIES, ASSOCIATION, FIRM, FIRMS, LEARNERS, REGULATORS, SIGNED_IN, TERRITORY

INSPECTORS = frozenset({"county", "deputy", "town", "grid"})
RULES = frozenset({"province", "city", "county", "deputy", "other_county", "other_city"})
ALLOWED = {
    "hazards:list": ("GET", "", REGULATORS | FIRMS | AGENCIES | ASSOCIATION | LEARNERS),
    "hazards:new": (
        "GET",
        "",
        (REGULATORS - {"province", "city", "other_city"}) | FIRMS | AGENCIES | ASSOCIATION | LEARNERS,
    ),
    "hazards:view-save": (
        "POST",
        "",
        SIGNED_IN,
    ),
    "hazards:view-drop": ("POST", "hazard_view", frozenset({"grid"})),
    "hazards:export-new": ("POST", "", REGULATORS | FIRMS | AGENCIES | ASSOCIATION | LEARNERS),
    "hazards:export": ("GET", "hazard_export", frozenset({"county"})),
    "hazards:export-file": ("GET", "hazard_export", frozenset({"county"})),
    "hazards:board": ("GET", "", REGULATORS),
    "hazards:statistics": ("GET", "", REGULATORS),
    "hazards:holidays": ("GET", "", RULES),
    "hazards:holiday-drop": ("POST", "holiday", RULES),
    "hazards:order": ("GET", "order", TERRITORY | FIRM),
    "hazards:orders": ("GET", "hazard_firm", INSPECTORS),
    "hazards:penalties": ("GET", "hazard_firm", TERRITORY | FIRM),
    "hazards:penalty-file": ("GET", "penalty", TERRITORY | FIRM),
    "hazards:detail": ("GET", "hazard", TERRITORY | FIRM),
    "hazards:photo": ("GET", "hazard_photo", TERRITORY | FIRM),
    "hazards:act": ("GET", "hazard_act", INSPECTORS | FIRM),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """A hazard of the forge with a photograph, and what surrounds it."""
    from anlan.accounts.models import SavedView

    forge = Enterprise.objects.get(pk=cast.forge.pk)
    hazard = register_hazard(
        forge, by=cast.grid, source="patrol", title="走查：通道被占", place="3 号车间", kind="fire"
    )
    photo = attach_photo(hazard, by=cast.grid, content=draw("exit"), name="a.jpg", role="before")
    blob = store(ContentFile(b"%PDF-1.4 demo"), name="a.pdf", owner=("test", "hazard"), by_id=None)
    order = Order.objects.create(
        number="ZG-走查",
        enterprise=forge,
        region_code=hazard.region_code,
        deadline=timezone.localdate(),
        file=blob,
        by=cast.grid,
    )
    penalty = Penalty.objects.create(
        enterprise=forge,
        decided_on=timezone.localdate(),
        document="走查 1 号",
        article="第一百零二条",
        file=blob,
        by=cast.county,
    )
    holiday = Holiday.objects.create(day="2031-02-03", works=False, name="走查", source="走查")
    view = SavedView.objects.create(user=cast.grid, page="hazards:list", name="走查", query="view=late")
    export = HazardExport.objects.create(created_by=cast.county, post=cast.county.post, file=blob, state="done")
    return {
        "hazard": [hazard.pk],
        "hazard_act": [hazard.pk, "plan"],
        "hazard_photo": [hazard.pk, photo.pk],
        "hazard_firm": [forge.pk],
        "order": [order.pk],
        "penalty": [penalty.pk],
        "holiday": [holiday.day],
        "hazard_view": [view.pk],
        "hazard_export": [export.pk],
    }
