"""The site in the demo: invented cases and articles, and texts at every stage of the three reviews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from anlan.accounts.models import User
from anlan.content.actions import create_page, release, return_round, save_page, sign, submit_page
from anlan.content.actions.ready import install_ready
from anlan.content.models import Entry, ReviewRound, Signature
from anlan.lib.dates import SHANGHAI
from anlan.operations.demo.cast import Cast

TEXTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("draft", "班前会怎么开才不走过场（演示）", {"summary": "五分钟，三句话，一个人记。", "tags": ["班前会", "管理"], "body": "## 说什么\n\n昨天哪里险，今天哪里险，谁看着。\n\n## 怎么记\n\n写在本子上，签名，月底翻一遍。"}),
    ("first", "叉车进出的门口，装一面镜子够不够（演示）", {"summary": "镜子只解决看见，人车分开才解决撞上。", "tags": ["叉车", "车辆伤害"], "cites": ["安全生产法:36"], "body": "## 先分开\n\n地上画线不如装护栏。人走一个门，车走一个门。\n\n## 再看见\n\n门口装镜子和蓝光灯，进门先停、再鸣、再走。"}),
    ("second", "电焊机的接地线为什么总被拔掉（演示）", {"summary": "拔掉是因为碍事，把线走顺了就没人拔。", "tags": ["触电", "电焊"], "cites": ["安全生产法:36", "安全生产法:44"], "body": "## 现场看到的\n\n线拖在过道上，推车一过就绊，工人顺手拔了。\n\n## 改法\n\n插座移到工位上方，线走桥架，接地端子做成带锁的。"}),
    ("final", "消防卷帘门下面为什么总有货（演示）", {"summary": "画了线也挡不住，要让货没有理由放在那里。", "tags": ["消防", "仓库"], "cites": ["消防法:28"], "body": "## 原因\n\n卷帘门下面最近，装卸工省两步路。\n\n## 办法\n\n把待发区挪到门的另一边，门下装挡块，每天下班拍一张照片。"}),
    ("passed", "新买的设备，说明书该翻哪三页（演示）", {"summary": "急停在哪、怎么断电、谁不能碰。", "tags": ["设备", "培训"], "cites": ["安全生产法:29"], "body": "## 急停\n\n找到红色按钮，当着大家按一次。\n\n## 断电\n\n看检修那一页，照着上锁挂牌。\n\n## 谁不能碰\n\n没有培训过的人不操作，写在机器上。"}),
    ("scheduled", "下雪前，钢棚和管道看哪里（演示）", {"summary": "看檩条、看天沟、看管道的保温和排水。", "tags": ["冬季", "坍塌"], "body": "## 棚\n\n檩条有没有弯，螺栓有没有松，上面有没有私自加的货架和光伏板。\n\n## 水\n\n天沟清干净，不让雪水积在一边。\n\n## 管\n\n消防管、压缩空气管放水，保温破的补上。"}),
    ("returned", "有限空间作业要买什么设备（演示）", {"summary": "先买检测仪，再买风机。", "tags": ["有限空间"], "body": "## 清单\n\n气体检测仪、轴流风机、三脚架、安全绳。价格请以实际询价为准。"}),
    ("released", "新工人第一天，先别碰机器（演示）", {"summary": "半天时间，讲三件事，看着他做一遍。", "tags": ["新员工", "培训"], "cites": ["安全生产法:28", "河湾市小作坊安全条例（演示）:3"], "body": "## 讲三件事\n\n急停在哪里，手不能伸到哪里，出事找谁。\n\n## 看他做一遍\n\n师傅先做，他再做，做对了才让他自己上机器。\n\n## 记下来\n\n谁教的，教了什么，他自己签名。"}),
    ("released", "隐患登记本，一页纸就够（演示）", {"summary": "在哪、什么、谁改、哪天改好，四格够用。", "tags": ["隐患", "台账"], "cites": ["安全生产法:41"], "body": "## 四格\n\n在哪里，是什么，谁来改，哪天改好。改好拍一张照片贴在后面。\n\n## 谁看\n\n老板每周翻一次，看有没有过了日子还没改的。\n\n## 为什么\n\n法律要求如实记录排查治理情况，并向从业人员通报。贴在墙上，就是通报。"}),
)  # fmt: skip
CHECKS = tuple(Signature.CHECKS)


def lay_content(cast: Cast) -> None:
    """Put the shipped texts on the site, and one text at every step of its way. Safe to run again."""
    install_ready(demo=True)
    there = set(Entry.objects.values_list("draft_title", flat=True))
    people = (cast.reviewer, cast.head_editor, cast.chief_editor)
    for step, title, fields in TEXTS:
        if title not in there:
            _lay(step, {"title": title, "kind": "expert", "level": "local", **fields}, cast.editor, people)


def _lay(step: str, values: dict[str, Any], editor: User, people: tuple[User, User, User]) -> None:
    reviewer, head, chief = people
    page = create_page("news", values, by=editor)
    if step == "draft":
        return
    if step == "released":
        save_page(page, {"body": values["body"] + "\n\n把这一页打印出来，贴在门口。"}, by=editor)
    if step == "returned":
        current = submit_page(page, by=editor)
        return_round(current, by=reviewer, seen=current.hash, words="请写清楚检测仪要测哪几种气体，检定多久做一次。")
        return
    stages = {"first": (), "second": (reviewer,), "final": (reviewer, head)}.get(step, people)
    current = carry(page, editor, stages, release_it=step == "released")
    if step == "second":  # its day is over: somebody must be reminded
        late = timezone.now() - timedelta(days=1)
        ReviewRound.objects.filter(pk=current.pk).update(due_at=late)
    if step == "scheduled":
        tomorrow = timezone.localdate() + timedelta(days=1)
        release(current, by=chief, at=datetime.combine(tomorrow, time(8), tzinfo=SHANGHAI))


def carry(page: Entry, editor: User, stages: Sequence[User], *, release_it: bool = False) -> ReviewRound:
    """Hand a text in and have one person after the other review and proof it; the last may release it."""
    current = submit_page(page, by=editor)
    for person in stages:
        for kind in (Signature.Kind.REVIEW, Signature.Kind.PROOF):
            sign(current, kind, by=person, seen=current.hash, checks=CHECKS)
    return release(current, by=stages[-1]) if release_it else current
