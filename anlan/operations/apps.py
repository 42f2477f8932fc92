"""Configuration of the operations app."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Start, health, backup, demo."""

    name = "anlan.operations"
    verbose_name = "运行"

    def ready(self) -> None:
        """Register what must hold before real people come in."""
        from anlan.operations import checks  # noqa: F401
