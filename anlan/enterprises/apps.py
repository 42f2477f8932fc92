"""Configuration of the enterprises app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

if TYPE_CHECKING:
    from anlan.accounts.models import User


def _install_default_policy(sender: AppConfig, **kwargs: Any) -> None:
    from anlan.enterprises.actions.policy import install_default_policy

    install_default_policy()


class EnterprisesConfig(AppConfig):
    """Files, policies and workers of enterprises."""

    name = "anlan.enterprises"
    verbose_name = "企业"

    def ready(self) -> None:
        """Effects of approvals are registered where they are written; the default risk rules come with every migration.

        The apps below learn here how to ask for the trade of a reader's firm, and whether a firm has ended.
        """
        from anlan.accounts.actions.invitations import ENDED
        from anlan.content.recommend import INDUSTRY_OF
        from anlan.enterprises.actions import merging  # noqa: F401

        INDUSTRY_OF.append(_industry_of)
        ENDED.append(_has_ended)
        post_migrate.connect(_install_default_policy, sender=self)


def _industry_of(user: User) -> str:
    """The trade of the firm that a person acts for, empty for all others: what the site recommends by."""
    from anlan.enterprises.models import Enterprise

    firm = user.post.organisation_id if user.post else None
    found = Enterprise.objects.filter(pk=firm).values_list("industry", flat=True).first() if firm else ""
    return found or ""


def _has_ended(firm: int) -> bool:
    """Whether an organisation is a firm that was closed or merged into another."""
    from anlan.enterprises.models import Enterprise

    return Enterprise.objects.filter(pk=firm).exclude(status=Enterprise.Status.ACTIVE).exists()
