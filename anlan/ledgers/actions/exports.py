"""A ledger as xlsx, and as a zip with its photos, made by the worker."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.files.actions import open_blob, store
from anlan.ledgers.fields import SILENT
from anlan.ledgers.models import Entry, EntryFile, LedgerExport, Template
from anlan.ledgers.queries import Conditions
from anlan.ledgers.values import shown_text
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows
from anlan.notifications.actions import notify

MAX_ROWS: Final = 5_000
MAX_PACKED: Final = 2_000
A_DAY: Final = 20


def sheets(template: Template, entries: QuerySet[Entry]) -> dict[str, Iterator[list[object]]]:
    """One sheet with a row per entry; each table of the template on a sheet of its own, a row per row."""
    found = {_("台账"): _entries(template, entries)}
    for one in template.current.fields if template.current else []:
        if one["kind"] == "table":
            found[one["label"][:28]] = _table(one, entries)
    return found


def _fields(template: Template, entries: QuerySet[Entry]) -> dict[str, dict[str, object]]:
    """Every field that any of these entries has, in the order of the newest version that has it."""
    fields: dict[str, dict[str, object]] = {}
    used = template.versions.filter(pk__in=entries.order_by().values("version_id")).order_by("-number")
    for version in [*([template.current] if template.current else []), *used]:
        for one in version.fields:
            if one["kind"] not in SILENT:
                fields.setdefault(one["key"], one)
    return fields


def _entries(template: Template, entries: QuerySet[Entry]) -> Iterator[list[object]]:
    fields = _fields(template, entries)
    yield [
        _("编号"),
        _("状态"),
        _("登记时间"),
        _("填写人"),
        *(f"{one['label']}{_unit(one)}" for one in fields.values()),
        _("版本"),
    ]
    photos: dict[tuple[int, str], int] = {}
    for entry_id, key in EntryFile.objects.filter(entry__in=entries.order_by()).values_list("entry_id", "key"):
        photos[entry_id, key] = photos.get((entry_id, key), 0) + 1
    for entry in entries.select_related("version", "created_by").iterator(chunk_size=500):
        cells: list[object] = []
        for key, newest in fields.items():
            own = entry.version.by_key(key)
            if newest["kind"] in ("photo", "file"):
                count = photos.get((entry.pk, key), 0)
                cells.append(_("%(n)d 个文件") % {"n": count} if count else "")
            elif own and own["kind"] in ("number", "calc"):
                cells.append(_number(entry.values.get(key)))
            else:
                cells.append(shown_text(own, entry.values.get(key)) if own else "")
        author = entry.created_by.name if entry.created_by else ""
        yield [entry.number, entry.state_words, entry.entered_at, author, *cells, entry.version.number]


def _unit(one: dict[str, object]) -> str:
    return f"（{one['unit']}）" if one.get("unit") else ""


def _number(value: object) -> object:
    try:
        return float(str(value))
    except ValueError:
        return str(value or "")


def _table(one: dict[str, object], entries: QuerySet[Entry]) -> Iterator[list[object]]:
    columns: list[dict[str, str]] = one["columns"]  # type: ignore[assignment]  # of a table
    yield [_("编号"), *(f"{column['label']}{_unit(dict(column))}" for column in columns)]
    for entry in entries.only("number", "values").iterator(chunk_size=500):
        for row in entry.values.get(str(one["key"])) or []:
            yield [
                entry.number,
                *(_number(row.get(c["key"])) if c["kind"] == "number" else row.get(c["key"], "") for c in columns),
            ]


def xlsx_of(template: Template, entries: QuerySet[Entry], *, by: User) -> bytes:
    """The workbook of these entries. Raises `Refused` (422) beyond 5,000."""
    count = entries.count()
    if count > MAX_ROWS:
        raise Refused(
            _("共 %(n)d 条，一次最多导出 %(max)d 条。请按日期分几次导。") % {"n": count, "max": MAX_ROWS},
            code="too_many",
            status=422,
        )
    file = io.BytesIO()
    write_rows(file, sheets(template, entries))
    record("export_ledger", template, by=by, rows=count)
    return file.getvalue()


@transaction.atomic
def start_pack(template: Template, firm: Enterprise, asked: Conditions, *, by: User) -> LedgerExport:
    """Note that a zip is wanted; `tasks` makes it. Raises `Refused`: nothing or too much to pack (422), one is being made
    (409), 20 within a day (429)."""
    if by.post is None:
        raise Refused(_("请先选一个身份。"), code="no_post", status=403)
    rows = asked.apply(Entry.objects.visible_to(by).filter(enterprise=firm, template=template)).count()
    if not 1 <= rows <= MAX_PACKED:
        raise Refused(
            _("这些条件下没有记录。") if not rows else _("共 %(n)d 条，一次最多打包 %(max)d 条。请按日期分几次。") % {"n": rows, "max": MAX_PACKED},
            code="too_many" if rows else "empty", status=422,
        )  # fmt: skip
    if LedgerExport.objects.filter(created_by=by, created_at__gte=timezone.now() - timedelta(days=1)).count() >= A_DAY:
        raise Refused(_("一天最多打包 %(n)d 次，明天再来。") % {"n": A_DAY}, code="too_often", status=429)
    try:
        with transaction.atomic():
            pack = LedgerExport.objects.create(
                created_by=by, post=by.post, enterprise=firm, template=template, conditions=asked.as_dict(), rows=rows
            )
    except IntegrityError:
        raise Refused(_("上一次打包还没有完成，完成后再来。"), code="another_running") from None
    record("export_ledger", template, by=by, region_code=firm.organisation.region_code, rows=rows, photos=True)
    return pack


def write_pack(pack_id: int) -> None:
    """Make the zip, from the beginning each time: what broke off leaves nothing half."""
    pack = LedgerExport.objects.select_related("created_by", "post__role", "template__current", "enterprise").get(
        pk=pack_id
    )
    if pack.state != LedgerExport.State.RUNNING:
        return
    user = pack.created_by
    user.post = pack.post
    visible = Entry.objects.visible_to(user).filter(enterprise=pack.enterprise, template=pack.template)
    entries = Conditions.read(pack.conditions).apply(visible)
    with tempfile.TemporaryFile() as whole:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:  # photos do not shrink
            table = io.BytesIO()
            write_rows(table, sheets(pack.template, entries))
            archive.writestr(f"{_safe(pack.template.name)}.xlsx", table.getvalue(), zipfile.ZIP_DEFLATED)
            for done, entry in enumerate(entries.select_related("version").iterator(chunk_size=100), start=1):
                for file in entry.files.select_related("original"):
                    one = entry.version.by_key(file.key)
                    label = one["label"] if one else _("签字")
                    path = (
                        f"{_safe(entry.number or str(entry.pk))}/{_safe(label)}-{file.pk}-{_safe(file.original.name)}"
                    )
                    with open_blob(file.original) as content, archive.open(path, "w") as into:
                        for chunk in content.chunks():
                            into.write(chunk)
                LedgerExport.objects.filter(pk=pack.pk).update(rows_done=done, beat_at=timezone.now())
        whole.seek(0)
        name = f"{pack.template.name}-{timezone.localdate().isoformat()}.zip"
        with transaction.atomic():
            blob = store(File(whole), name=name, owner=("ledgers.export", str(pack.pk)), by_id=user.pk, max_mb=4096)
            if LedgerExport.objects.filter(pk=pack.pk, state=LedgerExport.State.RUNNING).update(
                state=LedgerExport.State.DONE, file=blob, rows_done=pack.rows
            ):
                title = _("%(name)s 打包好了，共 %(n)d 条") % {"name": pack.template.name, "n": pack.rows}
                notify(
                    [user],
                    "export",
                    title,
                    key=f"ledger-export:{pack.pk}",
                    url=reverse("ledgers:packed", args=[pack.pk]),
                )


def _safe(text: str) -> str:
    """A name that every system can unpack, and that cannot leave the folder."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", text).strip(". ")[:80] or "_"
