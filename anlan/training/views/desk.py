"""The teacher's desk: my courses and what they are made of."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, Sum
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.files.actions import serve
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.training.actions import courses as actions
from anlan.training.actions.packages import export_package, import_package
from anlan.training.forms.courses import (
    CaseForm,
    CourseForm,
    DocumentEditForm,
    DocumentLessonForm,
    HandoutForm,
    PackageForm,
    TagForm,
    UploadForm,
    VideoEditForm,
    read_prompts,
)
from anlan.training.models import (
    Course,
    CourseCase,
    CourseDocument,
    Lesson,
    LessonQuestion,
    Recording,
    Tag,
)
from anlan.training.models.courses import CourseQuerySet
from anlan.training.reach import reach


class Request(HttpRequest):
    """A request behind sign-in, where the user is always a person."""

    user: User


def own_courses(user: User) -> CourseQuerySet:
    """The courses of the teacher's organisation; 404 for whoever does not teach."""
    if not user.may(powers.TEACH) or user.post is None or user.post.organisation_id is None:
        raise Http404
    return Course.objects.visible_to(user).filter(owner_id=user.post.organisation_id)


def own_course(request: Request, pk: int) -> Course:
    """One of them."""
    return get_object_or_404(own_courses(request.user).select_related("owner", "cover"), pk=pk)


def refused_in(form: Any, refused: Refused) -> int:
    """Show a refusal at its field, or above the form; return the status to answer with."""
    form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))
    return refused.status


@require_GET
def desk(request: Request) -> HttpResponse:
    """My courses, what is being encoded, and who waits for an answer."""
    waiting = Q(lessons__questions__answered_at__isnull=True, lessons__questions__isnull=False)
    rows = own_courses(request.user).annotate(
        n_lessons=Count("lessons", distinct=True),
        n_waiting=Count("lessons__questions", filter=waiting, distinct=True),
        n_unready=Count(
            "lessons",
            filter=Q(lessons__kind="video", lessons__media_dir="", lessons__recording__isnull=False),
            distinct=True,
        ),
    )
    lengths: dict[int, int | None] = dict(
        own_courses(request.user).values_list("pk").annotate(ms=Sum("lessons__duration_ms"))
    )
    courses = list(rows.order_by("-created_at", "-pk"))
    for course in courses:
        course.length_ms = lengths.get(course.pk) or 0  # type: ignore[attr-defined]
    questions = LessonQuestion.objects.visible_to(request.user).filter(answered_at__isnull=True)
    context = {
        "courses": courses,
        "questions": questions.select_related("lesson__course", "user").order_by("created_at")[:5],
        "n_questions": questions.count(),
        "package_form": PackageForm(),
        **_work(request.user),
    }
    return render(request, "training/desk.html", context)


def _work(user: User) -> dict[str, Any]:
    mine = Recording.objects.visible_to(user).select_related("course")
    if user.may(powers.TEACH) and user.post is not None:
        mine = mine.filter(course__owner_id=user.post.organisation_id)
    busy = [Recording.State.QUEUED, Recording.State.READING, Recording.State.ENCODING]
    return {
        "working": mine.filter(state__in=busy[1:]).order_by("pk")[:4],
        "n_queued": mine.filter(state=Recording.State.QUEUED).count(),
        "yours": mine.filter(
            state__in=[Recording.State.CUTTING, Recording.State.FAILED, Recording.State.UPLOADING]
        ).order_by("-pk")[:6],
    }


@require_GET
def work(request: Request) -> HttpResponse:
    """The fragment of the desk that shows the encodes: asks for itself while something runs."""
    own_courses(request.user)
    return render(request, "training/desk_work.html", _work(request.user))


@require_http_methods(["GET", "POST"])
def course_new(request: Request) -> HttpResponse:
    """Create a course."""
    own_courses(request.user)
    form = CourseForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            course = actions.create_course(by=request.user, **form.cleaned_data)
            messages.success(request, _("已建好草稿。现在可以上传录像，或写一节文档课。"))
            return redirect("training:desk-course", course.pk)
    return render(request, "training/desk_course_form.html", {"form": form, "course": None}, status=status)


@require_http_methods(["GET", "POST"])
def course_edit(request: Request, pk: int) -> HttpResponse:
    """Change what a course says of itself."""
    course = own_course(request, pk)
    form = CourseForm(request.POST or None, request.FILES or None, initial=CourseForm.initial_of(course))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            fields = dict(form.cleaned_data)
            try:
                actions.edit_course(course, by=request.user, version=fields.pop("version") or 0, **fields)
            except Refused as refused:
                status = refused_in(form, refused)
            else:
                messages.success(request, _("已保存。"))
                return redirect("training:desk-course", course.pk)
    return render(request, "training/desk_course_form.html", {"form": form, "course": course}, status=status)


