"""Mock exams for anyone: choose, answer, see at once what was wrong and where to read on. No account, nothing kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts.models import User
from anlan.exams import practice
from anlan.exams.advice import Mastery, lesson_for, mastery
from anlan.exams.models import Sitting
from anlan.exams.scoring import score
from anlan.exams.show import paper_html, reviewed_html
from anlan.exams.stock import as_written, rows_of
from anlan.exams.views.results import error_words, level_words
from anlan.exams.views.room import plain_answers
from anlan.law.addresses import addresses, linked
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.training.models import Course, Lesson


def _not_while_sitting(request: HttpRequest) -> None:
    """Practice shows keys, and papers share a bank: whoever sits a paper that counts hands that one in first."""
    if isinstance(request.user, User) and Sitting.counting_now(request.user):
        raise Refused(_("您有一场考试还没有交卷。交卷以后再来练。"), code="sitting")


def _practice(token: str) -> practice.Practice:
    found = practice.read(token)
    if found is None:
        raise Refused(_("这份练习过期了，重新抽一份就行。"), code="stale", status=404)
    return found


@login_not_required
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Draw a paper: of one mock exam, of a topic, or of what went wrong last time."""
    _not_while_sitting(request)
    said = request.POST
    if said.get("again"):
        return _again(request, _practice(said["again"]))
    if (pk := number(said.get("exam"))) is not None:
        exam = get_object_or_404(practice.open_mocks().select_related("blueprint"), pk=pk)
        drawn, title = practice.drawn_for(exam), exam.title
    else:
        course, industry, point = (said.get(name, "").strip()[:60] for name in ("course", "industry", "point"))
        questions, count = practice.chosen(course, industry, point), number(said.get("count")) or practice.SIZES[0]
        name = Course.objects.visible_to(None).filter(slug=course).values_list("title", flat=True).first()
        title = " · ".join(filter(None, (name, industry, point))) or _("随便练练")
        drawn = practice.draw_from(questions, max(1, min(practice.MOST, count)))
    if not drawn:
        raise Refused(_("这个范围里还没有题，换一个范围。"), code="empty", status=404)
    return redirect("exams:practice", practice.token_for(title, drawn))


def _again(request: HttpRequest, done: practice.Practice) -> HttpResponse:
    result = _scored(done, practice.unpack(request.POST.get("a", "")))
    wrong = [row["id"] for row in result["questions"] if row["error"]]
    everything = [item.question for item in done.paper.items]
    title = done.title if done.title.endswith(_("错题")) or not wrong else f"{done.title} · {_('错题')}"
    return redirect("exams:practice", practice.token_for(title, wrong or everything))


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest, token: str) -> HttpResponse:
    """The whole paper on one page, without any key; POST hands it in and leads to the result."""
    _not_while_sitting(request)
    one = _practice(token)
    if request.method == "POST":
        given = plain_answers(one.stock, one.paper, request.POST)
        url = reverse("exams:practice-result", args=[token])
        return redirect(f"{url}?{urlencode({'a': practice.pack(given)})}")
    context = {"practice": one, "questions": paper_html(one.stock, one.paper), "count": len(one.paper.items)}
    return render(request, "exams/practice.html", _frame(request) | context)


def _frame(request: HttpRequest) -> dict[str, Any]:
    inside = request.user.is_authenticated
    return {"base": "ui/work.html" if inside else "ui/public.html", "inside": inside}


def _scored(one: practice.Practice, given: dict[int, Any]) -> dict[str, Any]:
    return score(rows_of(one.stock, one.paper), as_written(one.stock, one.paper, given))


@never_cache
@login_not_required
@require_GET
def result(request: HttpRequest, token: str) -> HttpResponse:
    """Score, weak points with the course and the articles that teach them, and every question that went wrong."""
    _not_while_sitting(request)
    one, packed = _practice(token), request.GET.get("a", "")
    scored = _scored(one, practice.unpack(packed))
    wrong = [row for row in scored["questions"] if row["error"]]
    percent = 100 * scored["got"] // scored["full"]
    points, levels = mastery(scored), level_words()
    context = {
        "practice": one, "packed": packed, "percent": percent, "passed": percent >= practice.PASS_MARK, "mark": practice.PASS_MARK,
        "total": len(scored["questions"]), "wrong": len(wrong), "weak": _weak(one, points),
        "points": [(p.point, levels[p.level], str(p.level), f"{p.right}/{p.count}", f"{p.share}%") for p in points],
        "questions": _reviewed(one, scored["questions"] if request.GET.get("all") else wrong),
        "everything": bool(request.GET.get("all")),
    }  # fmt: skip
    return render(request, "exams/practice_result.html", _frame(request) | context)


def _reviewed(one: practice.Practice, rows: list[dict[str, Any]]) -> list[tuple[SafeString, list[tuple[str, str]]]]:
    items, errors, truth = {item.number: item for item in one.paper.items}, error_words(), (_("对"), _("错"))
    known = addresses(cite for card in one.stock.cards.values() for cite in card.cites)
    return [
        (
            reviewed_html(
                one.stock.cards[row["id"]], items[row["n"]], row["given"], truth,
                error=errors.get(row["error"], ""), got=floatformat(row["got"] / 100), full=floatformat(row["full"] / 100),
            ),
            [link for link in linked(one.stock.cards[row["id"]].cites, known) if link[1]],
        )
        for row in rows
    ]  # fmt: skip


def _weak(one: practice.Practice, points: list[Mastery]) -> list[dict[str, Any]]:
    """The weakest points, each with the course and lesson that teach it and the articles its questions rest on."""
    weak = [point for point in points if point.weak][:6]
    cards = list(one.stock.cards.values())
    courses = Course.objects.visible_to(None).in_bulk({card.course_id for card in cards if card.course_id})
    lessons: dict[int, list[tuple[int, str]]] = {}
    for pk, home, title in Lesson.objects.filter(course__in=list(courses)).values_list("pk", "course_id", "title"):
        lessons.setdefault(home, []).append((pk, title))
    found, known = [], addresses(cite for card in cards for cite in card.cites)
    for point in weak:
        mine = [card for card in cards if card.point == point.point]
        course = next((courses[card.course_id] for card in mine if card.course_id in courses), None)
        lesson = lesson_for(point.point, lessons.get(course.pk, [])) if course else None
        found.append({
            "point": point, "course": course, "lesson": dict(lessons.get(course.pk, [])).get(lesson or 0, "") if course else "",
            "cites": linked(sorted({cite for card in mine for cite in card.cites}), known)[:3],
        })  # fmt: skip
    return found
