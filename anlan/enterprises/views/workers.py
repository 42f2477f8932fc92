"""The firm's workers: list, one person, taking on, correcting, leaving."""

from typing import Any, Literal

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.actions import reveal
from anlan.audit.models import Record
from anlan.enterprises.actions import add_worker, edit_worker, leave_worker, return_worker
from anlan.enterprises.actions.workers import is_ours
from anlan.enterprises.forms import WorkerForm
from anlan.enterprises.models import Worker
from anlan.enterprises.views.files import own_enterprise
from anlan.lib.errors import Refused

PER_PAGE = 30
MOST_CHOSEN = 500
FILTERS = ("department", "job_title", "category")


def _link(name: str, *args: Any) -> str:
    """An address of an app above, or nothing where it is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def worker_list(request: HttpRequest) -> HttpResponse:
    """Workers of one's own firm."""
    user: Any = request.user
    firm = own_enterprise(user)
    everyone = Worker.objects.visible_to(user)
    state = request.GET.get("state", "")
    chosen = everyone.filter(left_on__isnull=False) if state == "left" else everyone.working()
    counts = everyone.aggregate(all=Count("pk"), working=Count("pk", filter=Q(left_on__isnull=True)))
    choices = {
        name: [
            value for value in everyone.working().order_by(name).values_list(name, flat=True).distinct()[:200] if value
        ]
        for name in ("department", "job_title")
    }
    chips = []
    for name in FILTERS:
        value = request.GET.get(name, "")
        if value:
            chosen = chosen.filter(**{name: value})
            chips.append((name, dict(Worker.Category.choices).get(value, value) if name == "category" else value))
    words = request.GET.get("q", "").strip()[:60]
    if words:
        chosen = chosen.search(words)
        chips.insert(0, ("q", f"“{words}”"))
    page = Paginator(chosen.select_related("user").order_by("department", "user__name", "pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "firm": firm, "page": page, "choices": choices, "categories": Worker.Category.choices, "chips": chips, "words": words, "state": state,
        "working": counts["working"], "left": counts["all"] - counts["working"], "assign": bool(_link("training:class-new")) and user.may(powers.ASSIGN_TRAINING),
    }  # fmt: skip
    return render(request, "enterprises/workers.html", context)


def assign(request: HttpRequest) -> HttpResponse:
    """Carry the people chosen in the list to the form of a new class, which takes `?workers=1,2,3`."""
    own_enterprise(request.user)  # type: ignore[arg-type]  # signed in: the gate is before every view
    chosen = [value for value in request.GET.getlist("workers") if value.isascii() and value.isdigit()][:MOST_CHOSEN]
    url = _link("training:class-new")
    if not chosen or not url:
        messages.error(request, _("请先在名单里勾选要学习的人。"))
        return redirect("enterprises:workers")
    return redirect(f"{url}?workers={','.join(chosen)}")


def _managed(request: HttpRequest, pk: int) -> Worker:
    """A worker of the firm that the user manages, else 404."""
    user: Any = request.user
    own_enterprise(user)
    return get_object_or_404(Worker.objects.visible_to(user).select_related("user", "enterprise__organisation"), pk=pk)


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One worker, numbers masked. For managers of the firm and regulators of the territory."""
    user: Any = request.user
    worker = get_object_or_404(
        Worker.objects.visible_to(user).select_related("user", "enterprise__organisation"), pk=pk
    )
    if not (worker.can_edit(user) or user.may(powers.SUPERVISE)):
        raise Refused(_("没有找到这个人。"), code="not_found", status=404)
    records = Record.objects.filter(subject_kind="enterprises.worker", subject_id=str(worker.pk)).order_by("-pk")[:6]
    context = {
        "worker": worker,
        "manage": worker.can_edit(user),
        "other_jobs": Worker.objects.visible_to(user)
        .filter(user=worker.user)
        .exclude(pk=worker.pk)
        .select_related("enterprise__organisation")[:5],
        "elsewhere": worker.can_edit(user)
        and Worker.objects.working().filter(user=worker.user).exclude(enterprise_id=worker.enterprise_id).exists(),
        "can_reveal": worker.user.may_reveal(user),
        "hours": _link("training:worker-hours", worker.pk),
        "records": [(VERBS.get(record.verb, record.verb), record) for record in records],
    }
    return render(request, "enterprises/worker.html", context)


VERBS = {"add_worker": "登记入职", "edit_worker": "修改信息", "leave_worker": "标为离职", "return_worker": "恢复在职"}


def new(request: HttpRequest) -> HttpResponse:
    """Take one person on."""
    firm = own_enterprise(request.user)  # type: ignore[arg-type]  # signed in: the gate is before every view
    form = WorkerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            worker = add_worker(firm, form.line, by=request.user)  # type: ignore[arg-type]
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            messages.success(
                request,
                _("%(name)s 已经登记，可以用手机号登录学习。") % {"name": worker.user.name}
                if worker.user.phone_index
                else _("%(name)s 已经登记。补上手机号后才能登录学习。") % {"name": worker.user.name},
            )
            return redirect("enterprises:worker", worker.pk)
    return render(request, "enterprises/worker_form.html", {"form": form}, status=422 if form.is_bound else 200)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct one person; name and numbers only while nobody else relies on them."""
    worker = _managed(request, pk)
    locked = not is_ours(worker)
    present = {
        name: getattr(worker, name) for name in ("job_title", "department", "staff_number", "category", "hired_on")
    }
    person = worker.user
    present |= {
        "name": person.name,
        "id_number": person.id_masked if locked else person.id_number,
        "phone": person.phone_masked if locked else person.phone,
    }
    form = WorkerForm(request.POST or None, initial=present, person_locked=locked)
    if request.method == "POST" and form.is_valid():
        try:
            edit_worker(worker, form.line, by=request.user)  # type: ignore[arg-type]
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            messages.success(request, _("已保存。"))
            return redirect("enterprises:worker", worker.pk)
    return render(
        request,
        "enterprises/worker_form.html",
        {"form": form, "worker": worker, "locked": locked},
        status=422 if form.is_bound else 200,
    )


@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark as left."""
    worker = _managed(request, pk)
    leave_worker(worker, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("%(name)s 已标为离职，学习记录都保留。") % {"name": worker.user.name})
    return redirect("enterprises:worker", pk)


@require_POST
def come_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the leaving back."""
    worker = _managed(request, pk)
    return_worker(worker, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("%(name)s 已恢复在职。") % {"name": worker.user.name})
    return redirect("enterprises:worker", pk)


@require_POST
def number(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a number in full, recorded; in place, or on a page of its own without script."""
    user: Any = request.user
    worker = get_object_or_404(Worker.objects.visible_to(user).select_related("user"), pk=pk)
    field: Literal["phone", "id_number"] = "phone" if request.POST.get("field") == "phone" else "id_number"
    full = reveal(worker.user, field, by=user)
    name = "enterprises/_number.html" if request.htmx else "enterprises/number.html"  # type: ignore[attr-defined]
    what = _("手机号") if field == "phone" else _("身份证号")
    return render(
        request,
        name,
        {"number": full, "what": what, "who": worker.user, "back": reverse("enterprises:worker", args=[pk])},
    )
