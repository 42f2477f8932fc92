"""Associations of a trade: members, packs of courses and standards, messages, joint publications (G-05)."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise
from anlan.files.models import Blob


class AssociationQuerySet(models.QuerySet["Association"]):
    """Reads over associations."""

    def visible_to(self, user: User) -> AssociationQuerySet:
        """Return all to firms and regulators, for whoever may join must find them; its own to an association."""
        if user.post is None:
            return self.none()
        if user.may(powers.MANAGE_ASSOCIATION):
            return self.filter(pk=user.post.organisation_id)
        return self if user.may(powers.MANAGE_ENTERPRISE) or user.may(powers.SUPERVISE) else self.none()


class Association(models.Model):
    """The profile of an organisation that is an association."""

    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, primary_key=True, related_name="association"
    )
    intro = models.TextField(blank=True)
    industries = models.JSONField(default=list, help_text='sections or divisions of its members: ["C33"]')
    phone = models.CharField(max_length=20, blank=True)

    objects = AssociationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.organisation.name

    def can_manage(self, user: User) -> bool:
        """Whether the user runs this association."""
        return user.may(powers.MANAGE_ASSOCIATION) and user.post is not None and user.post.organisation_id == self.pk


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Reads over memberships."""

    def visible_to(self, user: User) -> MembershipQuerySet:
        """Return one's own firm's, one's own association's, and those of the firms of a territory."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            if user.may(powers.MANAGE_ASSOCIATION):
                return self.filter(association_id=post.organisation_id)
            return (
                self.filter(enterprise_id=post.organisation_id) if user.may(powers.MANAGE_ENTERPRISE) else self.none()
            )
        if post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code, "enterprise__organisation__region_code"))
        return self.none()

    def active(self) -> MembershipQuerySet:
        """Return the present members."""
        return self.filter(state=Membership.State.ACTIVE)


class Membership(models.Model):
    """A firm in an association: the firm applies or the association invites, the other side agrees."""

    class State(models.TextChoices):
        APPLIED = "applied", _("申请加入")
        INVITED = "invited", _("等企业同意")
        ACTIVE = "active", _("会员")
        REFUSED = "refused", _("没有加入")
        ENDED = "ended", _("已退出")

    association = models.ForeignKey(Association, on_delete=models.PROTECT, related_name="memberships")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="memberships")
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLIED)
    asked_at = models.DateTimeField(auto_now_add=True)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    because = models.CharField(max_length=300, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["association", "enterprise"],
                condition=Q(state__in=["applied", "invited", "active"]),
                name="one_open_membership",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} · {self.association}"

    @property
    def reason(self) -> str:
        """What the mandate rests on."""
        return f"agencies.membership:{self.pk}"


class PackQuerySet(models.QuerySet["PackItem"]):
    """Reads over packs."""

    def visible_to(self, user: User) -> PackQuerySet:
        """Return what one's association keeps; to a firm what is open to all, and what its associations keep for members."""
        post = user.post
        if post is None:
            return self.none()
        if user.may(powers.MANAGE_ASSOCIATION):
            return self.filter(association_id=post.organisation_id)
        if user.may(powers.MANAGE_ENTERPRISE) and post.organisation_id:
            mine = Membership.objects.active().filter(
                association_id=OuterRef("association_id"), enterprise_id=post.organisation_id
            )
            return self.filter(Q(members_only=False) | Exists(mine))
        return self.filter(members_only=False) if user.may(powers.SUPERVISE) else self.none()


class PackItem(models.Model):
    """A course or standard that an association keeps for its trade: a course of the platform, a file, or an address."""

    class Kind(models.TextChoices):
        COURSE = "course", _("课程")
        STANDARD = "standard", _("标准规范")

    association = models.ForeignKey(Association, on_delete=models.CASCADE, related_name="packs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=120)
    note = models.CharField(max_length=300, blank=True)
    course_slug = models.SlugField(max_length=120, blank=True, allow_unicode=True)
    url = models.URLField(max_length=300, blank=True)
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    members_only = models.BooleanField(default=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = PackQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title


class Push(models.Model):
    """A message to the members."""

    association = models.ForeignKey(Association, on_delete=models.CASCADE, related_name="pushes")
    title = models.CharField(max_length=80)
    text = models.TextField()
    sent_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(auto_now_add=True)
    members = models.PositiveIntegerField(default=0, help_text="firms that got it")
    people = models.PositiveIntegerField(default=0, help_text="inboxes it reached")

    def __str__(self) -> str:
        return self.title


class PublicationQuerySet(models.QuerySet["Publication"]):
    """Reads over publications."""

    def visible_to(self, user: User) -> PublicationQuerySet:
        """Return what is published to everyone with a post; drafts to the associations and agencies that publish together."""
        post = user.post
        if post is None:
            return self.none()
        out = Q(state=Publication.State.PUBLISHED)
        if post.organisation_id and (user.may(powers.MANAGE_ASSOCIATION) or user.may(powers.MANAGE_AGENCY)):
            asked = CoPublisher.objects.filter(publication_id=OuterRef("pk"), organisation_id=post.organisation_id)
            return self.filter(
                out | Q(association_id=post.organisation_id) | (Exists(asked) & Q(state=Publication.State.ASKED))
            )
        known = user.may(powers.MANAGE_ENTERPRISE) or user.may(powers.SUPERVISE)
        return self.filter(out) if known else self.none()


class Publication(models.Model):
    """A text that several associations or agencies publish together: it is out when all of them have agreed."""

    class State(models.TextChoices):
        ASKED = "asked", _("等各方确认")
        PUBLISHED = "published", _("已发布")
        REFUSED = "refused", _("有一方不同意")
        WITHDRAWN = "withdrawn", _("已撤回")

    association = models.ForeignKey(Association, on_delete=models.CASCADE, related_name="publications")
    title = models.CharField(max_length=120)
    text = models.TextField()
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = PublicationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title


class CoPublisher(models.Model):
    """One of those who publish with the association, and whether they have agreed."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="partners")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    agreed = models.BooleanField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["publication", "organisation"], name="one_copublisher")]

    def __str__(self) -> str:
        return str(self.organisation)
