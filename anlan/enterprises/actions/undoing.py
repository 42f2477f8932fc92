"""Taking a whole roster back, in batches, without touching what was used since."""

from contextlib import suppress
from datetime import date, datetime
from typing import Any, Final

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Post, User
from anlan.audit.actions import record
from anlan.enterprises.actions.workers import count_workers
from anlan.enterprises.actions.workforce import BEFORE
from anlan.enterprises.models import Roster, RosterChange, Worker
from anlan.lib import crypto

BATCH: Final = 1000
BELOW: Final = frozenset(
    {"accounts", "enterprises", "notifications", "account", "mfa", "usersessions", "socialaccount", "axes", "auth"}
)
"""Apps whose rows about a person are not yet use of the job: everything above `enterprises` is."""


def used_since(people: set[int], moment: datetime, *, model: type[models.Model] = User) -> set[int]:
    """Those (users, or workers) whom rows of the apps above point at, made since `moment` where the rows tell when.

    Asked of Django's own registry of relations, so that this app need not know who stands above it.
    """
    used: set[int] = set()
    for relation in model._meta.related_objects:
        above = relation.related_model
        if above._meta.app_label in BELOW or relation.many_to_many:
            continue
        rows = above._default_manager.filter(**{f"{relation.field.name}__in": people})
        stamp = next(
            (
                f.name
                for f in above._meta.fields
                if getattr(f, "auto_now_add", False) and isinstance(f, models.DateTimeField)
            ),
            None,
        )
        if stamp:
            rows = rows.filter(**{f"{stamp}__gte": moment})
        used.update(rows.values_list(relation.field.attname, flat=True))
    return used


def revert_roster(roster_id: int) -> None:
    """Take back the changes of a roster that is `undoing`, latest first. Each batch is one transaction and removes its notes."""
    roster = Roster.objects.select_related("enterprise__organisation", "created_by").get(pk=roster_id)
    if roster.state != Roster.State.UNDOING:
        return
    while _one_batch(roster):
        pass
    with transaction.atomic():
        if Roster.objects.filter(pk=roster_id, state=Roster.State.UNDOING).update(
            state=Roster.State.UNDONE, finished_at=timezone.now(), beat_at=timezone.now()
        ):
            roster.refresh_from_db(fields=["kept"])
            record(
                "revert_roster", roster, by=roster.created_by, kept=roster.kept,
                region_code=roster.enterprise.organisation.region_code,
            )  # fmt: skip


@transaction.atomic
def _one_batch(roster: Roster) -> bool:
    # The row is written first: a second process waits here, and then finds the next batch.
    Roster.objects.filter(pk=roster.pk).update(beat_at=timezone.now())
    changes = list(roster.changes.select_related("worker__user").order_by("-pk")[:BATCH])
    if not changes:
        return False
    jobs = [change for change in changes if change.before is None]
    kept = _revoke_jobs(roster, jobs)
    _restore([change for change in changes if change.before is not None])
    RosterChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    Roster.objects.filter(pk=roster.pk).update(
        kept=models.F("kept") + kept, rows_done=models.F("rows_done") + len(changes)
    )
    return True


def _revoke_jobs(roster: Roster, changes: list[RosterChange]) -> int:
    """Remove the jobs, and the people who came with them and have nothing else; return how many were used and stay."""
    since = roster.started_at or roster.created_at
    by_user = {change.worker.user_id: change for change in changes}
    used = used_since(set(by_user), since)
    workers = {change.worker_id: change.worker.user_id for change in changes}
    used |= {workers[pk] for pk in used_since(set(workers), since, model=Worker)}
    gone = {pk: change for pk, change in by_user.items() if pk not in used}
    opened = sum(change.worker.left_on is None for change in gone.values())
    Worker.objects.filter(pk__in=[change.worker_id for change in gone.values()]).delete()
    Post.objects.filter(organisation_id=roster.enterprise_id, role_id="worker", user_id__in=list(gone)).delete()
    newcomers = User.objects.filter(pk__in=[pk for pk, change in gone.items() if change.new_user], last_login=None)
    newcomers.filter(posts=None, jobs=None).delete()
    if opened:
        count_workers(roster.enterprise, -opened)
    return len(used)


def _restore(changes: list[RosterChange]) -> None:
    """Put overwritten values back where nobody changed them since."""
    for change in changes:
        worker, user = change.worker, change.worker.user
        before: dict[str, list[Any]] = change.before or {}
        job = {name: pair[0] for name, pair in before.items() if name in _JOB and _same(getattr(worker, name), pair[1])}
        if job:
            if "hired_on" in job:
                job["hired_on"] = date.fromisoformat(job["hired_on"]) if job["hired_on"] else None
            Worker.objects.filter(pk=worker.pk).update(**job)
            if "job_title" in job:
                Post.objects.filter(
                    user=user, organisation_id=worker.enterprise_id, role_id="worker", until__isnull=True
                ).update(title=job["job_title"])
        if "phone" in before and user.phone_index == before["phone"][1] and not user.phone_verified:
            user.set_phone(crypto.decrypt(before["phone"][0], BEFORE))
            with (
                suppress(IntegrityError),
                transaction.atomic(),
            ):  # somebody else has the old number by now: it is theirs
                user.save(update_fields=["phone", "phone_index"])
        if "id_number" in before and user.id_index == before["id_number"][1]:
            user.set_id_number(crypto.decrypt(before["id_number"][0], BEFORE))
            user.save(update_fields=["id_number", "id_index"])


_JOB: Final = frozenset({"job_title", "department", "staff_number", "hired_on", "category"})


def _same(value: Any, stored: Any) -> bool:
    return bool((value.isoformat() if isinstance(value, date) else value) == stored)


def undo_words(roster: Roster) -> str:
    """What was kept, for the page of a roster that was taken back."""
    if not roster.kept:
        return _("这一批已经整批撤回。")
    return _("这一批已经撤回；%(n)d 人导入后已经开始学习或参加考试，保留在名单里。") % {"n": roster.kept}
