"""Hazards in every state of their life, over the firms of the district. All invented."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import F
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.enterprises.models import Enterprise
from anlan.hazards.actions import (
    ask_extension,
    attach_photo,
    cure_hazard,
    fail_hazard,
    pass_hazard,
    register_hazard,
    reopen_hazard,
    self_close_hazard,
)
from anlan.hazards.actions.escalation import escalate_late, note_overdue
from anlan.hazards.actions.penalties import enter_penalty
from anlan.hazards.models import Hazard, HazardStep, Penalty
from anlan.lib.codes import demo_phone
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.drawings import draw


class Seen(NamedTuple):
    """What is seen: words, and the picture of before and after."""

    title: str
    place: str
    kind: str
    cite: str
    measure: str
    scene: str
    after: str
    done: str


SEEN: Final = (
    Seen("东侧安全出口被料架堵住", "3 号车间东门", "fire", "安全生产法第四十二条", "料架移到仓库，门外划黄线，禁止堆放", "exit", "exit_clear", "料架移到 2 号库，门外划了黄线"),
    Seen("配电箱前堆了三层纸箱", "2 号库西墙", "electric", "安全生产法第三十六条", "清空配电箱前 1 米，张贴禁止堆放标志", "cabinet", "cabinet_clear", "纸箱搬走，地面画了禁放区"),
    Seen("空压机皮带轮没有防护罩", "空压机房", "machine", "安全生产法第三十六条", "加装防护罩，装好之前挂牌停用", "guard", "guard_on", "防护罩已装，试机正常"),
    Seen("氧气瓶和乙炔瓶没有固定", "维修间", "gas", "安全生产法第三十六条", "加装防倒链，空瓶实瓶分开放", "gas", "gas_fixed", "装了防倒链，空瓶已退"),
    Seen("除尘管道积尘没有清理", "打磨车间", "dust", "安全生产法第四十一条", "停机清理，建立每班清扫记录", "dust", "dust_clear", "管道已清理，记录贴在机旁"),
    Seen("两具灭火器压力不足", "一楼走廊", "fire", "安全生产法第三十六条", "更换灭火器，每月检查一次", "extinguisher", "extinguisher_ok", "两具都换了新的"),
)  # fmt: skip
MAJOR: Final = "存在粉尘爆炸危险的场所未按规定清理积尘"
PLACES: Final = ("安全部", "车间主任", "设备科", "厂长")


class Act(NamedTuple):
    """One hazard of the demo: which firm and sight, days since finding, deadline from today, how far it has got."""

    firm: int
    seen: int
    ago: int
    due: int
    state: str
    grade: str = "general"
    source: str = "patrol"


ACTS: Final = (
    # The forge: what the cast meets first.
    Act(0, 0, 12, 1, "cured"), Act(0, 1, 6, 9, "curing"), Act(0, 2, 3, 12, "found"), Act(0, 3, 20, -3, "late"),
    Act(0, 4, 25, 35, "curing", "major"), Act(0, 5, 40, -10, "closed"), Act(0, 1, 30, 6, "failed"), Act(0, 2, 9, 4, "self", source="self"),
    Act(0, 5, 15, 3, "self_closed", source="self"), Act(0, 0, 10, 3, "extension"), Act(0, 3, 90, 10, "reopened"), Act(0, 5, 50, -20, "passed", "major"),
    # The bakery: the red firm.
    Act(1, 0, 35, -14, "late"), Act(1, 1, 8, 7, "curing"), Act(1, 4, 30, -2, "late", "major"), Act(1, 5, 22, 0, "cured"), Act(1, 2, 60, -30, "closed"),
    # The district.
    Act(2, 1, 18, -1, "late"), Act(3, 2, 16, -6, "late"), Act(4, 3, 30, -12, "late"), Act(5, 0, 5, 10, "found"), Act(6, 5, 2, 13, "found"),
    Act(7, 4, 9, 50, "curing", "major"), Act(8, 1, 70, -40, "closed"), Act(9, 2, 66, -40, "closed"), Act(10, 3, 55, -30, "closed"),
    Act(11, 0, 48, -25, "closed"), Act(2, 5, 44, -22, "closed"), Act(3, 1, 41, -20, "closed"), Act(4, 0, 12, 3, "cured"), Act(5, 2, 13, 4, "cured"),
    Act(6, 3, 33, -8, "late"), Act(7, 5, 28, -13, "closed"), Act(8, 0, 4, 11, "curing"), Act(9, 1, 7, 8, "curing"), Act(10, 4, 21, -4, "late"),
    Act(11, 2, 3, 12, "found"), Act(2, 3, 80, -50, "closed"), Act(3, 4, 1, 14, "found"), Act(4, 5, 11, 2, "failed"),
)  # fmt: skip


def lay_hazards(cast: Cast) -> None:
    """Lay them once: a house that has any hazard of a patrol is left as it is."""
    if Hazard.objects.filter(enterprise_id=cast.forge.pk, source="patrol").exists():
        return
    firms = [cast.enterprise("forge"), cast.enterprise("bakery")]
    others = Enterprise.objects.active().filter(
        organisation__region_code__startswith="410105", organisation__is_demo=True
    )
    firms += list(others.exclude(pk__in=[firm.pk for firm in firms]).select_related("organisation").order_by("pk")[:10])
    for act in ACTS:
        if act.firm < len(firms):
            _play(cast, firms[act.firm], act)
    today = timezone.localdate()
    note_overdue(today)
    for _round in range(2):
        escalate_late(today)
        Hazard.objects.filter(level=2, state__in=["found", "curing"]).update(
            level_since=F("deadline") + timedelta(days=2)
        )
    for n, (days, fen) in enumerate(((150, 2_000_000), (60, 1_000_000))):
        _penalty(cast, firms[1], today - timedelta(days=days), n, fen)


def _penalty(cast: Cast, firm: Enterprise, day: date, n: int, fen: int) -> Penalty:
    document = f"（金）应急罚〔{day.year}〕演示 {n + 1} 号"
    return enter_penalty(
        firm, by=cast.county, decided_on=day, document=document, article="安全生产法第一百零二条", fen=fen
    )


def _officer(cast: Cast, firm: Enterprise) -> User:
    region = firm.organisation.region_code
    found: User = (
        cast.grid if region.startswith("410105018G07") else cast.town if region.startswith("410105018") else cast.county
    )
    return found


def _manager(cast: Cast, firm: Enterprise) -> User:
    """Somebody who runs the firm: of the cast, or an invented administrator."""
    known = {cast.forge.pk: cast.manager, cast.bakery.pk: cast.other_boss}.get(firm.pk)
    if known is not None:
        found: User = known
        return found
    post = (
        Post.objects.open()
        .filter(organisation_id=firm.pk, role_id__in=("enterprise_admin", "enterprise_manager"))
        .first()
    )
    if post is not None:
        return post.user
    phone = demo_phone(600_000 + firm.pk % 100_000)
    user = User.objects.by_phone(phone) or User.objects.create_user(
        name="演示管理员", phone=phone, is_demo=True, phone_verified=True
    )
    Post.objects.get_or_create(
        user=user, role_id="enterprise_manager", organisation_id=firm.pk, region_code="", until=None
    )
    return user


def _moment(days_ago: int, hour: int) -> datetime:
    return timezone.make_aware(
        datetime.combine(timezone.localdate() - timedelta(days=days_ago), time(hour, 20 + days_ago % 30))
    )


def _photo(hazard: Hazard, by: User, scene: str, role: str, at: datetime) -> None:
    attach_photo(
        hazard, by=by, content=draw(scene), name=f"{scene}.jpg", role=role, taken_at=at, sent_at=timezone.now(),
        latitude=hazard.enterprise.latitude or 34.8, longitude=hazard.enterprise.longitude or 113.7, accuracy=8,
    )  # fmt: skip


def _play(cast: Cast, firm: Enterprise, act: Act) -> None:
    seen, officer, manager = SEEN[act.seen], _officer(cast, firm), _manager(cast, firm)
    finder = manager if act.source == "self" else officer
    found_at, major = _moment(act.ago, 10), act.grade == "major"
    planned: dict[str, Any] = {"responsible": PLACES[act.seen % 4]}
    if major:
        planned |= {"fen": 3_500_000, "contingency": "整改期间停用相关设备，安排专人看守"}
    hazard = register_hazard(
        firm, by=finder, source=act.source, title=seen.title, place=seen.place, kind=seen.kind, grade=act.grade, cite=seen.cite,
        criterion=MAJOR if major else "", measure=seen.measure, at=found_at, **({} if act.state == "found" else planned),
    )  # fmt: skip
    deadline = timezone.localdate() + timedelta(days=act.due)
    Hazard.objects.filter(pk=hazard.pk).update(deadline=deadline)
    HazardStep.objects.filter(hazard=hazard).update(at=found_at)
    hazard.deadline = deadline
    if act.firm < 2:
        _photo(hazard, finder, seen.scene, "before", found_at)
    _move(cast, hazard, act, seen, officer, manager)


def _move(cast: Cast, hazard: Hazard, act: Act, seen: Seen, officer: User, manager: User) -> None:
    cured_at = _moment(max(1, act.ago // 3), 16)
    if act.state in ("cured", "closed", "failed", "reopened", "passed"):
        _photo(hazard, manager, seen.after, "after", cured_at)
        cure_hazard(hazard, by=manager, words=seen.done, at=cured_at)
    later = cured_at + timedelta(hours=18)
    if act.state in ("closed", "reopened", "passed"):
        pass_hazard(hazard, by=officer, words="现场看过，已改好。", at=min(later, timezone.now()))
    if act.state == "failed":
        fail_hazard(
            hazard, by=officer, words="照片里没有门和地面，请站在门外 3 米处再拍一张。", at=min(later, timezone.now())
        )
    if act.state == "reopened":
        reopen_hazard(hazard, by=officer, words="巡查时看到货物又堆回来了。")
    if act.state == "self_closed":
        _photo(hazard, manager, seen.after, "after", cured_at)
        cure_hazard(hazard, by=manager, words=seen.done, at=cured_at)
        self_close_hazard(hazard, by=cast.boss, words="看过，已改好。")
    if act.state == "extension":
        ask_extension(
            hazard,
            by=manager,
            until=timezone.localdate() + timedelta(days=act.due + 10),
            because="新货架 10 天后才到货。",
        )
