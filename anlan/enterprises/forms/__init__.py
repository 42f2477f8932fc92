"""What people type about an enterprise, its file, its workers, a roster."""

from anlan.enterprises.forms.extras import (
    ChemicalForm,
    EquipmentForm,
    FieldForm,
    LicenceForm,
    PermitForm,
    PhotoForm,
    ReadingForm,
    SpendingForm,
)
from anlan.enterprises.forms.file import GROUP_FORMS, CustomForm, GroupForm, NewFirmForm, form_of
from anlan.enterprises.forms.people import RosterForm, WorkerForm
from anlan.enterprises.forms.plain import Plain

__all__ = [
    "GROUP_FORMS",
    "ChemicalForm",
    "CustomForm",
    "EquipmentForm",
    "FieldForm",
    "GroupForm",
    "LicenceForm",
    "NewFirmForm",
    "PermitForm",
    "PhotoForm",
    "Plain",
    "ReadingForm",
    "RosterForm",
    "SpendingForm",
    "WorkerForm",
    "form_of",
]
