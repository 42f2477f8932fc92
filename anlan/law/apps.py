"""Configuration of the law app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_guides(sender: AppConfig, **kwargs: Any) -> None:
    from anlan.law.actions.guides import install_guides

    install_guides()


class LawConfig(AppConfig):
    """Statutes in time, who cites what, plain-language guides."""

    name = "anlan.law"
    verbose_name = "法律法规"

    def ready(self) -> None:
        """The names of the common statutes and their guides come with every migration."""
        from anlan.law.former import moved
        from anlan.search.hooks import MOVED

        post_migrate.connect(_install_guides, sender=self)
        if moved not in MOVED:
            MOVED.append(moved)
