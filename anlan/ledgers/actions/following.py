"""What becomes of entries when a firm moves to another grid or is merged into another."""

from __future__ import annotations

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Concat

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.ledgers.models import Entry, Template


def follow_move(firms: QuerySet[Enterprise], to: str) -> None:
    """Entries lie where their firm lies."""
    Entry.objects.filter(enterprise__in=firms).exclude(region_code=to).update(region_code=to)


def follow_merge(source: Enterprise, target: Enterprise, by: User) -> None:
    """Entries and own templates of `source` become those of `target`. A number that both have used is marked with +, so
    that both stay readable."""
    moved = Entry.objects.filter(enterprise=source)
    taken = set(Entry.objects.filter(enterprise=target).exclude(number="").values_list("number", flat=True))
    moved.filter(number__in=taken).update(number=Concat(F("number"), Value(f"+{source.pk}"), output_field=CharField()))
    count = moved.update(enterprise=target, region_code=target.organisation.region_code)
    Template.objects.filter(enterprise=source).update(enterprise=target)
    if count:
        record("move_ledgers", target, by=by, region_code=target.organisation.region_code, count=count)
