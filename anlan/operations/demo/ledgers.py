"""Ledgers of the demo: a county template with two versions, and the forge's entries with permits in every stage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from anlan.ledgers.actions.building import create_template, open_draft, publish_draft, save_field
from anlan.ledgers.actions.entries import attach_file, enter, save_draft, start_entry
from anlan.ledgers.actions.permits import close_permit, hand_in, sign_step, waiting_step
from anlan.ledgers.actions.ready import install_ready_templates
from anlan.ledgers.models import Entry, Template
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.drawings import draw

DUST: list[dict[str, Any]] = [
    {"key": "f1", "kind": "date", "label": "清扫日期", "required": True},
    {"key": "f2", "kind": "text", "label": "车间", "required": True},
    {"key": "f3", "kind": "single", "label": "清扫方式", "options": ["吸尘", "湿法", "干扫"], "required": True},
    {"key": "f4", "kind": "number", "label": "清出粉尘", "unit": "千克", "min": "0"},
    {"key": "f5", "kind": "photo", "label": "清扫后照片"},
    {"key": "f6", "kind": "person", "label": "清扫人", "required": True},
]


def lay_ledgers(cast: Cast) -> None:
    """Lay them once: whoever has entries already keeps them as they are."""
    install_ready_templates()
    _county_template(cast)
    if Entry.objects.filter(enterprise_id=cast.forge.pk).exists():
        return
    ready = {each.code: each for each in Template.objects.exclude(code="").select_related("current")}
    today = timezone.localdate()
    for days, who, person in ((34, cast.manager, "李国强"), (3, cast.manager, "李国强")):
        _entry(ready["ppe"], who, {
            "发放日期": (today - timedelta(days=days)).isoformat(), "发放人": cast.manager.pk,
            "发放明细": [[person, "防砸安全鞋", "42", "1", "168", "已签收"], ["演示工甲", "耳塞", "", "10", "2.5", "已签收"]],
            "用品有没有合格证和有效期": "都有", "发放人签名": "周敏",
        }, days)  # fmt: skip
    _entry(ready["drills"], cast.manager, {
        "演练日期": (today - timedelta(days=75)).isoformat(), "演练科目": "锻造车间火灾疏散", "形式": "实战演练", "地点": "锻造车间", "总指挥": cast.boss.pk,
        "应到": "38", "实到": "36", "全部撤离用时": "4", "经过": "10 时 02 分模拟油箱起火，班长报警并切断液压站电源，两组灭火，其余人员从东门撤到集合点清点。",
        "效果": "达到目的", "发现的问题": [["两人没有听到警铃", "空压机旁加装声光报警器", "周敏", (today - timedelta(days=50)).isoformat()]],
    }, 75, photo=("演练照片", "exit_clear"))  # fmt: skip
    _entry(ready["equipment"], cast.manager, {
        "点检日期": (today - timedelta(days=40)).isoformat(), "点检人": cast.worker.pk, "设备名称和编号": "160 吨冲床 3 号",
        "点检项目": [["", "异常", "护罩螺栓松动，已停机"], *[["", "正常", ""]] * 5], "结论": "停用待修",
        "维修安排": "机修班更换护罩螺栓后试车", "计划修好日期": (today - timedelta(days=39)).isoformat(), "点检人签名": "李国强",
    }, 40, photo=("异常照片", "guard"))  # fmt: skip
    _permits(cast, ready["hot-work"])
    draft = start_entry(ready["briefings"], by=cast.manager)
    save_draft(
        draft,
        _typed(draft, {"日期": today.isoformat(), "主题": "冲床模具更换交底", "时长": "20"}),
        by=cast.manager,
        seen=0,
    )


def _county_template(cast: Cast) -> None:
    if Template.objects.filter(region_code="410105", name="涉爆粉尘清扫").exists():
        return
    details = {
        "name": "涉爆粉尘清扫", "about": "铝镁、木粉等涉爆粉尘车间每天清扫，写明方式和清出的量。", "source": "安全生产法:41; GB 15577-2018",
        "prefix": "FC", "category": "equipment",
    }  # fmt: skip
    template = create_template(details, by=cast.county, fields=DUST)
    publish_draft(template.versions.get(), by=cast.county, edits=0, changed="第一版")
    template.refresh_from_db()
    draft = open_draft(template, by=cast.county)
    options = {
        "label": "清扫方式",
        "options": ["吸尘", "湿法"],
        "required": True,
        "hint": "不得用压缩空气吹扫，也不得干扫",
    }
    save_field(draft, "f3", options, by=cast.county, edits=0)
    publish_draft(draft, by=cast.county, edits=1, changed="去掉干扫，写明不得吹扫")


def _typed(entry: Entry, texts: dict[str, Any]) -> QueryDict:
    """Labels and texts as a form would post them; a table is a list of rows."""
    data = QueryDict(mutable=True)
    for one in entry.version.fields:
        if one["label"] not in texts:
            continue
        value = texts[one["label"]]
        if one["kind"] == "table":
            for n, row in enumerate(value):
                for column, text in zip(one["columns"], row, strict=False):
                    data[f"v.{one['key']}.{n}.{column['key']}"] = text
        else:
            data.setlist(f"v.{one['key']}", [str(each) for each in (value if isinstance(value, list) else [value])])
    return data


def _entry(
    template: Template, who: Any, texts: dict[str, Any], days: int, photo: tuple[str, str] | None = None
) -> Entry:
    entry = start_entry(template, by=who)
    if photo is not None:
        key = next(one["key"] for one in entry.version.fields if one["label"] == photo[0])
        attach_file(entry, key, draw(photo[1]), f"{photo[0]}.jpg", by=who)
    enter(entry, _typed(entry, texts), by=who, seen=0)
    if days:
        Entry.objects.filter(pk=entry.pk).update(entered_at=timezone.now() - timedelta(days=days))
    return entry


def _permits(cast: Cast, template: Template) -> None:
    """One closed last week, one that waits for the boss, one valid whose time is over."""
    sign = QueryDict("signed=%E5%91%A8%E6%95%8F")
    for n, (place, level) in enumerate(
        (("热处理炉北侧", "二级"), ("锻造车间 3 号冲床旁", "一级"), ("原料库外墙", "二级"))
    ):
        measures = [["", "已落实", "李国强"]] * 7 + [["", "不涉及", "李国强"]]
        texts = {
            "动火级别": level, "动火地点": place, "作业内容": "补焊支架，打磨焊口", "动火方式": ["电焊", "打磨切割"],
            "计划日期": timezone.localdate().isoformat(), "计划开始": "09:00", "计划结束": "11:30", "动火人": [["李国强", "T41010519800001（演示）", "2028-05-30"]],
            "监护人": cast.manager.pk, "气体分析记录": [["液压站旁", "08:45", "0.02", "20.8", "周敏"]], "措施确认": measures,
        }  # fmt: skip
        entry = _entry(template, cast.worker, texts, 0, photo=("动火点照片", "gas_fixed"))
        hand_in(entry, QueryDict(f"person.1={cast.manager.pk}&signed=%E6%9D%8E%E5%9B%BD%E5%BC%BA"), by=cast.worker)
        for _turn in range(2):
            step = waiting_step(entry)
            assert step is not None  # noqa: S101 (two are asked for)
            entry = sign_step(step, sign, by=cast.manager)
        if n == 0:
            close_permit(entry, "余火已灭，看护 30 分钟无异常，工具归位", by=cast.worker)
        if n == 2:
            past = timezone.now() - timedelta(hours=75)
            Entry.objects.filter(pk=entry.pk).update(
                entered_at=past, valid_from=past, valid_until=past + timedelta(hours=72)
            )
