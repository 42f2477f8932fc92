"""Uploading an extract, correcting its columns, answering its questions, confirming, resuming, taking it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import IO, Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.audit.actions import record
from anlan.enterprises.actions.extracting import file_rows
from anlan.enterprises.actions.rosters import KINDS
from anlan.enterprises.extract_reading import FIELDS, find_layout
from anlan.enterprises.models import Extract
from anlan.enterprises.roster_reading import Layout, text_of
from anlan.files.actions import store
from anlan.lib.codes import Malformed, mask_phone
from anlan.lib.errors import Refused
from anlan.lib.xlsx import read_rows

MAX_MB: Final = 100
SHOWN_ROWS: Final = 10
UNDO_DAYS: Final = 30
_PHONE: Final = re.compile(r"\d{11}")


def _may(by: User, extract: Extract | None = None) -> str:
    """The territory of whoever manages grids there; 403 to others, 404 outside."""
    post = by.post
    if post is None or not post.is_territorial or not by.may(powers.MANAGE_GRIDS):
        raise Refused(gettext_lazy("企业名录由县区或镇街的管理身份导入。"), code="not_mover", status=403)
    if extract is not None and not extract.region_code.startswith(post.region_code):
        raise Refused(gettext_lazy("没有找到这份名录。"), code="outside", status=404)
    return post.region_code


@transaction.atomic
def upload_extract(content: IO[bytes], name: str, *, by: User) -> Extract:
    """Read a file into an extract that waits to be checked. Raises `Refused` (422, field `file`): then nothing is kept."""
    region = _may(by)
    try:
        rows = list(read_rows(content, name))  # type: ignore[arg-type]  # any binary stream will do
        layout = find_layout(rows)
    except Malformed as error:
        raise Refused(error.reason, code="unreadable", status=422, field="file") from None
    content.seek(0)
    blob = store(content, name=name, owner=("extract", region), by_id=by.pk, kinds=KINDS, max_mb=MAX_MB)
    extract = Extract.objects.create(
        region_code=region, file=blob, created_by=by, state=Extract.State.CHECKING, beat_at=timezone.now(),
        **_laid_out(rows, layout, by),
    )  # fmt: skip
    record("upload_extract", extract, by=by, region_code=region, rows=extract.rows)
    return extract


def _laid_out(rows: list[list[object]], layout: Layout, by: User) -> dict[str, Any]:
    shown = rows[layout.header_row : layout.header_row + SHOWN_ROWS]
    width = max((len(row) for row in rows[: layout.header_row + SHOWN_ROWS]), default=0)
    titles = [text_of(cell) for cell in rows[layout.header_row - 1]] if layout.header_row else []
    preview = {
        "titles": titles + [""] * (width - len(titles)),
        "rows": [[_PHONE.sub(lambda found: mask_phone(found.group()), text_of(cell)) if len(text_of(cell)) < 14 else text_of(cell) for cell in row] for row in shown],
        "said_as": str(by.post)[:120],
    }  # fmt: skip
    return {
        "header_row": layout.header_row, "columns": layout.columns, "preview": preview, "rows": len(rows) - layout.header_row,
        "rows_done": 0,
    }  # fmt: skip


@transaction.atomic
def map_extract(extract: Extract, columns: dict[str, int], *, header_row: int, by: User) -> None:
    """Correct what the columns mean and where the header is; the extract must be checked again, its questions asked anew."""
    _may(by, extract)
    if "name" not in columns:
        raise Refused(gettext_lazy("至少要指出哪一列是企业名称。"), code="columns_missing", status=422)
    if len(set(columns.values())) != len(columns):
        raise Refused(gettext_lazy("有一列被当成了两样内容，请每列只选一样。"), code="columns_twice", status=422)
    rows = file_rows(extract)
    if not 0 <= header_row < len(rows):
        raise Refused(_("这个表没有第 %(row)d 行。") % {"row": header_row}, code="no_such_row", status=422)
    ordered = {name: columns[name] for name in FIELDS if name in columns}
    values = _laid_out(rows, Layout(header_row, ordered), by) | {
        "state": Extract.State.CHECKING,
        "beat_at": timezone.now(),
    }
    if not Extract.objects.filter(pk=extract.pk, state=Extract.State.READ).update(**values):
        raise Refused(gettext_lazy("这份名录已经在处理，不能再改列。"), code="extract_moved")
    record("map_extract", extract, by=by, region_code=extract.region_code)


@transaction.atomic
def answer_extract(
    extract: Extract, answers: Mapping[int, str], *, moves: bool, closes: bool, rest: str = "", by: User
) -> int:
    """Say which rows are which firms: {row: same | new}, `rest` for all not named; and whether firms are moved and closed.

    The extract must be checked again. Returns how many questions are answered now. Raises `Refused` (409).
    """
    _may(by, extract)
    given: dict[str, list[Any]] = dict(extract.preview.get("answers", {}))
    for problem in extract.problems.filter(candidate__isnull=False):
        answer = answers.get(problem.row, rest)
        if answer in ("same", "new"):
            given[str(problem.row)] = [answer, problem.candidate_id]
    values = {
        "preview": extract.preview | {"answers": given}, "moves": moves, "closes": closes, "rows_done": 0,
        "state": Extract.State.CHECKING, "beat_at": timezone.now(),
    }  # fmt: skip
    if not Extract.objects.filter(pk=extract.pk, state=Extract.State.READ).update(**values):
        raise Refused(gettext_lazy("这份名录已经在处理，不能再改。"), code="extract_moved")
    record(
        "answer_extract", extract, by=by, region_code=extract.region_code, count=len(given), moves=moves, closes=closes
    )
    return len(given)


@transaction.atomic
def start_extract(extract: Extract, *, by: User) -> None:
    """Confirm the preview. Where territories overlap one extract is written at a time; the counts begin again."""
    _may(by, extract)
    if "name" not in extract.columns:
        raise Refused(gettext_lazy("还没有指出企业名称在哪一列，请先选好列。"), code="columns_missing", status=422)
    _alone(extract)
    now = timezone.now()
    extract.problems.all().delete()
    _move(
        extract, Extract.State.READ, Extract.State.RUNNING, rows_done=0, created=0, updated=0, moved=0, closing=0, unchanged=0,
        refused=0, started_at=now, beat_at=now,
    )  # fmt: skip
    record("start_extract", extract, by=by, region_code=extract.region_code, rows=extract.rows)


def _alone(extract: Extract) -> None:
    """No other extract is being written for this territory, one inside it or one around it."""
    code = extract.region_code
    around = [code[:n] for n in (2, 4, 6, 9, 12) if n < len(code)]
    at_work = Extract.objects.filter(state__in=[Extract.State.RUNNING, Extract.State.UNDOING]).exclude(pk=extract.pk)
    other = at_work.filter(inside(code)).first() or at_work.filter(region_code__in=around).first()
    if other is not None:
        raise Refused(
            _("%(who)s %(time)s 开始导入的名录还在写入。等它完成以后再来，这一份会一直留着。")
            % {"who": other.created_by.name, "time": timezone.localtime(other.started_at or other.created_at).strftime("%H:%M")},
            code="another_at_work",
        )  # fmt: skip


@transaction.atomic
def resume_extract(extract: Extract, *, by: User) -> None:
    """Go on with an import that broke off, where it stopped."""
    _may(by, extract)
    _alone(extract)
    _move(extract, Extract.State.FAILED, Extract.State.RUNNING, beat_at=timezone.now(), problem="")
    record("resume_extract", extract, by=by, region_code=extract.region_code, at=extract.rows_done)


@transaction.atomic
def undo_extract(extract: Extract, *, by: User) -> None:
    """Take a whole batch back, within 30 days. What was used since is kept, and counted."""
    _may(by, extract)
    if extract.finished_at is not None and extract.finished_at < timezone.now() - timedelta(days=UNDO_DAYS):
        raise Refused(
            _("导入已经超过 %(n)d 天，不能整批撤回。可以在名单里逐家修改。") % {"n": UNDO_DAYS}, code="too_late"
        )
    _alone(extract)
    state = extract.state if extract.state == Extract.State.FAILED else Extract.State.DONE
    _move(
        extract, state, Extract.State.UNDOING, rows_done=0, rows=extract.changes.count(), kept=0, beat_at=timezone.now()
    )
    record("undo_extract", extract, by=by, region_code=extract.region_code)


@transaction.atomic
def drop_extract(extract: Extract, *, by: User) -> None:
    """Give up an extract that was read but not confirmed."""
    _may(by, extract)
    _move(extract, Extract.State.READ, Extract.State.DROPPED, preview={}, finished_at=timezone.now())
    extract.problems.all().delete()
    record("drop_extract", extract, by=by, region_code=extract.region_code)


def _move(extract: Extract, from_state: str, to_state: str, **values: Any) -> None:
    try:
        with transaction.atomic():
            moved = Extract.objects.filter(pk=extract.pk, state=from_state).update(state=to_state, **values)
    except IntegrityError:
        raise Refused(
            gettext_lazy("另一份名录正在写入。等它完成以后再来，这一份会一直留着。"), code="another_at_work"
        ) from None
    if not moved:
        raise Refused(gettext_lazy("这份名录的状态刚刚变了，请刷新后再看。"), code="extract_moved")
