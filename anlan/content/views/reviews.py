"""三审三校 on the screen: what waits for whom, one text with its signatures, signing, returning, releasing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.content import actions
from anlan.content.actions.drafts import newest
from anlan.content.checking import lacking
from anlan.content.citing import chips, cites_of
from anlan.content.forms import ReleaseForm, SignForm, WordsForm
from anlan.content.models import Entry, ReviewRound, Signature
from anlan.content.people import hindrance, valid, writers
from anlan.content.timeline import stops, timeline
from anlan.content.views.desk import Request, own_page, own_pages
from anlan.lib.errors import Refused


@require_GET
def reviews(request: Request) -> HttpResponse:
    """What waits for me, what waits for others, what waits for its hour; overdue first."""
    own_pages(request)
    rounds = ReviewRound.objects.visible_to(request.user).select_related("page", "submitted_by")
    rounds = rounds.prefetch_related("signatures")
    mine: list[ReviewRound] = []
    others: list[ReviewRound] = []
    asked = set(rounds.at_stage_of(request.user).values_list("pk", flat=True))
    for current in rounds.filter(state=ReviewRound.State.REVIEWING).order_by("due_at", "pk")[:200]:
        free = current.pk in asked and _may_sign_any(current, request)
        (mine if free else others).append(current)
    waiting = rounds.filter(state__in=("passed", "scheduled")).order_by("release_at", "pk")[:100]
    done = rounds.filter(state__in=("released", "returned")).order_by("-pk")[:10]
    return render(request, "content/reviews.html", {
        "mine": mine, "others": others, "waiting": waiting, "done": done, "late": rounds.overdue_releases(),
        "releases": request.user.may(powers.REVIEW_FINAL), "now": timezone.now(),
    })  # fmt: skip


def _may_sign_any(current: ReviewRound, request: Request) -> bool:
    """Whether this person may give one of the two signatures; the author's own text is never theirs."""
    signed = valid(current.signatures.all(), current.hash)
    wrote = writers(current.page)
    kinds = (Signature.Kind.REVIEW, Signature.Kind.PROOF)
    return any(hindrance(current, request.user, kind, wrote=wrote, signed=signed) is None for kind in kinds)


@require_GET
def draft(request: Request, pk: int) -> HttpResponse:
    """One text: where it stands, whose turn it is, who signed, what happened."""
    return _draft(request, own_page(request, pk))


def _draft(request: Request, page: Entry, *, refused: Refused | None = None, typed: Any = None) -> HttpResponse:
    shown = newest(page)
    current = page.rounds.order_by("-number").prefetch_related("signatures").first()
    running = current if current is not None and current.state in ReviewRound.OPEN else None
    user = request.user
    context: dict[str, Any] = {
        "page": page, "shown": shown, "current": current, "running": running, "chips": chips(cites_of(shown)),
        "part": f"content/parts/{page.section}.html", "timeline": timeline(page), "stops": stops(current),
        "refused": refused, "typed": typed or {}, "checks": Signature.CHECKS.items(), "lacking": [] if running else lacking(shown),
        "may_withdraw": page.can_withdraw(user), "hash": running.hash if running else "",
    }  # fmt: skip
    if running is not None:
        wrote = writers(page)
        signed = valid(running.signatures.all(), running.hash)
        told = {kind: hindrance(running, user, kind, wrote=wrote, signed=signed) for kind in Signature.Kind.values}
        here = [row for row in signed if row.stage == running.stage]
        context |= {
            "may_review": told["review"] is None, "may_proof": told["proof"] is None, "may_bypass": told["bypass"] is None,
            "why_not": told["review"] or told["proof"], "here": here, "own": user.pk in wrote,
            "may_return": user.pk not in wrote and (told["review"] is None or told["proof"] is None or any(r.person_id == user.pk for r in here)),
            "may_take_back": user.pk in wrote | {running.submitted_by_id},
            "may_release": running.state in ("passed", "scheduled") and user.may(powers.REVIEW_FINAL),
            "today": timezone.localdate(),
        }  # fmt: skip
    else:
        context["may_submit"] = page.withdrawn_at is not None or shown.has_unpublished_changes or not page.live
    return render(request, "content/draft.html", context, status=refused.status if refused else 200)


