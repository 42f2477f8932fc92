"""Letters of readers: writing one, following it, the editors' desk, the published corrections."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from anlan.content.forms_readers import CorrectionForm, FollowForm, LetterForm
from anlan.content.letters import answering, writing
from anlan.content.models import Correction, Entry, Letter
from anlan.content.views.desk import Request, own_pages
from anlan.content.views.site import frame
from anlan.lib.asked import way_back
from anlan.lib.errors import Refused
from anlan.ui.caching import Stamp, public_page

PAGE: Final = 20
RECEIPT: Final = "content:receipt"


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def letter(request: HttpRequest) -> HttpResponse:
    """Write to the editors: what is wrong (`?about=` says where), what is missing."""
    about = writing.inside(request.GET.get("about", ""))
    kind = request.GET.get("kind", "error" if about else "missing")
    form = LetterForm(
        request.POST or None, initial={"about": about, "kind": kind, "quote": request.GET.get("quote", "")[:500]}
    )
    status = 200
    if request.method == "POST":
        if form.is_valid() and form.is_trap:
            return redirect("content:letter_thanks")  # a machine filled what people cannot see: it learns nothing
        if form.is_valid():
            try:
                made, code = writing.write_letter(
                    **form.letter(), by=request.user if request.user.is_authenticated else None
                )
            except Refused as refused:
                form.add_error(refused.field or None, str(refused.message))
                status = refused.status
            else:
                request.session[RECEIPT] = [made.number, code]
                return redirect("content:letter_thanks")
        else:
            status = 422
    return render(request, "content/letters/write.html", {
        **frame(request), "form": form, "about": form["about"].value() or "", "most": Letter.MOST,
    }, status=status)  # fmt: skip


@never_cache
@login_not_required
@require_safe
def letter_thanks(request: HttpRequest) -> HttpResponse:
    """The receipt, shown in the browser that wrote the letter."""
    number, code = request.session.get(RECEIPT, ("", ""))
    found = Letter.objects.filter(number=number).first()
    return render(request, "content/letters/thanks.html", {**frame(request), "letter": found, "code": code})


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def letter_follow(request: HttpRequest) -> HttpResponse:
    """Look at the answer with the receipt."""
    form = FollowForm(request.POST or None, initial={"number": request.GET.get("number", "")[:16]})
    found, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                found = writing.read_receipt(form.cleaned_data["number"], form.cleaned_data["code"])
                status = 200
            except Refused as refused:
                form.add_error("code", str(refused.message))
                status = refused.status
    correction = Correction.objects.filter(letter=found).first() if found else None
    context = {**frame(request), "form": form, "letter": found, "correction": correction}
    return render(request, "content/letters/follow.html", context, status=status)


@require_GET
def letter_mine(request: Request, number: str) -> HttpResponse:
    """One's own letter, for whoever was signed in when they wrote it."""
    found = get_object_or_404(Letter.objects.filter(writer=request.user), number=number)
    correction = Correction.objects.filter(letter=found).first()
    return render(
        request,
        "content/letters/follow.html",
        {**frame(request), "letter": found, "correction": correction, "mine": True},
    )


def _stamp(request: HttpRequest) -> Stamp:
    return tuple(Correction.objects.aggregate(Max("published_at"), Max("withdrawn_at"), Max("pk")).values())


@login_not_required
@require_safe
@public_page(_stamp)
def corrections(request: HttpRequest) -> HttpResponse:
    """What was wrong on this site, what is right now, and when."""
    rows = Correction.objects.visible_to(request.user)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "content/letters/corrections.html", {
        **frame(request), "page": page, "edits": request.user.is_authenticated and own_edits(request),
    })  # fmt: skip


def own_edits(request: HttpRequest) -> bool:
    """Whether the reader edits the site."""
    try:
        own_pages(request)  # type: ignore[arg-type]
    except Http404:
        return False
    return True


