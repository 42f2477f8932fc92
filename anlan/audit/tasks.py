"""Sealing and verifying the chain. `seal` runs every minute, `check_chain` every night (operations/schedule.py)."""

from django.db import connection, transaction
from django.utils import timezone
from django_tasks import task

from anlan.audit.chain import Verdict, canonical, digest, walk
from anlan.audit.models import Head, Record

BATCH = 1000


def seal(batch: int = BATCH) -> int:
    """Chain all records that are not yet sealed; return how many. Safe to run in several processes at once."""
    total = 0
    while sealed := _seal_batch(batch):
        total += sealed
    return total


@transaction.atomic
def _seal_batch(batch: int) -> int:
    Head.objects.bulk_create([Head(pk=1)], ignore_conflicts=True)
    head = Head.objects.select_for_update().get(pk=1)
    records = list(Record.objects.unsealed()[:batch])
    for record in records:
        head.position += 1
        record.position, record.previous = head.position, head.digest
        record.digest = head.digest = digest(canonical(record))
    with connection.cursor() as cursor:  # bulk_update builds one CASE per row and takes 50 times as long
        cursor.executemany(
            "UPDATE audit_record SET position = %s, previous = %s, digest = %s WHERE id = %s",
            [(record.position, record.previous, record.digest, record.pk) for record in records],
        )
    head.save(update_fields=["position", "digest"])
    return len(records)


def verify_chain() -> Verdict:
    """Recompute every sealed record; say where the chain first breaks and why, and keep the finding for the page."""
    head = Head.objects.filter(pk=1).first() or Head(pk=1)
    records = Record.objects.sealed().filter(position__lte=head.position)
    verdict = walk(records.iterator(chunk_size=2000), head_position=head.position, head_digest=head.digest)
    if verdict.intact and (stray := Record.objects.sealed().filter(position__gt=head.position).first()) is not None:
        # Another process may have sealed more in the meantime; only what lies beyond the present head is a break.
        now = Head.objects.filter(pk=1).values_list("position", flat=True).first() or 0
        if stray.position is not None and stray.position > now:
            verdict = Verdict(verdict.checked, stray.position, f"第 {stray.position} 条不是由平台封存的。")
    Head.objects.filter(pk=1).update(
        checked_at=timezone.now(), checked=verdict.checked, broken=verdict.position, why=str(verdict.why)[:200]
    )
    return verdict


@task()
def check_chain() -> None:
    """Seal what waits and verify the whole chain, in the worker."""
    seal()
    verify_chain()
