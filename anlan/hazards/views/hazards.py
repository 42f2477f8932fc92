"""The list of hazards, one hazard, registering one, its export."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region, SavedView, User
from anlan.enterprises.industries import sections
from anlan.enterprises.models import Enterprise
from anlan.files.actions import serve
from anlan.hazards import deadlines, telling
from anlan.hazards.actions import can_register, may_self_close, missing, register_hazard
from anlan.hazards.actions.exports import start_export
from anlan.hazards.actions.penalties import article_113
from anlan.hazards.actions.photos import can_attach, seen_before
from anlan.hazards.actions.planning import can_follow_up
from anlan.hazards.forms.hazards import RegisterForm
from anlan.hazards.models import Hazard, HazardExport, Holiday, Photo
from anlan.hazards.queries import MOST, VIEWS, Conditions, count_of, rows_of, state_tone, tab_counts
from anlan.hazards.tasks.hazards import work_on_export
from anlan.hazards.views.uploads import fen_of, keep_photos
from anlan.hazards.views.verbs import SPECS
from anlan.lib.asked import number
from anlan.lib.errors import Refused

PER_PAGE = 20
SAVED = 8
OFF_CLOCK = 600
"""Seconds that a device's clock may be wrong before the page says so."""
PAGE_NAME = "hazards:list"


class Pages(Paginator):  # type: ignore[type-arg]
    """A paginator that is told the count, and pages no further than MOST."""

    known: int = 0

    @cached_property
    def count(self) -> int:
        """Rows in all pages that can be reached."""
        return min(self.known, MOST)


def hazard_list(request: HttpRequest) -> HttpResponse:
    """Hazards of one's firm, territory or agency: tabs, conditions, rows."""
    user: Any = request.user
    if not _has_list(user):
        raise Refused(_("隐患清单是给企业、机构和监管人员的。换一个身份再来。"), code="no_scope", status=404)
    scope = user.post.region_code
    asked = Conditions.read(request.GET, user)
    found = asked.apply(Hazard.objects.visible_to(user), scope)
    pages = Pages(asked.sorted(found).values_list("pk", flat=True), PER_PAGE)
    counts = tab_counts(user, asked.region)
    pages.known = counts[asked.view or "open"] if asked.is_plain else count_of(user, asked, found)
    page = pages.get_page(request.GET.get("page"))
    # The keys first: a deep page then joins twenty firms instead of ten thousand.
    keys = list(page.object_list)
    shown = Hazard.objects.visible_to(user).select_related("enterprise__organisation").in_bulk(keys)
    region = Region.objects.filter(pk=asked.region).select_related("parent").first() if asked.region else None
    context = {
        "asked": asked, "page": page, "rows": rows_of([shown[pk] for pk in keys if pk in shown]), "region": region, "scope": scope, "most": MOST,
        "over": pages.known > MOST, "counts": counts, "tabs": [(key, label, counts.get(key or "open")) for key, label in VIEWS.items()],
        "children": Region.objects.open().children_of(asked.region) if asked.region else [],
        "upper": region.parent if region and region.parent_id and region.pk != scope else None,
        "kinds": Hazard.Kind.choices, "states": Hazard.State.choices, "grades": Hazard.Grade.choices, "levels": Hazard.Level.choices,
        "sources": Hazard.Source.choices, "sections": sections(), "of_firm": user.may(powers.MANAGE_ENTERPRISE),
        "saved": SavedView.objects.visible_to(user).filter(page=PAGE_NAME).order_by("pk")[:SAVED],
        "may_add": user.may(powers.INSPECT) or user.may(powers.MANAGE_ENTERPRISE), "supervises": user.may(powers.SUPERVISE),
    }  # fmt: skip
    return render(request, "hazards/list.html", context)


def _has_list(user: User) -> bool:
    """Whether there can be hazards for this post: a firm's people, an agency, an association, a regulator."""
    if user.post is None:
        return False
    if user.post.organisation is not None:
        return user.post.organisation.kind in ("enterprise", "agency", "association")
    return user.may(powers.SUPERVISE)


def seen(user: User, pk: int) -> Hazard:
    """The hazard, if this user may see it; else 404."""
    return get_object_or_404(
        Hazard.objects.visible_to(user).select_related(
            "enterprise__organisation", "found_by", "found_for", "helper", "fixer", "inspection"
        ),
        pk=pk,
    )


