"""Classes: make them, put people in, remind, extend, close, cancel, take back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Cast, Concat, TruncDate
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts import powers
from anlan.accounts.models import Post, Role, User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.bulk import constant, insert_from
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify, notify_all, retract_notices
from anlan.tallies.actions import tally_many
from anlan.training.actions.enrolments import refresh_enrolments
from anlan.training.models import ClassCourse, ClassExport, Course, Enrolment, Lesson, LessonProgress, TrainingClass
from anlan.training.selection import Selection, having

State = TrainingClass.State
MAX_CLASSES = 2000
ONE, BY_DEPARTMENT, BY_JOB = "one", "department", "job_title"


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """What is to be learnt, how, and until when. `hours` 0 asks for every lesson once."""

    title: str
    kind: str
    courses: tuple[int, ...]
    hours: Decimal
    no_skipping: bool
    certificate: bool
    starts_on: date
    deadline: datetime


def may_create(user: User) -> bool:
    """Whether the user may make classes at all: a firm's managers, or a regulator for the firms of the territory."""
    post = user.post
    if post is None:
        return False
    return bool(post.organisation_id and user.may(powers.ASSIGN_TRAINING)) or (
        post.is_territorial and user.may(powers.SUPERVISE)
    )


def create_classes(
    enterprises: QuerySet[Enterprise],
    selection: Selection,
    *,
    by: User,
    plan: ClassPlan,
    batch: uuid.UUID,
    split: str = ONE,
    again: bool = False,
) -> list[TrainingClass]:
    """Make one class per enterprise (or, `split`, per department or job of one enterprise) and enrol who is meant.

    People who already have all these courses are left out unless `again`. The same `batch` makes its classes once: sent
    twice, it returns what it made. Set-based: the number of statements does not grow with the number of people.
    Raises `Refused`: no power or territory (403, 404), nobody meant, course withdrawn meanwhile, too many classes.
    """
    try:
        with transaction.atomic():
            made = list(TrainingClass.objects.filter(batch=batch).order_by("pk"))
            return _own(made, by) if made else _create(enterprises, selection, by, plan, batch, split, again)
    except IntegrityError:  # the twin request was faster: its classes are ours
        made = list(TrainingClass.objects.filter(batch=batch).order_by("pk"))
        if not made:
            raise
        return _own(made, by)


def _own(made: list[TrainingClass], by: User) -> list[TrainingClass]:
    if any(one.created_by_id != by.pk for one in made):
        raise Refused(_("这份表单已经用过。请重新打开“新建培训班”。"), code="batch_used")
    return made


def _create(
    enterprises: QuerySet[Enterprise],
    selection: Selection,
    by: User,
    plan: ClassPlan,
    batch: uuid.UUID,
    split: str,
    again: bool,
) -> list[TrainingClass]:
    if not may_create(by):
        raise Refused(_("您现在的身份不能建培训班。"), code="power", status=403)
    _check_courses(plan)
    firms = {
        firm.pk: firm
        for firm in enterprises.filter(pk__in=Enterprise.objects.visible_to(by)).select_related("organisation")
    }
    if not firms:
        raise Refused(_("没有选到企业，没有建班。"), code="no_enterprise", status=404)
    people = meant(firms.keys(), selection, plan.courses, again=again)
    groups = _groups(people, firms, split)
    if not groups:
        raise Refused(_("按您选的条件没有人要派，没有建班。请换一个范围。"), code="nobody", status=422)
    if len(groups) > MAX_CLASSES:
        raise Refused(
            _("一次最多建 %(n)d 个班，您选的会建 %(m)d 个。请缩小范围分几次建。")
            % {"n": MAX_CLASSES, "m": len(groups)},
            code="too_many",
            status=422,
        )
    now = timezone.now()
    giver = by.post.scope_name if by.post is not None and by.post.is_territorial else ""
    made = TrainingClass.objects.bulk_create(
        TrainingClass(
            organisation=firms[firm].organisation, region_code=firms[firm].organisation.region_code,
            title=_title(plan.title, label), kind=plan.kind, hours=plan.hours, no_skipping=plan.no_skipping,
            certificate=plan.certificate, starts_on=plan.starts_on, deadline=plan.deadline, batch=batch, created_by=by, given_by=giver,
        )
        for firm, label in groups
    )  # fmt: skip
    ClassCourse.objects.bulk_create(
        ClassCourse(training_class=one, course_id=course, position=n)
        for one in made
        for n, course in enumerate(plan.courses)
    )
    lessons = Lesson.objects.filter(course__in=plan.courses).count()
    for class_id, chunk in _chunks(people, made, groups, split):
        insert_enrolments(chunk, class_id, lessons, now)
    _count_and_record(made, firms, by, batch, now)
    tell_enrolled(Enrolment.objects.filter(training_class__batch=batch), made[0])
    if giver:
        _tell_managers(made)
    refresh_known(made, now)
    return made


