"""Checking and writing an extract in batches. A process that dies leaves whole batches and a place to go on from."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any, BinaryIO, Final, cast

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.audit.actions import record
from anlan.enterprises.actions.extract_plans import Known, Plan, carry_out, look_up, plan_lines
from anlan.enterprises.bulk import insert_many
from anlan.enterprises.extract_reading import FIELDS, FirmLine, read_lines
from anlan.enterprises.models import Extract, ExtractChange, ExtractProblem
from anlan.enterprises.roster_reading import Fault, Layout
from anlan.files.actions import open_blob, store
from anlan.files.models import Blob
from anlan.lib.codes import Malformed
from anlan.lib.errors import Refused
from anlan.lib.xlsx import read_rows, write_rows
from anlan.notifications.actions import notify

BATCH: Final = 5000
ATTEMPTS: Final = 3
REASON: Final = "原因"
COUNTS: Final = ("created", "updated", "unchanged")


def file_rows(extract: Extract) -> list[list[object]]:
    """All rows of the file. Raises `Malformed` when it can no longer be read."""
    with open_blob(extract.file) as content:
        return list(read_rows(cast(BinaryIO, content), extract.file.name))


def lines_of(extract: Extract, rows: list[list[object]]) -> list[FirmLine | Fault]:
    """What the extract's rows say; the same list every time it is asked for the same extract."""
    day = timezone.localdate(extract.started_at or extract.created_at)
    layout = Layout(extract.header_row, extract.columns)
    return list(read_lines(rows, layout, allow_demo=settings.ANLAN_DEMO, today=day))


def check_extract(extract_id: int) -> None:
    """Compare an extract with the database: forecast of counts, questions, what is wrong. From `checking` to `read`."""
    extract = Extract.objects.select_related("file", "created_by").get(pk=extract_id)
    if extract.state != Extract.State.CHECKING:
        return
    items = lines_of(extract, file_rows(extract))
    known = look_up(extract)
    counts: Counter[str] = Counter()
    problems: list[ExtractProblem] = []
    for start in range(0, len(items), BATCH):
        part = items[start : start + BATCH]
        plans = plan_lines(extract, [item for item in part if isinstance(item, FirmLine)], known)
        _count(counts, plans)
        problems += _problems(extract, part, plans, known)
        Extract.objects.filter(pk=extract.pk, state=Extract.State.CHECKING).update(
            rows_done=min(start + BATCH, len(items)), beat_at=timezone.now()
        )
    with transaction.atomic():
        moved = Extract.objects.filter(pk=extract.pk, state=Extract.State.CHECKING).update(
            state=Extract.State.READ, rows=len(items), rows_done=0, refused=sum(problem.refused for problem in problems),
            **{name: counts[name] for name in (*COUNTS, "moved", "closing")},
        )  # fmt: skip
        if moved:
            extract.problems.all().delete()
            _insert(extract, problems)


def _count(counts: Counter[str], plans: list[Plan]) -> None:
    counts.update(plan.kind for plan in plans)
    counts["moved"] += sum(plan.moves for plan in plans if not plan.reason)
    counts["closing"] += sum(plan.closes for plan in plans if not plan.reason)


def _problems(extract: Extract, part: list[FirmLine | Fault], plans: list[Plan], known: Known) -> list[ExtractProblem]:
    found = [
        ExtractProblem(extract=extract, row=item.row, reason=item.reason) for item in part if isinstance(item, Fault)
    ]
    for plan in plans:
        words = [plan.reason] if plan.reason else [*plan.line.notes, *plan.notes]
        if words:
            answered = str(plan.line.row) in known.answers
            found.append(
                ExtractProblem(
                    extract=extract, row=plan.line.row, reason="；".join(words)[:500], refused=bool(plan.reason),
                    candidate_id=plan.candidate if plan.reason and not answered else None,
                )
            )  # fmt: skip
    return sorted(found, key=lambda problem: problem.row)


def _insert(extract: Extract, problems: list[ExtractProblem]) -> None:
    insert_many(
        ExtractProblem, len(problems), extract_id=extract.pk, row=[one.row for one in problems],
        reason=[one.reason for one in problems], refused=[one.refused for one in problems],
        candidate_id=[one.candidate_id for one in problems],
    )  # fmt: skip


def import_extract(extract_id: int) -> None:
    """Write a confirmed extract from where it stands to its end. Safe to run twice at once: each batch is taken once."""
    extract = Extract.objects.select_related("file", "created_by").get(pk=extract_id)
    if extract.state != Extract.State.RUNNING:
        return
    try:
        rows = file_rows(extract)
        items = lines_of(extract, rows)
        known = look_up(extract)
        while extract.rows_done < len(items):
            if not _one_batch(extract, items, known):
                return
        _finish(extract, rows)
    except Malformed as error:
        Extract.objects.filter(pk=extract_id).update(state=Extract.State.FAILED, problem=str(error)[:300])
    except Exception:
        Extract.objects.filter(pk=extract_id, state=Extract.State.RUNNING).update(
            state=Extract.State.FAILED, problem=_("导入中断了。已经写入的都在，可以接着导入。")
        )
        raise


