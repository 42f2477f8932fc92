"""What the schedule does about inspections and safety reports."""

from anlan.hazards.actions import planning, reports


def plan_patrols() -> int:
    """Plan the patrols of the period; return how many are new. Every night; harmless to repeat."""
    return planning.plan_patrols()


def open_reports() -> int:
    """Open the reports of the month and quarter; return how many are new. Every night; harmless to repeat."""
    return reports.open_reports()


def remind_reports() -> int:
    """Send the reminders of the day; return how many are new. Every morning."""
    return reports.remind_reports()
