"""The life of a hazard: found, planned, cured, verified, closed; and the ways beside it. All by `steps.take`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.enterprises.models import Enterprise
from anlan.hazards import deadlines, people
from anlan.hazards.actions.photos import bind
from anlan.hazards.actions.steps import keep, needed, plain, take, tell, weigh
from anlan.hazards.counting import begun, count, opened
from anlan.hazards.models import ChecklistVersion, Hazard, HazardStep, Holiday, Inspection, Photo
from anlan.hazards.numbers import next_number
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

State, Level, Source = Hazard.State, Hazard.Level, Hazard.Source
MUSTS: Final = {
    "general": ("measure", "responsible", "deadline"),
    "major": ("measure", "responsible", "fen", "deadline", "contingency"),
}
"""What must be settled before a cure begins: all five 五落实 for a major hazard."""
MOST_FEN: Final = 100_000_000_000


def register_hazard(
    enterprise: Enterprise,
    *,
    by: User,
    source: str,
    title: str,
    place: str,
    kind: str,
    grade: str = Hazard.Grade.GENERAL,
    detail: str = "",
    criterion: str = "",
    cite: str = "",
    measure: str = "",
    responsible: str = "",
    fixer: User | None = None,
    fen: int | None = None,
    deadline: date | None = None,
    contingency: str = "",
    inspection: Inspection | None = None,
    checklist: ChecklistVersion | None = None,
    item: str = "",
    helper: Organisation | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    photos: Iterable[Photo] = (),
    at: datetime | None = None,
    client_id: uuid.UUID | None = None,
    words: str = "",
) -> Hazard:
    """Register a hazard at a firm: the one entry for pages, patrols, reports and agencies.

    `deadline` None takes the proposal of `deadlines`; on a holiday it moves to the next working day. When all that
    `MUSTS` asks for is given, the cure begins at once (整改中), else the firm has to settle it (待落实整改). `photos` are rows
    already kept, of the same inspection or by the same person, bound here as "before". `at` is the moment of finding on
    the server's clock (for work done offline). The same `client_id` returns the hazard registered first.
    Raises `Refused`: firm outside the scope of `by` (404), no power (403), missing words, bad deadline (422 with field).
    """
    if client_id is not None and (known := Hazard.objects.filter(client_id=client_id).first()):
        if known.found_by_id != by.pk or known.enterprise_id != enterprise.pk:
            raise Refused(_("这次登记的编号已被用过，没有保存。请刷新页面再登记。"), code="client_id_used")
        return known
    if not can_register(enterprise, by):
        raise Refused(_("在这家企业登记隐患不在您现在这个身份的职责里。"), code="not_yours", status=403)
    title = needed(title, "title", _("请写看到了什么。"))
    place = needed(place, "place", _("请写在哪里。"))
    _check(kind=kind, source=source, grade=grade, fen=fen)
    now = timezone.now()
    if at is not None and at > now + timedelta(minutes=10):
        raise Refused(_("发现时间在将来，没有保存。请检查手机时间。"), code="future", status=422)
    found_at, overrides = min(at or now, now), Holiday.objects.overrides()
    today = timezone.localdate()
    settled = (
        deadlines.settle(deadline, grade=grade, found=timezone.localdate(found_at), today=today, overrides=overrides)
        if deadline
        else deadlines.Settled(deadlines.propose(grade, today, overrides), None)
    )
    fields: dict[str, Any] = {
        "measure": measure.strip(), "responsible": (responsible or (fixer.name if fixer else "")).strip(), "fen": fen,
        "deadline": settled.day, "contingency": contingency.strip(),
    }  # fmt: skip
    try:
        with transaction.atomic():
            hazard = Hazard.objects.create(
                number=next_number("YH", enterprise.organisation.region_code, timezone.localdate(found_at)),
                enterprise=enterprise, region_code=enterprise.organisation.region_code, industry=enterprise.trade, source=source,
                inspection=inspection, checklist=checklist, item=item, title=title[:80], place=place[:80], detail=detail.strip(),
                kind=kind, grade=grade, criterion=criterion[:200], cite=cite[:200], latitude=latitude, longitude=longitude, fixer=fixer,
                state=State.FOUND, found_by=by, found_for=_served(by), found_at=found_at, helper=helper, client_id=client_id, **fields,
            )  # fmt: skip
            step = keep(hazard, "find", before="", by=by, at=found_at, words=words)
            bind(photos, hazard, step, role=Photo.Role.BEFORE, by=by)
            count(hazard, begun(hazard), found_at)
            if not missing(hazard):
                # Whoever finds may settle the cure in the same breath: a fact of the same moment, not another right.
                moved = {"moved": deadlines.says_moved(settled)} if settled.moved_from else {}
                _silently_plan(hazard, by=by, detail=moved)
            _tell_found(hazard, by)
    except IntegrityError:
        # A second tap of the same form arrived at the same moment.
        if client_id is not None and (known := Hazard.objects.filter(client_id=client_id).first()):
            return known
        raise
    return hazard


def can_register(enterprise: Enterprise, user: User) -> bool:
    """Whether the user may register hazards there: people of the firm, inspectors of the territory or with a mandate."""
    if enterprise.status != Enterprise.Status.ACTIVE or user.post is None:
        return False
    if user.post.organisation_id == enterprise.pk:
        return user.may(powers.MANAGE_ENTERPRISE) or user.may(powers.LEARN)
    return user.may(powers.INSPECT) and Enterprise.objects.visible_to(user).filter(pk=enterprise.pk).exists()


def missing(hazard: Hazard) -> list[str]:
    """Which of the musts are still empty."""
    return [name for name in MUSTS[hazard.grade] if getattr(hazard, name) in (None, "")]


@transaction.atomic
def plan_hazard(
    hazard: Hazard,
    *,
    by: User,
    measure: str,
    responsible: str = "",
    fixer: User | None = None,
    fen: int | None = None,
    deadline: date | None = None,
    contingency: str = "",
    version: int | None = None,
) -> deadlines.Settled:
    """Settle the cure (五落实), or change it; return the deadline as it holds.

    The firm may shorten a deadline, never lengthen it: that is an extension. An inspector may set any within the limits.
    Raises `Refused` (422 with field): a must is missing, deadline in the past or too far.
    """
    _check(fen=fen)
    settled = deadlines.Settled(hazard.deadline or timezone.localdate(), None)
    if deadline is not None and deadline != hazard.deadline:
        settled = deadlines.settle(
            deadline, grade=hazard.grade, found=timezone.localdate(hazard.found_at), today=timezone.localdate(),
            overrides=Holiday.objects.overrides(),
        )  # fmt: skip
        if (
            hazard.deadline
            and settled.day > hazard.deadline
            and not (by.may(powers.INSPECT) and not _of_firm(hazard, by))
        ):
            raise Refused(
                _("期限只能提前，不能推后。改不完时请申请延期。"), code="deadline_later", status=422, field="deadline"
            )
    fresh: dict[str, Any] = {
        "measure": measure.strip(), "responsible": (responsible or (fixer.name if fixer else "")).strip()[:60], "fixer": fixer,
        "fen": fen, "deadline": settled.day, "contingency": contingency.strip(),
    }  # fmt: skip
    empty = {
        "measure": _("请写怎么改。"), "responsible": _("没有写责任人。可以写自己。"),
        "fen": _("重大隐患要落实资金，不花钱请填 0。"), "deadline": _("没有选期限。"), "contingency": _("请写改好之前怎么保证安全。"),
    }  # fmt: skip
    for name in MUSTS[hazard.grade]:
        if fresh[name] in (None, ""):
            raise Refused(empty[name], code="must_missing", status=422, field=name)
    check_fixer(hazard, fixer)
    detail: dict[str, Any] = {
        name: [plain(getattr(hazard, name)), plain(value)]
        for name, value in fresh.items()
        if getattr(hazard, name) != value
    }
    if settled.moved_from:
        detail["moved"] = deadlines.says_moved(settled)
    step = take(hazard, "plan", by=by, version=version, detail=detail, **fresh)
    if fixer is not None and "fixer" in detail:
        tell([fixer.pk], hazard, step, _("有一条隐患请您整改"), hazard.title)
    return settled


@transaction.atomic
def cure_hazard(
    hazard: Hazard,
    *,
    by: User,
    words: str,
    photos: Iterable[Photo] = (),
    at: datetime | None = None,
    version: int | None = None,
) -> HazardStep:
    """Say that it is cured and ask for re-inspection. Wants a photo of after the cure, and words.

    Raises `Refused` (422): no words, no photo since it was last sent back.
    """
    words = needed(words, "words", _("请写做了什么。"))
    given = list(photos)
    if not given and not _photos_since_return(hazard).exists():
        raise Refused(_("还没有整改后的照片。请拍一张再提交。"), code="no_photo", status=422, field="photos")
    step = take(
        hazard,
        "cure",
        by=by,
        version=version,
        at=at,
        words=words,
        cured_by=by,
        cured_at=at or timezone.now(),
        verified_by=None,
    )
    bind([*given, *_photos_since_return(hazard)], hazard, step, role=Photo.Role.AFTER, by=by)
    tell(people.inspectors(hazard), hazard, step, _("一条隐患已整改，等您复查"), hazard.title)
    return step


@transaction.atomic
def pass_hazard(
    hazard: Hazard,
    *,
    by: User,
    words: str = "",
    photos: Iterable[Photo] = (),
    inspection: Inspection | None = None,
    at: datetime | None = None,
    version: int | None = None,
) -> HazardStep:
    """Re-inspected and found in order: a general hazard is closed, a major one waits for its closing by COORDINATE.

    Refused (403) to whoever fixed it or said it was cured, to the agency that helped, and below the level reached.
    """
    now = at or timezone.now()
    ends = {} if hazard.is_major else {"closed_at": now}
    step = take(
        hazard, "pass", by=by, version=version, at=at, words=words, detail=_seen(inspection), verified_by=by, **ends
    )
    bind(photos, hazard, step, role=Photo.Role.SCENE, by=by)
    count(hazard, {"rechecks_passed": 1}, step.at)
    weigh(hazard, step, passed=True)
    if hazard.state == State.CLOSED:
        count(hazard, {"hazards_closed": 1} | opened(hazard, -1), now)
        tell(people.concerned(hazard), hazard, step, _("隐患复查通过，已闭环"), hazard.title)
    else:
        tell(people.coordinators(hazard), hazard, step, _("重大隐患复查通过，等您销号"), hazard.title)
        tell(people.concerned(hazard), hazard, step, _("重大隐患复查通过，等待销号"), hazard.title)
    return step


@transaction.atomic
def fail_hazard(
    hazard: Hazard,
    *,
    by: User,
    words: str,
    deadline: date | None = None,
    photos: Iterable[Photo] = (),
    inspection: Inspection | None = None,
    at: datetime | None = None,
    version: int | None = None,
) -> HazardStep:
    """Re-inspected and not in order: back to curing with a new deadline, and one level up (grid → town → county).

    `deadline` None proposes one third of the first time, at least three working days.
    """
    words = needed(words, "words", _("请写哪里还不行，企业照着改。"))
    overrides, today = Holiday.objects.overrides(), timezone.localdate()
    settled = (
        deadlines.settle(deadline, grade=hazard.grade, found=today, today=today, overrides=overrides)
        if deadline
        else deadlines.again(hazard.grade, today, overrides)
    )
    level = min(hazard.level + 1, Level.COUNTY)
    detail: dict[str, Any] = _seen(inspection) | {"deadline": [plain(hazard.deadline), plain(settled.day)]}
    if level != hazard.level:
        detail |= {"level": [hazard.level, level]}
    if settled.moved_from:
        detail |= {"moved": deadlines.says_moved(settled)}
    risen = {"level": level, "level_since": timezone.now()} if level != hazard.level else {}
    step = take(
        hazard, "fail", by=by, version=version, at=at, words=words, detail=detail, deadline=settled.day,
        failed=hazard.failed + 1, verified_by=None, **risen,
    )  # fmt: skip
    bind(photos, hazard, step, role=Photo.Role.SCENE, by=by)
    count(hazard, {"rechecks_failed": 1}, step.at)
    weigh(hazard, step, passed=False)
    tell(people.concerned(hazard), hazard, step, _("隐患复查没有通过，请重新整改"), words)
    if risen:
        tell(
            people.but(people.officers_of(hazard.region_code, hazard.level), by.pk),
            hazard,
            step,
            _("一条隐患复查不合格，转到您这一级"),
            hazard.title,
        )
    return step


@transaction.atomic
def close_hazard(hazard: Hazard, *, by: User, words: str, version: int | None = None) -> HazardStep:
    """Close a major hazard that passed 销号: by COORDINATE, who did not cure it."""
    words = needed(words, "words", _("请写销号依据，例如现场复核情况。"))
    now = timezone.now()
    step = take(hazard, "close", by=by, version=version, words=words, closed_at=now)
    count(hazard, {"hazards_closed": 1} | opened(hazard, -1), now)
    tell(people.concerned(hazard), hazard, step, _("重大隐患已销号"), hazard.title)
    return step


@transaction.atomic
def self_close_hazard(
    hazard: Hazard, *, by: User, words: str, photos: Iterable[Photo] = (), version: int | None = None
) -> HazardStep:
    """The firm closes a general hazard that it found itself 自查自改, with a photo of after the cure.

    Somebody else than the curer confirms, as long as the firm has somebody else; in a firm with one manager the closing is
    their own word: `verified_by` stays empty, the step says `alone`, and the page asks the officer to look at the next visit.
    """
    words = needed(words, "words", _("请写做了什么。"))
    given = list(photos)
    if hazard.state == State.CURING and not given and not _photos_since_return(hazard).exists():
        raise Refused(_("还没有整改后的照片。请拍一张再闭环。"), code="no_photo", status=422, field="photos")
    if not may_self_close(hazard, by):
        raise Refused(
            _("整改的人不能自己闭环。请先提交整改，再由企业里另一位管理员确认。"), code="own_cure", status=403
        )
    did_it = _doer(hazard, by) == by.pk
    now = timezone.now()
    step = take(
        hazard, "self_close", by=by, version=version, words=words, detail={"alone": True} if did_it else {},
        cured_by_id=_doer(hazard, by), cured_at=hazard.cured_at or now, verified_by=None if did_it else by, closed_at=now,
    )  # fmt: skip
    bind([*given, *_photos_since_return(hazard)], hazard, step, role=Photo.Role.AFTER, by=by)
    count(hazard, {"hazards_closed": 1} | opened(hazard, -1), now)
    return step


def may_self_close(hazard: Hazard, by: User) -> bool:
    """Whether `by` may close what the firm found itself: not the curer's own work, as long as the firm has another manager."""
    return _doer(hazard, by) != by.pk or not people.but(people.managers_of(hazard.enterprise_id), by.pk)


