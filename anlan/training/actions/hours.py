"""Install the rules of hours that come with the product, and follow those that a territory's risk policy sets."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from anlan.enterprises.models import RiskPolicy
from anlan.training.models import HourRule

RULES = Path(__file__).resolve().parent.parent / "data" / "hour_rules.toml"


@transaction.atomic
def install_hour_rules(path: Path = RULES) -> int:
    """Add the rules of the file that are not there yet; return how many.

    A version that is there is never changed, for verdicts point to it; only its last day may be added.
    """
    added = 0
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["rules"]:
        for category in row["categories"] or [""]:
            added += _install(row, category)
    return added


def _install(row: dict[str, Any], category: str) -> int:
    rule, new = HourRule.objects.get_or_create(
        code=f"{row['code']}-{category}".rstrip("-")[:40], version=row["version"],
        defaults={
            "region_code": row.get("region_code", ""), "need": row["need"], "category": category,
            "high_risk": row.get("high_risk"), "hours": Decimal(row["hours"]), "source": row["source"],
            "article": row["article"], "trust": row["trust"], "valid_from": row["valid_from"],
            "valid_to": row.get("valid_to"),
        },
    )  # fmt: skip
    if not new and rule.valid_to is None and row.get("valid_to"):
        rule.valid_to = row["valid_to"]
        rule.save(update_fields=["valid_to"])
    return int(new)


@transaction.atomic
def follow_risk_policies(today: date | None = None) -> int:
    """Let the hours that risk policies ask for (E-05: the grade sets training hours) count as rules; return how many are new.

    One rule per territory and grade, a version for every version of the policy. What a newer version replaces ends the day
    before that begins; nothing is deleted, for verdicts point to it. The strictest rule still decides.
    """
    added = 0
    for policy in RiskPolicy.objects.published(today or timezone.localdate()).order_by("region_code", "number"):
        for risk, duty in policy.duties.items():
            if not (hours := int(duty.get("training_hours") or 0)):
                continue
            code = f"risk-{policy.region_code or 'all'}-{risk}"
            _rule, new = HourRule.objects.get_or_create(
                code=code, version=policy.number,
                defaults={
                    "region_code": policy.region_code, "need": HourRule.Need.ANNUAL, "risk": risk, "hours": Decimal(hours),
                    "source": "一企一策风险规则", "article": f"第 {policy.number} 版", "trust": HourRule.Trust.POLICY,
                    "valid_from": policy.valid_from,
                },
            )  # fmt: skip
            if new:
                older = HourRule.objects.filter(code=code, version__lt=policy.number, valid_to__isnull=True)
                older.update(valid_to=policy.valid_from - timedelta(days=1))
                added += 1
    return added
