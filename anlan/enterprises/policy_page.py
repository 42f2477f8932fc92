"""What the page of a firm's grade shows. Reads only."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import Any

from django.db.models import Min
from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.actions.policy import Yardstick
from anlan.enterprises.file_page import link
from anlan.enterprises.grading import FACTS, RISKS, Rule, Verdict, condition, read_rules, says, way_down, way_out
from anlan.enterprises.models import Enterprise, RiskGrade, RiskPoint, RiskPolicy
from anlan.enterprises.models.policy import nearest
from anlan.enterprises.risk_facts import facts_of

NAMES = dict(Enterprise.Risk.choices)


def current(firm: Enterprise) -> list[RiskPoint]:
    """The risk points of a firm, highest first: their place in this list is the number on map and card."""
    return list(firm.risk_points.filter(retired_on__isnull=True).order_by("-score", "pk"))


def line(row: dict[str, Any]) -> dict[str, Any]:
    """A rule that was met, in words: what was seen, what it costs, where it stands, what would end it."""
    rule, fact = Rule.read(row), FACTS.get(row["fact"])
    way = way_out(rule, row["seen"]) if rule.way_out and row["seen"] is not None else ""
    return row | {
        "says": says(rule.fact, row["seen"]),
        "origin": fact.origin if fact else "",
        "way": way,
        "floor": NAMES.get(rule.grade, ""),
    }


def rule_line(rule: Rule, seen: Any = None) -> dict[str, Any]:
    """A rule in words, met or not."""
    return {"label": rule.label, "condition": condition(rule), "points": rule.points, "floor": NAMES.get(rule.grade, ""), "grade": rule.grade,
            "source": rule.source, "says": says(rule.fact, seen), "way_out": rule.way_out, "key": rule.key}  # fmt: skip


def duties_of(policy: RiskPolicy | None, risk: str) -> dict[str, int]:
    """What the grade brings: {patrol_days, training_hours, remind_days}; empty without a policy."""
    return dict((policy.duties.get(risk) or {}) if policy else {})


def policy_page(firm: Enterprise, user: User) -> dict[str, Any]:
    """Everything that the page shows; about a dozen queries whatever the firm holds."""
    today = timezone.localdate()
    policy: RiskPolicy | None = nearest(RiskPolicy.objects.in_force(today), firm.organisation.region_code)
    bundle = facts_of([firm], today)[firm.pk]
    history = list(RiskGrade.objects.filter(enterprise=firm).select_related("policy").order_by("-pk")[:60])
    verdict = Yardstick(policy, read_rules(policy.rules)).judge(bundle) if policy else Verdict(firm.risk, 0, ())
    thresholds = policy.thresholds if policy else {"red": 1, "orange": 1, "yellow": 1}
    met = {row["key"] for row in verdict.reasons}
    points = current(firm)
    counts = Counter(point.risk for point in points)
    equipment = firm.equipment.aggregate(day=Min("inspect_by"))["day"]
    permit = firm.permits.filter(withdrawn_on__isnull=True).aggregate(day=Min("until"))["day"]
    return {
        "firm": firm, "policy": policy, "verdict": verdict, "lines": [line(row) for row in verdict.reasons],
        "rest": [rule_line(rule, bundle.seen.get(rule.fact)) for rule in read_rules(policy.rules) if rule.key not in met] if policy else [],
        "way": way_down(verdict.reasons, thresholds), "duties": duties_of(policy, verdict.risk), "stale": verdict.risk != firm.risk,
        "steps": _steps(verdict, thresholds), "history": _changes(history), "graded_at": firm.graded_at,
        "completion": bundle.seen.get("completion"), "hours_each": bundle.seen.get("hours_each"), "points": points[:6],
        "point_count": len(points), "counts": [(risk, counts[risk]) for risk in RISKS if counts[risk]], "plans": list(firm.plans.order_by("pk")),
        "days": {"verify": firm.verify_by, "equipment": equipment, "permit": permit}, "today": today,
        "unsure": sum(row["unsure"] for row in verdict.reasons), "mine": firm.is_managed_by(user), "can_edit": firm.can_edit(user),
        "can_grade": firm.status == "active" and (firm.can_edit(user) or firm.is_in_territory_of(user)),
        "accidents": "accidents_year" in bundle.seen, "plan_url": link("training:plan") if firm.is_managed_by(user) else "",
        "hazards_url": link("hazards:list"), "pack_url": link("supervision:pack", firm.pk) if firm.is_managed_by(user) or firm.is_in_territory_of(user) else "",
    }  # fmt: skip


def _steps(verdict: Verdict, thresholds: dict[str, int]) -> str:
    """The range of points of the grade the sum alone would give."""
    return " · ".join(f"{NAMES[risk]} ≥ {thresholds[risk]}" for risk in RISKS[:-1])


def _changes(rows: list[RiskGrade]) -> list[dict[str, Any]]:
    """The verdicts where the colour changed, newest first, with what came and went since the verdict before."""
    found = []
    for row, before in zip_longest(rows, rows[1:]):
        if before is not None and before.risk == row.risk:
            continue
        old, new = ({line["key"]: line["label"] for line in one.reasons} if one else {} for one in (before, row))
        came = [label for key, label in new.items() if key not in old] if before else []
        gone = [label for key, label in old.items() if key not in new]
        found.append({"row": row, "came": came, "gone": gone, "name": NAMES[row.risk]})
    return found[:10]
