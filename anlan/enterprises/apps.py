"""Configuration of the enterprises app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_default_policy(sender: AppConfig, **kwargs: Any) -> None:
    from anlan.enterprises.actions.policy import install_default_policy

    install_default_policy()


class EnterprisesConfig(AppConfig):
    """Files, policies and workers of enterprises."""

    name = "anlan.enterprises"
    verbose_name = "企业"

    def ready(self) -> None:
        """Effects of approvals are registered where they are written; the default risk rules come with every migration."""
        from anlan.enterprises.actions import merging  # noqa: F401

        post_migrate.connect(_install_default_policy, sender=self)