def hazard_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One hazard: where it stands, the evidence, the five musts, whose turn it is, what happened."""
    user: Any = request.user
    hazard = seen(user, pk)
    photos = list(hazard.photos.order_by("pk"))
    for photo in photos:
        photo.off_clock = abs(photo.clock_error or 0) > OFF_CLOCK  # type: ignore[attr-defined]
    verbs = hazard.verbs(user)
    main, others = telling.ordered(_own(hazard, user, verbs))
    extension = hazard.extensions.filter(granted__isnull=True).select_related("asked_by").first()
    answers = extension is not None and "extend_grant" in verbs
    if extension is not None:
        others = [verb for verb in others if verb != "extend_ask"]
    if answers:
        main, others = "extend", [main, *others] if main else others
    region = Region.objects.filter(pk=hazard.region_code).first()
    orders = list(hazard.orders.order_by("-pk")[:3])
    context = {
        "hazard": hazard, "tone": state_tone(hazard), "stops": telling.stops(hazard), "left": telling.remaining(hazard),
        "before": [photo for photo in photos if photo.role == Photo.Role.BEFORE],
        "after": [photo for photo in photos if photo.role == Photo.Role.AFTER],
        "scene": [photo for photo in photos if photo.role not in (Photo.Role.BEFORE, Photo.Role.AFTER)],
        "entries": telling.entries(hazard.steps.select_related("by").order_by("-at", "-pk"), photos),
        "used": list(seen_before(photos).items()), "turn": telling.turn(hazard), "main": SPECS.get(main), "main_verb": main,
        "others": [(verb, SPECS[verb]) for verb in others if verb in SPECS], "extension": extension,
        "may_note": "note" in verbs, "may_order": "order" in verbs, "orders": orders, "region": region,
        "missing": missing(hazard), "may_follow_up": can_follow_up(hazard, user), "may_add": can_attach(hazard, user, Photo.Role.BEFORE),
        "supervises": user.may(powers.SUPERVISE) or user.may(powers.MANAGE_ENTERPRISE),
        "penalties": article_113(hazard.enterprise_id) if user.may(powers.SUPERVISE) else None,
    }  # fmt: skip
    return render(request, "hazards/detail.html", context)


def _own(hazard: Hazard, user: User, verbs: list[str]) -> list[str]:
    """In a firm with several managers the curer does not close: the verb is offered where it would be taken."""
    if "self_close" not in verbs:
        return verbs
    if may_self_close(hazard, user):
        return [verb for verb in verbs if verb != "cure"]
    return [verb for verb in verbs if verb != "self_close"]


def hazard_photo(request: HttpRequest, pk: int, photo_id: int) -> HttpResponseBase:
    """A photograph of a hazard that one may see; `?original=1` downloads it as it was taken."""
    user: Any = request.user
    photo = get_object_or_404(
        Photo.objects.filter(hazard__in=Hazard.objects.visible_to(user).filter(pk=pk)).select_related(
            "original", "shown"
        ),
        pk=photo_id,
    )
    if request.GET.get("original"):
        return serve(request, photo.original, download=True)
    return serve(request, photo.shown)


def hazard_new(request: HttpRequest) -> HttpResponse:
    """Register a hazard: at one's own firm, or at one that is chosen first."""
    user: Any = request.user
    post = user.post
    own = post.organisation_id if post and (user.may(powers.MANAGE_ENTERPRISE) or user.may(powers.LEARN)) else None
    firms = Enterprise.objects.visible_to(user).active().select_related("organisation")
    key = own or number(request.GET.get("firm") or request.POST.get("firm"))
    if post is None or not (own or user.may(powers.INSPECT)):
        raise Refused(_("登记隐患要用企业、网格、镇街、县区或机构的身份。"), code="no_scope", status=404)
    if key is None:
        return _choose_firm(request, firms)
    firm = get_object_or_404(firms, pk=key)
    if not can_register(firm, user):
        raise Refused(_("在这家企业登记隐患不在您现在这个身份的职责里。"), code="not_yours", status=404)
    proposed = deadlines.propose("general", timezone.localdate(), Holiday.objects.overrides())
    form = RegisterForm(request.POST or None, request.FILES or None, proposed=proposed)
    if request.method == "POST" and form.is_valid():
        try:
            hazard = _register(request, firm, form.cleaned_data)
        except Refused as refused:
            if refused.status == 404:
                raise
            form.add_error({"fen": "yuan"}.get(refused.field, refused.field) or None, str(refused.message))
        else:
            return redirect("hazards:detail", hazard.pk)
    context = {"form": form, "firm": firm, "own": own is not None, "proposed": proposed}
    return render(request, "hazards/new.html", context, status=422 if form.is_bound else 200)


