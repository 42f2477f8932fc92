"""The verb `record()`."""

from typing import Any, Protocol

from django.db import models
from django.utils import timezone

from anlan.audit.models import Record
from anlan.lib.context import client_address


class Actor(Protocol):
    """Whoever acts: a user, seen from below `accounts`."""

    pk: Any
    name: Any

    @property
    def post(self) -> Any:
        """The post acted in, or None."""


def describe(subject: models.Model) -> tuple[str, str, str]:
    """Return kind, id and name of a subject as plain values."""
    return subject._meta.label_lower, str(subject.pk), str(subject)[:200]


def record(
    verb: str,
    subject: models.Model | tuple[str, str, str],
    *,
    by: Actor | None,
    region_code: str = "",
    **detail: Any,
) -> Record:
    """Write who did what to whom, in the caller's transaction.

    `verb` is snake case and past-free (`import_roster`); `subject` a saved model or (kind, id, name); `by` is None for
    the platform itself. `detail` must be JSON and must not hold ID numbers, phones or answers. Sealed into the hash
    chain by `audit.tasks.seal`.
    """
    kind, subject_id, name = subject if isinstance(subject, tuple) else describe(subject)
    return Record.objects.create(
        at=timezone.now(),
        actor_id=by.pk if by is not None else None,
        actor_name=str(by.name) if by is not None else "平台",
        actor_post=str(by.post)[:120] if by is not None and by.post is not None else "",
        verb=verb,
        subject_kind=kind,
        subject_id=subject_id,
        subject_name=name,
        region_code=region_code,
        detail=detail,
        address=client_address.get(),
    )


def note_reading(by: Actor) -> None:
    """Record that `by` looks at the record itself: once a day, so that reading does not bury what is read."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    if not Record.objects.filter(verb="read_audit", actor_id=by.pk, at__gte=today).exists():
        record("read_audit", ("audit.record", "", "操作记录"), by=by)