@require_GET
def letters(request: Request) -> HttpResponse:
    """The editors' desk: what waits for an answer, the nearest day first."""
    own_pages(request)
    rows = Letter.objects.visible_to(request.user)
    views = {
        "open": (_("待答复"), rows.open().order_by("due_at")),
        "mine": (_("我在处理"), rows.open().filter(assigned_to=request.user).order_by("due_at")),
        "done": (_("已办结"), rows.exclude(state__in=Letter.OPEN).order_by("-answered_at")),
    }
    chosen = request.GET.get("view", "open")
    chosen = chosen if chosen in views else "open"
    page = Paginator(views[chosen][1].select_related("assigned_to"), PAGE).get_page(request.GET.get("page"))
    return render(request, "content/letters/desk.html", {
        "page": page, "chosen": chosen, "views": [(key, name, found.count()) for key, (name, found) in views.items()],
        "late": rows.late().count(),
    })  # fmt: skip


def _letter(request: Request, number: str) -> Letter:
    own_pages(request)
    return get_object_or_404(
        Letter.objects.visible_to(request.user).select_related("assigned_to", "writer"), number=number
    )


@require_GET
def letter_desk(request: Request, number: str) -> HttpResponse:
    """One letter: what the reader says, the page it speaks of, and what to do now."""
    return _shown(request, _letter(request, number))


def _shown(request: Request, found: Letter, refused: Refused | None = None) -> HttpResponse:
    page = _page_at(found.about)
    typed: dict[str, Any] = request.POST.dict() if refused else {}
    start = {"title": str(page) if page else "", "wrong": found.quote}
    return render(request, "content/letters/one.html", {
        "letter": found, "page": page, "refused": refused, "typed": {**start, **typed},
        "correction": Correction.objects.filter(letter=found).first(),
    }, status=refused.status if refused else 200)  # fmt: skip


def _page_at(path: str) -> Entry | None:
    """The page of ours at a path, where it is one."""
    parts = [part for part in path.split("?")[0].split("/") if part]
    page = Entry.objects.public().filter(slug=parts[-1]).first() if len(parts) == 2 else None
    return page if page is not None and page.get_absolute_url() == path.split("?")[0] else None


@require_POST
def letter_do(request: Request, number: str) -> HttpResponse:
    """Take it in hand, answer it, publish a correction, or decline."""
    found, sent = _letter(request, number), request.POST
    try:
        match sent.get("do"):
            case "take":
                answering.take_letter(found, by=request.user)
                messages.success(request, _("由您处理，别的同事能看到。"))
                return redirect("content:letter_desk", number)
            case "answer" | "decline":
                answering.answer_letter(
                    found, by=request.user, words=sent.get("words", ""), decline=sent.get("do") == "decline"
                )
                messages.success(request, _("答复已送出，来信的人凭回执能看到。"))
            case "correct":
                answering.correct_letter(
                    found, by=request.user, title=sent.get("title", ""), wrong=sent.get("wrong", ""),
                    right=sent.get("right", ""), words=sent.get("words", ""),
                )  # fmt: skip
                messages.success(request, _("更正已公开，来信的人也收到了答复。"))
            case _:
                raise Http404
    except Refused as refused:
        return _shown(request, _letter(request, number), refused)
    return redirect("content:letters")


@require_http_methods(["GET", "POST"])
def correction_new(request: Request) -> HttpResponse:
    """Publish a correction that no letter asked for."""
    own_pages(request)
    form = CorrectionForm(request.POST or None, initial={"url": request.GET.get("about", "")})
    if request.method == "POST" and form.is_valid():
        try:
            answering.publish_correction(**form.cleaned_data, by=request.user)
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            messages.success(request, _("更正已公开。"))
            return redirect("content:corrections")
    return render(request, "content/letters/correction.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def correction_withdraw(request: Request, pk: int) -> HttpResponse:
    """Take back a correction that was wrong itself."""
    own_pages(request)
    found = get_object_or_404(Correction.objects.visible_to(request.user), pk=pk)
    answering.withdraw_correction(found, by=request.user)
    messages.success(request, _("这条更正已撤下。"))
    return redirect(way_back(request, reverse("content:corrections"), "content:corrections"))
