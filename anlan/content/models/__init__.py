"""Pages of the site, their reviews; what is collected, written by readers, linked to and subscribed to."""

from anlan.content.models.collecting import Collected, Source
from anlan.content.models.letters import Correction, Letter
from anlan.content.models.links import AllowedHost, Link, LinkUse
from anlan.content.models.pages import (
    SECTION_MODELS,
    SITE_SECTIONS,
    CasePage,
    DownloadPage,
    Entry,
    FaqEntry,
    GuidePage,
    HomeRoot,
    KnowledgeCard,
    NewsPage,
    ZonePage,
)
from anlan.content.models.reviews import ReviewRound, Signature
from anlan.content.models.subscriptions import (
    Announcement,
    Heard,
    LawCursor,
    Reading,
    Subscription,
    Term,
    Visitor,
    VisitorLetter,
)

__all__ = [
    "SECTION_MODELS",
    "SITE_SECTIONS",
    "AllowedHost",
    "Announcement",
    "CasePage",
    "Collected",
    "Correction",
    "DownloadPage",
    "Entry",
    "FaqEntry",
    "GuidePage",
    "Heard",
    "HomeRoot",
    "KnowledgeCard",
    "LawCursor",
    "Letter",
    "Link",
    "LinkUse",
    "NewsPage",
    "Reading",
    "ReviewRound",
    "Signature",
    "Source",
    "Subscription",
    "Term",
    "Visitor",
    "VisitorLetter",
    "ZonePage",
]
