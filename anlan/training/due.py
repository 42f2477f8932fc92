"""What a learner must do, and by when."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.lib.due import Due
from anlan.training.learner import ClassRow, YearHours, is_open, my_classes, year_hours


def due_for(user: User, classes: list[ClassRow] | None = None, year: YearHours | None = None) -> list[Due]:
    """Return the classes to learn, by deadline, to whoever is enrolled, and the year's missing hours to learners.

    `classes` and `year` are `my_classes` and `year_hours` of the person, where the caller has read them already.

    Whoever acts as a manager or regulator finds the classes to learn here too, but not the hours: that post has other work.
    """
    rows = [row for row in (my_classes(user) if classes is None else classes) if is_open(row) and row.next is not None]
    due = [_class_due(row) for row in rows]
    if not user.may(powers.LEARN):
        return due
    year = year_hours(user) if year is None else year
    return [*due, *([_hours_due(year)] if year.missing_ms else [])]


def _class_due(row: ClassRow) -> Due:
    left, total = len(row.lessons) - row.done, len(row.lessons)
    return Due(
        title=row.enrolment.training_class.title,
        reason=ngettext("还有 %(left)d 讲没学完，共 %(total)d 讲", "还有 %(left)d 讲没学完，共 %(total)d 讲", left)
        % {"left": left, "total": total},
        action=_("接着学") if row.done or row.enrolment.credited_ms else _("开始学"),
        url=row.next_url,
        icon="book-2",
        at=row.enrolment.training_class.deadline,
        count=left,
    )


def _hours_due(year: YearHours) -> Due:
    days = max(1, (year.until.date() - timezone.localdate()).days)
    return Due(
        title=_("今年还差 %(n)s 学时") % {"n": year.missing_hours},
        reason=_("每天半小时，%(n)d 天就够") % {"n": year.half_hours}
        if year.half_hours <= days
        else _("今年只剩 %(n)d 天，请尽快安排") % {"n": days},
        action=_("查看学时"),
        url=reverse("training:hours"),
        icon="clock-check",
        at=year.until,
    )
