"""What a class looks like: counts, people, history, the sheet. SQL and pure reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, CharField, Count, DateTimeField, FilteredRelation, Max, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.audit.models import Record
from anlan.lib.prepared import Prepared
from anlan.training.models import Enrolment, TrainingClass
from anlan.training.models.classes import midnight_of, not_reminded_since, remindable

S = Enrolment.State
LAGGING = (S.ASSIGNED, S.LEARNING)
FILTERS: tuple[tuple[str, str | Promise], ...] = (
    ("", gettext_lazy("全部")),
    ("lagging", gettext_lazy("没学完")),
    (S.ASSIGNED, gettext_lazy("没开始")),
    (S.LEARNING, gettext_lazy("在学")),
    ("done", gettext_lazy("学完")),
    (S.WITHDRAWN, gettext_lazy("已退出")),
)
VERBS: dict[str, str | Promise] = {
    "create_class": gettext_lazy("建班"),
    "enrol_workers": gettext_lazy("加人"),
    "withdraw_people": gettext_lazy("让人退出"),
    "restore_people": gettext_lazy("恢复"),
    "remind_people": gettext_lazy("催学"),
    "extend_class": gettext_lazy("延长期限"),
    "close_class": gettext_lazy("结束"),
    "reopen_class": gettext_lazy("重新打开"),
    "cancel_class": gettext_lazy("取消"),
    "undo_class": gettext_lazy("撤回"),
    "export_class": gettext_lazy("导出"),
}


class Person(NamedTuple):
    """One line of the report. `job` and `department` are None for someone who has left the firm."""

    pk: int
    name: str
    job: str | None
    department: str | None
    state: str
    done: int
    total: int
    credited_ms: int
    last_seen_at: datetime | None
    learnt_at: datetime | None
    passed_at: datetime | None
    reminded_at: datetime | None


@dataclass(slots=True)
class Counts:
    """People of a class by state."""

    assigned: int = 0
    learning: int = 0
    learnt: int = 0
    passed: int = 0
    withdrawn: int = 0
    remindable: int = 0
    last_seen_at: datetime | None = None

    @property
    def total(self) -> int:
        """Everyone not withdrawn."""
        return self.assigned + self.learning + self.learnt + self.passed

    @property
    def done(self) -> int:
        """Who has learnt everything."""
        return self.learnt + self.passed

    @property
    def lagging(self) -> int:
        """Who has not."""
        return self.assigned + self.learning

    @property
    def percent(self) -> int:
        """Share of those done, cut off: 100 only when nobody lags."""
        return self.done * 100 // self.total if self.total else 0


def counts_of(classes: Iterable[TrainingClass | int]) -> dict[int, Counts]:
    """Count the people of classes by state, one query."""
    found: dict[int, Counts] = {}
    rows = _count_columns(Enrolment.objects.filter(training_class__in=list(classes)), remindable(timezone.now()))
    return _counted(found, rows)


def counts_of_one(one: TrainingClass) -> Counts:
    """Count the people of a class by state."""
    rows = _counts.rows(one=one.pk, midnight=midnight_of(timezone.now()))
    return _counted({}, rows).get(one.pk, Counts())


def _count_columns(people: QuerySet[Enrolment], fresh: Q) -> QuerySet[Enrolment, Any]:
    return (
        people.order_by()
        .values_list("training_class_id", "state")
        .annotate(n=Count("pk"), fresh=Count("pk", filter=fresh), seen=Max("last_seen_at"))
    )


_counts: Prepared[tuple[Any, ...]] = Prepared(
    lambda one, midnight: _count_columns(Enrolment.objects.filter(training_class=one), not_reminded_since(midnight)),
    one=BigIntegerField(),
    midnight=DateTimeField(),
)


def _counted(found: dict[int, Counts], rows: Iterable[tuple[Any, ...]]) -> dict[int, Counts]:
    for pk, state, n, fresh, seen in rows:
        counts = found.setdefault(pk, Counts())
        setattr(counts, state, n)
        counts.remindable += fresh if state in LAGGING else 0
        counts.last_seen_at = max(filter(None, (counts.last_seen_at, seen)), default=None)
    return found


def people_of(one: TrainingClass, *, state: str = "", words: str = "") -> QuerySet[Enrolment, Any]:
    """Return the people of a class with the columns of `Person`, who lags first; one query, whatever the number."""
    rows = Enrolment.objects.filter(training_class=one)
    match state:
        case "lagging":
            rows = rows.lagging()
        case "done":
            rows = rows.filter(state__in=[S.LEARNT, S.PASSED])
        case S.ASSIGNED | S.LEARNING | S.WITHDRAWN:
            rows = rows.filter(state=state)
        case _:
            rows = rows.active()
    if words:
        rows = rows.filter(user__name__icontains=words)
    return _columns(rows, one.organisation_id)


def everyone_of(one: TrainingClass) -> list[tuple[Any, ...]]:
    """Return the whole of `people_of` without a filter, for a class of one page."""
    return _everyone.rows(one=one.pk, firm=one.organisation_id)


def _columns(rows: QuerySet[Enrolment], firm: Any) -> QuerySet[Enrolment, Any]:
    return (
        rows.annotate(
            job=FilteredRelation(
                "user__jobs",
                condition=Q(user__jobs__enterprise=firm, user__jobs__left_on__isnull=True),
            ),
        )
        .order_by("state", "lessons_done", "pk")  # the alphabet of the states is the order of progress
        .values_list(
            "pk", "user__name", "job__job_title", "job__department", "state", "lessons_done", "lessons_total",
            "credited_ms", "last_seen_at", "learnt_at", "passed_at", "reminded_at",
        )
    )  # fmt: skip


_everyone: Prepared[tuple[Any, ...]] = Prepared(
    lambda one, firm: _columns(Enrolment.objects.filter(training_class=one).active(), firm),
    one=BigIntegerField(),
    firm=BigIntegerField(),
)


def lines_of(people: Iterable[Person]) -> list[tuple[Person, str, str]]:
    """Each person with the words and the tone of their state."""
    words = {value: str(label) for value, label in S.choices}
    tones = {S.LEARNING: "live", S.LEARNT: "done", S.PASSED: "done"}
    return [(one, words[one.state], tones.get(S(one.state), "")) for one in people]


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the history."""

    at: datetime
    who: str
    what: str
    detail: str


