"""Checking and writing a roster in batches. A process that dies leaves whole batches and a place to go on from."""

import io
from collections import Counter
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.audit.actions import record
from anlan.enterprises.actions.workers import count_workers
from anlan.enterprises.actions.workforce import Plan, plan_lines, take_on
from anlan.enterprises.bulk import insert_many
from anlan.enterprises.models import Roster, RosterChange, RosterProblem
from anlan.enterprises.roster_reading import FIELDS, Fault, Layout, Line, read_lines
from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.lib.codes import Malformed
from anlan.lib.xlsx import write_rows
from anlan.notifications.actions import notify

BATCH: Final = 2000
ATTEMPTS: Final = 3
REASON: Final = "原因"


def lines_of(roster: Roster, rows: list[list[object]]) -> list[Line | Fault]:
    """What the roster's rows say; the same list every time it is asked for the same roster."""
    day = timezone.localdate(roster.started_at or roster.created_at)
    layout = Layout(roster.header_row, roster.columns)
    return list(read_lines(rows, layout, allow_demo=settings.ANLAN_DEMO, today=day))


def check_roster(roster_id: int) -> None:
    """Compare a roster with the database: forecast of counts, and what is wrong. From `checking` to `read`."""
    roster = Roster.objects.select_related("enterprise__organisation", "file").get(pk=roster_id)
    if roster.state != Roster.State.CHECKING:
        return
    items = lines_of(roster, roster.file_rows())
    counts: Counter[str] = Counter()
    problems: list[RosterProblem] = []
    for start in range(0, len(items), BATCH):
        part = items[start : start + BATCH]
        plans = plan_lines(roster.enterprise, [item for item in part if isinstance(item, Line)])
        counts.update(plan.kind for plan in plans)
        problems += _problems(roster, part, plans)
        Roster.objects.filter(pk=roster.pk, state=Roster.State.CHECKING).update(
            rows_done=min(start + BATCH, len(items)), beat_at=timezone.now()
        )
    with transaction.atomic():
        moved = Roster.objects.filter(pk=roster.pk, state=Roster.State.CHECKING).update(
            state=Roster.State.READ, rows=len(items), rows_done=0, created=counts["created"], updated=counts["updated"],
            unchanged=counts["unchanged"], refused=sum(problem.refused for problem in problems),
        )  # fmt: skip
        if moved:
            roster.problems.all().delete()
            RosterProblem.objects.bulk_create(problems, batch_size=1000)


def _problems(roster: Roster, part: list[Line | Fault], plans: list[Plan]) -> list[RosterProblem]:
    found = [RosterProblem(roster=roster, row=item.row, reason=item.reason) for item in part if isinstance(item, Fault)]
    for plan in plans:
        if plan.reason or plan.note:
            found.append(
                RosterProblem(
                    roster=roster, row=plan.line.row, reason=(plan.reason or plan.note)[:500], refused=bool(plan.reason)
                )
            )
    return sorted(found, key=lambda problem: problem.row)


def import_roster(roster_id: int) -> None:
    """Write a confirmed roster from where it stands to its end. Safe to run twice at once: each batch is taken once."""
    roster = Roster.objects.select_related("enterprise__organisation", "file", "created_by").get(pk=roster_id)
    if roster.state != Roster.State.RUNNING:
        return
    try:
        rows = roster.file_rows()
        items = lines_of(roster, rows)
        while roster.rows_done < len(items):
            if not _one_batch(roster, items):
                return
        _finish(roster, rows)
    except Malformed as error:
        Roster.objects.filter(pk=roster_id).update(state=Roster.State.FAILED, problem=str(error)[:300])
    except Exception:
        Roster.objects.filter(pk=roster_id, state=Roster.State.RUNNING).update(
            state=Roster.State.FAILED, problem=_("导入中断了。已经写入的都在，可以接着导入。")
        )
        raise


def _one_batch(roster: Roster, items: list[Line | Fault]) -> bool:
    """Write the next batch in one transaction with the new resume point; False when another process has taken it."""
    start = roster.rows_done
    part = items[start : start + BATCH]
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _write(roster, part, start)
        except IntegrityError:  # another firm has just registered the same person: look again
            if attempt == ATTEMPTS:
                raise
    return False


