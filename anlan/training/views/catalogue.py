"""The public catalogue: courses, their pages, handouts and ratings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import BigIntegerField, CharField, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts.models import User
from anlan.files.actions import serve
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.lib.prepared import Prepared
from anlan.training.actions.learning import enrolment_for, rate_course, year_of
from anlan.training.learner import LessonRow, lesson_rows, rating_of
from anlan.training.models import Course, CourseCase, CourseDocument, CourseTag, Rating
from anlan.training.views.learning import Request

_published: Prepared[Course] = Prepared(
    lambda slug: Course.objects.visible_to(None).select_related("owner", "teacher").filter(slug=slug), slug=CharField()
)
_cases: Prepared[CourseCase] = Prepared(
    lambda course: CourseCase.objects.filter(course=course), course=BigIntegerField()
)
_documents: Prepared[CourseDocument] = Prepared(
    lambda course: CourseDocument.objects.filter(course=course).order_by("pk"), course=BigIntegerField()
)
_rating: Prepared[Rating] = Prepared(
    lambda course, user: Rating.objects.filter(course=course, user=user),
    course=BigIntegerField(),
    user=BigIntegerField(),
)
_risks: Prepared[tuple[int, str]] = Prepared(
    lambda course: CourseTag.objects.filter(course=course, confirmed=True).values_list("course_id", "tag__name"),
    course=BigIntegerField(),
)
PAGE = 24
ICONS = (
    ("触电", "bolt"), ("电", "bolt"), ("火", "flame"), ("动火", "flame"), ("高处", "ladder"), ("坠落", "ladder"),
    ("泄漏", "flask"), ("中毒", "wind"), ("窒息", "wind"), ("缺氧", "wind"), ("机械", "tool"), ("车辆", "route"),
    ("综合", "shield-check"),
)  # fmt: skip
LEVELS = {"industry": "course_tags__tag__parent__parent__name", "job": "course_tags__tag__parent__name", "risk": "course_tags__tag__name"}  # fmt: skip


def _viewer(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def _frame(request: HttpRequest) -> dict[str, Any]:
    """The page stands in the workbench for whoever is signed in, and in the portal for everyone else."""
    inside = request.user.is_authenticated
    return {"base": "ui/work.html" if inside else "ui/public.html", "inside": inside}


def _icon(course: Course, risks: list[str]) -> str:
    return next((icon for words in (course.title, *risks) for word, icon in ICONS if word in words), "book-2")


@login_not_required
@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """Courses by industry, post, risk and word."""
    visible = Course.objects.visible_to(_viewer(request)).filter(state=Course.State.PUBLISHED)
    tags = CourseTag.objects.filter(course__in=visible, confirmed=True)
    names = set(tags.values_list("tag__parent__parent__name", "tag__parent__name", "tag__name"))
    chosen = {key: request.GET.get(key, "").strip() for key in (*LEVELS, "q")}
    courses = visible
    for key, lookup in LEVELS.items():
        if chosen[key]:
            courses = courses.filter(**{lookup: chosen[key]}, course_tags__confirmed=True)
    if chosen["q"]:
        word = chosen["q"]
        courses = courses.filter(
            Q(title__icontains=word) | Q(summary__icontains=word) | Q(audience__icontains=word)
            | Q(lessons__title__icontains=word) | Q(course_tags__tag__name__icontains=word)
        )  # fmt: skip
    ordered = courses.select_related("owner").distinct().order_by("-published_at", "-pk")
    page = Paginator(ordered, PAGE).get_page(request.GET.get("page"))
    return render(request, "training/catalogue.html", {
        **_frame(request), "page": page, "cards": _cards(list(page)), "chosen": chosen,
        "filters": [
            ("industry", _("行业"), sorted({a for a, _b, _c in names if a})),
            ("job", _("岗位"), sorted({b for _a, b, _c in names if b})),
            ("risk", _("风险"), sorted({c for _a, _b, c in names if c})),
        ],
        "active": [(key, value) for key, value in chosen.items() if value],
    })  # fmt: skip


def _cards(courses: list[Course], rows: list[LessonRow] | None = None) -> list[dict[str, Any]]:
    """What a card shows of each course, in three queries for all of them."""
    ids = [course.pk for course in courses]
    lessons = lesson_rows(ids, user=None, year=0) if rows is None else rows
    ratings = rating_of(ids)
    risks: dict[int, list[str]] = {}
    tags = CourseTag.objects.filter(course_id__in=ids, confirmed=True).values_list("course_id", "tag__name")
    for course_id, name in _risks.rows(course=ids[0]) if len(ids) == 1 else tags:
        if name not in risks.setdefault(course_id, []):
            risks[course_id].append(name)
    return [
        {
            "course": course, "risks": risks.get(course.pk, [])[:2], "icon": _icon(course, risks.get(course.pk, [])),
            "lessons": sum(row.course_id == course.pk for row in lessons),
            "minutes": round(sum(row.length_ms for row in lessons if row.course_id == course.pk) / 60_000),
            "rating": ratings.get(course.pk),
        }
        for course in courses
    ]  # fmt: skip


@login_not_required
@require_GET
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """A course: what one can do afterwards, its lessons with one's progress, cases, handouts, ratings."""
    viewer = _viewer(request)
    found = _published.first(slug=slug) or get_object_or_404(  # published ones are visible to everyone
        Course.objects.visible_to(viewer).select_related("owner", "teacher"), slug=slug
    )
    enrolment = enrolment_for(found.pk, by=viewer) if viewer else None
    year = year_of(enrolment, timezone.now())
    rows = lesson_rows([found.pk], user=viewer, year=year)
    begun = [row for row in rows if row.touched_at and not row.done and row.ready]
    return render(request, "training/course.html", {
        **_frame(request), "course": found, "rows": rows, "card": _cards([found], rows)[0],
        "go_on": next(iter(begun or [row for row in rows if not row.done and row.ready]), None), "begun": bool(begun),
        "enrolment": enrolment, "done": sum(row.done for row in rows),
        "class_query": f"?class={enrolment.training_class_id}" if enrolment else "",
        "cases": _cases.rows(course=found.pk), "documents": _documents.rows(course=found.pk),
        "my_rating": _rating.first(course=found.pk, user=viewer.pk) if viewer else None,
        "may_rate": any(row.covered_ms for row in rows), "scores": (5, 4, 3, 2, 1),
    })  # fmt: skip


@login_not_required
@require_GET
def cover(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The picture of a course."""
    found = get_object_or_404(
        Course.objects.visible_to(_viewer(request)).exclude(cover=None).select_related("cover"), slug=slug
    )
    return serve(request, found.cover)  # type: ignore[arg-type]


@login_not_required
@require_GET
def document(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """A handout: Markdown as a page for printing, a file as it is."""
    found = get_object_or_404(Course.objects.visible_to(_viewer(request)), slug=slug)
    handout = get_object_or_404(CourseDocument.objects.select_related("file"), pk=pk, course=found)
    if handout.file is not None:
        return serve(request, handout.file)
    return render(request, "training/course_document.html", {**_frame(request), "course": found, "document": handout})


@require_POST
def rate(request: Request, slug: str) -> HttpResponse:
    """Rate a course one has learnt from."""
    found = get_object_or_404(Course.objects.visible_to(request.user), slug=slug)
    score = number(request.POST.get("score"))
    if score is None:
        raise Refused(_("请选 1 到 5 分。"), code="score", status=422, field="score")
    rate_course(found, by=request.user, score=score, words=request.POST.get("words", ""))
    messages.success(request, _("评分记下了，随时可以改。"))
    return redirect("training:course", slug=slug)
