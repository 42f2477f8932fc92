"""Hazards for tests, by the house's own actions."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

from django.utils import timezone
from PIL import Image

from anlan.accounts.models import User
from anlan.hazards.actions import attach_photo, cure_hazard, register_hazard
from anlan.hazards.models import Hazard
from anlan.operations.demo.cast import Cast

PLAN = {"measure": "清空通道", "responsible": "周敏"}
FULL = PLAN | {"fen": 0, "contingency": "停用设备，专人看守"}


def picture(colour: str = "red", size: tuple[int, int] = (40, 30)) -> BytesIO:
    """A small JPEG; another colour is another file."""
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    file.seek(0)
    return file


def found(cast: Cast, *, firm: str = "forge", by: User | None = None, **given: Any) -> Hazard:
    """A general hazard at the forge, found by the grid officer, not yet planned."""
    fields: dict[str, Any] = {
        "source": "patrol",
        "title": "东侧安全出口被料架堵住",
        "place": "3 号车间",
        "kind": "fire",
    }
    return register_hazard(cast.enterprise(firm), by=by or cast.grid, **(fields | given))


def curing(cast: Cast, **given: Any) -> Hazard:
    """One whose cure is settled; all five musts where it is major."""
    return found(cast, **((FULL if given.get("grade") == "major" else PLAN) | given))


def cured(cast: Cast, *, by: User | None = None, **given: Any) -> Hazard:
    """One that the firm says is cured, with a photograph."""
    hazard = curing(cast, **given)
    after(hazard, by or cast.manager)
    cure_hazard(hazard, by=by or cast.manager, words="料架移走了")
    return hazard


def after(hazard: Hazard, by: User, colour: str = "green") -> None:
    """A photograph of after the cure."""
    attach_photo(hazard, by=by, content=picture(colour), name="after.jpg", role="after")


def make_late(hazard: Hazard, days: int) -> None:
    """Put the deadline `days` back, as if the time had passed."""
    day = timezone.localdate() - timedelta(days=days)
    Hazard.objects.filter(pk=hazard.pk).update(deadline=day)
    hazard.refresh_from_db()
