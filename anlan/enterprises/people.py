"""Who is told about a firm: its managers, the officers of its place."""

from django.db.models import QuerySet

from anlan.accounts.models import Post

MANAGERS = ("enterprise_admin", "enterprise_manager", "safety_manager")


def managers_of(firm: int) -> QuerySet[Post, int]:
    """The ids of the people who manage the firm now."""
    return Post.objects.open().filter(organisation_id=firm, role__in=MANAGERS).values_list("user", flat=True)


def officers_of(region_code: str) -> QuerySet[Post, int]:
    """The ids of the grid officers of this place: its grid, or the town where no grid is drawn."""
    above = [region_code[:n] for n in range(9, len(region_code) + 1)]
    return Post.objects.open().filter(role="grid_officer", region_code__in=above).values_list("user", flat=True)
