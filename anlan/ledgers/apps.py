"""Configuration of the ledgers app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_ready_templates(sender: AppConfig, **kwargs: Any) -> None:
    from anlan.ledgers.actions.ready import install_ready_templates

    install_ready_templates()


class LedgersConfig(AppConfig):
    """Templates that people build, and what firms enter."""

    name = "anlan.ledgers"
    verbose_name = "电子台账"

    def ready(self) -> None:
        """The ready templates come with every migration; entries follow their firm."""
        from anlan.enterprises.actions.merging import MERGERS
        from anlan.enterprises.actions.moving import FOLLOWERS
        from anlan.ledgers.actions.following import follow_merge, follow_move

        post_migrate.connect(_install_ready_templates, sender=self)
        if follow_move not in FOLLOWERS:
            FOLLOWERS.append(follow_move)
        if follow_merge not in MERGERS:
            MERGERS.append(follow_merge)
