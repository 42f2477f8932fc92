"""Statutes, versions, provisions, citations, guides, imports."""

from anlan.law.models.citing import Citation, Guide
from anlan.law.models.imports import Import, Source
from anlan.law.models.statutes import Alias, Article, Provision, Statute, Translation, Version

__all__ = [
    "Alias",
    "Article",
    "Citation",
    "Guide",
    "Import",
    "Provision",
    "Source",
    "Statute",
    "Translation",
    "Version",
]
