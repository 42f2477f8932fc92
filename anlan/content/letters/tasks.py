"""Periodic work of letters."""

from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.content.models import Letter
from anlan.content.people import holders
from anlan.notifications.actions import notify

SOON: Final = timedelta(days=1)
KEEP_SENDER: Final = timedelta(days=2)


def remind_letters() -> int:
    """Remind editors of letters due within a day, once a letter and day; forget who sent older ones. Return how many."""
    now = timezone.now()
    Letter.objects.filter(created_at__lt=now - KEEP_SENDER).exclude(sender="").update(sender="")
    rows = Letter.objects.open().filter(due_at__lt=now + SOON)
    everybody = list(holders(powers.EDIT_CONTENT).values_list("pk", flat=True))
    done = 0
    for letter in rows:
        late = letter.due_at < now
        title = _("读者来信 %(number)s 逾期未答") if late else _("读者来信 %(number)s 明天到期")
        done += notify(
            [letter.assigned_to_id] if letter.assigned_to_id else everybody, "letter_due", title % {"number": letter.number},
            key=f"letter-due:{letter.pk}:{'late' if late else 'soon'}", url=reverse("content:letter_desk", args=[letter.number]),
        )  # fmt: skip
    return done
