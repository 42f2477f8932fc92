"""The rectification notice 整改通知书: one paper to one firm over one or several of its open hazards."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Region, User
from anlan.audit.actions import record
from anlan.files.actions import open_blob, store
from anlan.files.pictures import lighten
from anlan.hazards import people
from anlan.hazards.actions.steps import keep
from anlan.hazards.deadlines import weekday
from anlan.hazards.models import Hazard, Order, Photo
from anlan.hazards.numbers import next_number
from anlan.hazards.pdf import order_pdf
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

MOST: Final = 20
PICTURES: Final = 2
"""Photographs per hazard on the paper."""
PRINTED: Final = 1000
"""Longest side of a photograph on the paper, in pixels: 300 dpi at its size."""


@transaction.atomic
def issue_order(hazards: Sequence[Hazard], *, by: User) -> Order:
    """Number, print and keep a notice over these open hazards of one firm, and tell the firm.

    Raises `Refused`: none or more than 20 chosen, of different firms, without deadline (422), closed (409), not yours (403).
    """
    if not hazards or len(hazards) > MOST:
        raise Refused(_("请选 1 到 %(n)d 条隐患。") % {"n": MOST}, code="count", status=422)
    firm = hazards[0].enterprise
    for hazard in hazards:
        if hazard.enterprise_id != firm.pk:
            raise Refused(_("一份通知书只能给一家企业。"), code="other_firm", status=422)
        if not hazard.is_open:
            raise Refused(_("“%(title)s”已经不用整改了，请去掉后再出。") % {"title": hazard.title}, code="wrong_state")
        if not hazard.can("order", by):
            raise Refused(_("下达整改通知书不在您现在这个身份的职责里。"), code="not_yours", status=403)
    region, today = firm.organisation.region_code, timezone.localdate()
    number = next_number("ZG", region, today)
    deadline = min(hazard.deadline or today for hazard in hazards)
    facts, pictures = _facts(number, hazards, by)
    first = hazards[0].pk if len(hazards) == 1 else None
    path = reverse("hazards:detail", args=[first]) if first else f"{reverse('hazards:list')}?firm={firm.pk}"
    pdf = order_pdf(facts, pictures, settings.ANLAN_PUBLIC_URL + path)
    blob = store(io.BytesIO(pdf), name=f"{number}.pdf", owner=("order", number), by_id=by.pk)
    order = Order.objects.create(
        number=number,
        enterprise=firm,
        region_code=region,
        deadline=deadline,
        file=blob,
        by=by,
        by_post=str(by.post)[:120],
    )
    order.hazards.set(hazards)
    for hazard in hazards:
        Hazard.objects.filter(pk=hazard.pk).update(version=F("version") + 1)
        hazard.version += 1
        keep(hazard, "order", before=hazard.state, by=by, detail={"order": order.pk, "number": number})
    record("issue_order", order, by=by, region_code=region, firm=str(firm), count=len(hazards))
    notify(
        people.managers_of(firm.pk), "hazard", _("收到整改通知书 %(number)s") % {"number": number}, key=f"order:{order.pk}",
        text=_("共 %(n)d 条隐患，最早 %(m)d 月 %(d)d 日到期。") % {"n": len(hazards), "m": deadline.month, "d": deadline.day},
        url=reverse("hazards:order", args=[order.pk]),
    )  # fmt: skip
    return order


def _facts(number: str, hazards: Sequence[Hazard], by: User) -> tuple[dict[str, Any], dict[str, bytes]]:
    firm = hazards[0].enterprise
    office = by.post.scope_name if by.post else ""
    region = Region.objects.filter(pk=by.post.region_code).first() if by.post else None
    office = region.full_name if region else office
    pictures: dict[str, bytes] = {}
    rows = []
    for n, hazard in enumerate(hazards, 1):
        photos = []
        for photo in (
            hazard.photos.filter(role__in=(Photo.Role.BEFORE, Photo.Role.SCENE))
            .select_related("shown")
            .order_by("pk")[:PICTURES]
        ):
            name = f"{hazard.pk}-{photo.pk}.jpg"
            with open_blob(photo.shown) as file:
                pictures[name] = lighten(file, photo.shown.name, longest=PRINTED)[0].read()
            at = timezone.localtime(photo.taken_at or photo.at)
            photos.append({"file": name, "says": f"{photo.caption or hazard.place}　{at:%Y-%m-%d %H:%M}"})
        rows.append(
            {
                "n": str(n), "title": hazard.title, "grade": str(hazard.get_grade_display()), "photos": photos,
                "rows": [[_("地点"), hazard.place], *_lines(hazard)],
            }
        )  # fmt: skip
    facts = {
        "title": _("整改通知书 %(number)s") % {"number": number}, "office": office, "heading": _("安全隐患整改通知书"), "number": number,
        "firm": firm.organisation.name, "qr_says": _("扫码看现状、传整改照片"), "footer": _("安澜平台生成，内容与平台记录一致"),
        "intro": _("经检查，你单位存在下列 %(n)d 条安全隐患。请在各条的期限内整改，整改后在平台上传照片并申请复查。改不完的，请在到期前申请延期。") % {"n": len(hazards)},
        "hazards": rows, "law_title": _("有关规定"),
        "law": [
            _("安全生产法第四十一条：生产经营单位应当建立健全并落实生产安全事故隐患排查治理制度，采取技术、管理措施，及时发现并消除事故隐患。"),
            _("安全生产法第一百零二条：未采取措施消除事故隐患的，责令立即消除或者限期消除，处五万元以下的罚款；拒不执行的，责令停产停业整顿，对直接负责的主管人员和其他直接责任人员处五万元以上十万元以下的罚款。"),
        ],
        "signs": [_("检查人员"), _("日期"), _("被检查单位负责人"), _("日期")],
        "reply_heading": _("整改回复单"), "reply_to": _("对应通知书 %(number)s　%(firm)s") % {"number": number, "firm": firm.organisation.name},
        "reply_head": [_("序号"), _("隐患"), _("整改情况"), _("完成日期"), _("责任人")],
        "reply_note": _("在平台上传整改照片并申请复查的，不用再交纸质回复单。"),
        "reply_signs": [_("单位负责人（盖章）"), _("日期"), _("复查人员"), _("日期")],
    }  # fmt: skip
    return facts, pictures


def _lines(hazard: Hazard) -> list[list[str]]:
    found = []
    if hazard.detail:
        found.append([_("情况"), hazard.detail])
    if hazard.measure:
        found.append([_("整改要求"), hazard.measure])
    if hazard.cite:
        found.append([_("依据"), hazard.cite])
    if hazard.criterion:
        found.append([_("判定"), hazard.criterion])
    if hazard.deadline:
        day = hazard.deadline
        found.append(
            [
                _("期限"),
                _("%(y)d 年 %(m)d 月 %(d)d 日（%(w)s）")
                % {"y": day.year, "m": day.month, "d": day.day, "w": weekday(day)},
            ]
        )
    return found