def _register(request: HttpRequest, firm: Enterprise, given: dict[str, Any]) -> Hazard:
    user: Any = request.user
    names = (
        "title",
        "place",
        "detail",
        "kind",
        "grade",
        "criterion",
        "cite",
        "measure",
        "responsible",
        "deadline",
        "contingency",
    )
    hazard = register_hazard(
        firm, by=user, source=source_of(user), fen=fen_of(given["yuan"]), latitude=given["latitude"], longitude=given["longitude"],
        client_id=given["client_id"], **{name: given[name] for name in names},
    )  # fmt: skip
    kept, problems = keep_photos(hazard, user, given, role=Photo.Role.BEFORE)
    moved = (
        deadlines.says_moved(deadlines.Settled(hazard.deadline, given["deadline"]))
        if hazard.deadline and hazard.deadline != given["deadline"]
        else ""
    )
    said = _("已登记，编号 %(number)s。") % {"number": hazard.number} + (
        _("照片 %(n)d 张。") % {"n": kept} if kept else ""
    )
    messages.success(request, f"{said}{moved}{'。' if moved else ''}")
    for problem in problems:
        messages.error(request, problem)
    return hazard


def source_of(user: User) -> str:
    """Where a hazard that this user registers comes from."""
    post = user.post
    if post is not None and post.organisation is not None:
        return {"agency": "agency", "association": "association"}.get(post.organisation.kind, "self")
    return "patrol" if post is not None and len(post.region_code) > 9 else "town"


def _choose_firm(request: HttpRequest, firms: Any) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:60]
    rows = firms.filter(organisation__name__icontains=words) if words else firms
    return render(
        request, "hazards/new_firm.html", {"rows": rows.order_by("organisation__name", "pk")[:20], "words": words}
    )


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the present conditions under a name."""
    user: Any = request.user
    name, query = request.POST.get("name", "").strip()[:40], request.POST.get("query", "").lstrip("?")[:500]
    if not name:
        messages.error(request, _("请给这组条件起个名字。"))
    elif SavedView.objects.visible_to(user).filter(page=PAGE_NAME).exclude(name=name).count() >= SAVED:
        messages.error(request, _("最多存 %(n)d 组条件，请先删掉一组。") % {"n": SAVED})
    else:
        SavedView.objects.update_or_create(user=user, page=PAGE_NAME, name=name, defaults={"query": query})
        messages.success(request, _("已存为“%(name)s”。") % {"name": name})
    return redirect(f"{reverse('hazards:list')}?{query}")


@require_POST
def drop_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a named set of conditions."""
    user: Any = request.user
    view = get_object_or_404(SavedView.objects.visible_to(user), pk=pk, page=PAGE_NAME)
    view.delete()
    messages.success(request, _("已删除“%(name)s”。") % {"name": view.name})
    return redirect("hazards:list")


@require_POST
def export_start(request: HttpRequest) -> HttpResponse:
    """Ask for a workbook of what the conditions match."""
    user: Any = request.user
    if not _has_list(user):
        raise Refused(_("没有可以导出的隐患。"), code="no_scope", status=404)
    export = start_export(request.POST.get("conditions", "").lstrip("?"), by=user)
    work_on_export.enqueue(export.pk)
    return redirect("hazards:export", export.pk)


def export_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an export is, and the way to its file; also as the fragment that renews itself."""
    user: Any = request.user
    export = get_object_or_404(HazardExport.objects.visible_to(user).select_related("file"), pk=pk)
    name = "hazards/_export.html" if request.htmx else "hazards/export.html"  # type: ignore[attr-defined]
    return render(request, name, {"export": export})


def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of an export."""
    user: Any = request.user
    export = get_object_or_404(HazardExport.objects.visible_to(user).exclude(file=None).select_related("file"), pk=pk)
    assert export.file is not None  # noqa: S101 (excluded above)
    return serve(request, export.file, download=True)