def meant(firms: Iterable[int], selection: Selection, courses: Sequence[int], *, again: bool) -> QuerySet[Worker, Any]:
    """Return the workers who would be enrolled."""
    people = selection.of(Enterprise.objects.filter(pk__in=list(firms)))
    if again or not courses:
        return people
    return people.exclude(pk__in=having(people, list(courses), timezone.now()).values("pk"))


def _check_courses(plan: ClassPlan) -> None:
    found = Course.objects.filter(pk__in=plan.courses, state=Course.State.PUBLISHED).count()
    if not plan.courses or found != len(set(plan.courses)):
        raise Refused(_("选的课程里有的刚刚下架了，没有建班。请重新选课。"), code="course", status=422, field="courses")
    if plan.deadline <= timezone.now():
        raise Refused(_("截止日期已经过去，请选今天或以后。"), code="deadline", status=422, field="until")


def _groups(people: QuerySet[Worker, Any], firms: dict[int, Enterprise], split: str) -> list[tuple[int, str]]:
    """Return (enterprise, label) for each class to be made, in a steady order."""
    if split == ONE:
        return [
            (firm, "") for firm in people.order_by("enterprise_id").values_list("enterprise_id", flat=True).distinct()
        ]
    if len(firms) != 1:
        raise Refused(_("按部门或岗位分班，一次只能选一家企业。"), code="split", status=422, field="split")
    labels = people.order_by(split).values_list(split, flat=True).distinct()
    return [(next(iter(firms)), label) for label in labels]


def _title(title: str, label: str) -> str:
    return (f"{title[: 118 - len(label)]} · {label}" if label else title)[:120]


def _chunks(
    people: QuerySet[Worker, Any], made: list[TrainingClass], groups: list[tuple[int, str]], split: str
) -> Iterable[tuple[models.Expression | F, QuerySet[Worker, Any]]]:
    """Return (class, people) pairs: all firms in one statement by joining the batch, else one pair per class."""
    if split == ONE:
        yield (
            F("enterprise__organisation__classes"),
            people.filter(enterprise__organisation__classes__batch=made[0].batch),
        )
        return
    for one, (_firm, label) in zip(made, groups, strict=True):
        yield Value(one.pk), people.filter(**{split: label})


def insert_enrolments(people: QuerySet[Worker, Any], class_id: Any, lessons: int, now: datetime) -> int:
    """Enrol people in one INSERT … SELECT; who is enrolled already stays as is. Return how many are new."""
    number, moment = models.BigIntegerField(), models.DateTimeField()
    columns = {
        "training_class": class_id,
        "state": constant(Enrolment.State.ASSIGNED.value, models.CharField()),
        "lessons_total": constant(lessons, number),
        "lessons_done": constant(0, number),
        "credited_ms": constant(0, number),
        "created_at": constant(now, moment),
    }
    named = {f"new_{name}": value for name, value in columns.items()}
    rows = people.values_list("user_id", "enterprise_id").annotate(**named)
    return insert_from(Enrolment, rows, ["user", "enterprise_id", *columns])


def refresh_known(classes: Iterable[TrainingClass], now: datetime) -> None:
    """Credit what the enrolled have learnt this year of the courses, which these classes share."""
    made = list(classes)
    courses = ClassCourse.objects.filter(training_class=made[0]).values_list("course_id", flat=True)
    known = LessonProgress.objects.filter(
        user=models.OuterRef("user_id"), lesson__course__in=list(courses), year=made[0].starts_on.year
    )
    ids = Enrolment.objects.filter(models.Exists(known), training_class__in=made, state=Enrolment.State.ASSIGNED)
    refresh_enrolments(list(ids.values_list("pk", flat=True)), at=now)


