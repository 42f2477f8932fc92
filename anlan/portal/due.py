"""Gathering what is due from every app, for the workbench and later the calendar."""

from datetime import timedelta

from django.utils import timezone

from anlan.accounts.due import due_for as accounts_due
from anlan.accounts.models import User
from anlan.agencies.due import due_for as agencies_due
from anlan.certificates.due import due_for as certificates_due
from anlan.content.due import due_for as content_due
from anlan.content.letters.due import due_for as letters_due
from anlan.enterprises.due import due_for as enterprises_due
from anlan.exams.due import due_for as exams_due
from anlan.hazards.due import due_for as hazards_due
from anlan.hazards.due_inspections import due_for as inspections_due
from anlan.law.due import due_for as law_due
from anlan.ledgers.due import due_for as ledgers_due
from anlan.lib.due import Due
from anlan.supervision.due import due_for as supervision_due
from anlan.training.due import due_for as training_due
from anlan.training.due_managers import due_for_manager
from anlan.training.learner import ClassRow, YearHours

SOURCES = (
    accounts_due,
    due_for_manager,
    exams_due,
    enterprises_due,
    agencies_due,
    hazards_due,
    inspections_due,
    ledgers_due,
    certificates_due,
    supervision_due,
    content_due,
    letters_due,
    law_due,
)


def due_for(user: User, classes: list[ClassRow] | None = None, year: YearHours | None = None) -> list[Due]:
    """Return everything due for the present post, the most urgent first; what has no deadline comes last.

    `classes` and `year`: the person's own learning, where the page has read it already.
    """
    far = timezone.now() + timedelta(days=36500)
    found = [*training_due(user, classes, year), *(due for source in SOURCES for due in source(user))]
    return sorted(found, key=lambda due: due.at or far)
