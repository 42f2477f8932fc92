"""Checklists, inspections, hazards, reports and offline work."""

from anlan.hazards.models.around import Extension, HazardExport, Holiday, Order, Penalty, Series
from anlan.hazards.models.checklists import Checklist, ChecklistVersion
from anlan.hazards.models.hazards import Hazard, HazardStep
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
    "HazardExport",
    "HazardStep",
    "Holiday",
    "Inspection",
    "Operation",
    "Order",
    "Penalty",
    "Photo",
    "PhotoUpload",
    "ReportRound",
    "SafetyReport",
    "Series",
]