def tally_enrolled(changes: Iterable[tuple[int, date | datetime, int]], *, classes: int = 0) -> None:
    """Count (enterprise, day of the enrolment, ± people); the month is that of the enrolment, so that recounting agrees."""
    rows = list(changes)
    places = {
        pk: (region, industry[:3])
        for pk, region, industry in Enterprise.objects.filter(pk__in={firm for firm, _when, _n in rows}).values_list(
            "pk", "organisation__region_code", "industry"
        )
    }
    tally_many(
        (measure, amount, ("enterprise", firm), when, *places[firm])
        for firm, when, people in rows
        if firm in places
        for measure, amount in (("enrolled", people), ("classes", classes))
    )


def _count_and_record(
    made: list[TrainingClass], firms: dict[int, Enterprise], by: User, batch: uuid.UUID, now: datetime
) -> None:
    counts = dict(
        Enrolment.objects.filter(training_class__in=made)
        .order_by()
        .values_list("training_class_id")
        .annotate(n=Count("pk"))
    )
    tally_enrolled([(one.organisation_id, now, counts.get(one.pk, 0)) for one in made], classes=1)
    for one in made:
        record("create_class", one, by=by, region_code=one.region_code, people=counts.get(one.pk, 0), batch=str(batch))


def mine_url() -> str:
    """Where a learner finds the classes."""
    return _url("training:mine")


def _url(name: str, *args: object) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def tell_enrolled(rows: QuerySet[Enrolment, Any], like: TrainingClass) -> int:
    """Tell people of their new class, one statement."""
    text = _("请在 %(day)s 前学完。学过的内容随时保存，可以分几次学。") % {
        "day": f"{timezone.localtime(like.deadline):%Y-%m-%d}"
    }
    return notify_all(
        rows, "user_id", "class", Concat(Value(_("新的培训班：")), F("training_class__title"), output_field=models.CharField()),
        key=class_key("new"), text=text, url=mine_url(),
    )  # fmt: skip


def class_key(reason: str, suffix: str = "") -> models.Expression:
    """`class-<reason>:<class><suffix>` as SQL over enrolments."""
    return Concat(
        Value(f"class-{reason}:"), Cast("training_class_id", models.CharField()), Value(suffix),
        output_field=models.CharField(),
    )  # fmt: skip


def managers_of(organisations: Iterable[int]) -> list[tuple[int, int]]:
    """Return (organisation, user) of those who assign training there."""
    roles = [role.pk for role in Role.objects.all() if powers.ASSIGN_TRAINING in role.powers]
    posts = Post.objects.filter(organisation_id__in=list(organisations), role_id__in=roles, until__isnull=True)
    return list(posts.values_list("organisation_id", "user_id").distinct())


def _tell_managers(made: list[TrainingClass]) -> None:
    managers: dict[int, list[int]] = {}
    for organisation, user in managers_of({one.organisation_id for one in made}):
        managers.setdefault(organisation, []).append(user)
    for one in made:
        notify(
            managers.get(one.organisation_id, []), "class",
            _("%(who)s给您单位建了培训班：%(title)s") % {"who": one.given_by, "title": one.title},
            key=f"class-given:{one.pk}", text=_("请督促员工按期学完。"), url=_url("training:class", one.pk),
        )  # fmt: skip


def undo_batch(batch: uuid.UUID, *, by: User) -> int:
    """Take back the classes made together, while nobody has begun; return how many. Unread messages about them go too.

    Raises `Refused`: not one's own (404), somebody has begun (409).
    """
    with transaction.atomic():
        made = list(
            TrainingClass.objects.visible_to(by).filter(batch=batch, state=State.OPEN).select_for_update(of=("self",))
        )
        if not made or not all(one.can_undo(by) for one in made):
            raise Refused(_("这批班已经不在了。"), code="gone", status=404)
        begun = Enrolment.objects.filter(training_class__in=made).begun().count()
        if begun:
            raise Refused(
                ngettext(
                    "已有 %(n)d 人开始学，不能撤回这批班。可以逐个结束或取消。",
                    "已有 %(n)d 人开始学，不能撤回这批班。可以逐个结束或取消。",
                    begun,
                )
                % {"n": begun},
                code="begun",
            )
        _uncount(made)
        TrainingClass.objects.filter(pk__in=[one.pk for one in made]).update(
            state=State.CANCELLED, version=F("version") + 1
        )
        for one in made:
            record("undo_class", one, by=by, region_code=one.region_code, batch=str(batch))
        retract_notices(f"class-{reason}:{one.pk}" for one in made for reason in ("new", "given"))
    return len(made)


