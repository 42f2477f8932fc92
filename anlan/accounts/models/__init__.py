"""Who is acting, over which territory: regions, organisations, people and their posts."""

from anlan.accounts.models.organisations import Organisation
from anlan.accounts.models.posts import Post, Role
from anlan.accounts.models.regions import Region
from anlan.accounts.models.users import User

__all__ = ["Organisation", "Post", "Region", "Role", "User"]
