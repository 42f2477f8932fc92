"""What happens to a person's own account."""

from datetime import timedelta
from typing import Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Post, User
from anlan.audit.actions import record
from anlan.lib.errors import Refused

UNPROVED = timedelta(days=1)
Field = Literal["phone", "id_number"]


@transaction.atomic
def reveal(user: User, field: Field, *, by: User) -> str:
    """Return a person's full phone or ID number and record the look. Raises `Refused` (404) to whoever may not see it."""
    if field not in ("phone", "id_number") or not user.may_reveal(by):
        raise Refused(_("没有找到这个人。"), code="not_found", status=404)
    post = Post.objects.open().visible_to(by).filter(user=user).select_related("organisation").first()
    where = "" if post is None else post.organisation.region_code if post.organisation else post.region_code
    record("reveal", user, by=by, region_code=where, field=field)
    return str(getattr(user, field))


@transaction.atomic
def welcome(user: User) -> None:
    """Whoever has proved a phone or an enterprise account and holds no post yet becomes a visitor, who may learn."""
    if not Post.objects.open().filter(user=user).exists():
        Post.objects.create(user=user, role_id="visitor")
        record("sign_up", user, by=user)
        user.forget_posts()


def forget_unproved() -> int:
    """Delete who signed up more than a day ago and never proved the number, which may be anybody's; return how many."""
    left = User.objects.filter(
        phone_verified=False, phone_index=None, id_index=None, last_login=None, created_at__lt=timezone.now() - UNPROVED
    )
    n, _each = left.filter(posts=None, socialaccount=None).delete()
    return n


@transaction.atomic
def note_sign_in(user: User, method: str) -> None:
    """Record a sign-in and how it was done."""
    record("sign_in", user, by=user, method=method)


def keep_preferences(user: User, *, language: str | None = None, elder: bool | None = None) -> None:
    """Keep language and large type with the person, so that another device shows the same."""
    if language is not None:
        user.language = language
    if elder is not None:
        user.elder = elder
    user.save(update_fields=["language", "elder"])
