"""What everybody reads: news, cases, questions, handouts, zones. Knowledge cards have a module of their own."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from anlan.accounts.models import Region
from anlan.content.actions.drafts import newest
from anlan.content.citing import chips, cites_of
from anlan.content.handouts import handout_pdf
from anlan.content.models import (
    SECTION_MODELS,
    DownloadPage,
    Entry,
    FaqEntry,
    NewsPage,
    ReviewRound,
    ZonePage,
)
from anlan.content.models.pages import EntryQuerySet
from anlan.files.actions import serve
from anlan.law.models import Statute
from anlan.ui.caching import Stamp, public_page

PAGE: Final = 12
TAGS: Final = 24
"""Tags offered for filtering, the most frequent first."""


def stamp(request: HttpRequest, section: str = "") -> Stamp:
    """What a list is made of: it changes with every release, withdrawal and return. One query."""
    rows = Entry.objects.public()
    found = (rows.filter(section=section) if section else rows).aggregate(
        Max("last_published_at"), Max("pk"), Count("pk")
    )
    return tuple(found.values())


def page_stamp(request: HttpRequest, slug: str) -> Stamp:
    """What a page is made of, related pages and links into the law included. Two queries."""
    return (*stamp(request), Statute.objects.aggregate(Max("pk"))["pk__max"])


def frame(request: HttpRequest) -> dict[str, Any]:
    """Inside the workbench for whoever is signed in, in the portal for everybody else."""
    inside = request.user.is_authenticated
    return {"base": "ui/work.html" if inside else "ui/public.html", "inside": inside}


def public(section: str) -> EntryQuerySet:
    """The public pages of a section, as their own kind."""
    rows: EntryQuerySet = SECTION_MODELS[section].objects.public()
    return rows


def narrowed(request: HttpRequest, rows: EntryQuerySet) -> tuple[EntryQuerySet, dict[str, str]]:
    """Apply the conditions of the address that all sections share; return the rows and the conditions."""
    chosen = {key: request.GET.get(key, "").strip()[:40] for key in ("q", "tag", "industry", "region")}
    for facet in ("tag", "industry", "region"):
        if chosen[facet]:
            rows = rows.marked(facet, chosen[facet])
    if chosen["q"]:
        word = chosen["q"]
        rows = rows.filter(Q(title__icontains=word) | Q(summary__icontains=word) | Q(body__icontains=word))
    return rows, chosen


def offered(section: str) -> dict[str, list[tuple[str, str]]]:
    """Return tags, trades and regions that the section's pages carry, for its filters. Two queries at most."""
    rows = public(section).newest().values_list("tags", "industries", "regions")[:500]
    tags: Counter[str] = Counter()
    industries, regions = set(), set()
    for mine, trades, places in rows:
        tags.update(mine)
        industries.update(trades)
        regions.update(places)
    names = dict(Region.objects.filter(pk__in=regions).values_list("pk", "name")) if regions else {}
    return {
        "tags": [(tag, tag) for tag, _n in tags.most_common(TAGS)],
        "industries": [(code, str(TRADES.get(code, code))) for code in sorted(industries)],
        "regions": [(code, names.get(code, code)) for code in sorted(regions)],
    }


TRADES: Final = {
    "13": _lazy("农副食品加工业"), "14": _lazy("食品制造业"), "17": _lazy("纺织业"), "18": _lazy("服装业"), "19": _lazy("皮革和制鞋业"), "20": _lazy("木材加工业"),
    "21": _lazy("家具制造业"), "22": _lazy("造纸业"), "26": _lazy("化工"), "29": _lazy("橡胶和塑料制品业"), "30": _lazy("非金属矿物制品业"), "31": _lazy("钢铁冶炼"),
    "32": _lazy("有色金属冶炼"), "33": _lazy("金属制品业"), "34": _lazy("通用设备制造业"), "35": _lazy("专用设备制造业"), "36": _lazy("汽车制造业"), "38": _lazy("电气机械制造业"),
    "39": _lazy("电子设备制造业"), "47": _lazy("房屋建筑业"), "48": _lazy("土木工程"), "49": _lazy("建筑安装业"), "50": _lazy("建筑装饰业"), "51": _lazy("批发业"), "52": _lazy("零售业"),
    "54": _lazy("道路运输业"), "59": _lazy("仓储业"), "61": _lazy("住宿业"), "62": _lazy("餐饮业"), "C": _lazy("制造业"), "E": _lazy("建筑业"),
}  # fmt: skip
"""Short names of the divisions of GB/T 4754-2017 that pages are marked with; others show their code."""


