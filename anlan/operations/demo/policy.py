"""Demo: the default rules, a draft of the county, grades of all demo firms, the forge's risk points, its map. All invented."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Final

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from anlan.enterprises.actions.policies import draft_policy, policy_at
from anlan.enterprises.actions.policy import install_default_policy, regrade
from anlan.enterprises.actions.risk_points import add_plan, add_risk_point, place_risk_point
from anlan.enterprises.models import Enterprise, FloorPlan, RiskPoint, RiskPolicy
from anlan.operations.demo.cast import Cast
from anlan.training.actions.hours import follow_risk_policies

POINTS: Final = (
    # name, place, accident, method, L, E, C, measures, emergency, responsible, basis, x, y
    ("天然气加热炉", "锻造车间北侧", "火灾、爆炸", "lec", "1", "6", "40", "每班检查阀门和压力表\n点火前吹扫 5 分钟\n可燃气体报警器每月测试", "关总阀，开窗通风\n撤到上风处，打 119", "孙建设", "", 0.22, 0.25),
    ("1 吨空气锤", "锻造车间中部", "物体打击、机械伤害", "lec", "3", "6", "15", "操作区设挡板\n换模挂牌上锁\n严禁两人同时踩踏板", "停机断电\n止血包扎，打 120", "李国强", "GB 13887", 0.42, 0.42),
    ("5 吨行车", "锻造车间", "起重伤害", "lec", "1", "6", "15", "持证操作\n限位器每班试\n吊物下方不站人", "停止作业，拉警戒线", "王建军", "", 0.58, 0.22),
    ("叉车通道", "车间东侧到仓库", "车辆伤害", "matrix", "3", "", "4", "限速 5 公里\n人车分道\n转角装凸面镜", "", "李国强", "", 0.76, 0.6),
    ("配电室", "西南角", "触电", "matrix", "2", "", "5", "专人持证\n门口挂警示牌\n绝缘垫每年检", "切断电源再救人\n心肺复苏，打 120", "赵电", "", 0.14, 0.78),
    ("成品库", "东南角", "火灾", "matrix", "2", "", "3", "通道不少于 2 米\n灭火器每月查", "用灭火器扑救，打 119", "周敏", "", 0.84, 0.82),
)  # fmt: skip


def lay_policy(cast: Cast) -> None:
    """Lay it all. Safe to run again: what is there stays."""
    install_default_policy()
    if not RiskPolicy.objects.filter(region_code="410105").exists() and (policy := policy_at("410105")) is not None:
        draft = draft_policy(policy, by=cast.county)
        draft.rules = [rule | ({"points": 25} if rule["key"] == "dust" else {}) for rule in draft.rules]
        draft.thresholds = {"red": 80, "orange": 35, "yellow": 20}
        draft.save()
    _points(cast)
    regrade(Enterprise.objects.filter(organisation__is_demo=True))
    follow_risk_policies()


def _points(cast: Cast) -> None:
    forge = cast.enterprise("forge")
    if RiskPoint.objects.filter(enterprise=forge).exists():
        return
    plan = FloorPlan.objects.filter(enterprise=forge).first() or add_plan(
        forge, _drawing(), "一层车间", by=cast.manager, file="plan.png"
    )
    names = (
        "name",
        "place",
        "accident",
        "method",
        "likelihood",
        "exposure",
        "consequence",
        "measures",
        "emergency",
        "responsible",
        "basis",
    )
    for row in POINTS:
        values: dict[str, object] = dict(zip(names, row, strict=False))
        values["exposure"] = Decimal(row[5]) if row[5] else None
        point = add_risk_point(forge, values, by=cast.manager)
        place_risk_point(point, plan, row[-2], row[-1], by=cast.manager)


def _drawing() -> io.BytesIO:
    """A floor plan as a workshop draws it: walls, rooms, gates."""
    image = Image.new("RGB", (1600, 1000), "#ffffff")
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(settings.WEB_DIST / "fonts/NotoSansSC-Regular.ttf"), 34)
    pen.rectangle((60, 60, 1540, 940), outline="#435257", width=10)
    for box, words in (
        ((60, 60, 1060, 640), "锻造车间"), ((1060, 60, 1540, 400), "机加工"), ((60, 640, 420, 940), "配电室"),
        ((420, 640, 1060, 940), "模具间"), ((1060, 640, 1540, 940), "成品库"),
    ):  # fmt: skip
        pen.rectangle(box, outline="#82898a", width=5)
        pen.text((box[0] + 24, box[1] + 18), words, font=font, fill="#5a686d")
    for gate in ((700, 925, 800, 950), (1525, 480, 1550, 580), (50, 300, 70, 400)):
        pen.rectangle(gate, fill="#ffffff", outline="#0d6370", width=4)
    content = io.BytesIO()
    image.save(content, "PNG")
    content.seek(0)
    return content
