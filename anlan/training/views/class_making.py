"""Making classes: who learns what until when, with a look ahead; and the year's plan that leads there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.errors import Refused
from anlan.training import matching, plan, selection
from anlan.training.actions import classes
from anlan.training.forms.classes import ClassForm, whole_numbers
from anlan.training.models import Course, Enrolment, TrainingClass
from anlan.training.views.classes import overseer


@require_http_methods(["GET", "POST"])
def class_new(request: HttpRequest) -> HttpResponse:
    """Who learns what, until when: with a preview of who would be enrolled. Sent with `step`, nothing is made yet."""
    user = overseer(request)
    if not classes.may_create(user):
        raise Refused(_("您现在的身份不能建培训班。"), code="power", status=403)
    proposals = _proposals(user)
    step = request.POST.get("step", "")
    data = request.POST.copy() if request.method == "POST" else None
    if data is not None and step == "annual":
        data.setlist("courses", _annual(user, proposals))
    form = ClassForm(data, user=user, shelf=proposals, initial=_initial(request, user, proposals))
    valid = data is not None and form.is_valid()
    if valid and not step:
        made = _make(form, user)
        if made is not None:
            return _after(request, made)
    context = {
        "form": form,
        "proposals": proposals,
        "chosen": set(map(str, form["courses"].value() or [])),
        "preview": _preview(form) if data is not None else None,
        "regulator": form.is_regulator,
        "named": _named(form),
        "load": _load(form, proposals) if data is not None else None,
    }
    template = "training/class_preview.html" if request.htmx and step == "preview" else "training/class_new.html"  # type: ignore[attr-defined]
    if data is not None and step:
        form.quiet = True  # type: ignore[attr-defined]  # a look ahead is not a failed attempt
    return render(request, template, context)


def _make(form: ClassForm, user: User) -> list[TrainingClass] | None:
    data = form.cleaned_data
    try:
        return classes.create_classes(
            form.enterprises_meant, form.selection, by=user, plan=form.plan, batch=data["batch"],
            split=data.get("split") or classes.ONE, again=data["again"],
        )  # fmt: skip
    except Refused as refused:
        if refused.status != 422:
            raise
        form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))
        return None


def _after(request: HttpRequest, made: list[TrainingClass]) -> HttpResponse:
    people = Enrolment.objects.filter(training_class__in=made).count()
    messages.success(
        request,
        _("已建 %(classes)d 个班，派给 %(people)d 人。没人开学前可以整批撤回。")
        % {"classes": len(made), "people": people},
    )
    if len(made) == 1:
        return redirect("training:class", made[0].pk)
    return redirect(f"{reverse('training:classes')}?{urlencode({'batch': made[0].batch})}")


def _proposals(user: User) -> list[matching.Proposal]:
    shelf = matching.shelf(Course.objects.filter(state=Course.State.PUBLISHED))
    firms = Enterprise.objects.visible_to(user)
    if user.post is None or user.post.organisation_id is None:
        top = firms.order_by().values_list("industry").annotate(n=Count("pk")).order_by("-n")[:20]
        return matching.propose(shelf, industries=dict(top), jobs={})
    jobs = (
        Worker.objects.filter(enterprise__in=firms)
        .working()
        .order_by()
        .values_list("job_title")
        .annotate(n=Count("pk"))
    )
    return matching.propose(
        shelf, industries=dict.fromkeys(firms.values_list("industry", flat=True), 1), jobs=dict(jobs)
    )


def _annual(user: User, proposals: list[matching.Proposal]) -> list[str]:
    """The courses of the year for this firm, as the risk grade asks."""
    firm = Enterprise.objects.visible_to(user).select_related("organisation").order_by("pk").first()
    hours = plan.yearly_hours(firm, timezone.localdate()) if firm else 0
    return [str(one.course.pk) for one in matching.annual_set(proposals, int(hours * plan.HOUR_MS))][:20]


def _initial(request: HttpRequest, user: User, proposals: list[matching.Proposal]) -> dict[str, Any]:
    today = timezone.localdate()
    year_end = plan.year_of(today)[1]
    get = request.GET
    annual = get.get("set") == "annual"
    ways = {way for way, _name in selection.WAYS}
    way = get.get("way", "")
    kind = get.get("kind", "")
    return {
        "batch": ClassForm.fresh_batch(),
        "way": way if way in ways else (selection.PICKED if get.get("workers") else selection.ALL),
        "categories": [value for value in get.getlist("categories") if value in Worker.Category.values],
        "departments": get.getlist("departments"),
        "jobs": get.getlist("jobs"),
        "workers": get.get("workers", ""),
        "enterprises": get.get("enterprises", ""),
        "courses": _annual(user, proposals) if annual else get.getlist("course"),
        "kind": kind if kind in TrainingClass.Kind.values else TrainingClass.Kind.ANNUAL,
        "until": year_end if annual and (year_end - today).days > 14 else today + timedelta(days=30),
        "split": classes.ONE,
        "no_skipping": True,
        "certificate": True,
    }


def _named(form: ClassForm) -> list[str]:
    """The names of those picked on another page (`?workers=1,2,3`)."""
    ids = whole_numbers(form["workers"].value() or "") if "workers" in form.fields else ()
    return list(Worker.objects.filter(pk__in=ids, enterprise__in=form.own).values_list("user__name", flat=True)[:200])


def _load(form: ClassForm, proposals: list[matching.Proposal]) -> matching.Load | None:
    until = form.cleaned_data.get("until")
    days = (until - timezone.localdate()).days + 1 if until else 0
    chosen = {str(pk) for pk in form.cleaned_data.get("courses", [])}
    return matching.load_of(proposals, chosen, days=days, hours=form.cleaned_data.get("hours") or Decimal(0))


def _preview(form: ClassForm) -> selection.Preview | None:
    """Count what would happen with what is valid so far; a missing course or date does not hide the people."""
    if {"way", "departments", "jobs", "categories", "names", "region", "industry", "risk"} & form.errors.keys():
        return None
    data = form.cleaned_data
    return selection.preview_of(
        form.enterprises_meant, form.selection, data.get("courses", []),
        split=data.get("split") or classes.ONE, again=data.get("again", False),
    )  # fmt: skip


@require_GET
def class_plan(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """What the law and the province ask of the firm this year, what is earned, who lacks; one click closes the gap."""
    user = overseer(request)
    firms = Enterprise.objects.visible_to(user).select_related("organisation")
    if pk is None and (user.post is None or user.post.organisation_id is None):
        raise Http404
    firm = get_object_or_404(firms, pk=pk if pk is not None else user.post.organisation_id if user.post else None)
    today = timezone.localdate()
    groups = plan.plan_of(firm, today)
    shown = [group for group in groups if group.people] or groups
    context = {
        "firm": firm,
        "groups": shown,
        "year": today.year,
        "day": today,
        "people": sum(group.people for group in groups),
        "lacking": sum(group.lacking for group in groups),
        "needed_ms": sum(group.needed_ms for group in groups),
        "earned_ms": sum(group.earned_ms for group in groups),
        "can_assign": user.may(powers.ASSIGN_TRAINING)
        and user.post is not None
        and user.post.organisation_id == firm.pk,
    }
    return render(request, "training/plan.html", context)
