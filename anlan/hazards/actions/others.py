"""The ways beside the straight life: reopen, void, escalate by hand, regrade, reassign, note."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation, User
from anlan.enterprises.models import Mandate
from anlan.hazards import deadlines, people
from anlan.hazards.actions.hazards import check_fixer
from anlan.hazards.actions.steps import needed, plain, take, tell
from anlan.hazards.counting import begun, count, opened
from anlan.hazards.models import Hazard, HazardStep, Holiday
from anlan.lib.errors import Refused

Level = Hazard.Level


@transaction.atomic
def reopen_hazard(
    hazard: Hazard, *, by: User, words: str, deadline: date | None = None, version: int | None = None
) -> HazardStep:
    """Bring a closed hazard back within a year, with a reason and a new deadline. Its level stays where it was."""
    words = needed(words, "words", _("请写为什么重新打开。"))
    today, overrides = timezone.localdate(), Holiday.objects.overrides()
    settled = (
        deadlines.settle(deadline, grade=hazard.grade, found=today, today=today, overrides=overrides)
        if deadline
        else deadlines.again(hazard.grade, today, overrides)
    )
    was, region = hazard.closed_at, hazard.enterprise.organisation.region_code
    step = take(
        hazard, "reopen", by=by, version=version, words=words, detail={"deadline": [plain(hazard.deadline), plain(settled.day)]},
        deadline=settled.day, reopened=hazard.reopened + 1, closed_at=None, cured_by=None, cured_at=None, verified_by=None,
    )  # fmt: skip
    if was is not None:
        count(hazard, {"hazards_closed": -1} | opened(hazard), was)
    if region != hazard.region_code:
        Hazard.objects.filter(pk=hazard.pk).update(region_code=region)
        hazard.region_code = region
    tell(people.concerned(hazard), hazard, step, _("一条隐患被重新打开，请再整改"), words)
    return step


@transaction.atomic
def void_hazard(hazard: Hazard, *, by: User, words: str, version: int | None = None) -> HazardStep:
    """Take back a wrong entry: it stays on record as void, and no longer counts."""
    words = needed(words, "words", _("请写为什么撤销。"))
    step = take(hazard, "void", by=by, version=version, words=words)
    count(hazard, begun(hazard, -1), hazard.found_at)
    tell([*people.concerned(hazard), *people.inspectors(hazard)], hazard, step, _("一条隐患登记被撤销"), words)
    return step


@transaction.atomic
def escalate_hazard(hazard: Hazard, *, by: User, words: str, version: int | None = None) -> HazardStep:
    """Hand it one level up: from the grid to the town's joint action, from there to the county."""
    words = needed(words, "words", _("请写为什么要上一级处置。"))
    level = hazard.level + 1
    step = take(
        hazard, "escalate", by=by, version=version, words=words, detail={"level": [hazard.level, level]},
        level=min(level, Level.COUNTY), level_since=timezone.now(),
    )  # fmt: skip
    told = {*people.officers_of(hazard.region_code, hazard.level), *people.concerned(hazard)}
    tell(told, hazard, step, _("一条隐患转到%(level)s") % {"level": hazard.get_level_display()}, hazard.title)
    return step


@transaction.atomic
def regrade_hazard(hazard: Hazard, *, by: User, words: str, version: int | None = None) -> HazardStep:
    """Turn a general hazard into a major one (the words name the criterion), or a major one back with the reason."""
    words = needed(words, "words", _("请写依据：符合或不符合哪一条判定标准。"))
    sign = -1 if hazard.is_major else 1
    grade = Hazard.Grade.GENERAL if hazard.is_major else Hazard.Grade.MAJOR
    if hazard.state == Hazard.State.PASSED:
        raise Refused(_("已经复查通过，等销号的重大隐患不能再调整等级。"), code="wrong_state")
    step = take(
        hazard, "regrade", by=by, version=version, words=words, detail={"grade": [hazard.grade, grade]},
        grade=grade, criterion=words[:200] if sign > 0 else "",
    )  # fmt: skip
    count(hazard, {"hazards_major": sign, "hazards_open_major": sign}, hazard.found_at)
    told = [
        *people.concerned(hazard),
        *people.officers_of(hazard.region_code, Level.TOWN),
        *people.officers_of(hazard.region_code, Level.COUNTY),
    ]
    title = _("一条隐患调整为重大隐患") if sign > 0 else _("一条重大隐患调整为一般隐患")
    tell(told, hazard, step, title, hazard.title)
    return step


@transaction.atomic
def reassign_hazard(
    hazard: Hazard,
    *,
    by: User,
    fixer: User | None = None,
    helper: Organisation | None = None,
    words: str = "",
    version: int | None = None,
) -> HazardStep:
    """Choose who fixes it in the firm, and which agency helps (needs a mandate from the firm). Empty: nobody."""
    check_fixer(hazard, fixer)
    if helper is not None and (
        helper.kind != "agency"
        or not Mandate.objects.open().filter(enterprise_id=hazard.enterprise_id, organisation=helper).exists()
    ):
        raise Refused(_("协助整改的机构要和这家企业有有效的服务合同。"), code="helper", status=422, field="helper")
    old: dict[str, Any] = {"fixer": hazard.fixer_id, "helper": hazard.helper_id}
    new = {"fixer": fixer.pk if fixer else None, "helper": helper.pk if helper else None}
    detail = {name: [old[name], value] for name, value in new.items() if old[name] != value}
    if not detail:
        raise Refused(_("整改人和协助机构都没有变。"), code="unchanged", status=422)
    step = take(hazard, "reassign", by=by, version=version, words=words, detail=detail, fixer=fixer, helper=helper)
    told = [fixer.pk] if fixer and "fixer" in detail else []
    if helper and "helper" in detail:
        told += list(helper.posts.filter(until__isnull=True).values_list("user_id", flat=True))
    tell(told, hazard, step, _("有一条隐患请您整改"), hazard.title)
    return step


@transaction.atomic
def note_hazard(hazard: Hazard, *, by: User, words: str, version: int | None = None) -> HazardStep:
    """Add words to the record without changing anything."""
    return take(hazard, "note", by=by, version=version, words=needed(words, "words", _("请写要补充的内容。")))
