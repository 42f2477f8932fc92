"""Lists of exams, one exam with its candidates, and the invigilator's page."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Avg, Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.audit.actions import record
from anlan.exams.actions.blueprints import full_of, kinds_of
from anlan.exams.actions.exams import cancel_exam, candidates, open_exam
from anlan.exams.due import open_exams
from anlan.exams.forms import ExamForm
from anlan.exams.models import Exam, Sitting
from anlan.exams.practice import open_mocks, topics
from anlan.exams.questions import KINDS
from anlan.exams.views import Request
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows
from anlan.training.models import Enrolment

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def spreadsheet(name: str, sheets: dict[str, Any]) -> HttpResponse:
    """Answer with an xlsx."""
    buffer = io.BytesIO()
    write_rows(buffer, sheets)
    response = HttpResponse(buffer.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.xlsx"
    return response


def _in_phase(exams: Any, phase: str) -> Any:
    now = timezone.now()
    if phase == "before":
        return exams.filter(opens_at__gt=now, cancelled_at__isnull=True)
    if phase == "over":
        return exams.filter(Q(closes_at__lte=now) | Q(cancelled_at__isnull=False))
    return exams.filter(opens_at__lte=now, closes_at__gt=now, cancelled_at__isnull=True)


@require_GET
def index(request: Request) -> HttpResponse:
    """Exams that one runs, teaches or supervises; learners are sent to their own."""
    user = request.user
    if not (user.may(powers.ASSIGN_TRAINING) or user.may(powers.TEACH) or user.may(powers.SUPERVISE)):
        return redirect("exams:mine")
    run = Exam.objects.visible_to(user).run_by(user).exclude(kind=Exam.Kind.MOCK)
    words = request.GET.get("q", "").strip()
    found = run.filter(Q(title__icontains=words) | Q(training_class__title__icontains=words)) if words else run
    kind = request.GET.get("kind", "")
    if kind in Exam.Kind.values:
        found = found.filter(kind=kind)
    counts = {phase: _in_phase(found, phase).count() for phase in ("open", "before", "over")}
    phase = request.GET.get("phase", "")
    if phase not in counts:
        phase = next((name for name in counts if counts[name]), "open")
    rows = (
        _in_phase(found, phase)
        .select_related("organisation", "training_class")
        .order_by("closes_at" if phase != "over" else "-closes_at", "-id")
    )
    page = Paginator(rows, 20).get_page(request.GET.get("page"))
    _count(page.object_list)
    context = {
        "page": page, "counts": counts, "phase": phase, "kinds": [k for k in Exam.Kind.choices if k[0] != "mock"], "words": words, "kind": kind,
        "may_open": user.may(powers.ASSIGN_TRAINING), "may_invigilate": user.may(powers.TEACH) or user.may(powers.ASSIGN_TRAINING),
    }  # fmt: skip
    return render(request, "exams/list.html", context)


def _count(exams: Any) -> None:
    """Candidates, people who sat and who passed, for a page of exams: two grouped queries."""
    exams = list(exams)
    sat = Sitting.objects.filter(exam__in=exams, state=Sitting.State.SCORED).order_by().values("exam_id")
    done = {
        row["exam_id"]: row
        for row in sat.annotate(
            people=Count("user", distinct=True), good=Count("user", distinct=True, filter=Q(passed=True))
        )
    }
    members = Enrolment.objects.filter(training_class__in=[exam.training_class_id for exam in exams]).exclude(
        state=Enrolment.State.WITHDRAWN
    )
    sizes = dict(members.order_by().values_list("training_class_id").annotate(n=Count("id")))
    for exam in exams:
        row: Any = done.get(exam.pk, {})
        exam.people, exam.sat, exam.good = (
            sizes.get(exam.training_class_id, 0),
            row.get("people", 0),
            row.get("good", 0),
        )


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    """Open an exam for a class."""
    if not request.user.may(powers.ASSIGN_TRAINING):
        raise Refused(_("只有安排培训的人可以安排考试。"), code="not_manager", status=403)
    given = request.GET.get("class", "")
    form = ExamForm(request.user, request.POST or None, initial={"training_class": given} if given.isdecimal() else {})
    if request.method == "POST" and form.is_valid():
        try:
            exam = open_exam(**form.cleaned_data, by=request.user)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))
        else:
            messages.success(request, _("考试安排好了，已经通知班里的人。"))
            return redirect("exams:detail", pk=exam.pk)
    return render(request, "exams/new.html", {"form": form}, status=422 if form.errors else 200)


def _run(request: Request, pk: int) -> Exam:
    exams = Exam.objects.visible_to(request.user).run_by(request.user)
    return get_object_or_404(exams.select_related("organisation", "training_class", "blueprint"), pk=pk)


@require_GET
def detail(request: Request, pk: int) -> HttpResponse:
    """One exam: candidates and their states, results, distribution."""
    exam = _run(request, pk)
    scored = Sitting.objects.visible_to(request.user).filter(exam=exam, state=Sitting.State.SCORED)
    rows = _candidates(exam)
    shown = request.GET.get("show", "")
    tests: dict[str, Callable[[dict[str, Any]], bool]] = {
        "": lambda row: True,
        "passed": lambda row: row["passed"],
        "failed": lambda row: row["best"] is not None and not row["passed"],
        "none": lambda row: row["best"] is None and not row["running"],
    }
    picked = [row for row in rows if tests.get(shown, tests[""])(row)]
    context = {
        "exam": exam, "page": Paginator(picked, 50).get_page(request.GET.get("page")), "shown": shown,
        "tabs": [(name, label, sum(bool(tests[name](row)) for row in rows)) for name, label in (("", _("全部")), ("passed", _("通过")), ("failed", _("没通过")), ("none", _("还没考")))],
        "bars": _distribution(exam, scored), "average": scored.aggregate(a=Avg("score"))["a"], "scored": scored.count(),
        "passed": sum(bool(row["passed"]) for row in rows), "people": len(rows), "running": sum(bool(row["running"]) for row in rows),
        "manage": exam.can_manage(request.user), "invigilate": exam.can_invigilate(request.user), "full": full_of(exam.blueprint),
        "kinds": [(KINDS[kind], count) for kind, count in kinds_of(exam.blueprint).items()], "gain": _gain(exam),
    }  # fmt: skip
    return render(request, "exams/detail.html", context)


def _candidates(exam: Exam) -> list[dict[str, Any]]:
    """A row per candidate (and per person who sat and left the class since): best result, attempts, whether running."""
    people: dict[int, dict[str, Any]] = {}

    def row(user: Any) -> dict[str, Any]:
        return people.setdefault(user.pk, {"user": user, "best": None, "attempts": 0, "running": None, "passed": False})

    for enrolment in candidates(exam).select_related("user").order_by("user__name"):
        row(enrolment.user)
    for sitting in (
        Sitting.objects.filter(exam=exam)
        .exclude(state=Sitting.State.PREPARED)
        .select_related("user")
        .defer("result")
        .order_by("id")
    ):
        mine = row(sitting.user)
        mine["attempts"] += 1
        if sitting.state == Sitting.State.RUNNING:
            mine["running"] = sitting
        elif mine["best"] is None or (sitting.score or 0) > (mine["best"].score or 0):
            mine["best"] = sitting
        mine["passed"] = mine["passed"] or bool(sitting.passed)
    return list(people.values())


def _distribution(exam: Exam, scored: Any) -> list[dict[str, Any]]:
    """Ten bars of ten percent with their SVG measures, from scores alone."""
    counts = [0] * 10
    for got, full in scored.values_list("score", "full_score"):
        counts[min(9, int(10 * got / full)) if full else 0] += 1
    top = max(counts) or 1
    bars = []
    for i, n in enumerate(counts):
        height = round(120 * n / top)
        label = f"{10 * i}–{10 * i + 9 if i < 9 else 100}"
        bars.append(
            {"label": label, "start": 10 * i, "count": n, "x": 5 + 31 * i, "mid": 18 + 31 * i, "height": height, "y": 150 - height,
             "above": 143 - height, "fail": 10 * i + 10 <= exam.pass_mark}
        )  # fmt: skip
    return bars


def _gain(exam: Exam) -> dict[str, Any] | None:
    """The class's average before and after, from people who sat both (T-12)."""
    if exam.training_class_id is None or exam.kind not in (Exam.Kind.PRE, Exam.Kind.POST):
        return None
    shares: dict[str, dict[int, float]] = {"pre": {}, "post": {}}
    sat = Sitting.objects.filter(
        exam__training_class_id=exam.training_class_id, exam__kind__in=["pre", "post"], state=Sitting.State.SCORED
    )
    for kind, user, got, full in sat.values_list("exam__kind", "user_id", "score", "full_score"):
        if full and got is not None:
            shares[kind][user] = max(shares[kind].get(user, 0), float(100 * got / full))
    both = shares["pre"].keys() & shares["post"].keys()
    if not both:
        return None
    before, after = (sum(shares[kind][user] for user in both) / len(both) for kind in ("pre", "post"))
    return {"people": len(both), "before": round(before), "after": round(after), "gain": round(after) - round(before)}


