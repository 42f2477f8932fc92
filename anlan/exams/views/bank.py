"""The question bank: list, form, import and export."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.audit.actions import record
from anlan.exams.actions.bank import add_question, fingerprint, import_questions, retire_question, revise_question
from anlan.exams.forms import PARTS, ImportForm, draft_from, own_courses, part_lines
from anlan.exams.models import Question
from anlan.exams.papers import Item
from anlan.exams.questions import KINDS, MAX_OPTIONS, Draft, checked, draft_of
from anlan.exams.sheets import Line, question_rows, read_questions, template_rows
from anlan.exams.show import LETTERS, question_html, reviewed
from anlan.exams.stock import Card, card_of
from anlan.exams.views import Request
from anlan.exams.views.exams import spreadsheet
from anlan.files.actions import open_blob, store
from anlan.files.models import Blob
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.training.models import Course

IMPORT = "exams.import"


def _teacher(request: Request) -> Any:
    if not request.user.may(powers.TEACH) or request.user.post is None or request.user.post.organisation_id is None:
        raise Refused(_("题库只对教师开放。"), code="not_teacher", status=403)
    return request.user


def _found(request: Request) -> Any:
    """The questions that the filters of the address leave."""
    get, found = request.GET, Question.objects.visible_to(request.user)
    found = found.filter(state=get["state"] if get.get("state") in Question.State.values else Question.State.LIVE)
    if (course := number(get.get("course"))) is not None:
        found = found.filter(course_id=course)
    if get.get("kind") in KINDS:
        found = found.filter(kind=get["kind"])
    if get.get("difficulty") in ("1", "2", "3"):
        found = found.filter(difficulty=int(get["difficulty"]))
    if get.get("point"):
        found = found.filter(point=get["point"])
    words = get.get("q", "").strip()
    if words:
        found = found.filter(Q(stem__icontains=words) | Q(code__iexact=words) | Q(point__icontains=words))
    return found


@require_GET
def index(request: Request) -> HttpResponse:
    """The bank with filters; the address holds them all."""
    user = _teacher(request)
    found = _found(request)
    page = Paginator(found.select_related("course", "stat").order_by("course_id", "code", "-version"), 30).get_page(
        request.GET.get("page")
    )
    live = Question.objects.visible_to(user).live()
    context = {
        "page": page, "courses": own_courses(user), "kinds": KINDS.items(), "states": Question.State.choices,
        "points": live.order_by("point").values_list("point", flat=True).distinct(),
        "by_kind": [(KINDS[row["kind"]], row["n"]) for row in live.order_by("kind").values("kind").annotate(n=Count("id"))],
        "all": live.count(), "filtered": any(request.GET.get(name) for name in ("q", "course", "kind", "difficulty", "point", "state")),
    }  # fmt: skip
    return render(request, "exams/bank.html", context)


def _preview(card: Card) -> dict[str, Any]:
    return {
        "html": question_html(card, Item(1, card.id, 2, 0), 1),
        "key": reviewed(card, Item(1, card.id, 2, 0), None, (_("对"), _("错"))),
    }


@require_GET
def question(request: Request, pk: int) -> HttpResponse:
    """One version of a question: as a candidate sees it, its key, how it did, its other versions."""
    _teacher(request)
    one = get_object_or_404(
        Question.objects.visible_to(request.user).select_related("course", "stat", "created_by"), pk=pk
    )
    versions = Question.objects.visible_to(request.user).filter(code=one.code).order_by("-version")
    return render(
        request,
        "exams/question.html",
        {"question": one, "versions": versions, "stat": getattr(one, "stat", None), **_preview(card_of(one))},
    )


def _edit(request: Request, old: Question | None) -> HttpResponse:
    user = _teacher(request)
    draft = (
        draft_from(request.POST)
        if request.method == "POST"
        else (draft_of(old) if old else Draft(request.GET.get("kind", "single"), ""))
    )
    if draft.kind not in KINDS:
        draft.kind = "single"
    course_id = request.POST.get("course", str((old.course_id or "") if old else request.GET.get("course", "")))
    course = own_courses(user).filter(pk=number(course_id)).first()
    refused: Refused | None = None
    preview: dict[str, Any] = {}
    if request.method == "POST" and "switch" not in request.POST:
        try:
            fields = checked(draft)
            if "preview" in request.POST:
                preview = _preview(card_of(Question(**fields)))
            else:
                saved = (
                    revise_question(old, draft, course=course, by=user)
                    if old
                    else add_question(draft, course=course, by=user)
                )
                messages.success(request, _("题目存好了，新的试卷会用这一版。") if old else _("题目加进了题库。"))
                return redirect("exams:question", pk=saved.pk)
        except Refused as error:
            if error.status != 422 and error.code != "stale":
                raise
            refused = error
    shown = min(MAX_OPTIONS, max(5, len(draft.options) + 1))
    options = draft.options + [""] * (shown - len(draft.options))
    context = {
        "old": old, "draft": draft, "kinds": KINDS.items(), "courses": own_courses(user), "course_id": course_id, "refused": refused,
        "options": [(i, LETTERS[i], text, i in draft.answer) for i, text in enumerate(options)],
        "blanks": "\n".join("|".join(accepted) for accepted in draft.answer) if draft.kind == "fill" else "",
        "truth": str(draft.answer[0]).lower() if draft.kind == "true_false" and draft.answer else "",
        "parts": [(i, part, part_lines(part)) for i, part in enumerate((draft.parts + [{"kind": "single", "stem": "", "options": [], "answer": [], "why": ""}] * PARTS)[:PARTS])],
        "points": Question.objects.visible_to(user).live().order_by("point").values_list("point", flat=True).distinct(), **preview,
    }  # fmt: skip
    return render(request, "exams/question_form.html", context, status=422 if refused else 200)


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    """Write a question."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    """Write the next version of a question."""
    _teacher(request)
    return _edit(
        request, get_object_or_404(Question.objects.visible_to(request.user).select_related("course", "owner"), pk=pk)
    )


@require_POST
def retire(request: Request, pk: int) -> HttpResponse:
    """Take a question out of use."""
    _teacher(request)
    retire_question(
        get_object_or_404(Question.objects.visible_to(request.user).select_related("owner"), pk=pk), by=request.user
    )
    messages.success(request, _("这道题停用了，以后存的组卷规则不再抽它。已有的考试不受影响。"))
    return redirect("exams:question", pk=pk)


@require_GET
def template(request: Request) -> HttpResponse:
    """The empty spreadsheet with examples."""
    _teacher(request)
    return spreadsheet(_("题目模板"), {str(_("题目")): template_rows()})


@require_GET
def export(request: Request) -> HttpResponse:
    """The filtered bank as a spreadsheet that can be imported again. It holds the keys, so it is recorded."""
    house = _teacher(request).post.organisation
    record("export_bank", ("exams.question", "", house.name), by=request.user, region_code=house.region_code)
    return spreadsheet(
        _("题库"),
        {
            str(_("题目")): question_rows(
                _found(request).order_by("course_id", "code", "-version").iterator(chunk_size=500)
            )
        },
    )


@require_http_methods(["GET", "POST"])
def upload(request: Request) -> HttpResponse:
    """Send a spreadsheet; nothing is written before the preview is confirmed."""
    user = _teacher(request)
    form = ImportForm(user, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            read_questions(sent, sent.name)
            sent.seek(0)
            blob = store(sent, name=sent.name, owner=(IMPORT, str(user.post.organisation_id)), by_id=user.pk, max_mb=20)
        except Refused as refused:
            form.add_error("file", str(refused.message))
        else:
            course = form.cleaned_data["course"]
            target = redirect("exams:bank-preview", uid=blob.uid)
            return redirect(f"{target.url}?course={course.pk}") if course else target
    return render(request, "exams/import.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def preview(request: Request, uid: uuid.UUID) -> HttpResponse:
    """What the spreadsheet would do: new, changed, the same, wrong by row. POST does it, leaving the wrong rows out."""
    user = _teacher(request)
    blob = get_object_or_404(
        Blob, uid=uid, owner_kind=IMPORT, owner_id=str(user.post.organisation_id), created_by_id=user.pk
    )
    given = request.GET.get("course", "")
    course: Course | None = own_courses(user).filter(pk=number(given)).first()
    lines = read_questions(open_blob(blob), blob.name)
    good = [line for line in lines if line.draft is not None and not line.problem]
    if request.method == "POST":
        counts = import_questions([line.draft for line in good if line.draft], course=course, by=user)
        messages.success(
            request, _("导入好了：新增 %(added)d 题，改版 %(revised)d 题，相同的 %(same)d 题没有动。") % counts
        )
        return redirect("exams:bank")
    fates = _fates(user, good)
    context = {
        "blob": blob, "course": course, "bad": [line for line in lines if line.problem], "rows": [(line, fates[line.row]) for line in good][:200],
        "good": len(good), "counts": {fate: sum(value == fate for value in fates.values()) for fate in ("new", "changed", "same")}, "kinds": KINDS,
    }  # fmt: skip
    return render(request, "exams/import_preview.html", context)


def _fates(user: Any, lines: list[Line]) -> dict[int, str]:
    """Per row: new, changed or same, against the live bank and the rows above."""
    live = {one.code: one for one in Question.objects.visible_to(user).live()}
    known = {fingerprint({"kind": one.kind, "stem": one.stem, "body": one.body}) for one in live.values()}
    fates = {}
    for line in lines:
        if line.draft is None:
            continue
        fields = checked(line.draft)
        old = live.get(line.draft.code)
        if old is not None:
            fates[line.row] = (
                "same" if all(getattr(old, name) == value for name, value in fields.items()) else "changed"
            )
            continue
        mark = fingerprint(fields)
        fates[line.row] = "same" if mark in known else "new"
        known.add(mark)
    return fates