def listing(request: HttpRequest, section: str, rows: EntryQuerySet, **more: Any) -> HttpResponse:
    """A list with its filters in the address and its pages."""
    found, chosen = narrowed(request, rows)
    chosen.update(more.pop("chosen", {}))
    page = Paginator(found.newest(), PAGE).get_page(request.GET.get("page"))
    selects = _selects(section, more.pop("selects", []))
    return render(request, f"content/{section}_list.html", {
        **frame(request), "page": page, "chosen": chosen, "selects": selects,
        "active": _active(chosen, selects), **more,
    })  # fmt: skip


def _selects(section: str, own: list[tuple[str, str, list[tuple[str, str]]]]) -> list[Any]:
    offers = offered(section)
    common = [
        ("tag", _("标签"), offers["tags"]), ("industry", _("行业"), offers["industries"]), ("region", _("地区"), offers["regions"]),
    ]  # fmt: skip
    return [row for row in (*own, *common) if row[2]]


def _active(chosen: dict[str, str], selects: list[Any]) -> list[tuple[str, str]]:
    names = {(key, value): words for key, _label, values in selects for value, words in values}
    return [(key, str(names.get((key, value), value))) for key, value in chosen.items() if value]


def foot_of(page: Entry) -> dict[str, Any]:
    """Who stands for a public page: the signatures of the round that released it. Two queries."""
    current = page.rounds.filter(state=ReviewRound.State.RELEASED).order_by("-number").first()
    signed = [row for row in current.signatures.all() if row.void_at is None] if current else []
    return {"round": current, "signed": sorted(signed, key=lambda row: (row.stage, row.kind == "proof", row.at))}


def related(page: Entry, n: int = 4) -> list[Entry]:
    """Return public pages that share a tag, the newest first. One query."""
    shares = Q()
    for tag in page.tags[:6]:
        shares |= Q(facets__contains=f"|tag:{tag}|")
    rows = Entry.objects.public().exclude(pk=page.pk).filter(shares) if page.tags else Entry.objects.none()
    return list(rows.newest()[:n])


def shown(request: HttpRequest, section: str, slug: str, **more: Any) -> HttpResponse:
    """One page of the site; 410 with the reason where it was taken off."""
    model = SECTION_MODELS[section]
    page = get_object_or_404(model.objects.select_related("cover").filter(live=True), slug=slug)
    if page.withdrawn_at is not None:
        return render(request, "content/gone.html", {**frame(request), "page": page}, status=410)
    return render(request, f"content/{section}.html" if section in ("knowledge", "zone") else "content/entry.html", {
        **frame(request), "page": page, "chips": chips(cites_of(page)), "foot": foot_of(page), "related": related(page),
        "part": f"content/parts/{section}.html", "may_edit": request.user.is_authenticated and page.can_edit(request.user), **more,
    })  # fmt: skip


@login_not_required
@require_safe
@public_page(lambda request: stamp(request, section="news"))
def news(request: HttpRequest) -> HttpResponse:
    """Policy, experts, videos, notices: by kind, level, tag, trade, place and word."""
    rows, chosen = public("news"), {}
    for field, values in (("kind", NewsPage.Kind.values), ("level", NewsPage.Level.values)):
        if (value := request.GET.get(field, "")) in values:
            rows, chosen[field] = rows.filter(**{field: value}), value
    kinds = [(value, str(label)) for value, label in NewsPage.Kind.choices]
    level = ("level", _("级别"), [(value, str(label)) for value, label in NewsPage.Level.choices])
    return listing(request, "news", rows, chosen=chosen, kinds=kinds, selects=[level])


@login_not_required
@require_safe
@public_page(page_stamp)
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """An article, a video, a notice."""
    return shown(request, "news", slug)


@login_not_required
@require_safe
@public_page(lambda request: stamp(request, section="case"))
def cases(request: HttpRequest) -> HttpResponse:
    """Accidents told so that others learn."""
    rows, chosen = public("case"), {}
    kinds = sorted(set(rows.values_list("accident", flat=True)) - {""})
    if (value := request.GET.get("kind", "")) in kinds:
        rows, chosen["kind"] = rows.filter(accident=value), value
    return listing(
        request, "case", rows, chosen=chosen, selects=[("kind", _("事故类型"), [(kind, kind) for kind in kinds])]
    )


