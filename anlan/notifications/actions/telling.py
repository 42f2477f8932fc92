"""The verb `notify()`, for a few people and for many."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import CharField, DateTimeField, Expression, QuerySet, TextField
from django.utils import timezone

from anlan.accounts.models import User
from anlan.lib.bulk import constant, insert_from
from anlan.lib.errors import Text
from anlan.notifications.models import Notice


def notify(users: Iterable[User | int], kind: str, title: Text, *, key: str, text: Text = "", url: str = "") -> int:
    """Put a message into inboxes, in the caller's transaction; return how many are new.

    `key` names the reason (`class-deadline:17:2026-12-01`): the same key never reaches a person twice.
    """
    ids = {user if isinstance(user, int) else user.pk for user in users}
    before = Notice.objects.filter(key=key, user_id__in=ids).count()
    Notice.objects.bulk_create(
        (Notice(user_id=pk, kind=kind, title=str(title)[:120], text=str(text), url=url, key=key) for pk in sorted(ids)),
        ignore_conflicts=True,
    )
    return len(ids) - before


def notify_all(
    rows: QuerySet[Any, Any],
    user_field: str,
    kind: str,
    title: Text | Expression,
    *,
    key: str | Expression,
    text: Text | Expression = "",
    url: str | Expression = "",
    at: datetime | None = None,
) -> int:
    """Like `notify`, for everyone in `rows` (any filtered queryset; `user_field` leads to the person), in one statement.

    Title, key, text and address may be expressions over `rows`, so that one statement serves many classes.
    """
    words, long = CharField(max_length=120), TextField()
    columns = {
        "kind": constant(kind, words),
        "title": constant(title if isinstance(title, Expression) else str(title)[:120], words),
        "text": constant(text if isinstance(text, Expression) else str(text), long),
        "url": constant(url, CharField(max_length=200)),
        "key": constant(key, words),
        "created_at": constant(at or timezone.now(), DateTimeField()),
    }
    named = {f"notice_{name}": value for name, value in columns.items()}
    return insert_from(Notice, rows.values_list(user_field).annotate(**named), ["user", *columns])


def retract_notices(keys: Iterable[str]) -> int:
    """Take back what nobody has read yet, because its reason is gone; return how many."""
    return Notice.objects.unread().filter(key__in=list(keys)).delete()[0]


@transaction.atomic
def read_notices(user: User, ids: Iterable[int] | None = None) -> int:
    """Mark the user's notices as read (all when `ids` is None); return how many changed."""
    unread = Notice.objects.visible_to(user).unread()
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=timezone.now())
