"""Taking a whole extract back, in batches, without touching what was used or changed since."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import date
from typing import Any, Final

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation
from anlan.audit.actions import record
from anlan.enterprises.actions.extract_plans import BEFORE
from anlan.enterprises.actions.moving import relocate
from anlan.enterprises.models import Enterprise, Extract, ExtractChange, FileValue, Placement
from anlan.lib import crypto

BATCH: Final = 1000
OWN: Final = frozenset(
    {"FileValue", "Placement", "ExtractChange", "ExtractProblem", "RiskGrade", "FirmTag_enterprises"}
)
"""Tables that hold no use of a firm, only what the import and the clock wrote about it."""


def used(firms: set[int]) -> set[int]:
    """Those that other rows point at: people, posts, hazards, contracts, permits. Asked of Django's registry of relations."""
    found: set[int] = set()
    for model in (Enterprise, Organisation):
        for relation in model._meta.related_objects:
            above: Any = relation.related_model
            if above is Enterprise and relation.field.name == "organisation":
                continue
            if above._meta.object_name in OWN or relation.many_to_many:
                continue
            rows = above._base_manager.filter(**{f"{relation.field.name}__in": firms})
            found.update(rows.values_list(relation.field.attname, flat=True))
    return found


def revert_extract(extract_id: int) -> None:
    """Take back the changes of an extract that is `undoing`, latest first. Each batch is one transaction and removes its notes."""
    extract = Extract.objects.select_related("created_by").get(pk=extract_id)
    if extract.state != Extract.State.UNDOING:
        return
    while _one_batch(extract):
        pass
    now = timezone.now()
    with transaction.atomic():
        if Extract.objects.filter(pk=extract_id, state=Extract.State.UNDOING).update(
            state=Extract.State.UNDONE, finished_at=now, beat_at=now
        ):
            extract.refresh_from_db(fields=["kept"])
            record("revert_extract", extract, by=extract.created_by, kept=extract.kept, region_code=extract.region_code)


@transaction.atomic
def _one_batch(extract: Extract) -> bool:
    # The row is written first: a second process waits here, and then finds the next batch.
    Extract.objects.filter(pk=extract.pk).update(beat_at=timezone.now())
    changes = list(extract.changes.select_related("enterprise__organisation").order_by("-pk")[:BATCH])
    if not changes:
        return False
    kept = _remove({change.enterprise_id for change in changes if change.before is None}, extract)
    _restore([change for change in changes if change.before is not None], extract)
    ExtractChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    Extract.objects.filter(pk=extract.pk).update(
        kept=models.F("kept") + kept, rows_done=models.F("rows_done") + len(changes)
    )
    return True


def _remove(firms: set[int], extract: Extract) -> int:
    """Delete firms that the import made and nobody has used; return how many stay."""
    stay = used(firms) | set(
        Enterprise.objects.filter(pk__in=firms, updated_at__gt=extract.finished_at or timezone.now()).values_list(
            "pk", flat=True
        )
    )
    gone = firms - stay
    FileValue.objects.filter(enterprise__in=gone).delete()
    Placement.objects.filter(enterprise__in=gone).delete()
    Enterprise.objects.filter(pk__in=gone).delete()
    Organisation.objects.filter(pk__in=gone).delete()
    return len(stay)


def _restore(changes: list[ExtractChange], extract: Extract) -> None:
    """Put overwritten values back where nobody changed them since; firms that were moved go back."""
    moved: dict[str, list[Any]] = defaultdict(list)
    for change in changes:
        firm, before = change.enterprise, dict(change.before or {})
        organisation = firm.organisation
        if "region" in before and organisation.region_code == before["region"][1]:
            moved[before["region"][0]].append(
                (firm.pk, organisation.region_code, firm.industry, organisation.created_at)
            )
        before.pop("region", None)
        values: dict[str, Any] = {}
        for name, (old, new) in before.items():
            holder: Any = organisation if name in ("name", "credit_code") else firm
            if name == "contact_phone":
                old, new = (crypto.decrypt(value, BEFORE) if value else "" for value in (old, new))
            if name == "founded_on":
                old, new = (date.fromisoformat(value) if value else None for value in (old, new))
            if getattr(holder, name) != new:
                continue
            if holder is organisation:
                with suppress(IntegrityError), transaction.atomic():  # the old code is another firm's by now
                    Organisation.objects.filter(pk=firm.pk).update(**{name: old})
            else:
                values[name] = old
        if "status" in values:
            values["status_on"] = None
        if values:
            Enterprise.objects.filter(pk=firm.pk).update(**values, updated_at=timezone.now())
    at = extract.started_at or extract.created_at
    FileValue.objects.filter(
        enterprise__in=[change.enterprise_id for change in changes], source=FileValue.Source.EXTRACT, said_at=at
    ).delete()
    for to, rows in moved.items():
        relocate(rows, to, by=extract.created_by, because=_("撤回工商登记名录的移动"))


def undo_words(extract: Extract) -> str:
    """What was kept, for the page of an extract that was taken back."""
    if not extract.kept:
        return _("这一批已经整批撤回。")
    return _("这一批已经撤回；%(n)d 家导入后已经有人使用或修改，保留在名单里。") % {"n": extract.kept}