def _doer(hazard: Hazard, by: User) -> int:
    return hazard.cured_by_id or hazard.fixer_id or by.pk


def _check(*, kind: str = "other", source: str = "patrol", grade: str = "general", fen: int | None = None) -> None:
    for value, choices, field in (
        (kind, Hazard.Kind.values, "kind"),
        (source, Source.values, "source"),
        (grade, Hazard.Grade.values, "grade"),
    ):
        if value not in choices:
            raise Refused(_("没有这个选项，请重新选。"), code="choice", status=422, field=field)
    if fen is not None and not 0 <= fen <= MOST_FEN:
        raise Refused(_("金额应在 0 到 10 亿元之间。"), code="fen", status=422, field="fen")


def check_fixer(hazard: Hazard, fixer: User | None) -> None:
    """Refuse (422) a fixer who is not of the firm."""
    if fixer is not None and not fixer.posts.filter(organisation_id=hazard.enterprise_id, until__isnull=True).exists():
        raise Refused(_("整改人要选本企业的人。"), code="fixer", status=422, field="fixer")


def _of_firm(hazard: Hazard, user: User) -> bool:
    return user.post is not None and user.post.organisation_id == hazard.enterprise_id


def _served(by: User) -> Organisation | None:
    """The agency or association that `by` inspects for."""
    organisation = by.post.organisation if by.post is not None else None
    return organisation if organisation is not None and organisation.kind in ("agency", "association") else None


