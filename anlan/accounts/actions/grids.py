"""Grids: opening, renaming, closing, who looks after them; and the history of all that (P-02).

Only the tree of regions and the posts bound to it. What moves firms (splitting, merging) is `enterprises.actions.grids`.
A grid's code extends its town's: 410105018 → 大网格 410105018G07 → 小网格 410105018G0701. A code is never used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.actions.posts import give_post, grant_post
from anlan.accounts.models import Organisation, Post, Region, RegionChange, User
from anlan.accounts.models.regions import inside
from anlan.accounts.telling import tell
from anlan.audit.actions import record
from anlan.lib.errors import Refused

MOST = 99
Kind = RegionChange.Kind


def check_manager(region: Region, by: User) -> None:
    """Raise `Refused`: no such place in the territory (404), no power (403), the place no longer exists (409)."""
    if not Region.objects.visible_to(by).filter(pk=region.pk).exists():
        raise Refused(_("没有找到这个地方。"), code="not_found", status=404)
    if not region.is_open:
        raise Refused(_("%(name)s已经撤销，没有改动。") % {"name": region.name}, code="closed_region")
    if not region.can_manage(by):
        raise Refused(_("划分网格要用县区或镇街的管理身份。"), code="no_power", status=403)


def lock(codes: Iterable[str]) -> dict[str, Region]:
    """Hold these regions until the end of the transaction, always in the same order; return them as they are now."""
    found = Region.objects.select_for_update().filter(pk__in=set(codes)).order_by("code")
    return {region.code: region for region in found}


def named(*regions: Region) -> list[list[str]]:
    """Codes and names of today, as the history keeps them."""
    return [[region.code, region.name] for region in regions]


def record_change(
    kind: str,
    town: str,
    *,
    by: User,
    before: Sequence[Sequence[str]],
    after: Sequence[Sequence[str]],
    because: str = "",
) -> RegionChange:
    """Write a row of the history."""
    return RegionChange.objects.create(
        kind=kind, region_code=town, before=list(before), after=list(after), because=because.strip()[:300], by=by
    )


def next_code(parent: Region) -> str:
    """Return the code of the next grid in a town, or of the next 小网格 in a 大网格: one above the highest, then gaps.

    Raises `Refused` when all 99 have been given out.
    """
    head = parent.code if parent.level == Region.Level.GRID else f"{parent.code}G"
    used = {
        int(code[len(head) :])
        for code in Region.objects.filter(parent=parent, code__startswith=head).values_list("code", flat=True)
        if code[len(head) :].isdigit()
    }
    highest = max(used, default=0)
    free = min((n for n in range(1, MOST + 1) if n not in used), key=lambda n: (n < highest, n), default=0)
    if not free:
        raise Refused(
            _("%(name)s的 99 个网格编号都用过了，编号不重复使用。请先在大网格下面建小网格。") % {"name": parent.name},
            code="codes_exhausted",
        )
    return f"{head}{free:02d}"


def _clean_name(name: str, parent: Region, but: str = "") -> str:
    words = " ".join(name.split())
    if not words:
        raise Refused(_("请填写网格的名称，例如：杨金路第 9 网格。"), code="no_name", status=422, field="name")
    if len(words) > 60:
        raise Refused(_("网格的名称最多 60 个字。"), code="long_name", status=422, field="name")
    if Region.objects.open().filter(parent=parent, name=words).exclude(pk=but).exists():
        raise Refused(_("%(parent)s已经有一个网格叫“%(name)s”。") % {"parent": parent.name, "name": words}, code="name_taken", status=422, field="name")  # fmt: skip
    return words


def add_grid(parent: Region, name: str, *, by: User) -> Region:
    """Make the region of a new grid in a town or 大网格, without a row of history: for `open_grid` and for splitting.

    Raises `Refused`: as `check_manager`, a 小网格 is not divided further (422), bad or taken name (422), no code left (409).
    """
    parent = lock([parent.code]).get(parent.code, parent)
    check_manager(parent, by)
    if parent.is_small:
        raise Refused(_("小网格下面不再划分。"), code="too_deep", status=422)
    words = _clean_name(name, parent)
    return Region.objects.create(
        code=next_code(parent), name=words, full_name=f"{parent.full_name}{words}"[:200], level=Region.Level.GRID,
        parent=parent, opened_on=timezone.localdate(),
    )  # fmt: skip


@transaction.atomic
def open_grid(parent: Region, name: str, *, by: User, because: str = "") -> Region:
    """Open a grid in a town (大网格) or in a grid (小网格). Raises `Refused` as `add_grid`."""
    grid = add_grid(parent, name, by=by)
    record_change(Kind.OPEN, grid.town_code, by=by, before=[], after=named(grid), because=because)
    record("open_grid", grid, by=by, region_code=grid.code, reason=because)
    return grid


@transaction.atomic
def rename_grid(grid: Region, name: str, *, by: User, because: str = "") -> Region:
    """Give a grid another name; the full names of the 小网格 below follow. Raises `Refused` as `add_grid`."""
    grid = lock([grid.code]).get(grid.code, grid)
    check_manager(grid, by)
    if grid.level != Region.Level.GRID or grid.parent is None:
        raise Refused(_("只有网格可以更名，镇街的名称以官方区划为准。"), code="not_a_grid", status=422)
    before = named(grid)
    words = _clean_name(name, grid.parent, but=grid.code)
    if words == grid.name:
        return grid
    grid.name, grid.full_name = words, f"{grid.parent.full_name}{words}"[:200]
    grid.save(update_fields=["name", "full_name"])
    for below in Region.objects.filter(parent=grid):
        below.full_name = f"{grid.full_name}{below.name}"[:200]
        below.save(update_fields=["full_name"])
    record_change(Kind.RENAME, grid.town_code, by=by, before=before, after=named(grid), because=because)
    record("rename_grid", grid, by=by, region_code=grid.code, before=before[0][1], after=grid.name, reason=because)
    return grid


def shut_grid(grid: Region, *, by: User, instead: Region | None = None) -> None:
    """Close a grid, the 小网格 in it and the posts of their officers, who are told; without a row of history.

    The caller has seen to the firms. `instead` is where they went, when grids were merged.
    """
    Region.objects.open().filter(inside(grid.code, "code")).update(closed_on=timezone.localdate())
    grid.closed_on = timezone.localdate()
    posts = list(
        Post.objects.open()
        .filter(inside(grid.code), role="grid_officer", organisation=None)
        .select_related("user", "role")
    )
    Post.objects.filter(pk__in=[post.pk for post in posts]).update(until=timezone.localdate())
    for post in posts:
        record(
            "withdraw_post", post.user, by=by, region_code=post.region_code, role=post.role.name, scope=post.scope_name,
            post=post.pk, reason=_("网格撤销"),
        )  # fmt: skip
    text = _("企业都已划入%(name)s，未办完的巡查和隐患一并转走。") % {"name": instead.name} if instead else ""
    tell(
        {post.user_id for post in posts if post.user_id != by.pk}, "grid_closed",
        _("%(name)s已经撤销，您在那里的网格员身份同时结束") % {"name": grid.name},
        key=f"grid-closed:{grid.code}", text=text, url=reverse("accounts:me"),
    )  # fmt: skip


@transaction.atomic
def close_grid(grid: Region, *, by: User, because: str = "") -> None:
    """Close an empty grid. Raises `Refused`: as `check_manager`, firms or 小网格 still in it (409)."""
    grid = lock([grid.code]).get(grid.code, grid)
    check_manager(grid, by)
    if grid.level != Region.Level.GRID:
        raise Refused(_("只有网格可以撤销。"), code="not_a_grid", status=422)
    held = Organisation.objects.filter(inside(grid.code)).count()
    if held:
        raise Refused(
            _("网格里还有 %(n)d 家单位，没有撤销。请先合并到别的网格，或者把它们移走。") % {"n": held}, code="not_empty"
        )
    if Region.objects.open().filter(parent=grid).exists():
        raise Refused(_("下面还有小网格，没有撤销。请先撤销小网格。"), code="has_grids")
    shut_grid(grid, by=by)
    record_change(Kind.CLOSE, grid.town_code, by=by, before=named(grid), after=[], because=because)
    record("close_grid", grid, by=by, region_code=grid.code, reason=because)


@transaction.atomic
def reassign_grid(
    grid: Region,
    *,
    by: User,
    because: str,
    person: User | None = None,
    phone: str = "",
    name: str = "",
    keep: bool = False,
) -> Post:
    """Make somebody the officer of a grid: an officer of the same town (`person`), or anybody by phone and name.

    Those who held it lose their post today, unless `keep`; both are told. Somebody who looks after another grid keeps
    that too. Raises `Refused`: as `check_manager`, no reason (422), held already (409), or as `grant_post`.
    """
    grid = lock([grid.code]).get(grid.code, grid)
    check_manager(grid, by)
    if grid.level != Region.Level.GRID:
        raise Refused(_("网格员只能管网格。"), code="not_a_grid", status=422)
    if not because.strip():
        raise Refused(_("请写明为什么换人，以后查得到。"), code="no_reason", status=422, field="because")
    before = list(Post.objects.officers([grid.code]))
    if person is not None:
        if not Post.objects.open().filter(inside(grid.town_code), role="grid_officer", user=person).exists():
            raise Refused(_("没有在本镇街找到这位网格员。"), code="not_found", status=404, field="person")
        post = give_post(person, "grid_officer", by=by, region_code=grid.code)
    else:
        post = grant_post("grid_officer", phone=phone, name=name, by=by, region_code=grid.code)
    gone = [] if keep else before
    Post.objects.filter(pk__in=[old.pk for old in gone]).update(until=timezone.localdate())
    for old in gone:
        record(
            "withdraw_post", old.user, by=by, region_code=grid.code, role=old.role.name, scope=grid.name, post=old.pk,
            reason=because,
        )  # fmt: skip
    stamp = f"{grid.code}:{post.pk}"
    tell(
        [old.user_id for old in gone if old.user_id != by.pk], "grid_officer",
        _("%(name)s现在由%(person)s负责") % {"name": grid.name, "person": post.user.name},
        key=f"grid-left:{stamp}", text=because, url=reverse("accounts:me"),
    )  # fmt: skip
    tell(
        [post.user_id], "grid_officer", _("您现在负责%(name)s") % {"name": grid.full_name},
        key=f"grid-got:{stamp}", text=_("企业、待办巡查和未闭环的隐患都在您的工作台上。"), url=reverse("accounts:me"),
    )  # fmt: skip
    people = [[grid.code, old.user.name] for old in before]
    now = [[grid.code, held.user.name] for held in Post.objects.officers([grid.code])]
    record_change(Kind.REASSIGN, grid.town_code, by=by, before=people, after=now, because=because)
    record("reassign_grid", grid, by=by, region_code=grid.code, person=post.user.name, reason=because)
    return post
