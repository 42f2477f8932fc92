"""Safety reports: opened by the clock, written by the firm, passed or returned by the officer. Every round is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.hazards import people, workdays
from anlan.hazards.models import Checklist, Finding, Holiday, ReportRound, SafetyReport
from anlan.hazards.planning import report_list
from anlan.lib.errors import Refused, Text
from anlan.notifications.actions import notify, notify_all
from anlan.tallies.actions import tally_many

State, Kind = SafetyReport.State, SafetyReport.Kind
MONTHLY_DUE: Final = 10
"""Day of the month: ten days to walk through the shop once, three weeks for the officer and for what must be cured."""
QUARTERLY_DUE: Final = 20
"""Day of the quarter's last month: what is found then is still in the quarter's figures."""
QUARTER_MONTHS: Final = 3
REMIND_DAYS: Final = (3, 1, 0)
"""Days before the deadline on which the firm is reminded; then once when it has passed."""
BATCH: Final = 2000


@dataclass(frozen=True, slots=True)
class Term:
    """What is due: kind, first day of its period, day it opens, last day."""

    kind: str
    period: date
    opens: date
    due_on: date


def terms(today: date, overrides: workdays.Overrides = workdays.NONE) -> list[Term]:
    """The reports that are open on this day: the month's from the 1st, the quarter's from the 1st of its last month.

    A last day that is no working day moves to the next one.
    """
    first = today.replace(day=1)
    found = [Term(Kind.MONTHLY, first, first, workdays.on_or_after(first.replace(day=MONTHLY_DUE), overrides))]
    if today.month % QUARTER_MONTHS == 0:
        start = date(today.year, today.month - QUARTER_MONTHS + 1, 1)
        due = workdays.on_or_after(first.replace(day=QUARTERLY_DUE), overrides)
        found.append(Term(Kind.QUARTERLY, start, first, due))
    return found


def open_reports(today: date | None = None) -> int:
    """Open the reports of the day for every active firm; return how many are new. Harmless to repeat."""
    today = today or timezone.localdate()
    lists, made = list(Checklist.objects.in_use()), 0
    for term in terms(today, Holiday.objects.overrides()):
        if today <= term.due_on:  # a firm that joins after the last day begins with the next period
            made += _open_term(term, lists)
    withdraw_reports()
    return made


def _open_term(term: Term, lists: list[Checklist]) -> int:
    made, last = 0, 0
    there = Exists(SafetyReport.objects.filter(enterprise=OuterRef("pk"), kind=term.kind, period=term.period))
    while True:
        rows = Enterprise.objects.active().filter(~there, pk__gt=last).select_related("organisation").order_by("pk")
        firms = list(rows[:BATCH])
        if not firms:
            return made
        last = firms[-1].pk
        made += _open_batch(term, firms, lists)


@transaction.atomic
def _open_batch(term: Term, firms: list[Enterprise], lists: list[Checklist]) -> int:
    rows = []
    for firm in firms:
        found = report_list(firm, term.kind, lists)
        if found is not None:
            rows.append(
                SafetyReport(
                    enterprise=firm, region_code=firm.organisation.region_code, kind=term.kind, period=term.period,
                    due_on=term.due_on, checklist_id=found.current_id,
                )
            )  # fmt: skip
    # Whoever else opens them at this moment has the constraint against them; only what is ours is counted.
    held = SafetyReport.objects.filter(enterprise__in=firms, kind=term.kind, period=term.period)
    there = set(held.values_list("enterprise_id", flat=True))
    rows = [row for row in rows if row.enterprise_id not in there]
    SafetyReport.objects.bulk_create(rows, batch_size=500)
    count_reports("reports_due", 1, rows)
    return len(rows)


def count_reports(measure: str, sign: int, reports: Iterable[SafetyReport]) -> None:
    """Tally reports in the month of their last day, so that due and on time stand side by side."""
    tally_many(
        (measure, sign, ("enterprise", row.enterprise_id), row.due_on, row.region_code, row.enterprise.trade)
        for row in reports
    )


def move_report(report: SafetyReport, into: Enterprise) -> None:
    """Let an open report go over to the firm that its own was merged into, with what it counts for. In the caller's transaction."""
    counts = ["reports_due", *(["reports_on_time"] if report.first_submitted_at and not report.was_late else [])]
    for measure in counts:
        count_reports(measure, -1, [report])
    SafetyReport.objects.filter(pk=report.pk).update(enterprise=into, region_code=into.organisation.region_code)
    report.enterprise, report.region_code = into, into.organisation.region_code
    for measure in counts:
        count_reports(measure, 1, [report])