@require_POST
def cancel(request: Request, pk: int) -> HttpResponse:
    """Cancel an exam."""
    cancel_exam(_run(request, pk), by=request.user)
    messages.success(request, _("考试取消了，已经通知考生。成绩都保留。"))
    return redirect("exams:detail", pk=pk)


@require_GET
def export(request: Request, pk: int) -> HttpResponse:
    """Results as xlsx: one row a candidate, and one a sitting."""
    exam = _run(request, pk)
    people = [[_("姓名"), _("状态"), _("最好成绩"), _("满分"), _("考过几次"), _("交卷时间")]]
    for row in _candidates(exam):
        best = row["best"]
        state = (
            _("通过") if row["passed"] else (_("没通过") if best else (_("正在考") if row["running"] else _("还没考")))
        )
        people.append(
            [
                row["user"].name,
                state,
                best.score if best else "",
                best.full_score if best else "",
                row["attempts"],
                best.submitted_at if best else "",
            ]
        )
    sittings: list[list[Any]] = [
        [
            _("准考号"),
            _("姓名"),
            _("第几次"),
            _("得分"),
            _("满分"),
            _("通过"),
            _("开始"),
            _("交卷"),
            _("离开页面次数"),
            _("延长分钟"),
        ]
    ]
    for one in (
        Sitting.objects.visible_to(request.user)
        .filter(exam=exam, state=Sitting.State.SCORED)
        .select_related("user", "exam")
        .defer("result")
    ):
        sittings.append(
            [
                one.ticket,
                one.user.name,
                one.attempt,
                one.score,
                one.full_score,
                _("是") if one.passed else _("否"),
                one.started_at,
                one.submitted_at,
                one.leaves,
                one.extra_minutes,
            ]
        )
    record("export_exam", exam, by=request.user, region_code=exam.region_code, people=len(people) - 1)
    return spreadsheet(exam.title, {str(_("考生")): people, str(_("每次考试")): sittings})


