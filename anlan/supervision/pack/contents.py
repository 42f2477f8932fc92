"""What lies in a pack, part by part. Every part reads only what the asker may see."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.models import User
from anlan.agencies.models import Contract, Service
from anlan.certificates.models import Certificate
from anlan.enterprises.file_page import file_page
from anlan.enterprises.models import Enterprise, Worker
from anlan.enterprises.pdf.risks import cards_pdf, map_pdf
from anlan.enterprises.policy_page import current, policy_page
from anlan.files.models import Blob
from anlan.hazards.models import Hazard, Inspection, Order, Photo, SafetyReport
from anlan.hazards.pdf.records import record_pdf
from anlan.ledgers.actions.exports import sheets
from anlan.ledgers.models import Entry, Template
from anlan.lib.errors import Text
from anlan.lib.xlsx import write_rows
from anlan.training.models import TrainingClass
from anlan.training.plan import with_hours

MOST_HAZARDS: Final = 500
MOST_PICTURES: Final = 600
MOST_RECORDS: Final = 60
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Ask:
    """Whose papers, for whom, over which days."""

    firm: Enterprise
    user: User
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Paper:
    """One file: its name inside the part, what it is in words, and its content or stored file."""

    name: str
    title: str
    content: bytes | Blob


def parts() -> tuple[tuple[Text, Callable[[Ask], Iterator[Paper]]], ...]:
    """The parts in order: title, what makes its papers."""
    return (
        (gettext_lazy("1 企业档案"), _file), (gettext_lazy("2 一企一策"), _policy), (gettext_lazy("3 隐患治理"), _hazards),
        (gettext_lazy("4 检查记录"), _inspections), (gettext_lazy("5 安全报审"), _reports), (gettext_lazy("6 电子台账"), _ledgers),
        (gettext_lazy("7 教育培训"), _training), (gettext_lazy("8 社会化服务"), _services),
    )  # fmt: skip


def _table(tables: Any) -> bytes:
    file = io.BytesIO()
    write_rows(file, tables)
    return file.getvalue()


def _file(ask: Ask) -> Iterator[Paper]:
    page = file_page(ask.firm, ask.user)
    rows: list[list[object]] = [[_("项目"), _("内容"), _("谁填的"), _("核实")]]
    for section in page["sections"]:
        for line in section.lines:
            said = line.said
            rows.append(
                [str(line.label), line.text, said.said_as if said else "", _day(said.verified_at) if said else ""]
            )
    things = [[_("名称"), _("编号"), _("说明"), _("日期")]]
    things += [[one.name, one.note, one.more, one.day or ""] for one in (*page["chemicals"], *page["equipment"])]
    permits = [[_("证照"), _("编号"), _("发证机关"), _("有效期至")]]
    permits += [[one.name, one.number, one.issued_by, one.until or _("长期")] for one in page["permits"]]
    tables: dict[str, Any] = {_("档案"): rows, _("危化品和特种设备"): things, _("证照"): permits}
    yield Paper(f"{_('档案')}.xlsx", _("企业档案、危险化学品、特种设备、证照"), _table(tables))
    for permit in page["permits"]:
        blob = permit.original or permit.photo
        if blob is not None:
            yield Paper(f"{permit.name}-{blob.name}", f"{permit.name} {permit.number}".strip(), blob)


def _policy(ask: Ask) -> Iterator[Paper]:
    page = policy_page(ask.firm, ask.user)
    rows: list[list[object]] = [[_("规则"), _("看到"), _("分值"), _("依据"), _("怎样去掉")]]
    rows += [[one["label"], one["says"], one["points"], one["source"], one["way"]] for one in page["lines"]]
    rows.append([_("合计"), ask.firm.get_risk_display(), page["verdict"].points, "", "、".join(page["way"].steps)])
    points = current(ask.firm)
    listed: list[list[object]] = [
        [_("序号"), _("风险点"), _("部位"), _("可能的事故"), _("分数"), _("等级"), _("责任人"), _("管控措施")]
    ]
    listed += [
        [n, one.name, one.place, one.accident, float(one.score), one.get_risk_display(), one.responsible, one.measures]
        for n, one in enumerate(points, 1)
    ]
    yield Paper(
        f"{_('风险等级')}.xlsx", _("风险等级、理由和风险点清单"), _table({_("等级"): rows, _("风险点"): listed})
    )
    for plan in ask.firm.plans.select_related("blob", "enterprise__organisation"):
        placed = [(n, one) for n, one in enumerate(points, 1) if one.plan_id == plan.pk]
        yield Paper(f"{_('四色图')}-{plan.name}.pdf", f"{_('四色图')} {plan.name}", map_pdf(plan, placed))
    if points:
        yield Paper(
            f"{_('风险告知卡')}.pdf", _("风险告知卡 %(n)d 张") % {"n": len(points)}, cards_pdf(ask.firm, points, "a4")
        )


def _hazards(ask: Ask) -> Iterator[Paper]:
    own = Hazard.objects.visible_to(ask.user).filter(enterprise=ask.firm, found_at__date__range=(ask.since, ask.until))
    hazards = list(own.order_by("-pk")[:MOST_HAZARDS])
    if not hazards:
        return
    rows: list[list[object]] = [
        [_("编号"), _("隐患"), _("位置"), _("等级"), _("状态"), _("发现"), _("期限"), _("措施"), _("责任人"), _("依据")]
    ]
    rows += [
        [one.number, one.title, one.place, str(one.get_grade_display()), str(one.get_state_display()), _day(one.found_at), one.deadline or "",
         one.measure, one.responsible, one.cite]
        for one in hazards
    ]  # fmt: skip
    steps: list[list[object]] = [[_("编号"), _("时间"), _("谁"), _("身份"), _("状态"), _("说明")]]
    states = dict(Hazard.State.choices)
    for one in Hazard.objects.filter(pk__in=[one.pk for one in hazards]).order_by("-pk").prefetch_related("steps__by"):
        for step in sorted(one.steps.all(), key=lambda step: step.pk):
            who = step.by.name if step.by else _("平台")
            steps.append(
                [one.number, _moment(step.at), who, step.by_post, str(states.get(step.after, step.after)), step.words]
            )
    yield Paper(
        f"{_('隐患清单')}.xlsx",
        _("隐患 %(n)d 条，每一步都在") % {"n": len(hazards)},
        _table({_("隐患"): rows, _("办理经过"): steps}),
    )
    numbers = {one.pk: one.number for one in hazards}
    photos = (
        Photo.objects.filter(hazard__in=list(numbers)).select_related("shown").order_by("hazard", "pk")[:MOST_PICTURES]
    )
    for photo in photos:
        number = numbers[photo.hazard_id] if photo.hazard_id else ""
        yield Paper(
            f"{number}/{photo.pk}-{photo.role}.jpg", f"{number} {_moment(photo.taken_at or photo.at)}", photo.shown
        )
    for order in Order.objects.filter(enterprise=ask.firm, hazards__in=list(numbers)).select_related("file").distinct():
        yield Paper(f"{order.number}.pdf", _("整改通知书 %(n)s") % {"n": order.number}, order.file)


def _inspections(ask: Ask) -> Iterator[Paper]:
    done = Inspection.objects.visible_to(ask.user).filter(
        enterprise=ask.firm, state="done", done_at__date__range=(ask.since, ask.until)
    )
    for one in done.select_related("enterprise__organisation", "inspector", "signature", "firm_signature").order_by(
        "-done_at"
    )[:MOST_RECORDS]:
        address = settings.ANLAN_PUBLIC_URL + reverse("hazards:inspection", args=[one.pk])
        title = f"{one.get_kind_display()} {_day(one.done_at)}"
        yield Paper(f"{_day(one.done_at)}-{one.pk}.pdf", title, record_pdf(one, address))


def _reports(ask: Ask) -> Iterator[Paper]:
    own = SafetyReport.objects.visible_to(ask.user).filter(
        enterprise=ask.firm, period__range=(ask.since.replace(day=1), ask.until)
    )
    rows: list[list[object]] = [[_("期间"), _("种类"), _("期限"), _("首次上报"), _("状态"), _("审核"), _("不符合项")]]
    for one in own.order_by("period").select_related("reviewed_by"):
        bad = sum(answer.get("result") == "fail" for answer in one.answers.values() if isinstance(answer, dict))
        rows.append([one.period, str(one.get_kind_display()), one.due_on, _day(one.first_submitted_at), str(one.get_state_display()),
                     one.reviewed_by.name if one.reviewed_by else "", bad])  # fmt: skip
    if len(rows) > 1:
        yield Paper(
            f"{_('安全报审')}.xlsx", _("安全报审 %(n)d 份") % {"n": len(rows) - 1}, _table({_("安全报审"): rows})
        )


def _ledgers(ask: Ask) -> Iterator[Paper]:
    entries = Entry.objects.visible_to(ask.user).filter(
        enterprise=ask.firm, entered_at__date__range=(ask.since, ask.until)
    )
    for template in (
        Template.objects.filter(pk__in=entries.values("template")).select_related("current").order_by("name")
    ):
        own = entries.filter(template=template).order_by("pk")
        yield Paper(
            f"{template.name}.xlsx",
            _("%(name)s %(n)d 条") % {"name": template.name, "n": own.count()},
            _table(sheets(template, own)),
        )


def _training(ask: Ask) -> Iterator[Paper]:
    day = min(ask.until, timezone.localdate())
    workers = (
        with_hours(Worker.objects.working().filter(enterprise=ask.firm), day)
        .select_related("user")
        .order_by("department", "pk")
    )
    people: list[list[object]] = [[_("姓名"), _("部门"), _("岗位"), _("人员类别"), _("应学学时"), _("已学学时")]]
    people += [
        [
            one.user.name,
            one.department,
            one.job_title,
            str(one.get_category_display()),
            one.needed_ms / HOUR_MS,
            round(one.earned_ms / HOUR_MS, 1),
        ]
        for one in workers
    ]
    classes: list[list[object]] = [[_("培训班"), _("开始"), _("截止"), _("人数")]]
    held = TrainingClass.objects.visible_to(ask.user).filter(enrolments__enterprise_id=ask.firm.pk).distinct()
    for one in held.order_by("-pk")[:200]:
        classes.append(
            [one.title, one.starts_on, _day(one.deadline), one.enrolments.filter(enterprise_id=ask.firm.pk).count()]
        )
    got = (
        Certificate.objects.visible_to(ask.user)
        .filter(enterprise_id=ask.firm.pk)
        .select_related("pdf")
        .order_by("-pk")[:MOST_PICTURES]
    )
    certificates: list[list[object]] = [
        [_("证书编号"), _("持证人"), _("培训内容"), _("学时"), _("发证"), _("有效期至"), _("注销")]
    ]
    certificates += [
        [
            one.number,
            one.holder,
            one.title,
            float(one.hours),
            _day(one.issued_at),
            one.valid_until,
            _day(one.revoked_at),
        ]
        for one in got
    ]
    tables: dict[str, Any] = {_("学时"): people, _("培训班"): classes, _("证书"): certificates}
    yield Paper(
        f"{_('培训档案')}.xlsx", _("培训档案：%(year)d 年学时、培训班、证书") % {"year": day.year}, _table(tables)
    )
    for paper in got:
        if paper.pdf is not None and paper.revoked_at is None:
            yield Paper(f"{_('证书')}/{paper.number}.pdf", f"{paper.holder} {paper.title}", paper.pdf)


def _services(ask: Ask) -> Iterator[Paper]:
    contracts = (
        Contract.objects.visible_to(ask.user).filter(enterprise=ask.firm).select_related("agency__organisation", "file")
    )
    done = (
        Service.objects.visible_to(ask.user)
        .filter(enterprise=ask.firm, delivered_at__date__range=(ask.since, ask.until))
        .select_related("report")
    )
    rows: list[list[object]] = [[_("合同"), _("机构"), _("从"), _("到"), _("状态")]]
    rows += [[one.number, str(one.agency), one.since, one.until, str(one.get_state_display())] for one in contracts]
    services: list[list[object]] = [[_("服务"), _("交付"), _("状态"), _("摘要")]]
    services += [
        [str(one.get_kind_display()), _day(one.delivered_at), str(one.get_state_display()), one.summary] for one in done
    ]
    if len(rows) + len(services) > 2:
        yield Paper(
            f"{_('服务合同和服务')}.xlsx", _("服务合同和服务记录"), _table({_("合同"): rows, _("服务"): services})
        )
    for one in contracts:
        if one.file is not None:
            yield Paper(f"{one.number}-{one.file.name}", _("服务合同 %(n)s") % {"n": one.number}, one.file)
    for each in done:
        if each.report is not None:
            yield Paper(
                f"{each.pk}-{each.report.name}", f"{each.get_kind_display()} {_day(each.delivered_at)}", each.report
            )


def _day(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}" if moment else ""


def _moment(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
