"""The list of statutes, and a statute as one reads it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Case, Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from anlan.accounts.models import Region
from anlan.law.models import Guide, Provision, Statute, Version
from anlan.law.reading import NUMBERED, Linker, contents_of, version_on, versions_of
from anlan.ui.caching import Stamp, public_page

PAGE: Final = 30
RECENT: Final = timedelta(days=550)
FIRST: Final = (
    "安全生产法", "消防法", "突发事件应对法", "职业病防治法", "特种设备安全法", "危险化学品安全法", "矿山安全法", "道路交通安全法",
    "建筑法", "安全生产许可证条例", "生产安全事故报告和调查处理条例", "生产安全事故应急条例", "工伤保险条例", "危险化学品安全管理条例",
    "建设工程安全生产管理条例", "烟花爆竹安全管理条例", "民用爆炸物品安全管理条例", "煤矿安全生产条例",
)  # fmt: skip
"""What people of this trade reach for; first in the list, in this order."""
STATES: Final = (
    ("force", gettext_lazy("现行有效")), ("future", gettext_lazy("尚未施行")),
    ("ended", gettext_lazy("已废止")), ("none", gettext_lazy("正文未导入")),
)  # fmt: skip


def asked_day(request: HttpRequest) -> date:
    """The day of `?on=`, today without one. Raises Http404 for what is no day."""
    written = request.GET.get("on", "")
    if not written:
        return timezone.localdate()
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Http404 from None


def list_stamp(request: HttpRequest) -> Stamp:
    """What the list is made of. Two queries."""
    texts = Version.objects.aggregate(
        Count("pk"), Max("pk"), Max("imported_at"), open=Count("pk", filter=Q(ended_on__isnull=True))
    )
    return (*texts.values(), *Statute.objects.aggregate(Count("pk"), Max("pk")).values())


def with_state(rows: QuerySet[Statute]) -> QuerySet[Statute]:
    """Add whether a text is in force, still to come, or here at all."""
    texts = Version.objects.filter(statute=OuterRef("pk"))
    today = timezone.localdate()
    return rows.annotate(
        in_force=Exists(texts.in_force()), to_come=Exists(texts.filter(effective_on__gt=today)), has_text=Exists(texts)
    )


CONDITIONS: Final = {
    "force": Q(in_force=True),
    "future": Q(to_come=True),
    "ended": Q(in_force=False, to_come=False, has_text=True),
    "none": Q(has_text=False),
}


@login_not_required
@require_safe
@public_page(list_stamp)
def listing(request: HttpRequest) -> HttpResponse:
    """All statutes: those of work safety first, by level, branch, place, standing and name."""
    rows = with_state(Statute.objects.visible_to(request.user))
    words = request.GET.get("q", "").strip()[:60]
    if words:
        plain = words.strip("《》 ")
        rows = rows.filter(Q(title__icontains=plain) | Q(aliases__name__icontains=plain)).distinct()
    chosen = {name: request.GET.get(name, "")[:40] for name in ("level", "field", "region", "state")}
    if chosen["level"] in Statute.Level.values:
        rows = rows.filter(level=chosen["level"])
    if chosen["field"]:
        rows = rows.filter(field=chosen["field"])
    if chosen["region"]:
        rows = (
            rows.filter(region_code__startswith=chosen["region"])
            if chosen["region"] != "cn"
            else rows.filter(region_code="")
        )
    if chosen["state"] in CONDITIONS:
        rows = rows.filter(CONDITIONS[chosen["state"]])
    first = Case(
        *(When(slug=slug, then=Value(n)) for n, slug in enumerate(FIRST)),
        default=Value(99),
        output_field=IntegerField(),
    )
    rank = Case(
        *(When(level=level, then=Value(-rank)) for level, rank in Statute.RANKS.items()),
        default=Value(0),
        output_field=IntegerField(),
    )
    page = Paginator(
        rows.annotate(first=first, rank_order=rank).order_by("first", "rank_order", "short", "pk"), PAGE
    ).get_page(request.GET.get("page"))
    selects = _selects()
    active = [(key, words_) for key, _label, values in selects for value, words_ in values if chosen[key] == value]
    plain_list = not words and not active
    return render(request, "law/statutes.html", {
        "page": page, "statutes": _with_versions(page.object_list), "words": words, "chosen": chosen, "selects": selects,
        "active": active, "plain": plain_list, "future": _lately(future=True) if plain_list else [],
        "recent": _lately(future=False) if plain_list else [], "guided": Guide.objects.values("statute").distinct().count(),
    })  # fmt: skip


def _selects() -> list[tuple[str, str, list[tuple[str, str]]]]:
    rows = list(Statute.objects.values_list("level", "field", "region_code").annotate(n=Count("pk")).order_by())
    levels = {row[0] for row in rows}
    fields = sorted({row[1] for row in rows if row[1]})
    codes = sorted({row[2][:2] for row in rows if row[2]})
    names = dict(Region.objects.filter(code__in=codes).values_list("code", "name"))
    regions = [("cn", _("全国")), *((code, names[code]) for code in codes if code in names)]
    return [
        ("level", _("效力级别"), [(value, str(label)) for value, label in Statute.Level.choices if value in levels]),
        ("field", _("法律部门"), [(field, field) for field in fields]),
        ("region", _("适用地区"), regions if len(regions) > 1 else []),
        ("state", _("状态"), [(value, str(label)) for value, label in STATES]),
    ]


def _with_versions(statutes: Any) -> list[tuple[Statute, Version | None]]:
    """Each with the text that counts today. One query."""
    rows = list(statutes)
    lines: dict[int, list[Version]] = {row.pk: [] for row in rows}
    fields = ("statute_id", "key", "adopted_on", "effective_on", "ended_on", "repealed")
    for version in Version.objects.filter(statute__in=lines).in_order().only(*fields):
        lines[version.statute_id].append(version)
    today = timezone.localdate()
    return [(row, version_on(lines[row.pk], today)) for row in rows]


def _lately(*, future: bool) -> list[Version]:
    """Texts that began to bind of late, or will."""
    today = timezone.localdate()
    rows = Version.objects.select_related("statute").defer("preamble", "history", "doubts", "ends")
    if future:
        return list(rows.filter(effective_on__gt=today).order_by("effective_on", "pk")[:6])
    return list(
        rows.filter(effective_on__gt=today - RECENT, effective_on__lte=today, ended_on__isnull=True).order_by(
            "-effective_on", "pk"
        )[:6]
    )


# --- one statute -------------------------------------------------------------------------------------------------------


def statute_stamp(request: HttpRequest, slug: str, key: str = "") -> Stamp | None:
    """What a statute's page is made of. Two queries; None where there is no such statute."""
    try:
        found, versions = opened(request, slug)
    except Http404:
        return None
    guides = Guide.objects.filter(statute=found).aggregate(Max("updated_at"), Count("pk"))
    return (found.title, found.issuer, found.level, *texts_stamp(versions), *guides.values())


