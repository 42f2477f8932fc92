"""Classes: list, making them, the report and its steps, the year's plan."""

from __future__ import annotations

import io
import uuid
from dataclasses import astuple
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise, Worker
from anlan.files.actions import serve
from anlan.lib.errors import Refused
from anlan.lib.prepared import Prepared
from anlan.lib.xlsx import write_rows
from anlan.training import reports
from anlan.training.actions import class_people, classes
from anlan.training.forms.classes import AddForm, ExtendForm, PeopleForm, StepForm, day_end
from anlan.training.models import ClassCourse, ClassExport, Enrolment, TrainingClass
from anlan.training.tasks.classes import write_export
from anlan.ui.drawn import draw

PAGE = 100
LIST_PAGE = 20
DIRECT_ROWS = 5000


def overseer(request: HttpRequest) -> User:
    """The user, if they look after other people's learning; everyone else has pages of their own."""
    user: User = request.user  # type: ignore[assignment]
    if not any(user.may(power) for power in (powers.ASSIGN_TRAINING, powers.SUPERVISE, powers.TEACH)):
        raise Http404
    return user


# --- list -----------------------------------------------------------------------------------------


@require_GET
def class_list(request: HttpRequest) -> HttpResponse:
    """The classes of the firm or territory: what runs, what ends soon, what is late."""
    user = overseer(request)
    visible = TrainingClass.objects.visible_to(user)
    now = timezone.now()
    tab = request.GET.get("tab", "open")
    shown = {
        "soon": lambda: visible.soon(now), "late": lambda: visible.late(now),
        "closed": lambda: visible.filter(state="closed"), "cancelled": lambda: visible.filter(state="cancelled"),
    }.get(tab, lambda: visible.filter(state="open"))()  # fmt: skip
    words, kind = (request.GET.get(key, "").strip() for key in ("q", "kind"))
    if words:
        shown = shown.filter(Q(title__icontains=words) | Q(organisation__name__icontains=words))
    if kind in TrainingClass.Kind.values:
        shown = shown.filter(kind=kind)
    batch = _uuid(request.GET.get("batch", ""))
    if batch:
        shown = shown.filter(batch=batch)
    order = "-deadline" if tab in ("closed", "cancelled") else "deadline"
    page = Paginator(shown.select_related("organisation").order_by(order, "pk"), LIST_PAGE).get_page(
        request.GET.get("page")
    )
    counts = reports.counts_of([one.pk for one in page])
    context = {
        "page": page,
        "rows": [(one, counts.get(one.pk, reports.Counts())) for one in page],
        "tabs": _tabs(visible, now, tab),
        "kinds": TrainingClass.Kind.choices,
        "kind": kind,
        "batch": batch if batch and _may_undo(batch, user) else None,
        "may_create": classes.may_create(user),
        "many_firms": user.post is not None and user.post.organisation_id is None,
    }
    return render(request, "training/class_list.html", context)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _tabs(visible: Any, now: Any, tab: str) -> list[dict[str, object]]:
    """The saved views with their counts, one query."""
    lag = Exists(Enrolment.objects.lagging().filter(training_class=OuterRef("pk")))
    running = Q(state="open")
    sums = visible.order_by().aggregate(
        open=Count("pk", filter=running, distinct=True),
        soon=Count(
            "pk", filter=running & Q(deadline__gte=now, deadline__lt=now + timedelta(days=7)) & Q(lag), distinct=True
        ),
        late=Count("pk", filter=running & Q(deadline__lt=now) & Q(lag), distinct=True),
        closed=Count("pk", filter=Q(state="closed"), distinct=True),
        cancelled=Count("pk", filter=Q(state="cancelled"), distinct=True),
    )
    names = {
        "open": _("进行中"),
        "soon": _("快到期"),
        "late": _("逾期"),
        "closed": _("已结束"),
        "cancelled": _("已取消"),
    }
    current = tab if tab in names else "open"
    return [
        {"key": key, "name": name, "count": sums[key], "current": key == current}
        for key, name in names.items()
        if key != "cancelled" or sums[key]
    ]


def _may_undo(batch: uuid.UUID, user: User) -> bool:
    made = list(TrainingClass.objects.visible_to(user).filter(batch=batch, state="open"))
    return (
        bool(made)
        and all(one.can_undo(user) for one in made)
        and not (Enrolment.objects.filter(training_class__in=made).begun().exists())
    )


# --- the report -----------------------------------------------------------------------------------