@login_not_required
@require_safe
@public_page(page_stamp)
def case(request: HttpRequest, slug: str) -> HttpResponse:
    """One accident: what happened when, why, what was violated, what to learn."""
    return shown(request, "case", slug)


@login_not_required
@require_safe
@public_page(lambda request: stamp(request, section="faq"))
def faq(request: HttpRequest) -> HttpResponse:
    """Questions by topic; a word finds them by the other ways people ask, too."""
    rows, chosen = narrowed(request, public("faq"))
    if chosen["q"]:
        rows = public("faq").filter(
            Q(title__icontains=chosen["q"]) | Q(body__icontains=chosen["q"]) | Q(facets__icontains=chosen["q"])
        )
    topics = sorted(set(public("faq").values_list("topic", flat=True)) - {""})
    if (topic := request.GET.get("topic", "")) in topics:
        rows = rows.filter(topic=topic)
    groups: dict[str, list[FaqEntry]] = {}
    for entry in rows.order_by("topic", "pk"):
        groups.setdefault(entry.topic, []).append(entry)
    return render(request, "content/faq_list.html", {
        **frame(request), "groups": groups, "topics": topics, "topic": topic, "q": chosen["q"],
        "total": sum(map(len, groups.values())),
    })  # fmt: skip


@login_not_required
@require_safe
@public_page(page_stamp)
def question(request: HttpRequest, slug: str) -> HttpResponse:
    """One question and its answer."""
    return shown(request, "faq", slug)


@login_not_required
@require_safe
@public_page(lambda request: stamp(request, section="download"))
def downloads(request: HttpRequest) -> HttpResponse:
    """Handouts to print and pin up."""
    return listing(request, "download", public("download"))


@login_not_required
@require_safe
@public_page(page_stamp)
def download(request: HttpRequest, slug: str) -> HttpResponse:
    """A handout: its text on the page, the file to print."""
    return shown(request, "download", slug)


@login_not_required
@require_safe
def download_file(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The file of a handout: what was uploaded, else its text as a PDF."""
    page = get_object_or_404(public("download").select_related("attachment"), slug=slug)
    if isinstance(page, DownloadPage) and page.attachment is not None:
        return serve(request, page.attachment, download=True)
    response = HttpResponse(handout_pdf(page.title, page.body, page.get_absolute_url()), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{page.slug}.pdf"'
    response["Cache-Control"] = "public, max-age=300"
    return response


@login_not_required
@require_safe
@public_page(lambda request: stamp(request, section="zone"))
def zones(request: HttpRequest) -> HttpResponse:
    """All zones by kind."""
    groups: dict[str, list[ZonePage]] = {}
    for zone_page in public("zone").order_by("kind", "position", "pk"):
        groups.setdefault(str(zone_page.get_kind_display()), []).append(zone_page)
    return render(request, "content/zone_list.html", {**frame(request), "groups": groups})


@login_not_required
@require_safe
@public_page(page_stamp)
def zone(request: HttpRequest, slug: str) -> HttpResponse:
    """A zone: its text, and what carries its tags or its trade."""
    page = get_object_or_404(ZonePage.objects.filter(live=True), slug=slug)
    marks = Q(pk__in=())
    for tag in page.tags:
        marks |= Q(facets__contains=f"|tag:{tag}|")
    for code in page.industries:
        marks |= Q(facets__contains=f"|industry:{code}|")
    gathered = Entry.objects.public().filter(marks).exclude(section="zone").newest()[:24]
    groups: dict[str, list[Entry]] = {}
    for entry in gathered:
        groups.setdefault(str(entry.get_section_display()), []).append(entry)
    siblings = public("zone").filter(kind=page.kind).order_by("position", "pk")
    return shown(request, "zone", slug, groups=groups, siblings=siblings)


@login_not_required
@require_safe
def cover(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture of a page: for everybody when the page is public, for editors before."""
    return _file(request, pk, "cover")


@login_not_required
@require_safe
def film(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The video of a page, under the same rule."""
    return _file(request, pk, "video")


def _file(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    """A file of the page as it is public; editors and reviewers also get the one of the text on its way (`v`, the
    beginning of its SHA-256)."""
    page = get_object_or_404(Entry.objects.visible_to(request.user), pk=pk).own
    blob = getattr(page, name, None)
    version = request.GET.get("v", "")
    if request.user.is_authenticated and page.can_edit(request.user) and not (blob and blob.sha256.startswith(version)):
        blob = getattr(newest(page), name, None)
    if blob is None:
        raise Http404
    return serve(request, blob)
