"""Configuration of the content app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_lists(sender: AppConfig, **kwargs: Any) -> None:
    from anlan.content.collecting.shipped import install_sources
    from anlan.content.links.allowing import install_hosts

    install_sources()
    install_hosts()


class ContentConfig(AppConfig):
    """Pages, reviews, letters, links, subscriptions."""

    name = "anlan.content"
    verbose_name = "内容"

    def ready(self) -> None:
        """Official sources (switched off) and the hosts that texts may link to come with every migration."""
        post_migrate.connect(_install_lists, sender=self)
