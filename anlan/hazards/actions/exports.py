"""The list of hazards as a workbook: written by the worker, limited, recorded."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.files.actions import store
from anlan.hazards.models import Hazard, HazardExport
from anlan.hazards.queries import chosen, region_names
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows
from anlan.notifications.actions import notify

MAX_ROWS: Final = 50_000
A_DAY: Final = 20
PAGE: Final = 1000


@transaction.atomic
def start_export(conditions: str, *, by: User) -> HazardExport:
    """Note that the hazards matching `conditions` (a query string) are to be written; `tasks.hazards` does it.

    Raises `Refused`: more than 50,000 rows (422), one is running (409), 20 within a day (429).
    """
    if by.post is None:
        raise Refused(_("导出隐患清单要先选一个身份。"), code="no_post", status=403)
    rows = chosen(conditions, by).order_by()[: MAX_ROWS + 1].count()
    if rows > MAX_ROWS:
        raise Refused(
            _("这些条件下超过 %(max)s 条，一次导不完。请加上区域、时间或状态再导。") % {"max": f"{MAX_ROWS:,}"},
            code="too_many", status=422,
        )  # fmt: skip
    if HazardExport.objects.filter(created_by=by, created_at__gte=timezone.now() - timedelta(days=1)).count() >= A_DAY:
        raise Refused(_("一天最多导出 %(n)d 次，明天再来。") % {"n": A_DAY}, code="too_often", status=429)
    try:
        with transaction.atomic():
            export = HazardExport.objects.create(created_by=by, post=by.post, conditions=conditions[:500], rows=rows)
    except IntegrityError:
        raise Refused(_("上一次导出还没有完成，完成后再导。"), code="another_running") from None
    record("export_hazards", export, by=by, region_code=by.post.region_code, rows=rows, conditions=conditions[:500])
    return export


def write_export(export_id: int) -> None:
    """Write the workbook; again from the beginning when it broke off, which leaves nothing half."""
    export = HazardExport.objects.select_related("created_by", "post__role").get(pk=export_id)
    if export.state != HazardExport.State.RUNNING:
        return
    user = export.created_by
    user.post = export.post
    file = io.BytesIO()
    write_rows(file, {_("隐患"): _rows(export, user)})
    file.seek(0)
    with transaction.atomic():
        name = _("隐患清单-%(day)s.xlsx") % {"day": timezone.localdate().isoformat()}
        blob = store(file, name=name, owner=("hazard_export", str(export.pk)), by_id=user.pk)
        if HazardExport.objects.filter(pk=export.pk, state=HazardExport.State.RUNNING).update(
            state=HazardExport.State.DONE, file=blob, rows_done=export.rows, finished_at=timezone.now()
        ):
            title = ngettext("隐患清单已导出，共 %(n)d 条", "隐患清单已导出，共 %(n)d 条", export.rows) % {
                "n": export.rows
            }
            url = reverse("hazards:export", args=[export.pk])
            notify([user], "export", title, key=f"hazard-export:{export.pk}", url=url)


def _rows(export: HazardExport, user: User) -> Iterator[list[object]]:
    yield [
        _("编号"), _("隐患"), _("地点"), _("企业"), _("统一社会信用代码"), _("所在地"), _("类别"), _("等级"), _("来源"), _("状态"),
        _("办理层级"), _("发现时间"), _("整改措施"), _("责任人"), _("资金（元）"), _("期限"), _("逾期天数"), _("整改完成"), _("闭环时间"),
        _("复查不合格次数"), _("依据"),
    ]  # fmt: skip
    keys = list(chosen(export.conditions, user).values_list("pk", flat=True)[:MAX_ROWS])
    for start in range(0, len(keys), PAGE):
        part = keys[start : start + PAGE]
        found = Hazard.objects.visible_to(user).select_related("enterprise__organisation").in_bulk(part)
        names = region_names({hazard.region_code for hazard in found.values()})
        for pk in part:
            if (one := found.get(pk)) is None:  # left the scope while this was written
                continue
            firm = one.enterprise.organisation
            yield [
                one.number, one.title, one.place, firm.name, firm.credit_code or "", names.get(one.region_code, one.region_code),
                one.get_kind_display(), one.get_grade_display(), one.get_source_display(), one.get_state_display(),
                one.get_level_display(), _local(one.found_at), one.measure, one.responsible,
                "" if one.fen is None else one.fen / 100, one.deadline or "", one.days_over or "", _local(one.cured_at),
                _local(one.closed_at), one.failed or "", one.cite,
            ]  # fmt: skip
        HazardExport.objects.filter(pk=export.pk).update(rows_done=start + len(part), beat_at=timezone.now())


def _local(moment: object) -> object:
    return timezone.localtime(moment).replace(tzinfo=None, microsecond=0) if moment else ""  # type: ignore[arg-type]