@require_GET
def course(request: Request, pk: int) -> HttpResponse:
    """One course: lessons in order, recordings, handouts, cases, tags, and who needs it."""
    found = own_course(request, pk)
    lessons = list(found.lessons.select_related("recording").annotate(n_prompts=Count("prompts")))
    unready = [lesson for lesson in lessons if lesson.kind == Lesson.Kind.VIDEO and not lesson.media_dir]
    context = {
        "course": found,
        "lessons": lessons,
        "unready": unready,
        "length_ms": sum(lesson.duration_ms for lesson in lessons),
        "recordings": _uploads(found),
        "documents": found.documents.order_by("pk"),
        "cases": found.cases.order_by("pk"),
        "tags": found.course_tags.select_related("tag__parent__parent").order_by("-confirmed", "pk"),
        "tag_form": TagForm(),
        "known_tags": Tag.objects.order_by("level", "name").values_list("level", "name").distinct(),
        "upload_form": UploadForm(),
        "reach": reach(found),
    }
    return render(request, "training/desk_course.html", context)


def _uploads(course: Course) -> list[Recording]:
    """Recordings that a person brought or that are cut: scripted lessons have one each, which nobody needs to see."""
    rows = course.recordings.annotate(n=Count("lessons")).prefetch_related("lessons").order_by("-pk")
    return [
        row for row in rows if not any(lesson.script for lesson in row.lessons.all()) or row.state == row.State.FAILED
    ]


@require_POST
def course_publish(request: Request, pk: int) -> HttpResponse:
    """Put it into the catalogue."""
    found = own_course(request, pk)
    actions.publish_course(found, by=request.user, version=number(request.POST.get("version")) or 0)
    messages.success(request, _("已上架，学员现在可以看到。"))
    return redirect("training:desk-course", pk)


@require_POST
def course_withdraw(request: Request, pk: int) -> HttpResponse:
    """Take it out."""
    found = own_course(request, pk)
    actions.withdraw_course(found, by=request.user, version=number(request.POST.get("version")) or 0)
    messages.success(request, _("已下架。已经在学的班级照常学完，学时都在。"))
    return redirect("training:desk-course", pk)


@require_POST
def course_order(request: Request, pk: int) -> HttpResponse:
    """Lessons in a new order: all ids (drag), or one lesson moved by a step (buttons)."""
    found = own_course(request, pk)
    version = number(request.POST.get("version")) or 0
    ids = [lesson_id for one in request.POST.getlist("lesson") if (lesson_id := number(one)) is not None]
    if move := request.POST.get("move"):
        lesson_pk, _colon, step = move.partition(":")
        lesson_row = get_object_or_404(found.lessons, pk=number(lesson_pk) or 0)
        actions.move_lesson(lesson_row, by=request.user, version=version, step=-1 if step == "up" else 1)
    else:
        actions.order_lessons(found, by=request.user, version=version, ids=ids)
    if request.headers.get("X-Requested-With") == "fetch":
        found.refresh_from_db()
        return HttpResponse(str(found.version), content_type="text/plain")
    messages.success(request, _("顺序已保存。"))
    return redirect("training:desk-course", pk)


@require_http_methods(["GET", "POST"])
def lesson_new(request: Request, pk: int) -> HttpResponse:
    """Write a lesson to read."""
    found = own_course(request, pk)
    form = DocumentLessonForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.add_document_lesson(found, by=request.user, **form.cleaned_data)
            except Refused as refused:
                status = refused_in(form, refused)
            else:
                messages.success(request, _("这一课已加到最后。"))
                return redirect("training:desk-course", pk)
    context = {"form": form, "course": found, "lesson": None}
    return render(request, "training/desk_lesson.html", context, status=status)


def _lesson(request: Request, pk: int) -> Lesson:
    own = own_courses(request.user)
    return get_object_or_404(
        Lesson.objects.visible_to(request.user).filter(course__in=own).select_related("course", "document"), pk=pk
    )


