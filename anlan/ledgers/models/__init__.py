"""Electronic ledgers: templates that people build, their versions, and what is entered into them."""

from anlan.ledgers.models.entries import Entry, EntryChange, EntryFile, Step
from anlan.ledgers.models.exports import LedgerExport
from anlan.ledgers.models.templates import Template, TemplateVersion

__all__ = ["Entry", "EntryChange", "EntryFile", "LedgerExport", "Step", "Template", "TemplateVersion"]