_records: Prepared[tuple[datetime, str, str, dict[str, Any]]] = Prepared(
    lambda subject: (
        Record.objects.filter(subject_kind="training.trainingclass", subject_id=subject)
        .order_by("-id")
        .values_list("at", "actor_name", "verb", "detail")[:8]
    ),
    subject=CharField(),
)


def history_of(one: TrainingClass) -> list[Event]:
    """What was done to a class, newest first, from the record."""
    return [
        Event(at, who, str(VERBS[verb]), _detail(detail))
        for at, who, verb, detail in _records.rows(subject=str(one.pk))
        if verb in VERBS
    ]


def _detail(detail: dict[str, Any]) -> str:
    parts = [_("%(n)d 人") % {"n": detail["people"]}] if detail.get("people") else []
    if detail.get("deadline"):
        parts.append(_("到 %(day)s") % {"day": timezone.localtime(datetime.fromisoformat(detail["deadline"])).date()})
    if detail.get("reason"):
        parts.append(str(detail["reason"]))
    return "，".join(parts)


def sheet_of(one: TrainingClass, rows: Iterable[Any] | None = None) -> Iterator[list[object]]:
    """The rows of the export, head first; streams from the database."""
    yield [
        _("姓名"), _("部门"), _("岗位"), _("状态"), _("已学讲数"), _("总讲数"), _("学时（小时）"),
        _("最近学习"), _("学完时间"), _("达标时间"), _("最近催学"),
    ]  # fmt: skip
    words = {value: str(label) for value, label in S.choices}
    for row in people_of(one).iterator(2000) if rows is None else rows:
        person = Person(*row)
        yield [
            person.name, person.department, person.job, words[person.state], person.done, person.total,
            round(person.credited_ms / 3_600_000, 2), person.last_seen_at, person.learnt_at, person.passed_at,
            person.reminded_at,
        ]  # fmt: skip