def _current(page: Entry) -> ReviewRound:
    """The open round of a page; 409 in words where there is none."""
    found: ReviewRound | None = page.rounds.open().first()
    if found is None:
        raise Refused(_("这篇稿件现在不在审校中。"), code="not_in_review")
    return found


@require_POST
def submit(request: Request, pk: int) -> HttpResponse:
    """Hand in for review."""
    page = own_page(request, pk)
    try:
        actions.submit_page(page, by=request.user)
    except Refused as refused:
        return _draft(request, page, refused=refused)
    messages.success(request, _("已送初审。审校人会收到消息。"))
    return redirect("content:draft", pk)


@require_POST
def take_back(request: Request, pk: int) -> HttpResponse:
    """The author takes it back."""
    page = own_page(request, pk)
    actions.take_back(_current(page), by=request.user, words=request.POST.get("words", "")[:1000])
    messages.success(request, _("已撤回，可以接着改。"))
    return redirect("content:draft", pk)


@require_POST
def sign(request: Request, pk: int) -> HttpResponse:
    """Sign the review or the proof of the present stage."""
    page = own_page(request, pk)
    form = SignForm(request.POST)
    if not form.is_valid():
        raise Refused(_("没有签上：表单不完整，请刷新这一页再签。"), code="form", status=422)
    data = form.cleaned_data
    try:
        signature = actions.sign(
            _current(page), data["kind"], by=request.user, seen=data["seen"], words=data["words"], checks=data["checks"]
        )
    except Refused as refused:
        return _draft(request, page, refused=refused, typed=data)
    messages.success(request, _("已签%(act)s。") % {"act": signature.act})
    return redirect("content:draft", pk)


def _reason(request: Request) -> dict[str, str]:
    form = WordsForm(request.POST)
    form.is_valid()
    return {"seen": form.cleaned_data.get("seen", ""), "words": form.cleaned_data.get("words", "")}


@require_POST
def give_back(request: Request, pk: int) -> HttpResponse:
    """Send back to the author with the reason."""
    page, said = own_page(request, pk), _reason(request)
    try:
        actions.return_round(_current(page), by=request.user, **said)
    except Refused as refused:
        return _draft(request, page, refused=refused, typed={"return_words": said["words"]})
    messages.success(request, _("已退回，作者会收到您写的原因。"))
    return redirect("content:reviews")


@require_POST
def bypass(request: Request, pk: int) -> HttpResponse:
    """Skip a stage with a reason that everybody will read."""
    page, said = own_page(request, pk), _reason(request)
    try:
        actions.bypass_stage(_current(page), by=request.user, **said)
    except Refused as refused:
        return _draft(request, page, refused=refused, typed={"bypass_words": said["words"]})
    messages.success(request, _("已跳过这一审，原因记入操作记录，发布后公开。"))
    return redirect("content:draft", pk)


@require_POST
def release(request: Request, pk: int) -> HttpResponse:
    """Release now, at an hour, or take the hour back."""
    page = own_page(request, pk)
    form = ReleaseForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused(_("日期或时间认不出来，没有发布。"), code="when", status=422)
        if request.POST.get("how") == "cancel":
            actions.cancel_release(_current(page), by=request.user)
            messages.success(request, _("不再定时，等您发布。"))
            return redirect("content:draft", pk)
        try:
            at = form.moment() if request.POST.get("how") == "at" else None
        except ValidationError as error:
            raise Refused(error.messages[0], code="when", status=422) from error
        if request.POST.get("how") == "at" and at is None:
            raise Refused(_("请选发布的日期和时间。"), code="when", status=422)
        done = actions.release(_current(page), by=request.user, at=at)
    except Refused as refused:
        return _draft(request, page, refused=refused)
    words = _("已发布。") if done.state == ReviewRound.State.RELEASED else _("到时间会自动发布。")
    messages.success(request, words)
    return redirect("content:draft", pk)


@require_POST
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take the page off the site at once."""
    page: Entry = get_object_or_404(own_pages(request), pk=pk)
    if not page.can_withdraw(request.user) and page.is_public:
        raise Http404
    words = request.POST.get("words", "")[:300]
    try:
        actions.withdraw_page(page, by=request.user, words=words)
    except Refused as refused:
        return _draft(request, page.own, refused=refused, typed={"withdraw_words": words})
    messages.success(request, _("已撤下，网址上写明了原因。"))
    return redirect("content:draft", pk)
