"""How long a cure may take, and when what is late moves up. Figures with their reasons; pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from anlan.hazards import workdays
from anlan.lib.errors import Refused

PROPOSED: Final = {"general": 15, "major": 60}
"""Days proposed. A general hazard is one that can be cured at once or soon (隐患排查治理暂行规定): a fortnight covers buying a part
and calling an electrician. A major one needs stoppage and time; two months leave room for design and tender."""
LONGEST: Final = {"general": 30, "major": 180}
"""Days from finding that may be set at once; more only by an extension, which somebody else must grant."""
TO_TOWN: Final = {"general": 1, "major": 1}
"""Working days late until the town acts: the first, so that nothing rests in the grid because an officer is away."""
TO_COUNTY: Final = {"general": 5, "major": 1}
"""Further working days until the county does: a week for joint action; a major hazard has none to give away."""
REMIND_BEFORE: Final = (3, 1)
"""Days before the deadline on which the firm is reminded; also on the day, and when it has passed."""


class Settled(NamedTuple):
    """A deadline as it holds, and the day asked for where that was no working day (else None)."""

    day: date
    moved_from: date | None


def propose(grade: str, today: date, overrides: workdays.Overrides = workdays.NONE) -> date:
    """The deadline offered for a new hazard: a working day."""
    return workdays.on_or_after(today + timedelta(days=PROPOSED[grade]), overrides)


def latest(grade: str, found: date, overrides: workdays.Overrides = workdays.NONE) -> date:
    """The last day that may be set without an extension."""
    return workdays.on_or_after(found + timedelta(days=LONGEST[grade]), overrides)


def again(grade: str, today: date, overrides: workdays.Overrides = workdays.NONE) -> Settled:
    """The deadline after a failed re-inspection: a third of the first, at least three working days."""
    third = workdays.on_or_after(today + timedelta(days=PROPOSED[grade] // 3), overrides)
    return Settled(max(third, workdays.add(today, 3, overrides)), None)


def settle(
    day: date, *, grade: str, found: date, today: date, overrides: workdays.Overrides = workdays.NONE
) -> Settled:
    """Check a deadline that somebody sets, and move it off a holiday to the next working day.

    Raises `Refused` (422, field `deadline`): in the past, or later than `latest`.
    """
    if day < today:
        raise Refused(
            _("%(m)d 月 %(d)d 日已经过去，请选今天或以后。") % {"m": day.month, "d": day.day},
            code="deadline_past", status=422, field="deadline",
        )  # fmt: skip
    end = latest(grade, max(found, today), overrides)
    if day > end:
        raise Refused(
            _("期限最晚到 %(m)d 月 %(d)d 日。改不完时，到期前可以申请延期。") % {"m": end.month, "d": end.day},
            code="deadline_far", status=422, field="deadline",
        )  # fmt: skip
    held = workdays.on_or_after(day, overrides)
    return Settled(held, day if held != day else None)


def weekday(day: date) -> str:
    """周一 … 周日."""
    return [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")][day.weekday()]


def says_moved(settled: Settled) -> str:
    """ "11 月 7 日不上班，顺延到 11 月 9 日（周一）"; empty when nothing was moved."""
    asked, day = settled.moved_from, settled.day
    if asked is None:
        return ""
    return _("%(a)d 月 %(b)d 日不上班，期限顺延到 %(m)d 月 %(d)d 日（%(w)s）") % {
        "a": asked.month, "b": asked.day, "m": day.month, "d": day.day, "w": weekday(day),
    }  # fmt: skip
