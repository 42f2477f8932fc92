"""Which articles the questions of the banks rest on, for the law to show and to watch. Questions are never public."""

from collections.abc import Iterator

from django.urls import reverse

from anlan.exams.models import Question
from anlan.law.actions.citing import Cite


def citations() -> Iterator[Cite]:
    """Every live question; its code keeps it through new versions, so that a corrected question stays the same citation."""
    rows = Question.objects.live().exclude(cites=[]).select_related("owner")
    for row in rows.only("pk", "code", "stem", "cites", "owner__name", "owner_id").iterator(chunk_size=1000):
        url = reverse("exams:question", args=[row.pk])
        yield Cite(f"{row.owner_id}:{row.code}", row.stem[:120], tuple(row.cites), url, owner=row.owner.name)