def _silently_plan(hazard: Hazard, *, by: User, detail: dict[str, Any]) -> None:
    Hazard.objects.filter(pk=hazard.pk).update(state=State.CURING, version=F("version") + 1)
    hazard.state, hazard.version = State.CURING, hazard.version + 1
    keep(hazard, "plan", before=State.FOUND, by=by, detail=detail)


def _photos_since_return(hazard: Hazard) -> Any:
    return hazard.photos.filter(role=Photo.Role.AFTER, step__isnull=True)


def _seen(inspection: Inspection | None) -> dict[str, Any]:
    return {"inspection": inspection.pk} if inspection is not None else {}


def _tell_found(hazard: Hazard, by: User) -> None:
    url, key = reverse("hazards:detail", args=[hazard.pk]), f"hazard-found:{hazard.pk}"
    day = hazard.deadline or timezone.localdate()
    text = _("%(title)s。期限 %(m)d 月 %(d)d 日。") % {"title": hazard.title, "m": day.month, "d": day.day}
    title = _("查出一条重大隐患") if hazard.is_major else _("查出一条隐患，请整改")
    kind = "hazard_major" if hazard.is_major else "hazard"
    notify(people.but(people.concerned(hazard), by.pk), kind, title, key=key, text=text, url=url)
    if hazard.is_major:
        # 安全生产法 41: major hazards are reported to the regulator, who registers them and supervises their cure.
        above = {
            *people.officers_of(hazard.region_code, Level.TOWN),
            *people.officers_of(hazard.region_code, Level.COUNTY),
            *people.officers_of(hazard.region_code, Level.GRID),
        }
        firm = hazard.enterprise.organisation.name
        notify(
            people.but(above, by.pk),
            kind,
            _("%(firm)s 有一条重大隐患") % {"firm": firm},
            key=key,
            text=text,
            url=url,
        )
