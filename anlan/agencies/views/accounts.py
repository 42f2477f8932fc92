"""The county's page of agency accounts (P-05), and applying for one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import Approval, Post
from anlan.agencies.actions import (
    apply_agency,
    approve_agency,
    ask_close_agency,
    open_agency,
    refuse_agency,
    refuse_engineer,
    resume_agency,
    suspend_agency,
    suspend_engineer,
    verify_engineer,
)
from anlan.agencies.forms import ApplyForm, OpenForm
from anlan.agencies.models import Agency, Contract, Engineer
from anlan.agencies.queries import with_counts
from anlan.agencies.views.common import PER_PAGE, counties, done, need, person, status_of
from anlan.audit.models import Record
from anlan.audit.verbs import say


def account_list(request: HttpRequest) -> HttpResponse:
    """The agencies in one's charge, what waits first."""
    user = person(request)
    need(user, powers.MANAGE_AGENCIES)
    everything = Agency.objects.managed_by(user)
    counts = dict(everything.order_by().values_list("state").annotate(n=Count("pk")))
    state, words = request.GET.get("state", ""), request.GET.get("q", "").strip()[:60]
    chosen = everything.filter(state=state) if state in Agency.State.values else everything
    if words:
        chosen = chosen.filter(
            Q(organisation__name__icontains=words) | Q(organisation__credit_code__startswith=words.upper())
        )
    page = Paginator(with_counts(chosen).order_by("state", "organisation__name", "pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    waiting = Engineer.objects.filter(agency__in=everything, state=Engineer.State.SUBMITTED).select_related(
        "agency__organisation"
    )
    expired = Engineer.objects.filter(
        agency__in=everything, state=Engineer.State.VERIFIED, valid_until__lt=timezone.localdate()
    ).select_related("agency__organisation")
    context = {
        "page": page, "state": state, "words": words, "waiting": waiting.order_by("pk")[:10], "expired": expired.order_by("valid_until")[:10],
        "tabs": [("", _("全部"), sum(counts.values())), *((code, label, counts[code]) for code, label in Agency.State.choices if code in counts)],
    }  # fmt: skip
    return render(request, "agencies/accounts.html", context)


def account(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: who applied, its people and engineers, what was decided."""
    user = person(request)
    agency = get_object_or_404(
        with_counts(Agency.objects.managed_by(user)).select_related("applicant", "state_by"), pk=pk
    )
    records = Record.objects.filter(subject_kind="agencies.agency", subject_id=str(agency.pk)).order_by("-pk")[:12]
    context = {
        "agency": agency, "engineers": agency.engineers.exclude(state="closed").select_related("verified_by").order_by("state", "name"),
        "people": Post.objects.open().visible_to(user).filter(organisation_id=agency.pk).select_related("user", "role").order_by("pk"),
        "contracts": Contract.objects.visible_to(user).filter(agency=agency).select_related("enterprise__organisation").order_by("-pk")[:10],
        "closing": Approval.objects.open().filter(kind="close_agency", subject_id=str(agency.pk)).select_related("asked_by").first(),
        "records": [(say(row.verb), row) for row in records], "points": agency.points.order_by("pk"),
    }  # fmt: skip
    return render(request, "agencies/account.html", context)


@require_POST
def account_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Approve, refuse, suspend, resume an account; ask to close it."""
    user = person(request)
    agency = get_object_or_404(Agency.objects.managed_by(user).select_related("organisation", "applicant"), pk=pk)
    because = request.POST.get("because", "")
    if step == "approve":
        approve_agency(agency, by=user)
        messages.success(request, _("账户已经开通，申请人是管理员。"))
    elif step == "refuse":
        refuse_agency(agency, by=user, because=because)
        messages.success(request, _("申请没有通过，原因已经告诉申请人。"))
    elif step == "suspend":
        suspend_agency(agency, by=user, because=because)
        messages.success(request, _("账户已经暂停，机构人员不能再看企业、办业务。"))
    elif step == "resume":
        resume_agency(agency, by=user)
        messages.success(request, _("账户已经恢复，人员和合同照旧。"))
    elif step == "close":
        ask_close_agency(agency, by=user, because=because)
        messages.success(request, _("已经提请另一位负责人审批，批准后关闭。"))
    else:
        raise Http404
    return redirect("agencies:account", agency.pk)


@require_POST
def engineer_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Verify, refuse or suspend an engineer."""
    user = person(request)
    need(user, powers.MANAGE_AGENCIES)
    rows = Engineer.objects.filter(agency__in=Agency.objects.managed_by(user)).select_related("agency__organisation")
    engineer = get_object_or_404(rows, pk=pk)
    because = request.POST.get("because", "")
    if step == "verify":
        verify_engineer(engineer, by=user)
        messages.success(request, _("%(who)s的注册已经核验。") % {"who": engineer})
    elif step == "refuse":
        refuse_engineer(engineer, by=user, because=because)
        messages.success(request, _("没有通过，原因已经告诉机构。"))
    elif step == "suspend":
        suspend_engineer(engineer, by=user, because=because)
        messages.success(request, _("%(who)s已经暂停，身份已收回。") % {"who": engineer})
    else:
        raise Http404
    return redirect("agencies:account", engineer.agency_id)


def account_new(request: HttpRequest) -> HttpResponse:
    """Open an account and name its administrator."""
    user = person(request)
    need(user, powers.MANAGE_AGENCIES)
    code = user.post.region_code if user.post is not None else ""
    form = OpenForm(request.POST or None, regions=counties(code), initial={"region_code": code})
    made: list[Agency] = []
    said = _("账户已经开通，管理员用手机号收验证码登录。")
    if done(request, form, lambda values: made.append(open_agency(by=user, **values)), said):
        return redirect("agencies:account", made[0].pk)
    return render(request, "agencies/account_form.html", {"form": form, "opening": True}, status=status_of(form))


def apply(request: HttpRequest) -> HttpResponse:
    """Anyone signed in applies for their agency's account."""
    user = person(request)
    mine = Agency.objects.filter(applicant=user).select_related("organisation").order_by("-created_at").first()
    refused = mine is not None and mine.state == Agency.State.REFUSED
    first: dict[str, Any] = {}
    if mine is not None and refused:
        first = {
            name: getattr(mine, name) for name in ("kinds", "phone", "registration_number", "qualifications", "intro")
        }
        first |= {
            "name": str(mine),
            "credit_code": mine.organisation.credit_code,
            "region_code": mine.organisation.region_code,
        }
    form = ApplyForm(request.POST or None, regions=counties(settings.ANLAN_PROVINCE), initial=first)
    if done(request, form, lambda values: apply_agency(by=user, **values), _("申请已经交给县区，结果会进您的消息。")):
        return redirect("agencies:apply")
    context = {"form": form, "mine": mine, "refused": refused, "opening": False}
    return render(request, "agencies/account_form.html", context, status=status_of(form))
