"""The editors' desk: my texts, a new one, writing."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.content.actions import create_page, save_page
from anlan.content.actions.drafts import newest
from anlan.content.actions.guides import guide_page
from anlan.content.citing import chips, cites_of
from anlan.content.forms import FIRST, FORMS, PageForm, initial_of
from anlan.content.models import SECTION_MODELS, SITE_SECTIONS, Entry, ReviewRound
from anlan.content.models.pages import EntryQuerySet
from anlan.law.models import Guide
from anlan.lib.errors import Refused

PAGE: Final = 20


class Request(HttpRequest):
    """A request behind sign-in, where the user is always a person."""

    user: User


def own_pages(request: Request) -> EntryQuerySet:
    """Every page of the site for whoever edits it; 404 for everybody else."""
    if not request.user.may(powers.EDIT_CONTENT):
        raise Http404
    pages: EntryQuerySet = Entry.objects.visible_to(request.user)
    return pages


def own_page(request: Request, pk: int) -> Entry:
    """One of them, as its own kind."""
    return get_object_or_404(own_pages(request), pk=pk).own


@require_GET
def desk(request: Request) -> HttpResponse:
    """My texts and everybody's, by where they stand."""
    pages = own_pages(request)
    last = ReviewRound.objects.filter(page=OuterRef("pk")).order_by("-number")
    pages = pages.annotate(
        round_state=Subquery(last.values("state")[:1]), round_stage=Subquery(last.values("stage")[:1])
    )
    mine = pages.filter(Q(owner=request.user) | Q(rounds__submitted_by=request.user)).distinct()
    views = {
        "mine": (_("我写的"), mine),
        "returned": (_("退回要改的"), mine.filter(round_state="returned", has_unpublished_changes=True)),
        "drafts": (_("草稿"), pages.filter(has_unpublished_changes=True).exclude(round_state__in=ReviewRound.OPEN)),
        "open": (_("审校中"), pages.filter(round_state__in=ReviewRound.OPEN)),
        "live": (_("已发布"), pages.filter(live=True, withdrawn_at__isnull=True)),
        "all": (_("全部"), pages),
    }
    chosen = request.GET.get("view", "mine") if request.GET.get("view", "mine") in views else "mine"
    rows = views[chosen][1]
    if (section := request.GET.get("section", "")) in SECTION_MODELS:
        rows = rows.filter(section=section)
    if word := request.GET.get("q", "").strip()[:60]:
        rows = rows.filter(draft_title__icontains=word)
    page = Paginator(rows.order_by("-latest_revision_created_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    states = dict(ReviewRound.State.choices)
    stages = dict(ReviewRound.Stage.choices)
    for row in page:
        row.words, row.tone = _standing(row, states, stages)
    return render(request, "content/desk.html", {
        "page": page, "views": [(key, name, rows.count()) for key, (name, rows) in views.items()], "chosen": chosen,
        "sections": Entry.Section.choices, "begun": [one for one in Entry.Section.choices if one[0] in SITE_SECTIONS], "section": section, "q": word,
    })  # fmt: skip


def _standing(row: Any, states: dict[Any, Any], stages: dict[Any, Any]) -> tuple[str, str]:
    """Where a page stands, in words and tone."""
    if row.withdrawn_at is not None and row.round_state not in ReviewRound.OPEN:
        return _("已撤下"), "late"
    if row.round_state == ReviewRound.State.REVIEWING:
        return _("%(stage)s中") % {"stage": stages[row.round_stage]}, "live"
    if row.round_state in ("passed", "scheduled"):
        return str(states[row.round_state]), "live"
    if row.round_state == "returned" and row.has_unpublished_changes:
        return str(states["returned"]), "late"
    if row.live:
        return (_("已发布，有改动") if row.has_unpublished_changes else _("已发布")), "done"
    return _("草稿"), ""


@require_http_methods(["GET", "POST"])
def new(request: Request, section: str) -> HttpResponse:
    """Begin a page."""
    own_pages(request)
    if section not in SITE_SECTIONS:
        raise Http404
    form = FORMS[section](request.POST or None, request.FILES or None, initial={"author_name": request.user.name})
    page = SECTION_MODELS[section](title="", slug="new", section=section)
    if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        try:
            made = create_page(section, form.values(request.user), by=request.user)
        except Refused as refused:
            return _written(request, form, page, status=_say(form, refused))
        messages.success(request, _("草稿已保存。"))
        return redirect("content:draft", made.pk)
    return _written(request, form, page, status=422 if form.is_bound and form.errors else 200)


@require_POST
def guide(request: Request, slug: str, ref: str) -> HttpResponse:
    """Begin to put the guide to an article right, or go on with it."""
    own_pages(request)
    row = get_object_or_404(Guide.objects.select_related("statute"), statute__slug=slug, ref=ref)
    return redirect("content:edit", guide_page(row, by=request.user).pk)


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    """Write on a page: a new version each time; what is public stays until the next release."""
    page = own_page(request, pk)
    draft = newest(page)
    start = {**initial_of(draft), "seen": draft.latest_revision_id}
    form = FORMS[page.section](request.POST or None, request.FILES or None, initial=start)
    if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
        try:
            changed = save_page(page, form.values(request.user), by=request.user, seen=form.cleaned_data["seen"])
        except Refused as refused:
            if refused.code == "stale":  # what they wrote stays; saved again, it stands on the text of the other
                form.data = request.POST.copy()
                form.data["seen"] = str(newest(page).latest_revision_id)
            return _written(request, form, draft, status=_say(form, refused))
        messages.success(request, _("稿件已保存。") if changed else _("没有改动，不用保存。"))
        return redirect("content:draft", pk)
    return _written(request, form, draft, status=422 if form.is_bound and form.errors else 200)


def _say(form: PageForm, refused: Refused) -> int:
    form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))
    return refused.status


def _written(request: Request, form: PageForm, page: Entry, *, status: int) -> HttpResponse:
    """The form, with the preview where it was asked for."""
    shown = form.draft_of(page) if "preview" in request.POST and not form.errors else None
    first = FIRST[page.section]
    rest = [name for name in form.fields if name not in (*first, "seen")]
    current = page.rounds.open().first() if page.pk else None
    context = {
        "form": form, "page": page, "first": [form[name] for name in first], "rest": [form[name] for name in rest],
        "preview": shown, "chips": chips(cites_of(shown)) if shown else [], "current": current,
        "section_name": dict(Entry.Section.choices)[page.section], "part": f"content/parts/{page.section}.html",
        "rest_open": any(name in form.errors for name in rest),
    }  # fmt: skip
    return render(request, "content/edit.html", context, status=status)


@require_GET
def look(request: Request, pk: int) -> HttpResponse:
    """The newest version as it would stand on the site."""
    page = newest(own_page(request, pk))
    return render(request, "content/look.html", {
        "page": page, "chips": chips(cites_of(page)), "part": f"content/parts/{page.section}.html",
    })  # fmt: skip
