"""Long work of ledgers for the worker, and what the schedule calls."""

from datetime import timedelta
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from anlan.accounts import powers
from anlan.accounts.models import Post
from anlan.ledgers.actions.exports import write_pack
from anlan.ledgers.models import Entry, LedgerExport
from anlan.notifications.actions import notify

SILENCE: Final = timedelta(minutes=2)


@task(queue_name="default")
def work_on_pack(pack_id: int) -> None:
    """Make the zip of a ledger."""
    try:
        write_pack(pack_id)
    except Exception:
        LedgerExport.objects.filter(pk=pack_id).update(
            state=LedgerExport.State.FAILED, problem=_("打包中断了，请再打包一次。")
        )
        raise


def requeue_dead_packs() -> int:
    """Hand zips whose process has fallen silent to a worker again; return how many. For the schedule."""
    now, count = timezone.now(), 0
    silent = LedgerExport.objects.filter(state=LedgerExport.State.RUNNING, beat_at__lt=now - SILENCE)
    for pk, beat in silent.values_list("pk", "beat_at"):
        if LedgerExport.objects.filter(pk=pk, beat_at=beat).update(beat_at=now):
            work_on_pack.enqueue(pk)
            count += 1
    return count


def remind_open_permits() -> int:
    """Remind applicant and managers of permits whose time is over and that nobody closed; again after a day. Return how
    many messages are new. For the schedule, every five minutes."""
    sent, now = 0, timezone.now()
    over: QuerySet[Entry] = Entry.objects.overdue().select_related("template")
    for entry in over.order_by("valid_until")[:500]:
        assert entry.valid_until is not None  # noqa: S101 (overdue)
        managers = [
            post.user_id
            for post in Post.objects.open().filter(organisation_id=entry.enterprise_id).select_related("role")
            if powers.MANAGE_ENTERPRISE in post.role.powers
        ]
        people = {*managers, *([entry.created_by_id] if entry.created_by_id else [])}
        stage = min(1, (now - entry.valid_until) // timedelta(days=1))
        title = _("%(what)s %(number)s 已过期，还没有验收") % {"what": entry.template.name, "number": entry.number}
        sent += notify(
            people, "permit", title, text=_("先停止作业，清理现场后登记完工验收；还要继续干的，重新办票。"),
            key=f"permit-over:{entry.pk}:{stage}", url=reverse("ledgers:entry", args=[entry.pk]),
        )  # fmt: skip
    return sent
