"""The grids of a territory: list, one grid with its history, opening, renaming, closing, changing the officer."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import gridding, powers
from anlan.accounts.actions import close_grid, open_grid, reassign_grid, rename_grid
from anlan.accounts.forms import GridForm, OfficerForm
from anlan.accounts.models import Organisation, Post, Region, User
from anlan.accounts.models.regions import RegionQuerySet, inside
from anlan.accounts.views.who import signed_in
from anlan.lib.asked import number
from anlan.lib.errors import Refused

PAGE = 60
SHOWN = 20
Level = Region.Level


def _regulator(request: HttpRequest) -> User:
    user = signed_in(request)
    if user.post is None or not user.post.is_territorial or not user.may(powers.SUPERVISE):
        raise Refused(_("网格由监管部门管理，您现在的身份看不到。"), code="no_power", status=403)
    return user


def _manager(request: HttpRequest) -> User:
    user = _regulator(request)
    if not user.may(powers.MANAGE_GRIDS):
        raise Refused(_("划分网格要用县区或镇街的管理身份。"), code="no_power", status=403)
    return user


def _grids(user: User) -> RegionQuerySet:
    return Region.objects.visible_to(user).filter(level=Level.GRID).select_related("parent")


def _towns(user: User) -> RegionQuerySet:
    return Region.objects.visible_to(user).open().filter(level=Level.TOWN).order_by("code")


@never_cache
@require_GET
def grids(request: HttpRequest) -> HttpResponse:
    """The grids of my territory by town: firms, officers, the last change."""
    user = _regulator(request)
    ended, words = request.GET.get("state") == "closed", request.GET.get("q", "").strip()[:40]
    found = _grids(user).filter(closed_on__isnull=not ended)
    towns = list(_towns(user)[:40])
    town = next((region for region in towns if region.pk == request.GET.get("town")), None)
    if town is not None:
        found = found.filter(inside(town.code, "code"))
    if words:
        found = found.filter(name__icontains=words)
    page = Paginator(found.order_by("code"), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "towns": gridding.towns_of(gridding.rows_of(page, user)), "words": words, "town": town, "ended": ended,
        "choices": towns if len(towns) > 1 else [], "may_manage": user.may(powers.MANAGE_GRIDS),
    }  # fmt: skip
    fragment = getattr(request, "htmx", False)
    return render(request, "accounts/_grids.html" if fragment else "accounts/grids.html", context)


@never_cache
@require_GET
def grid(request: HttpRequest, code: str) -> HttpResponse:
    """One grid: who looks after it, its firms, what became of it, what may be done now."""
    user = _regulator(request)
    region = get_object_or_404(_grids(user), pk=code)
    firms = Organisation.objects.visible_to(user).filter(inside(code), kind=Organisation.Kind.ENTERPRISE)
    below = Region.objects.visible_to(user).open().filter(parent=region).order_by("code")
    context = {
        "grid": region, "town": Region.objects.filter(pk=region.town_code).first(), "officers": Post.objects.officers([code]),
        "firms": firms.order_by("name")[:SHOWN], "count": firms.count(), "limit": SHOWN, "below": gridding.rows_of(below, user),
        "history": gridding.history_of(region, user), "may_manage": region.can_manage(user),
        "may_invite": bool(powers.INVITES.get(user.post.role_id)) if user.post else False,
    }  # fmt: skip
    return render(request, "accounts/grid.html", context)


def _refuse(form: Any, refused: Refused) -> None:
    form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))


@never_cache
@require_http_methods(["GET", "POST"])
def grid_new(request: HttpRequest) -> HttpResponse:
    """Open a grid in a town, or a 小网格 in a 大网格."""
    user = _manager(request)
    parents = list(_towns(user))
    asked = request.POST.get("parent") or request.GET.get("in", "")
    if asked and asked not in {region.pk for region in parents}:
        parents = [get_object_or_404(_grids(user).open(), pk=asked)]
    form = GridForm(request.POST or None, parents=parents, initial={"parent": asked})
    if request.method == "POST" and form.is_valid():
        parent = next(region for region in parents if region.pk == form.cleaned_data["parent"])
        try:
            region = open_grid(parent, form.cleaned_data["name"], by=user, because=form.cleaned_data["because"])
        except Refused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, _("%(name)s已新建。接着指定网格员。") % {"name": region.name})
            return redirect("accounts:grid", region.pk)
    context = {"form": form, "parent": parents[0] if len(parents) == 1 else None}
    return render(request, "accounts/grid_new.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def grid_rename(request: HttpRequest, code: str) -> HttpResponse:
    """Give a grid another name."""
    user = _manager(request)
    region = get_object_or_404(_grids(user), pk=code)
    form = GridForm(request.POST or None, initial={"name": region.name})
    if request.method == "POST" and form.is_valid():
        try:
            rename_grid(region, form.cleaned_data["name"], by=user, because=form.cleaned_data["because"])
        except Refused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, _("已更名为%(name)s。") % {"name": form.cleaned_data["name"]})
            return redirect("accounts:grid", code)
    return render(
        request, "accounts/grid_rename.html", {"form": form, "grid": region}, status=422 if form.errors else 200
    )


@never_cache
@require_http_methods(["GET", "POST"])
def grid_officer(request: HttpRequest, code: str) -> HttpResponse:
    """Name the officer of a grid, or change them."""
    user = _manager(request)
    region = get_object_or_404(_grids(user), pk=code)
    officers, held = gridding.officers_nearby(region), list(Post.objects.officers([code]))
    form = OfficerForm(request.POST or None, officers=officers, held=bool(held))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        chosen = number(said.get("person"))
        person = next((post.user for post, _place in officers if post.user_id == chosen), None)
        try:
            post = reassign_grid(
                region, by=user, because=said["because"], person=person, phone=said["phone"], name=said["name"], keep=bool(said.get("keep")),
            )  # fmt: skip
        except Refused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, _("%(grid)s现在由%(name)s负责。") % {"grid": region.name, "name": post.user.name})
            return redirect("accounts:grid", code)
    context = {"form": form, "grid": region, "held": held}
    return render(request, "accounts/grid_officer.html", context, status=422 if form.errors else 200)


@require_POST
def grid_close(request: HttpRequest, code: str) -> HttpResponse:
    """Close an empty grid."""
    user = _manager(request)
    region = get_object_or_404(_grids(user), pk=code)
    close_grid(region, by=user, because=request.POST.get("because", ""))
    messages.success(request, _("%(name)s已撤销。") % {"name": region.name})
    return redirect("accounts:grids")
