"""Uploading a roster, correcting its mapping, confirming, resuming and taking it back: what a person decides."""

from datetime import timedelta
from typing import IO, Any

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise, Roster
from anlan.enterprises.roster_reading import FIELDS, Layout, find_layout, text_of
from anlan.files.actions import store
from anlan.lib.codes import Malformed
from anlan.lib.errors import Refused
from anlan.lib.xlsx import read_rows

MAX_MB = 50
SHOWN_ROWS = 10
UNDO_DAYS = 30
KINDS = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.ms-excel",
        "application/zip",
        "text/csv",
        "text/plain",
        "application/octet-stream",
    }
)
"""The reader has the last word: a workbook under another name is still a workbook, UTF-16 text holds zero bytes."""


def _manager_of(enterprise: Enterprise, by: User) -> None:
    if not enterprise.is_managed_by(by):
        raise Refused(gettext_lazy("花名册只能由本企业的负责人和安全管理员导入。"), code="not_manager", status=403)


@transaction.atomic
def upload_roster(enterprise: Enterprise, content: IO[bytes], name: str, *, by: User) -> Roster:
    """Read a file into a roster that waits to be checked. Raises `Refused` (422, field `file`): then nothing is kept."""
    _manager_of(enterprise, by)
    try:
        rows = list(read_rows(content, name))  # type: ignore[arg-type]  # any binary stream will do
        layout = find_layout(rows)
    except Malformed as error:
        raise Refused(error.reason, code="unreadable", status=422, field="file") from None
    content.seek(0)
    blob = store(content, name=name, owner=("enterprise", str(enterprise.pk)), by_id=by.pk, kinds=KINDS, max_mb=MAX_MB)
    roster = Roster.objects.create(
        enterprise=enterprise, file=blob, created_by=by, state=Roster.State.CHECKING, beat_at=timezone.now(),
        **_laid_out(rows, layout),
    )  # fmt: skip
    record("upload_roster", roster, by=by, region_code=enterprise.organisation.region_code, rows=roster.rows)
    return roster


def _laid_out(rows: list[list[object]], layout: Layout) -> dict[str, Any]:
    width = max((len(row) for row in rows[: layout.header_row + SHOWN_ROWS]), default=0)
    titles = [text_of(cell) for cell in rows[layout.header_row - 1]] if layout.header_row else []
    preview = {
        "titles": [title or "" for title in titles] + [""] * (width - len(titles)),
        "rows": [[text_of(cell) for cell in row] for row in rows[layout.header_row : layout.header_row + SHOWN_ROWS]],
    }
    return {
        "header_row": layout.header_row,
        "columns": layout.columns,
        "preview_text": orjson.dumps(preview).decode(),
        "rows": len(rows) - layout.header_row,  # until it is checked: blank lines and totals still count
        "rows_done": 0,
    }


@transaction.atomic
def map_roster(roster: Roster, columns: dict[str, int], *, header_row: int, by: User) -> None:
    """Correct what the columns mean and where the header is; the roster must be checked again."""
    _manager_of(roster.enterprise, by)
    if "name" not in columns or not {"id_number", "phone"} & columns.keys():
        raise Refused(
            gettext_lazy("至少要指出哪一列是姓名，哪一列是身份证号或手机号。"), code="columns_missing", status=422
        )
    if len(set(columns.values())) != len(columns):
        raise Refused(gettext_lazy("有一列被当成了两样内容，请每列只选一样。"), code="columns_twice", status=422)
    rows = roster.file_rows()
    if not 0 <= header_row < len(rows):
        raise Refused(_("这个表没有第 %(row)d 行。") % {"row": header_row}, code="no_such_row", status=422)
    values = _laid_out(rows, Layout(header_row, columns))
    ordered = {field: columns[field] for field in FIELDS if field in columns}
    values |= {"columns": ordered, "state": Roster.State.CHECKING, "beat_at": timezone.now()}
    if not Roster.objects.filter(pk=roster.pk, state=Roster.State.READ).update(**values):
        raise Refused(gettext_lazy("这份花名册已经在处理，不能再改列。"), code="roster_moved")
    record("map_roster", roster, by=by, region_code=roster.enterprise.organisation.region_code)


@transaction.atomic
def start_roster(roster: Roster, *, by: User) -> None:
    """Confirm the preview. One roster of a firm is written at a time; the counts begin again as what happens."""
    _manager_of(roster.enterprise, by)
    if not {"name"} <= roster.columns.keys() or not {"id_number", "phone"} & roster.columns.keys():
        raise Refused(gettext_lazy("还没有指出姓名和号码在哪一列，请先选好列。"), code="columns_missing", status=422)
    now = timezone.now()
    roster.problems.all().delete()
    _move(
        roster, Roster.State.READ, Roster.State.RUNNING, rows_done=0, created=0, updated=0, unchanged=0, refused=0,
        started_at=now, beat_at=now,
    )  # fmt: skip
    record("start_roster", roster, by=by, region_code=roster.enterprise.organisation.region_code, rows=roster.rows)


@transaction.atomic
def resume_roster(roster: Roster, *, by: User) -> None:
    """Go on with an import that broke off, where it stopped."""
    _manager_of(roster.enterprise, by)
    _move(roster, Roster.State.FAILED, Roster.State.RUNNING, beat_at=timezone.now(), problem="")
    record("resume_roster", roster, by=by, region_code=roster.enterprise.organisation.region_code, at=roster.rows_done)


@transaction.atomic
def undo_roster(roster: Roster, *, by: User) -> None:
    """Take a whole batch back, within 30 days. What was used since is kept, and counted."""
    _manager_of(roster.enterprise, by)
    if roster.finished_at is not None and roster.finished_at < timezone.now() - timedelta(days=UNDO_DAYS):
        raise Refused(
            _("导入已经超过 %(n)d 天，不能整批撤回。可以在员工名单里逐个修改。") % {"n": UNDO_DAYS}, code="too_late"
        )
    _move(roster, roster.state if roster.state == Roster.State.FAILED else Roster.State.DONE, Roster.State.UNDOING,
          rows_done=0, rows=roster.changes.count(), kept=0, beat_at=timezone.now())  # fmt: skip
    record("undo_roster", roster, by=by, region_code=roster.enterprise.organisation.region_code)


@transaction.atomic
def drop_roster(roster: Roster, *, by: User) -> None:
    """Give up a roster that was read but not confirmed."""
    _manager_of(roster.enterprise, by)
    _move(roster, Roster.State.READ, Roster.State.DROPPED, preview_text="", finished_at=timezone.now())
    roster.problems.all().delete()
    record("drop_roster", roster, by=by, region_code=roster.enterprise.organisation.region_code)


def _move(roster: Roster, from_state: str, to_state: str, **values: Any) -> None:
    try:
        with transaction.atomic():
            moved = Roster.objects.filter(pk=roster.pk, state=from_state).update(state=to_state, **values)
    except IntegrityError:
        raise Refused(
            gettext_lazy("另一份花名册正在处理。等它完成以后再来，这一份会一直留着。"), code="another_at_work"
        ) from None
    if not moved:
        raise Refused(gettext_lazy("这份花名册的状态刚刚变了，请刷新后再看。"), code="roster_moved")
