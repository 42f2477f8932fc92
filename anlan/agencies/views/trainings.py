"""Asking for training, and the institution's desk."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.agencies.actions import (
    agree_training,
    ask_training,
    choose_institution,
    decline_training,
    edit_provider,
    finish_training,
    withdraw_training,
)
from anlan.agencies.forms import AgreeForm, ProviderForm, TrainingForm, industry_words
from anlan.agencies.models import Provider, Topic, TrainingRequest
from anlan.agencies.views.common import PER_PAGE, done, need, own_firm, person, status_of
from anlan.lib.asked import number
from anlan.lib.errors import Refused

WITH = ("enterprise__organisation", "institution")
State = TrainingRequest.State


def training_list(request: HttpRequest) -> HttpResponse:
    """What the firm has asked for."""
    user = person(request)
    own_firm(user)
    rows = TrainingRequest.objects.visible_to(user).select_related(*WITH).order_by("-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "agencies/trainings.html", {"page": page})


def training_new(request: HttpRequest) -> HttpResponse:
    """Ask for training."""
    user = person(request)
    firm = own_firm(user)
    today = timezone.localdate()
    topic = request.GET.get("topic")
    first = {
        "wanted_from": today,
        "people": firm.headcount or None,
        "topic": topic if topic in Topic.values else "annual",
    }
    form = TrainingForm(request.POST or None, initial=first)
    made: list[TrainingRequest] = []
    said = _("已经按行业、人数、距离和容量挑了几家，请选一家。")
    if done(request, form, lambda values: made.append(ask_training(firm, by=user, **values)), said):
        return redirect("agencies:training", made[0].pk)
    return render(request, "agencies/training_form.html", {"form": form, "firm": firm}, status=status_of(form))


def training(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: who could do it and why, who does it."""
    user = person(request)
    asked = get_object_or_404(TrainingRequest.objects.visible_to(user).select_related(*WITH, "asked_by"), pk=pk)
    try:
        make_class = reverse("training:class-new")
    except NoReverseMatch:
        make_class = ""
    provider = Provider.objects.filter(pk=asked.institution_id).first() if asked.institution_id else None
    context = {
        "asked": asked, "is_firm": asked.is_firm(user), "is_institution": asked.is_institution(user), "provider": provider,
        "can_choose": asked.is_firm(user) and asked.state == State.OPEN, "form": AgreeForm(initial={"agreed_on": max(asked.wanted_from, timezone.localdate())}),
        "make_class": make_class if asked.state in (State.AGREED, State.DONE) and asked.is_firm(user) else "",
        "withdrawable": asked.is_firm(user) and asked.state in (State.OPEN, State.ASKED, State.AGREED),
        "began": asked.agreed_on is not None and asked.agreed_on <= timezone.localdate(),
    }  # fmt: skip
    return render(request, "agencies/training.html", context)


@require_POST
def training_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Choose, withdraw (firm); agree, decline, finish (institution)."""
    user = person(request)
    asked = get_object_or_404(TrainingRequest.objects.visible_to(user).select_related(*WITH), pk=pk)
    firm_side = asked.is_firm(user)
    if step == "choose":
        choose_institution(asked, number(request.POST.get("institution")) or 0, by=user)
        messages.success(request, _("申请已经发给%(who)s。") % {"who": asked.institution})
    elif step == "withdraw":
        withdraw_training(asked, by=user)
        messages.success(request, _("申请已经撤回。"))
    elif step == "agree":
        form = AgreeForm(request.POST)
        if not form.is_valid():
            words = " ".join(str(error) for errors in form.errors.values() for error in errors)
            raise Refused(words, code="invalid", status=422)
        agree_training(asked, by=user, **form.cleaned_data)
        messages.success(request, _("已经答复企业。"))
    elif step == "decline":
        decline_training(asked, by=user, because=request.POST.get("because", ""))
        messages.success(request, _("已经答复企业，对方会另选一家。"))
    elif step == "finish":
        finish_training(asked, by=user)
        messages.success(request, _("已经登记开班。"))
    else:
        raise Http404
    return (
        redirect("agencies:training", asked.pk)
        if firm_side or step != "decline"
        else redirect("agencies:training-desk")
    )


def _provider(request: HttpRequest) -> Provider:
    """The profile of one's own institution, made on first sight."""
    user = person(request)
    need(user, powers.TEACH)
    organisation = user.post.organisation if user.post is not None else None
    if organisation is None or organisation.kind != "institution":
        raise Refused(_("这一页给培训机构用。"), code="no_power", status=403)
    return Provider.objects.get_or_create(organisation=organisation, defaults={"is_open": False})[0]


def training_desk(request: HttpRequest) -> HttpResponse:
    """What firms ask of the institution."""
    provider, user = _provider(request), person(request)
    everything = TrainingRequest.objects.visible_to(user)
    counts = dict(everything.order_by().values_list("state").annotate(n=Count("pk")))
    state = request.GET.get("state", "")
    chosen = everything.filter(state=state) if state in State.values else everything
    page = Paginator(chosen.select_related(*WITH).order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    tabs = [
        ("", _("全部"), sum(counts.values())),
        *((code, words, counts[code]) for code, words in State.choices if code in counts),
    ]
    context = {
        "provider": provider,
        "page": page,
        "tabs": tabs,
        "state": state,
        "industries": industry_words(provider.industries),
    }
    return render(request, "agencies/training_desk.html", context)


def provider(request: HttpRequest) -> HttpResponse:
    """What the institution can do."""
    found, user = _provider(request), person(request)
    first: dict[str, Any] = {name: getattr(found, name) for name in ProviderForm.base_fields}
    first["industries"] = "，".join(found.industries)
    form = ProviderForm(request.POST or None, initial=first)
    if done(request, form, lambda said: edit_provider(found, by=user, **said), _("能力说明已经保存。")):
        return redirect("agencies:training-desk")
    return render(request, "agencies/provider.html", {"form": form, "provider": found}, status=status_of(form))
