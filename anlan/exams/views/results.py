"""Results: what went well, what to learn again, every question with its reason; transcript; appeals."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import BigIntegerField, UUIDField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import floatformat
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.exams.actions.appeals import answer_appeal, make_appeal
from anlan.exams.actions.sittings import standing
from anlan.exams.advice import Mastery, lesson_for, mastery
from anlan.exams.models import Appeal, Exam, Sitting
from anlan.exams.show import reviewed_html
from anlan.exams.stock import stock_of
from anlan.exams.transcript import transcript_pdf
from anlan.exams.views import Request
from anlan.lib.errors import Refused
from anlan.lib.prepared import Prepared
from anlan.training.models import Course, Lesson

PER_PAGE = 10


def _with_names(sittings: Any) -> Any:
    return sittings.lean().select_related("user", "exam__organisation")


_own: Prepared[Sitting] = Prepared(
    lambda uid, user: _with_names(Sitting.objects.filter(uid=uid, user=user)), uid=UUIDField(), user=BigIntegerField()
)
_appeals: Prepared[Appeal] = Prepared(
    lambda sitting: Appeal.objects.filter(sitting=sitting).order_by("-id"), sitting=BigIntegerField()
)


def _scored(request: Request, uid: uuid.UUID) -> Sitting:
    """One's own sitting, which is always visible, or one that the user is in charge of."""
    if (own := _own.first(uid=uid, user=request.user.pk)) is not None:
        return own
    found: Sitting = get_object_or_404(_with_names(Sitting.objects.visible_to(request.user)), uid=uid)
    return found


def error_words() -> dict[str, str]:
    """What was wrong with an answer, in words."""
    return {"empty": _("没答"), "wrong": _("答错"), "missed": _("漏选"), "extra": _("选了错的"), "partly": _("部分对")}


def level_words() -> list[str]:
    """How well a knowledge point is mastered, by its level."""
    return [_("没掌握"), _("薄弱"), _("还不牢"), _("较好"), _("已掌握")]