def _one_batch(extract: Extract, items: list[FirmLine | Fault], known: Known) -> bool:
    """Write the next batch in one transaction with the new resume point; False when another process has taken it."""
    start = extract.rows_done
    part = items[start : start + BATCH]
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _write(extract, part, start, known)
        except (IntegrityError, Refused):  # somebody has just registered or moved one of these firms: look again
            if attempt == ATTEMPTS:
                raise
    return False


def _write(extract: Extract, part: list[FirmLine | Fault], start: int, known: Known) -> bool:
    taken = Extract.objects.filter(pk=extract.pk, state=Extract.State.RUNNING, rows_done=start).update(
        rows_done=start + len(part), beat_at=timezone.now()
    )
    if not taken:
        return False
    plans = plan_lines(extract, [item for item in part if isinstance(item, FirmLine)], known)
    counts: Counter[str] = Counter()
    _count(counts, plans)
    done = carry_out(extract, plans)
    insert_many(
        ExtractChange, len(done), extract_id=extract.pk, enterprise_id=[one.firm_id for one in done],
        before=[one.before for one in done],
    )  # fmt: skip
    problems = _problems(extract, part, plans, known)
    _insert(extract, problems)
    extract.rows_done = start + len(part)
    for name in COUNTS:
        setattr(extract, name, getattr(extract, name) + counts[name])
    extract.moved += counts["moved"] if extract.moves else 0
    extract.closing += counts["closing"] if extract.closes else 0
    extract.refused += sum(problem.refused for problem in problems)
    extract.save(update_fields=[*COUNTS, "moved", "closing", "refused"])
    return True


def _finish(extract: Extract, rows: list[list[object]]) -> None:
    refused = dict(extract.problems.filter(refused=True).values_list("row", "reason"))
    with transaction.atomic():
        moved = Extract.objects.filter(pk=extract.pk, state=Extract.State.RUNNING).update(
            state=Extract.State.DONE, finished_at=timezone.now(), preview={}
        )
        if not moved:
            return
        if refused:
            Extract.objects.filter(pk=extract.pk).update(errors_file=_errors_file(extract, rows, refused))
        record(
            "import_extract", extract, by=extract.created_by, region_code=extract.region_code, created=extract.created,
            updated=extract.updated, unchanged=extract.unchanged, refused=extract.refused, moved=extract.moved,
            closing=extract.closing,
        )  # fmt: skip
        words = ngettext("企业名录导入完成，新建 %(n)d 家", "企业名录导入完成，新建 %(n)d 家", extract.created)
        text = _("更新 %(updated)d 家，%(refused)d 行没有导入。") % {
            "updated": extract.updated,
            "refused": extract.refused,
        }
        notify(
            [extract.created_by], "extract", words % {"n": extract.created}, key=f"extract:{extract.pk}", text=text,
            url=reverse("enterprises:extract", args=[extract.pk]),
        )  # fmt: skip


def _errors_file(extract: Extract, rows: list[list[object]], refused: dict[int, str]) -> Blob:
    """The refused rows with their own columns and the reason, so that they can be corrected and sent again as they are."""
    fields = {index: str(FIELDS[name]) for name, index in extract.columns.items()}
    width = max(map(len, rows))
    titles: list[Any] = (
        list(rows[extract.header_row - 1])
        if extract.header_row
        else [fields.get(n, _("第 %(n)d 列") % {"n": n + 1}) for n in range(width)]
    )
    old = titles.index(REASON) if REASON in titles else None  # the file was such a list itself

    def without_old(row: list[object]) -> list[object]:
        padded = [*row, *[""] * (len(titles) - len(row))][: len(titles)]
        return padded if old is None else [*padded[:old], *padded[old + 1 :]]

    table = [[*without_old(titles), REASON]]
    table += [[*without_old(list(rows[row - 1])), reason] for row, reason in sorted(refused.items())]
    file = io.BytesIO()
    write_rows(file, {"没有导入的行": table})
    file.seek(0)
    stem = extract.file.name.rpartition(".")[0] or extract.file.name
    name = _("%(name)s-没有导入的 %(n)d 行.xlsx") % {"name": stem[-120:], "n": len(refused)}
    return store(file, name=name, owner=("extract", str(extract.pk)), by_id=extract.created_by_id)