@require_GET
def class_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The class report: how far everyone is, and what can be done now."""
    user: User = request.user  # type: ignore[assignment]
    one = _shown.first(pk=pk)
    if one is None or not one.can_manage(user):  # who may change a class may see it; for others the scope decides
        one = get_object_or_404(_with_names(TrainingClass.objects.visible_to(user)), pk=pk)
    if not any(user.may(power) for power in (powers.ASSIGN_TRAINING, powers.SUPERVISE, powers.TEACH)):
        return redirect("training:mine")
    counts = reports.counts_of_one(one)
    context = {"one": one, "counts": counts, "body": _body(request, user, one, counts)}
    return render(request, "training/class.html", context)


def _body(request: HttpRequest, user: User, one: Any, counts: reports.Counts) -> SafeString:
    """The part of the report that is drawn once for each state of its data."""
    state, words = request.GET.get("state", ""), request.GET.get("q", "").strip()
    whole = not (state or words) and counts.total <= PAGE
    rows = reports.everyone_of(one) if whole else reports.people_of(one, state=state, words=words)
    page = _Counted(rows, PAGE, None if words else _count(counts, state)).get_page(request.GET.get("page"))
    people = tuple(reports.Person(*row) for row in page.object_list)
    courses = tuple(title for (title,) in _titles.rows(one=one.pk))
    history = tuple(reports.history_of(one))
    owns, running = one.can_manage(user), one.state == TrainingClass.State.OPEN
    may_undo = bool(one.batch) and running and one.can_undo(user) and not counts.last_seen_at and not counts.done
    export = _export(user, one) if counts.total > DIRECT_ROWS else None
    key = (
        one.pk, one.version, one.title, one.organisation.name, one.maker, one.deadline < timezone.now(), astuple(counts),
        page.paginator.count, people, courses, history, owns, may_undo, export and (export.pk, export.state, export.rows_done),
    )  # fmt: skip
    context = {
        "one": one,
        "counts": counts,
        "page": page,
        "lines": reports.lines_of(people),
        "filters": [(value, name, _count(counts, value)) for value, name in reports.FILTERS],
        "state": state,
        "courses": courses,
        "history": history,
        "manages": owns and running,
        "owns": owns,
        "may_undo": may_undo,
        "export": export,
        "later": max(timezone.localdate(one.deadline), timezone.localdate()) + timedelta(days=7),
    }
    return draw("training/class_body.html", context, request=request, key=key)


def _export(user: User, one: TrainingClass) -> ClassExport | None:
    return ClassExport.objects.visible_to(user).filter(training_class=one).order_by("-pk").first()


def _with_names(rows: Any) -> Any:
    """The names of firm and maker, without their encrypted columns."""
    return rows.select_related("organisation").annotate(maker=F("created_by__name"))


_shown: Prepared[Any] = Prepared(lambda pk: _with_names(TrainingClass.objects.filter(pk=pk)), pk=BigIntegerField())
_titles: Prepared[tuple[str]] = Prepared(
    lambda one: ClassCourse.objects.filter(training_class=one).values_list("course__title"), one=BigIntegerField()
)


def _count(counts: reports.Counts, key: str) -> int:
    return {"": counts.total, "lagging": counts.lagging, "done": counts.done}.get(key, getattr(counts, key, 0))


class _Counted(Paginator):  # type: ignore[type-arg]
    """A paginator that is told the count instead of asking for it again."""

    def __init__(self, rows: Any, per_page: int, count: int | None) -> None:
        super().__init__(rows, per_page)
        if count is not None:
            self.count = count


@require_GET
def class_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The report on paper: everyone, no controls, a place to sign."""
    user = overseer(request)
    one = get_object_or_404(TrainingClass.objects.visible_to(user).select_related("organisation"), pk=pk)
    rows = [reports.Person(*row) for row in reports.people_of(one)[:DIRECT_ROWS]]
    counts = reports.counts_of([one]).get(one.pk, reports.Counts())
    words = dict(Enrolment.State.choices)
    context = {
        "one": one, "counts": counts, "rows": [(row, words[row.state]) for row in rows], "now": timezone.now(),
        "courses": list(ClassCourse.objects.filter(training_class=one).values_list("course__title", flat=True)), "cut": counts.total > DIRECT_ROWS,
    }  # fmt: skip
    return render(request, "training/class_print.html", context)


@require_POST
def class_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The report as xlsx: at once, or in the background above 5,000 people."""
    user = overseer(request)
    one = get_object_or_404(TrainingClass.objects.visible_to(user), pk=pk)
    rows = Enrolment.objects.filter(training_class=one).active().count()
    export = classes.ask_export(one, by=user, rows=rows)
    if rows > DIRECT_ROWS:
        transaction.on_commit(lambda: write_export.enqueue(export.pk))
        messages.success(request, _("正在生成报表，共 %(n)d 人。可以离开这一页，好了会通知您。") % {"n": rows})
        return redirect("training:class", one.pk)
    file = io.BytesIO()
    write_rows(file, {_("学习情况"): reports.sheet_of(one)})
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{one.title}-{timezone.localdate()}.xlsx")


@require_GET
def class_export_state(request: HttpRequest, pk: int) -> HttpResponse:
    """The long report on its way: how far, how long."""
    export = get_object_or_404(ClassExport.objects.visible_to(overseer(request)), pk=pk)
    return render(request, "training/class_export.html", {"export": export})


@require_GET
def class_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A report written in the background."""
    exports = ClassExport.objects.visible_to(overseer(request)).select_related("file")
    export = get_object_or_404(exports, pk=pk, state=ClassExport.State.DONE)
    if export.file is None:
        raise Http404
    return serve(request, export.file, download=True)


