"""What is known about statutes besides their texts: the shipped data files and the table of divisions."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from anlan.accounts.models import Region
from anlan.law.parsing.naming import Divisions

DATA: Final = Path(__file__).resolve().parent.parent / "data"


@cache
def known_facts() -> dict[str, dict[str, date]]:
    """Commencements that a text does not say: everyday title → version key → day (`data/facts.toml`, with sources)."""
    facts: dict[str, dict[str, date]] = {}
    for row in tomllib.loads((DATA / "facts.toml").read_text("utf-8"))["fact"]:
        facts.setdefault(row["statute"], {})[row["key"]] = row["effective_on"]
    return facts


@cache
def shipped_statutes() -> dict[str, dict[str, Any]]:
    """The commonly cited norms by everyday title: title, short, level, aliases (`data/statutes.toml`)."""
    return {row["short"]: row for row in tomllib.loads((DATA / "statutes.toml").read_text("utf-8"))["statute"]}


def shipped_statute(short: str) -> dict[str, Any] | None:
    """The shipped row of an everyday title, if there is one."""
    return shipped_statutes().get(short)


def divisions() -> Divisions:
    """Names of divisions: the official table of the whole country where it is installed, and the regions of this house."""
    rows: list[tuple[str, str]] = []
    for name in ("provinces.json", "cities.json", "areas.json"):
        path = settings.WEB_DIST / "regions" / name
        if path.exists():
            rows += [(row["code"], row["name"]) for row in json.loads(path.read_text("utf-8"))]
    rows += list(Region.objects.filter(level__lte=Region.Level.COUNTY).values_list("code", "name"))
    return Divisions(rows)
