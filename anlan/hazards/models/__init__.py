"""Checklists, inspections, hazards, reports and offline work."""

from anlan.hazards.models.checklists import Checklist, ChecklistVersion
from anlan.hazards.models.hazards import Extension, Hazard, HazardStep, Holiday, Penalty
from anlan.hazards.models.inspections import Finding, Inspection, Photo
from anlan.hazards.models.offline import Conflict, Device, Operation, PhotoUpload
from anlan.hazards.models.reports import ReportRound, SafetyReport

__all__ = [
    "Checklist",
    "ChecklistVersion",
    "Conflict",
    "Device",
    "Extension",
    "Finding",
    "Hazard",
    "HazardStep",
    "Holiday",
    "Inspection",
    "Operation",
    "Penalty",
    "Photo",
    "PhotoUpload",
    "ReportRound",
    "SafetyReport",
]
