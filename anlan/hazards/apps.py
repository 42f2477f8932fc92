"""Hooks of the app."""

from django.apps import AppConfig


class HazardsConfig(AppConfig):
    """Lets open hazards, inspections and reports follow their firm."""

    name = "anlan.hazards"

    def ready(self) -> None:
        """Register what follows a firm that moves, merges or is closed."""
        from anlan.enterprises.actions.merging import CLOSERS, MERGERS
        from anlan.enterprises.actions.moving import FOLLOWERS
        from anlan.hazards.actions.following import follow_close, follow_merge, follow_move

        for registry, function in ((FOLLOWERS, follow_move), (MERGERS, follow_merge), (CLOSERS, follow_close)):
            if function not in registry:
                registry.append(function)  # type: ignore[arg-type]
