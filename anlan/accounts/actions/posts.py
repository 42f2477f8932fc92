"""Granting, withdrawing and switching posts; the default roles."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation, Post, Region, Role, User
from anlan.accounts.models.regions import inside
from anlan.accounts.models.users import phone_index
from anlan.accounts.powers import DEFAULT_ROLES, GRANTS, MANAGE_POSTS, ROLE_SCOPES
from anlan.audit.actions import record
from anlan.lib.codes import mask_name
from anlan.lib.errors import Refused


def install_roles() -> None:
    """Add the default roles that are missing and give the others the powers that this version bundles."""
    Role.objects.bulk_create(
        [
            Role(code=code, name=name, name_en=english, account_class=kind, powers=list(powers))
            for code, name, english, kind, powers in DEFAULT_ROLES
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["powers"],
    )


def _no_scope() -> Refused:
    return Refused(_("这个范围不在您的管辖之内，或者与角色不相配。"), code="out_of_scope", status=404, field="scope")


@transaction.atomic
def grant_post(
    role_code: str,
    *,
    phone: str,
    name: str,
    by: User,
    region_code: str = "",
    organisation: Organisation | None = None,
    title: str = "",
) -> Post:
    """Give a person (by normalised phone; created without password when new) a role below the granter's own.

    The scope must lie inside the granter's: a region of the role's level, or an organisation of its kind. Raises
    `Refused`: no power (403), role not below (403), scope outside (404), name differs (422), held already (409).
    """
    mine = by.post
    if mine is None or not by.may(MANAGE_POSTS):
        raise Refused(_("您现在的身份不能授予身份。"), code="no_power", status=403)
    if role_code not in GRANTS.get(mine.role_id, ()):
        raise Refused(_("只能授予比自己低的角色。"), code="role_too_high", status=403, field="role")
    _check_scope(role_code, mine, region_code, organisation)
    user = User.objects.by_phone(phone)
    if user is None:
        try:
            with transaction.atomic():
                user = User.objects.create_user(name=name, phone=phone, is_demo=by.is_demo)
        except IntegrityError:  # somebody else has just registered this number
            user = User.objects.get(phone_index=phone_index(phone))
    if user.name != name:
        raise Refused(
            _("这个手机号登记的是另一个姓名（%(name)s），请核对号码和姓名。") % {"name": mask_name(user.name)},
            code="name_differs", status=422, field="name",
        )  # fmt: skip
    if user.pk == by.pk:
        raise Refused(_("不能给自己授予身份，请由上一级办理。"), code="own_post", status=403)
    try:
        with transaction.atomic():
            post = Post.objects.create(
                user=user, role_id=role_code, region_code=region_code, organisation=organisation, title=title
            )
    except IntegrityError:
        raise Refused(_("%(name)s已经有这个身份，不用再授予。") % {"name": user.name}, code="already_held") from None
    where = organisation.region_code if organisation else region_code
    record("grant_post", user, by=by, region_code=where, role=post.role.name, scope=post.scope_name, post=post.pk)
    return post


def _check_scope(role_code: str, mine: Post, region_code: str, organisation: Organisation | None) -> None:
    wanted = ROLE_SCOPES[role_code]
    if isinstance(wanted, int):
        below = Region.objects.open().filter(inside(mine.region_code, "code"), pk=region_code, level=wanted)
        if organisation is not None or mine.organisation_id or not below.exists():
            raise _no_scope()
    elif wanted:
        if region_code or organisation is None or organisation.kind != wanted:
            raise _no_scope()
        if mine.organisation_id not in (None, organisation.pk):
            raise _no_scope()
        if mine.region_code and not organisation.region_code.startswith(mine.region_code):
            raise _no_scope()
    elif region_code or organisation is not None:
        raise _no_scope()


@transaction.atomic
def withdraw_post(post: Post, *, by: User, reason: str = "") -> None:
    """End a post today. Raises `Refused`: not in scope or not below (404), ended already (409)."""
    if not Post.objects.grantable_by(by).filter(pk=post.pk).exists():
        raise Refused(_("没有找到这个身份。"), code="not_found", status=404)
    if not Post.objects.open().filter(pk=post.pk).update(until=timezone.localdate()):
        raise Refused(_("这个身份已经收回了，没有再改动。"), code="already_withdrawn")
    where = post.organisation.region_code if post.organisation else post.region_code
    record(
        "withdraw_post", post.user, by=by, region_code=where, role=post.role.name, scope=post.scope_name, post=post.pk, reason=reason
    )  # fmt: skip


@transaction.atomic
def act_in_post(post: Post, *, by: User) -> None:
    """From now on `by` acts in this post, which must be their own and held (else 404)."""
    mine = next((held for held in by.open_posts if held.pk == post.pk), None)
    if mine is None:
        raise Refused(_("没有找到这个身份。"), code="not_found", status=404)
    if by.post is not None and by.post.pk == mine.pk and by.last_post_id == mine.pk:
        return
    User.objects.filter(pk=by.pk).update(last_post=mine)
    by.last_post_id, by.post = mine.pk, mine
    record("act_in_post", by, by=by, role=mine.role.name, scope=mine.scope_name)
