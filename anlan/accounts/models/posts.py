"""A post: one person, one role, one scope. What a person may do is always asked of the post they act in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from anlan.accounts.models.organisations import Organisation
from anlan.accounts.models.regions import Region, inside
from anlan.accounts.powers import GRANTS, OVER_PEOPLE

if TYPE_CHECKING:
    from anlan.accounts.models.users import User


class Role(models.Model):
    """A named bundle of powers. Roles are data; powers are code (`accounts.powers`)."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=60, blank=True)
    account_class = models.CharField(max_length=20)
    powers = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


class PostQuerySet(models.QuerySet["Post"]):
    """Reads over posts."""

    def open(self) -> PostQuerySet:
        """Return the posts held now."""
        return self.filter(until__isnull=True)

    def within(self, post: Post) -> PostQuerySet:
        """Return the posts whose scope lies inside the scope of `post`: its firm, or its territory with the firms there."""
        if post.organisation_id:
            return self.filter(organisation_id=post.organisation_id)
        if not post.region_code:
            return self
        return self.filter(inside(post.region_code) | inside(post.region_code, "organisation__region_code"))

    def visible_to(self, user: User) -> PostQuerySet:
        """Return the user's own posts and, with a power over people, those inside the scope of the present post."""
        own = self.filter(user_id=user.pk)
        if user.post is None or not user.is_active or not OVER_PEOPLE.intersection(user.post.role.powers):
            return own
        return own | self.within(user.post)

    def grantable_by(self, user: User) -> PostQuerySet:
        """Return the posts in the user's scope with a role that the user may grant and withdraw."""
        if user.post is None or not user.may("manage_posts"):
            return self.none()
        return self.within(user.post).filter(role_id__in=GRANTS.get(user.post.role_id, ())).exclude(user_id=user.pk)

    def officers(self, codes: Iterable[str]) -> PostQuerySet:
        """Return the open posts of the officers of exactly these grids, longest in office first."""
        held = self.open().filter(role="grid_officer", organisation=None, region_code__in=list(codes))
        return held.select_related("user", "role").order_by("region_code", "since", "pk")

    def with_region_names(self) -> PostQuerySet:
        """Add the name of the territory, so that a list of posts costs one query."""
        name = Region.objects.filter(code=OuterRef("region_code")).values("full_name")[:1]
        return self.annotate(territory=Subquery(name))


class Post(models.Model):
    """User + role + scope. The scope is a territory (`region_code` and all below) or one organisation."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="posts")
    role = models.ForeignKey(Role, on_delete=models.PROTECT)
    region_code = models.CharField(max_length=24, blank=True)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="posts"
    )
    title = models.CharField(max_length=60, blank=True, help_text="job title as people say it: 叉车工")
    since = models.DateField(auto_now_add=True)
    until = models.DateField(null=True, blank=True, help_text="last day; empty while the post is held")

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "region_code"],
                condition=Q(until__isnull=True, organisation__isnull=True),
                name="one_open_territory_post",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "organisation"], condition=Q(until__isnull=True), name="one_open_post_per_firm"
            ),
            models.CheckConstraint(
                condition=Q(region_code="") | Q(organisation__isnull=True), name="post_has_one_scope"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "role"]), models.Index(fields=["region_code"])]

    def __str__(self) -> str:
        return f"{self.role} · {self.scope_name}"

    @property
    def is_territorial(self) -> bool:
        """Whether the scope is a territory (regulators) or the whole platform (`region_code` empty, no organisation)."""
        return self.organisation_id is None and bool(self.region_code)

    @property
    def scope_name(self) -> str:
        """The scope in words: the organisation's name, the region's, or the platform."""
        if self.organisation is not None:
            return self.organisation.name
        return self.region_name or "全平台"

    @property
    def region_name(self) -> str:
        """The name of the territory, looked up once per post object."""
        if not self.region_code:
            return ""
        if not hasattr(self, "_region_name"):
            self._region_name = (
                Region.objects.filter(pk=self.region_code).values_list("name", flat=True).first() or self.region_code
            )
        return self._region_name

    def can_withdraw(self, user: User) -> bool:
        """Whether `user` may end this post: held now, in their scope, of a role they may grant, and not their own."""
        return self.until is None and Post.objects.grantable_by(user).filter(pk=self.pk).exists()
