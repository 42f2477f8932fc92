"""The list of enterprises as a workbook: written by the worker, limited, recorded."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.conditions import Conditions, with_permit_until
from anlan.enterprises.industries import name_of
from anlan.enterprises.models import Enterprise, Export
from anlan.enterprises.queries import training_of, workers_of
from anlan.files.actions import store
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows
from anlan.notifications.actions import notify

MAX_ROWS: Final = 50_000
LONGEST: Final = 500
"""Characters of the conditions: about 60 ticked firms."""
A_DAY: Final = 20
PAGE: Final = 1000


@transaction.atomic
def start_export(conditions: str, *, by: User) -> Export:
    """Note that the firms matching `conditions` (a query string) are to be written; `tasks` does it.

    Raises `Refused`: more than 50,000 rows (422), one is running (409), 20 within a day (429).
    """
    if not by.may(powers.SUPERVISE) or by.post is None:
        raise Refused(gettext_lazy("导出企业名单要用监管身份。"), code="not_regulator", status=403)
    conditions = Conditions.read(QueryDict(conditions), by.post.region_code).address.lstrip("?")
    if len(conditions) > LONGEST:
        raise Refused(
            gettext_lazy("勾选的企业太多，一个一个导不下。请改用条件筛选后再导。"), code="too_many", status=422
        )
    rows = chosen(conditions, by).count()
    if rows > MAX_ROWS:
        raise Refused(
            _("这些条件下有 %(n)s 家，一次最多导出 %(max)s 家。请加上区域或行业再导。") % {"n": f"{rows:,}", "max": f"{MAX_ROWS:,}"},
            code="too_many", status=422,
        )  # fmt: skip
    if Export.objects.filter(created_by=by, created_at__gte=timezone.now() - timedelta(days=1)).count() >= A_DAY:
        raise Refused(_("一天最多导出 %(n)d 次，明天再来。") % {"n": A_DAY}, code="too_often", status=429)
    try:
        with transaction.atomic():
            export = Export.objects.create(created_by=by, post=by.post, conditions=conditions, rows=rows)
    except IntegrityError:
        raise Refused(gettext_lazy("上一次导出还没有完成，完成后再导。"), code="another_running") from None
    record("export_enterprises", export, by=by, region_code=by.post.region_code, rows=rows, conditions=conditions)
    return export


def chosen(conditions: str, by: User) -> QuerySet[Enterprise]:
    """The firms that the query string means to this user."""
    scope = by.post.region_code if by.post else ""
    asked = Conditions.read(QueryDict(conditions), scope)
    return asked.sorted(asked.apply(Enterprise.objects.visible_to(by)).select_related("organisation"))


def write_export(export_id: int) -> None:
    """Write the workbook; again from the beginning when it broke off, which costs little and leaves nothing half."""
    export = Export.objects.select_related("created_by", "post__role").get(pk=export_id)
    if export.state != Export.State.RUNNING:
        return
    user = export.created_by
    user.post = export.post
    file = io.BytesIO()
    write_rows(file, {_("企业"): _rows(export, user)})
    file.seek(0)
    with transaction.atomic():
        name = _("企业名单-%(day)s.xlsx") % {"day": timezone.localdate().isoformat()}
        blob = store(file, name=name, owner=("export", str(export.pk)), by_id=user.pk)
        if Export.objects.filter(pk=export.pk, state=Export.State.RUNNING).update(
            state=Export.State.DONE, file=blob, rows_done=export.rows, finished_at=timezone.now()
        ):
            title = ngettext("企业名单已导出，共 %(n)d 家", "企业名单已导出，共 %(n)d 家", export.rows) % {
                "n": export.rows
            }
            notify(
                [user], "export", title, key=f"export:{export.pk}", url=reverse("enterprises:export", args=[export.pk])
            )


def _rows(export: Export, user: User) -> Iterator[list[object]]:
    yield [
        _("企业名称"), _("统一社会信用代码"), _("区域代码"), _("行业"), _("规模"), _("风险等级"), _("法定代表人"), _("地址"),
        _("在册员工"), _("今年培训人次"), _("学完人次"), _("完成率"), _("许可到期"),
    ]  # fmt: skip
    keys = list(chosen(export.conditions, user).values_list("pk", flat=True)[:MAX_ROWS])
    for start in range(0, len(keys), PAGE):
        part = keys[start : start + PAGE]
        firms = with_permit_until(Enterprise.objects.visible_to(user)).select_related("organisation").in_bulk(part)
        training, workers = training_of(part), workers_of(part)
        for pk in part:
            firm, trained = firms[pk], training[pk]
            yield [
                firm.organisation.name, firm.organisation.credit_code, firm.organisation.region_code, name_of(firm.industry),
                firm.get_size_display(), firm.get_risk_display(), firm.legal_person, firm.address, workers.get(pk, 0),
                trained.enrolled, trained.learnt, "" if trained.percent is None else f"{trained.percent}%",
                firm.permit_until,  # type: ignore[attr-defined]  # annotated
            ]  # fmt: skip
        Export.objects.filter(pk=export.pk).update(rows_done=start + len(part), beat_at=timezone.now())
