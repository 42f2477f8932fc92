"""One file and one policy per enterprise: the firm, what its file says, its risk, its workers, and what brought them."""

from anlan.enterprises.models.enterprises import Enterprise, Mandate, Placement
from anlan.enterprises.models.exports import Export
from anlan.enterprises.models.extracts import Extract, ExtractChange, ExtractProblem
from anlan.enterprises.models.file import (
    Chemical,
    CustomField,
    Equipment,
    FileValue,
    FirmPhoto,
    FirmTag,
    Permit,
    Reading,
    Spending,
)
from anlan.enterprises.models.policy import FloorPlan, RiskGrade, RiskPoint, RiskPolicy
from anlan.enterprises.models.rosters import Roster, RosterChange, RosterProblem
from anlan.enterprises.models.workers import Worker

__all__ = [
    "Chemical",
    "CustomField",
    "Enterprise",
    "Equipment",
    "Export",
    "Extract",
    "ExtractChange",
    "ExtractProblem",
    "FileValue",
    "FirmPhoto",
    "FirmTag",
    "FloorPlan",
    "Mandate",
    "Permit",
    "Placement",
    "Reading",
    "RiskGrade",
    "RiskPoint",
    "RiskPolicy",
    "Roster",
    "RosterChange",
    "RosterProblem",
    "Spending",
    "Worker",
]
