"""Hours: every one explained, what the year still asks for, and the training file."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Worker
from anlan.lib.asked import number
from anlan.training.learner import year_hours
from anlan.training.models import Enrolment, HourEntry
from anlan.training.views.learning import Request

PAGE = 20


def _year(request: Request) -> int:
    year = number(request.GET.get("year"))
    return year if year is not None and 2000 <= year <= 2100 else timezone.localdate().year


def _entries(user: User, person: User, year: int, firm: int | None) -> QuerySet[HourEntry]:
    rows = HourEntry.objects.visible_to(user).filter(user=person, day__range=(date(year, 1, 1), date(year, 12, 31)))
    if firm is not None:
        rows = rows.filter(enterprise_id=firm)
    return rows.select_related("lesson__course", "training_class").order_by("-from_at", "-pk")


def _context(request: Request, person: User, job: Worker | None) -> dict[str, Any]:
    year = _year(request)
    firm = job.enterprise_id if job else None
    rows = _entries(request.user, person, year, firm)
    here = reverse("training:hours-of", args=[job.pk]) if job else reverse("training:hours")
    years = {d.year for d in HourEntry.objects.visible_to(request.user).filter(user=person).dates("day", "year")}
    return {
        "person": person, "job": job, "year": year, "here": here, "rows": rows,
        "print_url": reverse("training:hours-print-of", args=[job.pk]) if job else reverse("training:hours-print"),
        "years": sorted(years | {timezone.localdate().year, year}, reverse=True),
        "hours": year_hours(person, year, jobs=[job] if job else None, firm=firm),
    }  # fmt: skip


def _worker(request: Request, pk: int) -> Worker:
    """A worker as managers and regulators see them."""
    if not (request.user.may(powers.MANAGE_ENTERPRISE) or request.user.may(powers.SUPERVISE)):
        raise Http404
    return get_object_or_404(
        Worker.objects.visible_to(request.user).select_related("user", "enterprise__organisation"), pk=pk
    )


def _page(request: Request, person: User, job: Worker | None) -> HttpResponse:
    context = _context(request, person, job)
    page = Paginator(context["rows"], PAGE).get_page(request.GET.get("page"))
    return render(request, "training/hours.html", {**context, "page": page, "own": job is None})


def _print(request: Request, person: User, job: Worker | None) -> HttpResponse:
    context = _context(request, person, job)
    rows = context["rows"].order_by("from_at", "pk")
    enrolments = Enrolment.objects.filter(user=person, training_class__starts_on__year=context["year"])
    if job is not None:
        enrolments = enrolments.filter(enterprise_id=job.enterprise_id)
    return render(request, "training/hours_print.html", {
        **context, "rows": rows, "total": rows.aggregate(sum=Sum("credited_ms"))["sum"] or 0, "now": timezone.now(),
        "classes": enrolments.exclude(state=Enrolment.State.WITHDRAWN).select_related("training_class").order_by("training_class__starts_on"),
        "held": job or context["hours"].job,
    })  # fmt: skip


@require_GET
def own(request: Request) -> HttpResponse:
    """My hours."""
    return _page(request, request.user, None)


@require_GET
def own_print(request: Request) -> HttpResponse:
    """My training file, for paper."""
    return _print(request, request.user, None)


@require_GET
def of_worker(request: Request, worker: int) -> HttpResponse:
    """The hours that a worker earned in the firm."""
    job = _worker(request, worker)
    return _page(request, job.user, job)


@require_GET
def of_worker_print(request: Request, worker: int) -> HttpResponse:
    """The training file of a worker in the firm (安全生产法 28: time, content, who, results)."""
    job = _worker(request, worker)
    return _print(request, job.user, job)
