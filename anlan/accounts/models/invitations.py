"""An open door to one post (P-05): by a QR code that somebody shows, or by a phone number set in advance."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from anlan.accounts.models.organisations import Organisation
from anlan.accounts.models.posts import Role
from anlan.accounts.models.regions import inside
from anlan.accounts.powers import INVITES
from anlan.lib.codes import mask_phone
from anlan.lib.fields import EncryptedTextField

if TYPE_CHECKING:
    from anlan.accounts.models.users import User


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Reads over invitations."""

    def visible_to(self, user: User) -> InvitationQuerySet:
        """Return those to posts inside one's scope, to whoever may invite to their role."""
        if user.post is None:
            return self.none()
        roles = self.filter(role_id__in=INVITES.get(user.post.role_id, ()))
        if user.post.organisation_id:
            return roles.filter(organisation_id=user.post.organisation_id)
        return roles.filter(inside(user.post.region_code, "organisation__region_code"))

    def open(self) -> InvitationQuerySet:
        """Return those that still let somebody in."""
        return self.filter(taken_at__isnull=True, withdrawn_at__isnull=True, until__gt=timezone.now())


class Invitation(models.Model):
    """Role in an organisation, waiting for a person. `token` is in the QR code; a `phone` binds by itself at sign-in."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    phone = EncryptedTextField(blank=True)
    phone_index = models.CharField(max_length=32, blank=True)
    invited_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(help_text="no entry after this moment")
    taken_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "role", "phone_index"],
                condition=Q(taken_at__isnull=True, withdrawn_at__isnull=True) & ~Q(phone_index=""),
                name="one_open_invitation_per_phone",
            ),
        ]
        indexes = [models.Index(fields=["phone_index"])]

    def __str__(self) -> str:
        return f"{self.organisation}：{self.role}"

    @property
    def is_open(self) -> bool:
        """Whether it still lets somebody in."""
        return self.taken_at is None and self.withdrawn_at is None and self.until > timezone.now()

    @property
    def phone_masked(self) -> str:
        """138****0417; empty for one that is shown as a code."""
        return mask_phone(self.phone) if self.phone else ""