# --- steps ----------------------------------------------------------------------------------------


def _class(request: HttpRequest, pk: int) -> tuple[TrainingClass, User]:
    """The class to act on: who may only look is told so before any field is read."""
    user = overseer(request)
    one = get_object_or_404(TrainingClass.objects.visible_to(user), pk=pk)
    if not (one.can_manage(user) or one.can_undo(user)):
        raise Refused(_("这个班由企业管理，您可以查看，不能改动。"), code="not_manager", status=403)
    return one, user


@require_POST
def class_people_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind, withdraw or bring back: those ticked, or all who lag."""
    one, user = _class(request, pk)
    form = PeopleForm(request.POST)
    form.full_clean()
    ids, what = form.cleaned_data.get("ids") or [], request.POST.get("do", "")
    if what != "remind_all" and not ids:
        raise Refused(_("还没有勾选人。请先在名单里勾选。"), code="nobody_picked", status=422)
    match what:
        case "remind_all":
            n = class_people.remind_people(one, by=user)
            words = ngettext("已催 %(n)d 人", "已催 %(n)d 人", n)
        case "remind":
            n = class_people.remind_people(one, by=user, enrolments=ids)
            words = ngettext("已催 %(n)d 人", "已催 %(n)d 人", n)
        case "withdraw":
            n = class_people.withdraw_people(one, ids, by=user, reason=form.cleaned_data.get("reason", ""))
            words = ngettext("%(n)d 人已退出。在“已退出”里可以恢复。", "%(n)d 人已退出。在“已退出”里可以恢复。", n)
        case "restore":
            n = class_people.restore_people(one, ids, by=user)
            words = ngettext("%(n)d 人回到班里", "%(n)d 人回到班里", n)
        case _:
            raise Refused(_("没有这个操作。"), code="unknown", status=422)
    messages.success(request, words % {"n": n})
    return redirect("training:class", one.pk)


@require_POST
def class_enrol(request: HttpRequest, pk: int) -> HttpResponse:
    """Add people by name or staff number."""
    one, user = _class(request, pk)
    form = AddForm(request.POST)
    found = form.workers(Enterprise.objects.filter(pk=one.organisation_id)) if form.is_valid() else set()
    if form.errors:
        raise Refused(
            "".join(map(str, form.errors.get("names", [_("还没有写姓名或工号。")]))), code="names", status=422
        )
    n = class_people.enrol_workers(one, Worker.objects.filter(pk__in=found), by=user)
    messages.success(request, ngettext("加了 %(n)d 人", "加了 %(n)d 人", n) % {"n": n})
    return redirect("training:class", one.pk)


@require_POST
def class_extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Give more time."""
    one, user = _class(request, pk)
    form = ExtendForm(request.POST)
    if not form.is_valid():
        raise Refused(_("请选新的截止日期。原来的期限没有变。"), code="until", status=422)
    data = form.cleaned_data
    classes.extend_class(one, by=user, version=data["version"], deadline=day_end(data["until"]))
    messages.success(request, _("延到 %(day)s，已告诉没学完的人") % {"day": data["until"]})
    return redirect("training:class", one.pk)


@require_POST
def class_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Close, cancel or reopen."""
    steps = {
        "close": (classes.close_class, _("班已结束。要改主意，可以重新打开。")),
        "cancel": (classes.cancel_class, _("班已取消，已告诉班里的人")),
        "reopen": (classes.reopen_class, _("班重新打开了")),
    }
    if step not in steps:
        raise Http404
    one, user = _class(request, pk)
    form = StepForm(request.POST)
    if not form.is_valid():
        raise Refused(_("这一页放得太久了，没有改动。请刷新后再做。"), code="stale")
    act, words = steps[step]
    act(one, by=user, version=form.cleaned_data["version"])
    messages.success(request, words)
    return redirect("training:class", one.pk)


@require_POST
def class_undo(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Take back the classes made together."""
    n = classes.undo_batch(batch, by=overseer(request))
    messages.success(request, ngettext("撤回了 %(n)d 个班", "撤回了 %(n)d 个班", n) % {"n": n})
    return redirect("training:classes")
