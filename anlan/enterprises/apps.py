"""Configuration of the enterprises app."""

from django.apps import AppConfig


class EnterprisesConfig(AppConfig):
    """Files, policies and workers of enterprises."""

    name = "anlan.enterprises"
    verbose_name = "企业"

    def ready(self) -> None:
        """Effects of approvals are registered where they are written."""
        from anlan.enterprises.actions import merging  # noqa: F401
