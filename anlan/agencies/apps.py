"""Hooks of the app."""

from django.apps import AppConfig


class AgenciesConfig(AppConfig):
    """Lets requests, contracts and memberships follow their firm."""

    name = "anlan.agencies"

    def ready(self) -> None:
        """Register what follows a firm that merges or is closed."""
        from anlan.agencies.actions.following import follow_close, follow_merge
        from anlan.enterprises.actions.merging import CLOSERS, MERGERS

        if follow_merge not in MERGERS:
            MERGERS.append(follow_merge)
        if follow_close not in CLOSERS:
            CLOSERS.append(follow_close)
