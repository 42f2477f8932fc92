"""Splitting and merging grids: which firms go where."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from anlan.accounts import gridding, powers
from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.accounts.views.who import signed_in
from anlan.enterprises.actions.grids import Part, merge_grids, split_grid
from anlan.enterprises.models import Enterprise
from anlan.enterprises.models.enterprises import EnterpriseQuerySet
from anlan.enterprises.rings import read_rings
from anlan.lib.asked import number
from anlan.lib.errors import Refused

LISTED = 300
PARTS = 4
PART_NUMBERS = ("1", "2", "3", "4")
REST = "rest"


def _grid(request: HttpRequest, code: str) -> tuple[User, Region]:
    user = signed_in(request)
    if not user.may(powers.MANAGE_GRIDS):
        raise Refused(_("划分网格要用县区或镇街的管理身份。"), code="no_power", status=403)
    grids = Region.objects.visible_to(user).filter(level=Region.Level.GRID).select_related("parent")
    return user, get_object_or_404(grids, pk=code)


@never_cache
@require_http_methods(["GET", "POST"])
def grid_split(request: HttpRequest, code: str) -> HttpResponse:
    """Take firms out of a grid into up to four new ones. What was chosen is kept while one looks for others."""
    user, grid = _grid(request, code)
    asked = request.POST if request.method == "POST" else request.GET
    words = asked.get("q", "").strip()[:40]
    found = Enterprise.objects.visible_to(user).filter(inside(grid.code, "organisation__region_code"))
    found = found.select_related("organisation")
    for word in words.split()[:5]:
        found = found.filter(Q(organisation__name__icontains=word) | Q(address__icontains=word))
    firms = list(found.order_by("address", "organisation__name", "pk")[:LISTED])
    total = found.count()
    names = [" ".join(name.split())[:60] for name in asked.getlist("name")][:PARTS] or [""]
    if "more" in asked and len(names) < PARTS:
        names.append("")
    chosen = _chosen(asked)
    rings = {part: asked.get(f"ring{part}", "") for part in PART_NUMBERS}
    rest = asked.get(REST, "") if total > len(firms) else ""
    wrong: Refused | None = None
    if request.method == "POST" and "more" not in asked and "find" not in asked:
        try:
            opened = split_grid(
                grid, _parts(names, chosen, found, rest, rings), by=user, because=asked.get("because", "")
            )
        except Refused as refused:
            wrong = refused
        else:
            said = _("%(grid)s拆出了%(names)s。接着给新网格指定网格员。")
            messages.success(request, said % {"grid": grid.name, "names": "、".join(new.name for new in opened)})
            return redirect("accounts:grid", opened[0].pk)
    listed = {firm.pk for firm in firms}
    context: dict[str, Any] = {
        "grid": grid, "firms": [(firm, chosen.get(firm.pk, "")) for firm in firms], "total": total, "words": words,
        "kept": [(pk, part) for pk, part in chosen.items() if pk not in listed], "limit": LISTED, "rest": rest, "wrong": wrong,
        "parts": [(str(n), name, rings[str(n)]) for n, name in enumerate(names, start=1)], "more": len(names) < PARTS, "because": asked.get("because", ""),
    }  # fmt: skip
    return render(request, "enterprises/grids/split.html", context, status=wrong.status if wrong else 200)


def _chosen(asked: QueryDict) -> dict[int, str]:
    """{firm: number of the new grid} as said one by one, on this page and while looking for others."""
    said = {number(key[2:]): part for key, part in asked.items() if key.startswith("to") and part in PART_NUMBERS}
    return {pk: str(part) for pk, part in said.items() if pk is not None}


def _parts(
    names: list[str], chosen: dict[int, str], found: EnterpriseQuerySet, rest: str, rings: dict[str, str]
) -> list[Part]:
    """The new grids, with the firms chosen one by one, and for one of them all that were found but not listed; and the
    rings that were drawn around the firms, which become their borders."""
    parts: list[Part] = []
    for part, name in zip(PART_NUMBERS, names, strict=False):
        here = Q(pk__in=[pk for pk, to in chosen.items() if to == part])
        if rest == part:
            here |= Q(pk__in=found.exclude(pk__in=chosen).order_by().values("pk"))
        elif not name and part not in chosen.values():
            continue  # a line left empty
        parts.append((name, Enterprise.objects.filter(here), read_rings(rings[part])))
    return parts


@never_cache
@require_http_methods(["GET", "POST"])
def grid_merge(request: HttpRequest, code: str) -> HttpResponse:
    """Bring other grids of the same town into this one."""
    user, grid = _grid(request, code)
    near = Region.objects.visible_to(user).open().filter(inside(grid.town_code, "code"), level=Region.Level.GRID)
    near = near.exclude(pk=grid.pk).exclude(pk__in=[grid.code[:n] for n in range(9, len(grid.code))])
    chosen = set(request.POST.getlist("other"))
    wrong: Refused | None = None
    if request.method == "POST":
        try:
            others = list(near.filter(pk__in=chosen).order_by("code"))
            n = merge_grids(grid, others, by=user, because=request.POST.get("because", ""))
        except Refused as refused:
            wrong = refused
        else:
            said = _("%(names)s已并入%(grid)s，移入 %(n)d 家企业。")
            messages.success(
                request, said % {"names": "、".join(old.name for old in others), "grid": grid.name, "n": n}
            )
            return redirect("accounts:grid", code)
    context = {
        "grid": grid, "rows": gridding.rows_of(near.select_related("parent"), user), "chosen": chosen, "wrong": wrong,
        "because": request.POST.get("because", ""),
    }  # fmt: skip
    return render(request, "enterprises/grids/merge.html", context, status=wrong.status if wrong else 200)