@transaction.atomic
def withdraw_reports() -> int:
    """Take back reports that nobody touched and whose firm has ended since; return how many."""
    rows = list(
        SafetyReport.objects.filter(state=State.OPEN, saved_at__isnull=True).exclude(
            enterprise__status=Enterprise.Status.ACTIVE
        ).select_related("enterprise__organisation")
    )  # fmt: skip
    count_reports("reports_due", -1, rows)
    SafetyReport.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


@transaction.atomic
def answer_report(
    report: SafetyReport, item: str, *, result: str, by: User, note: str = "", seen: str | None = None
) -> SafetyReport:
    """Keep one answer of the draft. `seen` is the `mark` of the answer shown: 409 when a colleague answered otherwise.

    Raises `Refused`: not of this firm (403), handed in or passed (409), unknown item (422).
    """
    held = _hold(report, by)
    if result not in Finding.Result.values or held.checklist.item(item) is None:
        raise Refused(_("检查表里没有这一项，没有保存。请刷新页面。"), code="no_item", status=422)
    old, note = held.answers.get(item), note.strip()[:500]
    fresh = {"result": result, "note": note, "by": by.pk, "name": by.name}
    if old and (old["result"], old["note"]) == (result, note):
        return held
    if seen is not None and old and old.get("by") != by.pk and seen != mark(old):
        raise Refused(
            _("%(name)s刚刚填过这一项。您选的没有保存，请先看一眼。") % {"name": old.get("name", "")},
            code="answered_otherwise",
        )
    held.answers[item] = fresh
    held.saved_at = timezone.now()
    held.version += 1
    held.save(update_fields=["answers", "saved_at", "version"])
    return held


def mark(answer: dict[str, Any] | None) -> str:
    """What a page remembers of an answer that it showed."""
    return f"{answer['result']}:{answer['note']}" if answer else ""


@transaction.atomic
def submit_report(report: SafetyReport, *, by: User, version: int | None = None) -> ReportRound:
    """Hand in: the draft becomes a round and is locked until the officer answers.

    Handed in already: the round that waits is returned (a double tap). Raises `Refused` (422): an item without an answer, a
    failed one without words.
    """
    waiting = report.history.filter(passed__isnull=True).first()
    if waiting is not None and report.can_write(by):
        return waiting
    held = _hold(report, by)
    if version is not None and version != held.version:
        raise Refused(_("同事刚刚改过这份报告，请看过再提交。已填的都在。"), code="stale")
    for item in held.checklist.items:
        answer = held.answers.get(item["key"])
        if answer is None:
            raise Refused(
                _("还没有填：%(item)s") % {"item": item["text"]}, code="unanswered", status=422, field=item["key"]
            )
        if answer["result"] == Finding.Result.FAIL and not answer["note"]:
            raise Refused(
                _("“%(item)s”不符合，请写清情况和打算怎么改。") % {"item": item["text"]},
                code="fail_unexplained", status=422, field=item["key"],
            )  # fmt: skip
    now = timezone.now()
    first = held.first_submitted_at is None
    held.rounds += 1
    held.state, held.submitted_by, held.submitted_at = State.SUBMITTED, by, now
    held.first_submitted_at = held.first_submitted_at or now
    held.version += 1
    held.save()
    fresh = ReportRound.objects.create(
        report=held, number=held.rounds, answers=held.answers, submitted_by=by, submitted_at=now
    )
    if first and not held.was_late:
        count_reports("reports_on_time", 1, [held])
    record("submit_report", held, by=by, region_code=held.region_code, number=held.rounds)
    notify(
        people.officers_of(held.region_code, 1), "report", _("%(firm)s交来%(title)s") % {"firm": held.enterprise, "title": held.title},
        key=f"report-submitted:{held.pk}:{held.rounds}", url=reverse("hazards:report", args=[held.pk]),
    )  # fmt: skip
    report.refresh_from_db()
    return fresh


