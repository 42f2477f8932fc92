"""Writes on enterprises, their workers, rosters and exports."""

from anlan.enterprises.actions.belongings import add_belonging, add_photo, add_tag, remove_belonging, remove_tag
from anlan.enterprises.actions.enterprises import create_enterprise, edit_enterprise, reveal_contact, stand_by
from anlan.enterprises.actions.exports import start_export, write_export
from anlan.enterprises.actions.fields import move_field, save_field
from anlan.enterprises.actions.importing import check_roster, import_roster
from anlan.enterprises.actions.permits import (
    add_permit,
    confirm_licence,
    drop_reading,
    edit_permit,
    fail_reading,
    read_reading,
    start_reading,
    withdraw_permit,
)
from anlan.enterprises.actions.rosters import (
    drop_roster,
    map_roster,
    resume_roster,
    start_roster,
    undo_roster,
    upload_roster,
)
from anlan.enterprises.actions.spending import add_spending, remove_spending
from anlan.enterprises.actions.undoing import revert_roster
from anlan.enterprises.actions.verifying import verify_file
from anlan.enterprises.actions.workers import add_worker, edit_worker, leave_worker, return_worker

__all__ = [
    "add_belonging",
    "add_permit",
    "add_photo",
    "add_spending",
    "add_tag",
    "add_worker",
    "check_roster",
    "confirm_licence",
    "create_enterprise",
    "drop_reading",
    "drop_roster",
    "edit_enterprise",
    "edit_permit",
    "edit_worker",
    "fail_reading",
    "import_roster",
    "leave_worker",
    "map_roster",
    "move_field",
    "read_reading",
    "remove_belonging",
    "remove_spending",
    "remove_tag",
    "resume_roster",
    "return_worker",
    "reveal_contact",
    "revert_roster",
    "save_field",
    "stand_by",
    "start_export",
    "start_reading",
    "start_roster",
    "undo_roster",
    "upload_roster",
    "verify_file",
    "withdraw_permit",
    "write_export",
]
