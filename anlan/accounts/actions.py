"""Writes on people, posts and regions."""

from anlan.accounts.models import Role
from anlan.accounts.powers import DEFAULT_ROLES


def install_roles() -> None:
    """Add the default roles that are missing; roles changed by an administrator stay as they are."""
    Role.objects.bulk_create(
        [
            Role(code=code, name=name, name_en=english, account_class=kind, powers=list(powers))
            for code, name, english, kind, powers in DEFAULT_ROLES
        ],
        ignore_conflicts=True,
    )
