"""Install the rules of hours that come with the product."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

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
