"""Configuration of the accounts app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_roles(sender: AppConfig, **kwargs: Any) -> None:
    from anlan.accounts.actions import install_roles

    install_roles()


class AccountsConfig(AppConfig):
    """People, organisations, regions."""

    name = "anlan.accounts"
    verbose_name = "账号"

    def ready(self) -> None:
        """Default roles are part of the schema: they come with every migration. Authenticators are noted as they change."""
        from allauth.mfa import signals

        from anlan.accounts import second_factor

        post_migrate.connect(_install_roles, sender=self)
        signals.authenticator_added.connect(second_factor.note_added)
        signals.authenticator_removed.connect(second_factor.note_removed)
