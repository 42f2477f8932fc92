"""The counts of patrols and safety reports as they follow from the rows, for the nightly recount."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q

from anlan.hazards.models import Inspection, SafetyReport

ON_TIME = Q(first_submitted_at__date__lte=F("due_on"))


def sources() -> list[tuple[str, Any, str, str, int]]:
    """(measure, rows, field of the firm, field of the moment, sign). Reports count in the month of their last day."""
    patrols = Inspection.objects.filter(kind=Inspection.Kind.PATROL, state=Inspection.State.DONE)
    reports = SafetyReport.objects.all()
    return [
        ("patrols_done", patrols, "enterprise_id", "done_at", 1),
        ("reports_due", reports, "enterprise_id", "due_on", 1),
        ("reports_on_time", reports.filter(ON_TIME), "enterprise_id", "due_on", 1),
    ]
