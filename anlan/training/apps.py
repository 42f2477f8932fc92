"""Configuration of the training app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _install_hour_rules(sender: AppConfig, **kwargs: Any) -> None:
    from anlan.training.actions.hours import install_hour_rules

    install_hour_rules()


class TrainingConfig(AppConfig):
    """Courses, lessons, classes, progress and hours."""

    name = "anlan.training"
    verbose_name = "培训"

    def ready(self) -> None:
        """The rules of hours are part of the schema: they come with every migration. Open classes follow their firm."""
        from anlan.enterprises.actions.moving import FOLLOWERS
        from anlan.training.actions.following import follow_move

        if follow_move not in FOLLOWERS:
            FOLLOWERS.append(follow_move)
        post_migrate.connect(_install_hour_rules, sender=self)