def _uncount(classes: list[TrainingClass]) -> None:
    """Take classes and their people out of the tallies, in the months in which they were counted."""
    days = Enrolment.objects.filter(training_class__in=classes).active()
    rows = (
        days.order_by().values_list("training_class__organisation_id", TruncDate("created_at")).annotate(n=Count("pk"))
    )
    tally_enrolled([(firm, day, -n) for firm, day, n in rows])
    tally_enrolled([(one.organisation_id, one.created_at, 0) for one in classes], classes=-1)


def _step(one: TrainingClass, *, by: User, version: int, before: str, verb: str, **changes: Any) -> None:
    """Compare-and-set: change a class that is still as the form saw it, and record it."""
    if not one.can_manage(by) and not (verb == "cancel_class" and one.can_undo(by)):
        raise Refused(_("这个培训班不归您管理。"), code="power", status=403)
    changed = TrainingClass.objects.filter(pk=one.pk, version=version, state=before).update(
        version=F("version") + 1, **changes
    )
    if not changed:
        raise Refused(_("这个班刚刚被改过，这一步没有做。请看一眼现在的情况，再决定要不要做。"), code="stale")
    one.refresh_from_db()
    record(verb, one, by=by, region_code=one.region_code, **{k: str(v) for k, v in changes.items()})


@transaction.atomic
def extend_class(one: TrainingClass, *, by: User, version: int, deadline: datetime) -> None:
    """Move the deadline to a later moment, and tell those who are still learning."""
    if deadline <= max(one.deadline, timezone.now()):
        raise Refused(_("新的截止日期要晚于今天，也要晚于原来的截止日期。"), code="deadline", status=422, field="until")
    _step(one, by=by, version=version, before=State.OPEN, verb="extend_class", deadline=deadline)
    day = f"{timezone.localtime(deadline):%Y-%m-%d}"
    notify_all(
        Enrolment.objects.filter(training_class=one).lagging(), "user_id", "class",
        _("“%(title)s”延到 %(day)s") % {"title": one.title, "day": day},
        key=f"class-extend:{one.pk}:{day}", url=mine_url(),
    )  # fmt: skip


@transaction.atomic
def close_class(one: TrainingClass, *, by: User, version: int) -> None:
    """End a class. Who has not learnt everything stays as they are; hours earned stay."""
    _step(one, by=by, version=version, before=State.OPEN, verb="close_class", state=State.CLOSED)


@transaction.atomic
def reopen_class(one: TrainingClass, *, by: User, version: int) -> None:
    """Undo the end of a class."""
    _step(one, by=by, version=version, before=State.CLOSED, verb="reopen_class", state=State.OPEN)


@transaction.atomic
def cancel_class(one: TrainingClass, *, by: User, version: int) -> None:
    """Cancel a class that nobody has finished; hours already earned stay with the people."""
    if one.given_by and one.can_manage(by):
        raise Refused(
            _("这个班是%(who)s布置的，不能取消。学完或者到期以后可以结束。") % {"who": one.given_by},
            code="given",
            status=403,
        )
    done = Enrolment.objects.filter(training_class=one, state__in=["learnt", "passed"]).count()
    if done:
        raise Refused(
            _("已有 %(n)d 人学完，不能取消。可以结束这个班，成绩和学时都保留。") % {"n": done}, code="finished"
        )
    _step(one, by=by, version=version, before=State.OPEN, verb="cancel_class", state=State.CANCELLED)
    _uncount([one])
    retract_notices([f"class-new:{one.pk}", f"class-given:{one.pk}"])
    notify_all(
        Enrolment.objects.filter(training_class=one).lagging(), "user_id", "class",
        _("“%(title)s”取消了") % {"title": one.title},
        key=f"class-cancel:{one.pk}", text=_("不用再学这个班。已经得到的学时都保留。"), url=mine_url(),
    )  # fmt: skip


@transaction.atomic
def ask_export(one: TrainingClass, *, by: User, rows: int) -> ClassExport:
    """Record that someone takes the report away; return the job that writes it, to be enqueued when it is long."""
    record("export_class", one, by=by, region_code=one.region_code, people=rows)
    return ClassExport.objects.create(training_class=one, created_by=by, rows=rows)
