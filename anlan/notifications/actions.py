"""The verb `notify()`."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from anlan.accounts.models import User
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


@transaction.atomic
def read_notices(user: User, ids: Iterable[int] | None = None) -> int:
    """Mark the user's notices as read (all when `ids` is None); return how many changed."""
    unread = Notice.objects.visible_to(user).unread()
    if ids is not None:
        unread = unread.filter(pk__in=list(ids))
    return unread.update(read_at=timezone.now())
