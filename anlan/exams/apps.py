"""Hooks of the app."""

from django.apps import AppConfig


class ExamsConfig(AppConfig):
    """Lets exams that are not over follow their firm."""

    name = "anlan.exams"

    def ready(self) -> None:
        """Register what follows a firm that moves."""
        from anlan.enterprises.actions.moving import FOLLOWERS
        from anlan.exams.actions.following import follow_move

        if follow_move not in FOLLOWERS:
            FOLLOWERS.append(follow_move)