@require_http_methods(["GET", "POST"])
def lesson(request: Request, pk: int) -> HttpResponse:
    """Edit a lesson: title, text and PDF, or title and subtitles."""
    found = _lesson(request, pk)
    kind = DocumentEditForm if found.kind == Lesson.Kind.DOCUMENT else VideoEditForm
    initial = {"title": found.title, "text": found.text, "version": found.version}
    form = kind(request.POST or None, request.FILES or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            fields = dict(form.cleaned_data)
            if "vtt" in fields:
                fields["cues"] = fields.pop("vtt")
            try:
                actions.edit_lesson(found, by=request.user, **fields)
            except Refused as refused:
                status = refused_in(form, refused)
            else:
                messages.success(request, _("已保存。"))
                return redirect("training:desk-course", found.course_id)
    context = {"form": form, "course": found.course, "lesson": found, "prompts": _prompt_rows(found)}
    return render(request, "training/desk_lesson.html", context, status=status)


def _prompt_rows(lesson: Lesson) -> list[dict[str, Any]]:
    rows = [
        {
            "n": n, "prompt": prompt, "minute": prompt.at_ms // 60_000, "second": prompt.at_ms // 1000 % 60,
            "options": "\n".join(prompt.options), "answer": prompt.answer + 1,
        }
        for n, prompt in enumerate(lesson.prompts.all(), 1)
    ]  # fmt: skip
    return [*rows, {"n": len(rows) + 1, "prompt": None, "minute": "", "second": "", "options": "", "answer": ""}]


@require_POST
def lesson_prompts(request: Request, pk: int) -> HttpResponse:
    """Set the questions inside a video."""
    found = _lesson(request, pk)
    try:
        prompts = read_prompts(request.POST)
    except ValidationError as error:
        raise Refused(error.messages[0], code="bad_prompt", status=422) from error
    actions.save_prompts(found, by=request.user, version=number(request.POST.get("version")) or 0, prompts=prompts)
    messages.success(request, _("课中提问已保存。"))
    return redirect("training:desk-lesson", pk)


@require_POST
def lesson_remove(request: Request, pk: int) -> HttpResponse:
    """Remove a lesson that nobody has begun."""
    found = _lesson(request, pk)
    actions.remove_lesson(found, by=request.user, version=number(request.POST.get("version")) or 0)
    messages.success(request, _("已删除“%(title)s”。") % {"title": found.title})
    return redirect("training:desk-course", found.course_id)


@require_GET
def lesson_file(request: Request, pk: int) -> HttpResponseBase:
    """The PDF of a lesson, as the teacher uploaded it."""
    found = _lesson(request, pk)
    if found.document is None:
        raise Http404
    return serve(request, found.document, download="download" in request.GET)


@require_POST
def preview(request: Request) -> HttpResponse:
    """Markdown as learners will see it."""
    own_courses(request.user)
    return render(request, "training/desk_preview.html", {"text": request.POST.get("text", "")[:200_000]})


@require_http_methods(["GET", "POST"])
def case(request: Request, pk: int, case_pk: int | None = None) -> HttpResponse:
    """Add or change a case."""
    found = own_course(request, pk)
    old = get_object_or_404(CourseCase, pk=case_pk, course=found) if case_pk else None
    initial = {} if old is None else {
        "title": old.title, "timeline": [" ".join(map(str, row)) for row in old.timeline], "causes": old.causes,
        "lessons": old.lessons, "cites": old.cites,
    }  # fmt: skip
    form = CaseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.save_case(found, by=request.user, case=old, **form.cleaned_data)
        messages.success(request, _("案例已保存。"))
        return redirect("training:desk-course", pk)
    context = {"form": form, "course": found, "case": old}
    return render(request, "training/desk_case.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def handout(request: Request, pk: int, handout_pk: int | None = None) -> HttpResponse:
    """Add or change a handout."""
    found = own_course(request, pk)
    old = get_object_or_404(CourseDocument, pk=handout_pk, course=found) if handout_pk else None
    form = HandoutForm(
        request.POST or None, request.FILES or None, initial={"title": old.title, "text": old.text} if old else None
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.save_handout(found, by=request.user, handout=old, **form.cleaned_data)
            except Refused as refused:
                status = refused_in(form, refused)
            else:
                messages.success(request, _("资料已保存。"))
                return redirect("training:desk-course", pk)
    return render(request, "training/desk_handout.html", {"form": form, "course": found, "handout": old}, status=status)


@require_POST
def part_remove(request: Request, pk: int, kind: str, part_pk: int) -> HttpResponse:
    """Remove a case or a handout."""
    found = own_course(request, pk)
    part: CourseCase | CourseDocument = (
        get_object_or_404(CourseCase, pk=part_pk, course=found)
        if kind == "case"
        else get_object_or_404(CourseDocument, pk=part_pk, course=found)
    )
    actions.remove_part(part, by=request.user)
    messages.success(request, _("已删除“%(title)s”。") % {"title": part.title})
    return redirect("training:desk-course", pk)


@require_POST
def package_import(request: Request) -> HttpResponse:
    """Create a course out of an uploaded package."""
    own_courses(request.user)
    form = PackageForm(request.POST, request.FILES)
    if not form.is_valid() or request.user.post is None or request.user.post.organisation is None:
        raise Refused(_("请选择一个 zip 格式的课程包。"), code="no_file", status=422)
    with NamedTemporaryFile(prefix="anlan-upload-", suffix=".zip") as copy:
        for chunk in form.cleaned_data["file"].chunks():
            copy.write(chunk)
        copy.flush()
        made = import_package(Path(copy.name), owner=request.user.post.organisation, by=request.user)
    messages.success(request, _("已导入为草稿。视频正在转码，好了会通知您。"))
    return redirect("training:desk-course", made.pk)


@require_GET
def package_export(request: Request, pk: int) -> HttpResponseBase:
    """Download a course as a package."""
    found = own_course(request, pk)
    with TemporaryDirectory(prefix="anlan-package-") as name:
        target = Path(name) / "course.zip"
        export_package(found, target, by=request.user)
        # Opened before the folder goes: the file lives on until the answer is sent.
        return FileResponse(target.open("rb"), as_attachment=True, filename=f"{found.slug}.zip")
