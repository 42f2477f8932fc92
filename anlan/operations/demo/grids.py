"""Grids of the demo's street: one merged already, one freshly split; an approval and an open invitation that wait."""

from __future__ import annotations

from anlan.accounts.actions import ask_grant, open_grid, reassign_grid, set_invitation
from anlan.accounts.models import Approval, Invitation, Organisation, Region, RegionChange
from anlan.enterprises.actions.grids import merge_grids
from anlan.lib.codes import demo_phone
from anlan.operations.demo.cast import Cast

TOWN = "410105018"
OFFICERS = (
    ("杨金路第 9 网格", "丁晓东", 3101),
    ("杨金路第 10 网格", "贺春燕", 3102),
    ("杨金路第 11 网格", "曹立军", 3103),
)


def lay_grids(cast: Cast) -> None:
    """Open three grids by the town's officer, merge the last into the ninth, ask one approval, open one invitation."""
    town = Region.objects.get(pk=TOWN)
    if not RegionChange.objects.filter(region_code=TOWN).exists():
        grids = [open_grid(town, name, by=cast.town, because="按 2026 年网格优化方案") for name, _who, _n in OFFICERS]
        for grid, (_name, who, n) in zip(grids, OFFICERS, strict=True):
            reassign_grid(grid, by=cast.town, because="新建网格，首次指定", phone=demo_phone(n), name=who)
        merge_grids(grids[0], [grids[2]], by=cast.town, because="两个网格企业少，合并后由一个人跑")
        open_grid(grids[0], "科源路小网格", by=cast.town, because="沿街小店多，单独划一片")
    if not Approval.objects.filter(kind="grant_post").exists():
        ask_grant(
            "town_admin", phone=demo_phone(3104), name="罗佳", by=cast.county, region_code="410105019", title="安监站副站长",
            because="丰庆路街道安监员调离，由罗佳接任",
        )  # fmt: skip
    firm = Organisation.objects.filter(kind="enterprise", region_code="410105018G07").order_by("pk").first()
    if firm is not None and not Invitation.objects.filter(organisation=firm).exists():
        set_invitation(firm, "enterprise_manager", demo_phone(3105), by=cast.grid)
