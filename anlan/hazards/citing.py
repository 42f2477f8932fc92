"""Which articles the items of the checklists rest on, for the law to show and to watch."""

from collections.abc import Iterator

from django.urls import reverse

from anlan.hazards.models import Checklist
from anlan.law.actions.citing import Cite


def citations() -> Iterator[Cite]:
    """Every item of the lists in use that names its source: "消防法第二十八条", "GB 50016-2014"."""
    for checklist in Checklist.objects.filter(retired_on__isnull=True, current__isnull=False).select_related("current"):
        url = reverse("hazards:checklist", args=[checklist.pk])
        for item in checklist.current.items if checklist.current else ():
            if item.get("cite"):
                yield Cite(
                    f"{checklist.code}:{item['key']}", f"{checklist.name} · {item['text']}"[:200], (item["cite"],), url
                )
