"""Risk rules, grades, risk points, the four-colour map."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.files.base import ContentFile

from anlan.enterprises.models import FloorPlan, RiskPoint, RiskPolicy
from anlan.files.actions import store
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.policy import lay_policy
from anlan.supervision.pack.models import Pack
from tests.walk.people import AGENCY, ASSOCIATION, FIRM, FIRMS, TERRITORY

READERS = TERRITORY | FIRM | AGENCY | ASSOCIATION
"""Whoever reads the forge's file: the agency and the association have mandates in the walk."""
WRITERS = (TERRITORY - {"province", "city"}) | FIRM | AGENCY
RULERS = frozenset({"province", "city", "county", "deputy", "other_county", "other_city"})
DRAFTERS = frozenset({"county", "deputy"})

ALLOWED = {
    "enterprises:policy": ("GET", "", FIRMS),
    "enterprises:policy-of": ("GET", "risk_firm", READERS),
    "enterprises:policy-regrade": ("POST", "risk_firm", TERRITORY | FIRM | AGENCY),
    "enterprises:policies": ("GET", "", RULERS),
    "enterprises:policy-version": ("GET", "policy_default", RULERS),
    "enterprises:policy-copy": ("POST", "policy_default", RULERS),
    "enterprises:policy-edit": ("GET", "policy_draft", DRAFTERS),
    "enterprises:policy-try": ("GET", "policy_draft", DRAFTERS),
    "enterprises:policy-drop": (
        "POST",
        "policy_draft",
        DRAFTERS | {"province", "city"},
    ),  # above they see it and are refused
    "enterprises:risks": ("GET", "risk_firm", READERS),
    "enterprises:risk-new": ("GET", "risk_firm", WRITERS),
    "enterprises:risk-cards": ("GET", "risk_firm", READERS),
    "enterprises:risk": ("GET", "risk_point", READERS),
    "enterprises:risk-retire": ("POST", "risk_point", WRITERS),
    "enterprises:plan": ("GET", "risk_plan", READERS),
    "enterprises:plan-picture": ("GET", "risk_plan", READERS),
    "enterprises:plan-pdf": ("GET", "risk_plan", READERS),
    "enterprises:plan-remove": ("POST", "risk_plan", WRITERS),
    "supervision:pack": ("GET", "risk_firm", TERRITORY | FIRM),
    "supervision:pack-made": ("GET", "safety_pack", frozenset({"manager"})),
    "supervision:pack-file": ("GET", "safety_pack", frozenset({"manager"})),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return the arguments of the addresses: the forge's points and plan, the default rules, the county's draft."""
    lay_policy(cast)
    point = RiskPoint.objects.filter(enterprise_id=cast.forge.pk).first()
    plan = FloorPlan.objects.filter(enterprise_id=cast.forge.pk).first()
    blob = store(ContentFile(b"PK"), name="pack.zip", owner=("supervision.pack", ""), by_id=cast.manager.pk)
    pack = Pack.objects.create(
        created_by=cast.manager, post=cast.manager.post, enterprise_id=cast.forge.pk, since=date(2026, 1, 1), until=date(2026, 6, 30),
        state="done", file=blob,
    )  # fmt: skip
    assert point is not None
    assert plan is not None
    return {
        "risk_firm": [cast.forge.pk], "safety_pack": [pack.pk], "risk_point": [point.pk], "risk_plan": [plan.pk],
        "policy_default": [RiskPolicy.objects.get(region_code="", number=1).pk], "policy_draft": [RiskPolicy.objects.get(region_code="410105").pk],
    }  # fmt: skip