@require_GET
def mine(request: Request) -> HttpResponse:
    """One's own exams: running, to sit now, later, done."""
    user, now = request.user, timezone.now()
    own = Sitting.objects.visible_to(user).filter(user=user).select_related("exam")
    later = Exam.objects.visible_to(user).for_candidate(user).filter(opens_at__gt=now).order_by("opens_at")
    ready = open_exams(user)
    waiting = (
        Exam.objects.visible_to(user).for_candidate(user).filter(opens_at__lte=now, closes_at__gt=now, needs_learnt=True)
        .exclude(pk__in=[exam.pk for exam in ready]).exclude(sittings__in=own.filter(passed=True)).exclude(sittings__in=own.filter(state=Sitting.State.RUNNING))
        .exclude(sittings__in=own.filter(state=Sitting.State.SCORED))
    )  # fmt: skip
    done = (
        own.filter(state=Sitting.State.SCORED)
        .exclude(exam__kind=Exam.Kind.MOCK)
        .defer("result")
        .order_by("-submitted_at")
    )
    context = {
        "running": own.filter(state=Sitting.State.RUNNING).defer("result"), "ready": [exam for exam in ready if not exam.running],
        "later": later, "waiting": waiting, "page": Paginator(done, 20).get_page(request.GET.get("page")),
    }  # fmt: skip
    return render(request, "exams/mine.html", context)


@login_not_required
@require_GET
def mocks(request: Request) -> HttpResponse:
    """Mock exams for everybody, signed in or not; with one's own last result for whoever is."""
    inside = request.user.is_authenticated
    exams = open_mocks()
    words = request.GET.get("q", "").strip()
    if words:
        exams = exams.filter(title__icontains=words)
    page = Paginator(exams.select_related("blueprint", "course").order_by("course__title", "title"), 24).get_page(
        request.GET.get("page")
    )
    last: dict[int, Sitting] = {}
    if inside:
        own = Sitting.objects.visible_to(request.user).filter(user=request.user, exam__in=list(page.object_list))
        last = {one.exam_id: one for one in own.exclude(state=Sitting.State.PREPARED).defer("result").order_by("id")}
    cards = [
        {"exam": exam, "last": last.get(exam.pk), "count": sum(kinds_of(exam.blueprint).values())}
        for exam in page.object_list
    ]
    context = {
        "base": "ui/work.html" if inside else "ui/public.html", "inside": inside,
        "page": page, "cards": cards, "words": words, "topics": topics(),
    }  # fmt: skip
    return render(request, "exams/mocks.html", context)