def opened(request: HttpRequest, slug: str) -> tuple[Statute, list[Version]]:
    """The statute of an address and its versions, read once for the tag of the page and the page itself."""
    kept: dict[str, tuple[Statute, list[Version]]] = request.__dict__.setdefault("_law_opened", {})
    if slug not in kept:
        found = get_object_or_404(Statute.objects.visible_to(request.user), slug=slug)
        kept[slug] = found, versions_of(found)
    return kept[slug]


def texts_stamp(versions: list[Version]) -> Stamp:
    """What changes with any text of a statute, with its dates, and with what it was found to cite."""
    return tuple((row.pk, row.effective_on, row.ended_on, row.cited_at, row.body_digest) for row in versions)


@login_not_required
@require_safe
@public_page(statute_stamp)
def statute(request: HttpRequest, slug: str) -> HttpResponse:
    """The text in force today, or on the day of `?on=`."""
    found, versions = opened(request, slug)
    day = asked_day(request)
    return read(request, found, versions, version_on(versions, day), day, fixed=False)


@login_not_required
@require_safe
@public_page(statute_stamp)
def version(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """One version whatever the day: the permanent address of a text."""
    found, versions = opened(request, slug)
    chosen = next((row for row in versions if row.key == key), None)
    if chosen is None:
        raise Http404
    return read(request, found, versions, chosen, timezone.localdate(), fixed=True)


def read(
    request: HttpRequest, found: Statute, versions: list[Version], chosen: Version | None, day: date, *, fixed: bool
) -> HttpResponse:
    """A text with its contents; a long one in sheets that end at chapters."""
    context: dict[str, Any] = {
        "statute": found, "versions": versions, "version": chosen, "day": day, "asked": bool(request.GET.get("on")), "fixed": fixed,
        "state": chosen.state_on(day) if chosen else "",
    }  # fmt: skip
    if chosen is None:
        guides = Guide.objects.filter(statute=found).values_list("ref", "body__title", "english__title")
        context["guides"] = sorted(guides, key=lambda row: [int(part) for part in row[0].split("-")])
        return render(request, "law/statute.html", context)
    chosen = Version.objects.defer("ends").get(pk=chosen.pk)
    contents = contents_of(chosen)
    sheet = _sheet(request, contents.sheets)
    first, last = contents.sheets[sheet - 1]
    rows = list(chosen.provisions.filter(position__range=(first, last)).order_by("position"))
    base = reverse("law:version", args=[found.slug, chosen.key]) if fixed else reverse("law:statute", args=[found.slug])
    titles = dict(Guide.objects.filter(statute=found).values_list("ref", "body__title"))
    numbered = [row for row in rows if row.kind in NUMBERED]
    lines = Linker(found, base).lines([(row.ref, row.text) for row in numbered])
    texts = {row.pk: found_lines for row, found_lines in zip(numbered, lines, strict=True)}
    context |= {
        "version": chosen, "contents": contents, "sheet": sheet, "sheets": len(contents.sheets), "base": base,
        "rows": [(row, texts.get(row.pk) or _plain(row), row.ref in titles) for row in rows], "former": _former(versions, chosen),
        "guided": bool(titles),
    }  # fmt: skip
    return render(request, "law/statute.html", context)


def _plain(row: Provision) -> list[str]:
    return row.text.split("\n") if row.text else []


def _sheet(request: HttpRequest, sheets: list[tuple[int, int]]) -> int:
    written = request.GET.get("sheet", "1")
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 4 else 1
    if not 1 <= number <= len(sheets):
        raise Http404
    return number


def _former(versions: list[Version], chosen: Version) -> Version | None:
    place = next(n for n, row in enumerate(versions) if row.pk == chosen.pk)
    return versions[place + 1] if place + 1 < len(versions) else None
