"""Writes on enterprises, their workers, rosters and exports."""

from anlan.enterprises.actions.enterprises import edit_enterprise, reveal_contact
from anlan.enterprises.actions.exports import start_export, write_export
from anlan.enterprises.actions.importing import check_roster, import_roster
from anlan.enterprises.actions.rosters import (
    drop_roster,
    map_roster,
    resume_roster,
    start_roster,
    undo_roster,
    upload_roster,
)
from anlan.enterprises.actions.undoing import revert_roster
from anlan.enterprises.actions.workers import add_worker, edit_worker, leave_worker, return_worker

__all__ = [
    "add_worker",
    "check_roster",
    "drop_roster",
    "edit_enterprise",
    "edit_worker",
    "import_roster",
    "leave_worker",
    "map_roster",
    "resume_roster",
    "return_worker",
    "reveal_contact",
    "revert_roster",
    "start_export",
    "start_roster",
    "undo_roster",
    "upload_roster",
    "write_export",
]