@require_GET
def result(request: Request, uid: uuid.UUID) -> HttpResponse:
    """The result of a sitting, to its candidate and to whoever is in charge of the exam."""
    sitting = _scored(request, uid)
    own = sitting.user_id == request.user.pk
    if sitting.state != Sitting.State.SCORED:
        return redirect("exams:room", uid=uid) if own else redirect("exams:detail", pk=sitting.exam_id)
    points = mastery(sitting.result)
    everything = request.GET.get("all") == "1"
    left, reason = 0, ""
    if own:
        _running, reason, left = standing(sitting.exam, request.user)
    wrong = [row for row in sitting.result["questions"] if row["error"]]
    page = Paginator(sitting.result["questions"] if everything else wrong, PER_PAGE).get_page(request.GET.get("page"))
    errors = error_words()
    levels = level_words()
    keys = sitting.can_see_keys(request.user)
    context = {
        "sitting": sitting, "exam": sitting.exam, "own": own, "keys": keys, "left": left, "reason": reason, "everything": everything, "page": page,
        "points": [(one.point, levels[one.level], str(one.level), f"{one.right}/{one.count}", f"{one.share}%") for one in points], "weak": _weak(request, sitting, points) if own else [],
        "errors": [(errors[name], count) for name, count in sitting.result["errors"].items()],
        "questions": _questions(sitting, page.object_list, errors) if keys else [],
        "total": len(sitting.result["questions"]), "wrong": len(wrong), "before": _before(sitting),
        "appeals": _appeals.rows(sitting=sitting.pk), "events": sitting.events.all() if not own else [],
        "took": max(1, int((sitting.submitted_at - sitting.started_at).total_seconds() // 60)) if sitting.submitted_at and sitting.started_at else 0,
    }  # fmt: skip
    return render(request, "exams/result.html", context)


def _questions(sitting: Sitting, rows: Any, errors: dict[str, str]) -> list[SafeString]:
    stock = stock_of(sitting.exam.blueprint)
    items = {item.number: item for item in stock.paper(sitting.seed).items}
    truth = (_("对"), _("错"))
    return [
        reviewed_html(
            stock.cards[row["id"]], items[row["n"]], row["given"], truth,
            error=errors.get(row["error"], ""), got=floatformat(row["got"] / 100), full=floatformat(row["full"] / 100),
        )
        for row in rows
    ]  # fmt: skip


def _before(sitting: Sitting) -> Sitting | None:
    """The pre-test of the same class, beside a post-test (T-12)."""
    if sitting.exam.kind != Exam.Kind.POST or sitting.exam.training_class_id is None:
        return None
    pre = Sitting.objects.filter(
        exam__training_class_id=sitting.exam.training_class_id, exam__kind=Exam.Kind.PRE, user_id=sitting.user_id
    )
    return pre.filter(state=Sitting.State.SCORED).defer("result").order_by("-score").first()


def _weak(request: Request, sitting: Sitting, points: list[Mastery]) -> list[dict[str, Any]]:
    """Weak points with the lesson that teaches each, or else the course."""
    weak = [one for one in points if one.weak][:6]
    if not weak:
        return []
    stock = stock_of(sitting.exam.blueprint)
    homes = {card.point: card.course_id for card in stock.cards.values() if card.course_id}
    courses = {
        course.pk: course
        for course in Course.objects.visible_to(request.user).filter(pk__in={homes.get(one.point) for one in weak})
    }
    lessons: dict[int, list[tuple[int, str]]] = {}
    for pk, home, title in Lesson.objects.filter(course__in=list(courses)).values_list("pk", "course_id", "title"):
        lessons.setdefault(home, []).append((pk, title))
    found = []
    for one in weak:
        course = courses.get(homes.get(one.point) or 0)
        lesson = lesson_for(one.point, lessons.get(course.pk, [])) if course else None
        titles = dict(lessons.get(course.pk, [])) if course else {}
        found.append(
            {"point": one, "course": course, "lesson": titles.get(lesson or 0, ""), "url": _learn(course, lesson)}
        )
    return found


def _learn(course: Course | None, lesson: int | None) -> str:
    """Where to learn: the lesson, the course, or the catalogue."""
    if course is not None and lesson is not None:
        try:
            return reverse("training:lesson", args=[lesson])
        except NoReverseMatch:
            pass
    try:
        return reverse("training:course", args=[course.slug]) if course is not None else reverse("training:catalogue")
    except NoReverseMatch:
        return reverse("portal:home")


@require_GET
def transcript(request: Request, uid: uuid.UUID) -> HttpResponse:
    """The transcript as a PDF."""
    sitting = _scored(request, uid)
    if sitting.state != Sitting.State.SCORED:
        return redirect("exams:room", uid=uid)
    exam, levels = sitting.exam, level_words()
    facts = {
        "title": f"{exam.title} · {sitting.user.name}", "house": str(exam.organisation.name), "heading": _("成绩单"),
        "rows": [
            [_("姓名"), sitting.user.name], [_("准考号"), sitting.ticket], [_("考试"), exam.title], [_("类型"), exam.get_kind_display()],
            [_("第几次"), str(sitting.attempt)], [_("交卷时间"), f"{timezone.localtime(sitting.submitted_at):%Y-%m-%d %H:%M}" if sitting.submitted_at else ""],
        ],
        "score": _plain(sitting.score), "full": _plain(sitting.full_score), "verdict": _("通过") if sitting.passed else _("没有通过"),
        "rule": _("%(mark)d%% 及格，这次得 %(got)d%%") % {"mark": exam.pass_mark, "got": sitting.percent},
        "points_title": _("各知识点"), "head": [_("知识点"), _("答对"), _("得分率"), _("掌握")],
        "points": [[one.point, f"{one.right}/{one.count}", f"{one.share}%", levels[one.level]] for one in mastery(sitting.result)],
        "footer": _("成绩以平台记录为准。"), "printed": f"{timezone.localtime():%Y-%m-%d %H:%M}",
    }  # fmt: skip
    response = HttpResponse(transcript_pdf(facts), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="transcript-{sitting.ticket}.pdf"'
    return response


def _plain(number: Any) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


@require_POST
def appeal(request: Request, uid: uuid.UUID) -> HttpResponse:
    """Object to one's own result."""
    sitting, number = _scored(request, uid), request.POST.get("number", "")
    make_appeal(
        sitting,
        request.POST.get("text", ""),
        number=int(number) if number.isdecimal() and len(number) < 4 else None,
        by=request.user,
    )
    messages.success(request, _("申诉送到了安排考试的单位，答复会发到您的消息里。"))
    return redirect("exams:result", uid=uid)


@require_GET
def appeals(request: Request) -> HttpResponse:
    """Appeals to answer, and those answered."""
    if not (request.user.may(powers.ASSIGN_TRAINING) or request.user.may(powers.TEACH)):
        raise Refused(_("申诉由安排考试的单位和教师答复。"), code="not_invigilator", status=403)
    found = (
        Appeal.objects.visible_to(request.user)
        .exclude(sitting__user=request.user)
        .select_related("sitting__user", "sitting__exam__blueprint", "answered_by")
    )
    found = found.defer("sitting__result", "sitting__exam__blueprint__pools")
    shown = "answered" if request.GET.get("show") == "answered" else "open"
    page = Paginator(found.filter(state=shown).order_by("id" if shown == "open" else "-answered_at"), 20).get_page(
        request.GET.get("page")
    )
    rows = [{"appeal": one, "may": one.sitting.exam.can_invigilate(request.user)} for one in page.object_list]
    return render(
        request,
        "exams/appeals.html",
        {"page": page, "rows": rows, "shown": shown, "open": found.filter(state="open").count()},
    )


@require_POST
def answer(request: Request, pk: int) -> HttpResponse:
    """Answer an appeal."""
    found = get_object_or_404(Appeal.objects.visible_to(request.user).select_related("sitting__exam__blueprint"), pk=pk)
    answer_appeal(found, request.POST.get("answer", ""), by=request.user)
    messages.success(request, _("答复已经发给考生。"))
    return redirect("exams:appeals")
