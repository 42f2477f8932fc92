"""More time: asked for by the firm before the deadline, granted or refused by somebody else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.hazards import people, workdays
from anlan.hazards.actions.steps import needed, take, tell
from anlan.hazards.models import Extension, Hazard, Holiday
from anlan.lib.errors import Refused

MOST_DAYS: Final = {"general": 30, "major": 90}
"""Days that one extension may add to the deadline."""


@transaction.atomic
def ask_extension(hazard: Hazard, *, by: User, until: date, because: str, version: int | None = None) -> Extension:
    """Ask for more time, at the latest on the day of the deadline. A holiday moves to the next working day.

    Raises `Refused`: already late (409), no later than now (422), too far (422), one is open (409).
    """
    because = needed(because, "because", _("请写为什么改不完。"))
    held, today = hazard.deadline, timezone.localdate()
    if held is None or today > held:
        raise Refused(_("期限已经过了，不能再申请延期。请尽快整改后申请复查。"), code="late")
    if until <= held:
        raise Refused(_("请选比现在的期限更晚的日子。"), code="not_later", status=422, field="until")
    until = workdays.on_or_after(until, Holiday.objects.overrides())
    if until > held + timedelta(days=MOST_DAYS[hazard.grade] + 10):
        raise Refused(
            _("一次最多延 %(n)d 天。") % {"n": MOST_DAYS[hazard.grade]}, code="too_far", status=422, field="until"
        )
    step = take(
        hazard,
        "extend_ask",
        by=by,
        version=version,
        words=because,
        detail={"deadline": [held.isoformat(), until.isoformat()]},
    )
    try:
        with transaction.atomic():
            extension = Extension.objects.create(hazard=hazard, until=until, because=because[:300], asked_by=by)
    except IntegrityError:
        raise Refused(_("上一次延期申请还没有答复，答复后再申请。"), code="one_open") from None
    told = people.coordinators(hazard) if hazard.is_major else people.officers_of(hazard.region_code, hazard.level)
    tell(told, hazard, step, _("有企业申请延长整改期限"), hazard.title)
    return extension


@transaction.atomic
def decide_extension(
    extension: Extension, *, by: User, granted: bool, words: str, version: int | None = None
) -> Extension:
    """Answer: INSPECT at the level reached for a general hazard, COORDINATE for a major one. A refusal wants a reason."""
    if not granted:
        words = needed(words, "words", _("不同意要写理由。"))
    hazard = extension.hazard
    changed = Extension.objects.filter(pk=extension.pk, granted__isnull=True).update(
        granted=granted, decided_by=by, decided_at=timezone.now(), words=words.strip()[:300]
    )
    if not changed:
        raise Refused(_("这个延期申请已经有答复了。"), code="decided")
    held = hazard.deadline.isoformat() if hazard.deadline else None
    detail = {"deadline": [held, extension.until.isoformat()]} if granted else {}
    longer: dict[str, Any] = {"deadline": extension.until} if granted else {}
    step = take(
        hazard,
        "extend_grant" if granted else "extend_refuse",
        by=by,
        version=version,
        words=words,
        detail=detail,
        **longer,
    )
    title = (
        _("延期申请已同意，期限到 %(m)d 月 %(d)d 日") % {"m": extension.until.month, "d": extension.until.day}
        if granted
        else _("延期申请没有同意")
    )
    tell(people.concerned(hazard), hazard, step, title, words or hazard.title)
    extension.refresh_from_db()
    return extension
