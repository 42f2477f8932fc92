"""Configuration of the search app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_terms(sender: AppConfig, **kwargs: Any) -> None:
    from anlan.search.actions.terms import install_terms

    install_terms()


class SearchConfig(AppConfig):
    """One index over everything that is public."""

    name = "anlan.search"
    verbose_name = "搜索"

    def ready(self) -> None:
        """The shipped thesaurus comes with every migration."""
        post_migrate.connect(_install_terms, sender=self)
