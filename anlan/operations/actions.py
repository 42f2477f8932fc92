"""The one write that nobody in the house can be asked for: its first people."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from anlan.accounts.models import Post, User
from anlan.audit.actions import record
from anlan.lib.errors import Refused

FIRST_ROLES = ("province_admin", "operator")


@transaction.atomic
def open_house(*, name: str, phone: str, password: str) -> User:
    """Create the first administrator of the province, who also operates the platform; everyone else is granted by them.

    `phone` is normalised; the second factor is asked for at the first sign-in. Raises `Refused` (409) when somebody
    administers the province already.
    """
    if Post.objects.open().filter(role_id__in=FIRST_ROLES).exists():
        raise Refused(_("已经有省级管理员或运维人员，请由他们授予身份。"), code="house_is_open")
    user = User.objects.create_user(name=name, phone=phone, password=password, phone_verified=True)
    for role in FIRST_ROLES:
        region = settings.ANLAN_PROVINCE if role == "province_admin" else ""
        Post.objects.create(user=user, role_id=role, region_code=region)
    record("open_house", user, by=None, region_code=settings.ANLAN_PROVINCE)
    return user