def _write(roster: Roster, part: list[Line | Fault], start: int) -> bool:
    taken = Roster.objects.filter(pk=roster.pk, state=Roster.State.RUNNING, rows_done=start).update(
        rows_done=start + len(part), beat_at=timezone.now()
    )
    if not taken:
        return False
    plans = plan_lines(roster.enterprise, [item for item in part if isinstance(item, Line)])
    counts = Counter(plan.kind for plan in plans)
    done = take_on(roster.enterprise, plans)
    insert_many(
        RosterChange, len(done), roster_id=roster.pk, worker_id=[one.worker_id for one in done],
        new_user=[one.new_user for one in done], before=[one.before for one in done],
    )  # fmt: skip
    problems = _problems(roster, part, plans)
    RosterProblem.objects.bulk_create(problems, batch_size=1000)
    if counts["created"]:
        count_workers(roster.enterprise, counts["created"])
    roster.rows_done = start + len(part)
    roster.created += counts["created"]
    roster.updated += counts["updated"]
    roster.unchanged += counts["unchanged"]
    roster.refused += sum(problem.refused for problem in problems)
    roster.save(update_fields=["created", "updated", "unchanged", "refused"])
    return True


def _finish(roster: Roster, rows: list[list[object]]) -> None:
    refused = dict(roster.problems.filter(refused=True).values_list("row", "reason"))
    with transaction.atomic():
        moved = Roster.objects.filter(pk=roster.pk, state=Roster.State.RUNNING).update(
            state=Roster.State.DONE, finished_at=timezone.now(), preview_text=""
        )
        if not moved:
            return
        if refused:
            Roster.objects.filter(pk=roster.pk).update(errors_file=_errors_file(roster, rows, refused))
        record(
            "import_roster", roster, by=roster.created_by, region_code=roster.enterprise.organisation.region_code,
            created=roster.created, updated=roster.updated, unchanged=roster.unchanged, refused=roster.refused,
        )  # fmt: skip
        title = ngettext("花名册导入完成，新增 %(n)d 人", "花名册导入完成，新增 %(n)d 人", roster.created) % {
            "n": roster.created
        }
        text = _("更新 %(updated)d 人，%(refused)d 行没有导入。") % {
            "updated": roster.updated,
            "refused": roster.refused,
        }
        notify(
            [roster.created_by], "roster", title, key=f"roster:{roster.pk}", text=text,
            url=reverse("enterprises:roster", args=[roster.pk]),
        )  # fmt: skip


def _errors_file(roster: Roster, rows: list[list[object]], refused: dict[int, str]) -> Blob:
    """The refused rows with their own columns and the reason, so that they can be corrected and sent again as they are."""
    titles = list(rows[roster.header_row - 1]) if roster.header_row else _invented_titles(roster, rows)
    old = titles.index(REASON) if REASON in titles else None  # the file was such a list itself

    def without_old(row: list[object]) -> list[object]:
        padded = [*row, *[""] * (len(titles) - len(row))]
        return padded if old is None else [*padded[:old], *padded[old + 1 :]]

    table = [[*without_old(titles), REASON]]
    table += [
        [*without_old(list(rows[row - 1]))[: len(table[0]) - 1], reason] for row, reason in sorted(refused.items())
    ]
    file = io.BytesIO()
    write_rows(file, {"没有导入的行": table})
    file.seek(0)
    stem = roster.file.name.rpartition(".")[0] or roster.file.name
    name = _("%(name)s-没有导入的 %(n)d 行.xlsx") % {"name": stem[-120:], "n": len(refused)}
    return store(file, name=name, owner=("enterprise", str(roster.enterprise_id)), by_id=roster.created_by_id)


def _invented_titles(roster: Roster, rows: list[list[object]]) -> list[object]:
    fields = {index: str(FIELDS[field]) for field, index in roster.columns.items()}
    return [fields.get(index, _("第 %(n)d 列") % {"n": index + 1}) for index in range(max(map(len, rows)))]
