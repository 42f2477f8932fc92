"""Granting, withdrawing and switching posts; the default roles."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.actions.approvals import approvers_of, ask_approval, effect
from anlan.accounts.models import Approval, Organisation, Post, Region, Role, User
from anlan.accounts.models.regions import inside
from anlan.accounts.models.users import phone_index
from anlan.accounts.powers import DEFAULT_ROLES, GRANTS, MANAGE_POSTS, OPERATE, ROLE_SCOPES, SEE_SENSITIVE, SET_RULES
from anlan.audit.actions import record
from anlan.lib.codes import mask_name
from anlan.lib.errors import Refused, Text

SENSITIVE = frozenset({SEE_SENSITIVE, MANAGE_POSTS, SET_RULES})
"""Powers that, over a territory, nobody gives alone (P-06)."""


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
    `Refused`: no power (403), role not below (403), scope outside (404), a second person is needed (403: `ask_grant`),
    name differs (422), held already (409).
    """
    check_grant(role_code, by=by, region_code=region_code, organisation=organisation)
    if needs_second_person(role_code, by):
        raise Refused(
            _("这个身份要另一个人审批后才生效，请写明理由提交审批。"),
            code="needs_approval",
            status=403,
            field="because",
        )
    user = find_or_make(phone, name, by=by)
    return give_post(user, role_code, by=by, region_code=region_code, organisation=organisation, title=title)


def needs_second_person(role_code: str, by: User) -> bool:
    """Whether granting this role waits for a second person (P-06): a territory's power over other people's data or rules.

    The operator opens the tops of the trees, where nobody stands beside.
    """
    if not isinstance(ROLE_SCOPES.get(role_code), int) or by.may(OPERATE):
        return False
    role = Role.objects.filter(pk=role_code).first()
    return role is not None and bool(SENSITIVE.intersection(role.powers))


@transaction.atomic
def ask_grant(
    role_code: str, *, phone: str, name: str, by: User, because: str, region_code: str, title: str = ""
) -> Approval:
    """Put the grant of a sensitive post before a second person; the person is registered already, without any post.

    Raises `Refused`: as `grant_post`, held already (409), nobody but the asker could approve (409), asked already (409).
    """
    check_grant(role_code, by=by, region_code=region_code, organisation=None)
    if not because.strip():
        raise Refused(_("请写明理由，审批的人要看。"), code="no_reason", status=422, field="because")
    user = find_or_make(phone, name, by=by)
    if Post.objects.open().filter(user=user, role=role_code, region_code=region_code, organisation=None).exists():
        raise Refused(_("%(name)s已经有这个身份，不用再授予。") % {"name": user.name}, code="already_held")
    if not approvers_of(region_code, but=by):
        raise Refused(
            _("现在没有第二个人能审批，没有提交。请联系平台运维，先开通另一位上级监管人员。"), code="no_second_person"
        )
    return ask_approval(
        "grant_post", user, by=by, region_code=region_code, because=because,
        role=role_code, region=region_code, title=title[:60], granter=by.post.pk if by.post else 0,
    )  # fmt: skip


def _say_grant(approval: Approval) -> list[tuple[Text, str]]:
    said = approval.payload
    role = Role.objects.filter(pk=said.get("role")).first()
    region = Region.objects.filter(pk=said.get("region")).first()
    return [
        (gettext_lazy("人员"), approval.subject_name),
        (gettext_lazy("角色"), role.name if role else str(said.get("role", ""))),
        (gettext_lazy("范围"), region.full_name if region else str(said.get("region", ""))),
        (gettext_lazy("职务"), str(said.get("title", ""))),
    ]


@effect(
    "grant_post", gettext_lazy("授予监管身份"), says=_say_grant,
    then=gettext_lazy("这个人马上能看到并管理这个范围内的企业、人员和隐患，也能再往下授予身份。"),
)  # fmt: skip
def _grant(approval: Approval, by: User) -> None:
    """Give the post asked for, if whoever asked could still give it."""
    said = approval.payload
    granter = approval.asked_by
    post = (
        Post.objects.open().filter(pk=said.get("granter"), user=granter).select_related("role", "organisation").first()
    )
    if post is None or not granter.is_active:
        raise Refused(_("提出人的身份已经收回，不能再据此授予。请写明原因，不予批准。"), code="granter_left")
    granter.post = post
    check_grant(said["role"], by=granter, region_code=said["region"], organisation=None)
    user = User.objects.get(pk=int(approval.subject_id))
    if user.pk == by.pk:
        raise Refused(_("不能审批给自己的身份，请由另一个人办理。"), code="own_post", status=403)
    give_post(user, said["role"], by=granter, region_code=said["region"], title=said.get("title", ""))


def check_grant(role_code: str, *, by: User, region_code: str, organisation: Organisation | None) -> None:
    """Raise `Refused` where `by` may not grant this role there: no power (403), role not below (403), outside (404)."""
    mine = by.post
    if mine is None or not by.may(MANAGE_POSTS):
        raise Refused(_("您现在的身份不能授予身份。"), code="no_power", status=403)
    if role_code not in GRANTS.get(mine.role_id, ()):
        raise Refused(_("只能授予比自己低的角色。"), code="role_too_high", status=403, field="role")
    _check_scope(role_code, mine, region_code, organisation)


def find_or_make(phone: str, name: str, *, by: User) -> User:
    """Return the person with this normalised number, registered now when new.

    Raises `Refused`: the number is registered under another name (422), it is one's own (403).
    """
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
    return user


@transaction.atomic
def give_post(
    user: User,
    role_code: str,
    *,
    by: User | None,
    region_code: str = "",
    organisation: Organisation | None = None,
    title: str = "",
) -> Post:
    """Write a post that was checked before, and its record. Raises `Refused` when it is held already (409)."""
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