@transaction.atomic
def review_report(report: SafetyReport, *, by: User, passed: bool, words: str = "", number: int | None = None) -> None:
    """Pass it (locked for good) or return it with reasons. `number` is the round that the officer read.

    The same answer again is harmless. Raises `Refused`: not their place, or one's own report (403), another round or answered
    otherwise meanwhile (409), a return without reason (422).
    """
    held = SafetyReport.objects.select_for_update().get(pk=report.pk)
    if not held.can_review(by) or held.submitted_by_id == by.pk:
        raise Refused(_("审核这份报告不在您现在这个身份的职责里。"), code="not_yours", status=403)
    if not passed and not words.strip():
        raise Refused(_("退回要写原因，企业照着改。"), code="no_reason", status=422, field="words")
    goal = State.PASSED if passed else State.RETURNED
    if held.state == goal and held.reviewed_by_id == by.pk:
        return
    if held.state != State.SUBMITTED or (number is not None and number != held.rounds):
        other = held.reviewed_by.name if held.reviewed_by and held.state != State.SUBMITTED else ""
        said = _("%(name)s刚刚审过这份报告：%(state)s。") % {"name": other, "state": held.get_state_display()}
        raise Refused(said if other else _("企业又交了新的一份，请看过再审。"), code="stale")
    now = timezone.now()
    held.state, held.reviewed_by, held.reviewed_at = goal, by, now
    held.version += 1
    held.save()
    held.history.filter(number=held.rounds).update(
        passed=passed, reviewed_by=by, reviewed_at=now, words=words.strip()[:500]
    )
    record("pass_report" if passed else "return_report", held, by=by, region_code=held.region_code, number=held.rounds)
    title = _("%(title)s已通过") if passed else _("%(title)s被退回，请改好再交")
    notify(
        people.managers_of(held.enterprise_id), "report", title % {"title": held.title}, text=words.strip(),
        key=f"report-{goal}:{held.pk}:{held.rounds}", url=reverse("hazards:report", args=[held.pk]),
    )  # fmt: skip
    report.refresh_from_db()


def review_many(
    reports: Iterable[SafetyReport], *, by: User, passed: bool, words: str = ""
) -> tuple[int, list[tuple[SafetyReport, Text]]]:
    """Review one by one; return how many were done, and why the others were not. One refusal spoils no other."""
    done, problems = 0, []
    for report in reports:
        try:
            review_report(report, by=by, passed=passed, words=words)
            done += 1
        except Refused as refused:
            problems.append((report, refused.message))
    return done, problems


def remind_reports(today: date | None = None) -> int:
    """Remind the managers of firms before the last day, on it, and once after it; return how many messages are new."""
    today, sent = today or timezone.localdate(), 0
    posts = "enterprise__organisation__posts__"
    path = reverse("hazards:report", args=[0]).split("0/")[0]
    row = Cast("pk", CharField())
    for days in (*REMIND_DAYS, -1):
        late = SafetyReport.objects.filter(
            state=State.OPEN, first_submitted_at__isnull=True, due_on=today + timedelta(days=days),
            enterprise__status=Enterprise.Status.ACTIVE,
            **{f"{posts}until__isnull": True, f"{posts}role_id__in": people.managing()},
        )  # fmt: skip
        words = {0: _("今天截止"), -1: _("已经过期，还能补交")}.get(days) or _("还有 %(n)d 天截止") % {"n": days}
        for kind, period in set(late.values_list("kind", "period")):
            sent += notify_all(
                late.filter(kind=kind, period=period), f"{posts}user", "report",
                _("%(title)s%(when)s") % {"title": SafetyReport(kind=kind, period=period).title, "when": words},
                key=Concat(Value("report-due:"), row, Value(f":{days}")), url=Concat(Value(path), row, Value("/")),
            )  # fmt: skip
    return sent


def _hold(report: SafetyReport, by: User) -> SafetyReport:
    held = SafetyReport.objects.select_for_update().get(pk=report.pk)
    if not held.can_write(by):
        raise Refused(_("这份报告由企业自己的管理员填写。"), code="not_yours", status=403)
    if held.state == State.PASSED:
        raise Refused(_("这份报告已经通过并锁定，不能再改。"), code="locked")
    if held.state == State.SUBMITTED:
        raise Refused(_("报告已经交上去，正在等网格员审核，现在不能改。"), code="submitted")
    return held
