"""Who is acting, over which territory: regions, organisations, people and their posts."""

from anlan.accounts.models.approvals import Approval
from anlan.accounts.models.invitations import Invitation
from anlan.accounts.models.organisations import Organisation
from anlan.accounts.models.posts import Post, Role
from anlan.accounts.models.regions import Region, RegionChange
from anlan.accounts.models.users import User
from anlan.accounts.models.views import SavedView

__all__ = ["Approval", "Invitation", "Organisation", "Post", "Region", "RegionChange", "Role", "SavedView", "User"]
