"""Members come and go, packs grow, members are told, several publish together (G-05)."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation, Post, User
from anlan.agencies.actions.common import FIRM_ROLES, change, deciders, decides, heads, need_words, no_power, not_found
from anlan.agencies.actions.mandates import close_mandates, open_mandate
from anlan.agencies.models import Agency, Association, CoPublisher, Membership, PackItem, Publication, Push
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise, Mandate
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

State = Membership.State


def _own(association: Association, by: User) -> None:
    if not association.can_manage(by):
        raise not_found()


def _note(verb: str, subject: Any, association: Association, by: User, reason: str = "") -> None:
    record(
        verb, subject, by=by, region_code=association.organisation.region_code, scope=str(association), reason=reason
    )


def _create(association: Association, enterprise: Enterprise, state: str) -> Membership:
    try:
        with transaction.atomic():
            return Membership.objects.create(association=association, enterprise=enterprise, state=state)
    except IntegrityError:
        raise Refused(_("已经是会员，或者正等答复，没有重复提交。"), code="member_already") from None


@transaction.atomic
def apply_membership(association: Association, enterprise: Enterprise, *, by: User) -> Membership:
    """A firm asks to join. Raises `Refused`: not its manager (403), member or waiting already (409)."""
    if not decides(by, enterprise):
        raise no_power()
    membership = _create(association, enterprise, State.APPLIED)
    _note("apply_membership", membership, association, by)
    notify(
        heads(association.pk, "association_admin"), "association", _("%(firm)s申请加入协会") % {"firm": enterprise},
        key=f"membership:{membership.pk}:applied", url=reverse("agencies:association"),
    )  # fmt: skip
    return membership


@transaction.atomic
def invite_member(association: Association, credit_code: str, *, by: User) -> Membership:
    """Invite a firm by its credit code; it decides. Raises `Refused`: 404, unknown code (422), member already (409)."""
    _own(association, by)
    enterprise = Enterprise.objects.active().filter(organisation__credit_code=credit_code).first()
    if enterprise is None:
        raise Refused(
            _("没有找到这个统一社会信用代码的企业，请核对。"), code="no_such_firm", status=422, field="credit_code"
        )
    membership = _create(association, enterprise, State.INVITED)
    _note("invite_member", membership, association, by)
    notify(
        deciders(enterprise.pk), "association", _("%(who)s邀请您的企业加入") % {"who": association},
        key=f"membership:{membership.pk}:invited", url=reverse("agencies:joined"),
    )  # fmt: skip
    return membership


def _admit(membership: Membership, expected: str) -> None:
    change(membership, [expected], state=State.ACTIVE, since=timezone.localdate())
    open_mandate(
        membership.enterprise, membership.association_id, Mandate.Kind.MEMBERSHIP, membership.reason,
        since=timezone.localdate(), until=None,
    )  # fmt: skip


@transaction.atomic
def decide_membership(membership: Membership, *, by: User, accept: bool, because: str = "") -> None:
    """The side that was asked agrees or not. From agreement on the association sees the firm.

    Raises `Refused`: not the side asked (404), no reason for a no (422), decided already (409).
    """
    asked = (
        membership.association.can_manage(by)
        if membership.state == State.APPLIED
        else decides(by, membership.enterprise)
    )
    if not asked or membership.state not in (State.APPLIED, State.INVITED):
        if membership.association.can_manage(by) or decides(by, membership.enterprise):
            raise Refused(_("这件事已经办过了，或者要由对方来定。"), code="not_yours_to_decide")
        raise not_found()
    applied = membership.state == State.APPLIED
    if accept:
        _admit(membership, membership.state)
    else:
        change(membership, [membership.state], state=State.REFUSED, because=need_words(because, field="because")[:300])
    _note("admit_member" if accept else "refuse_member", membership, membership.association, by, because)
    title = _("%(firm)s已加入%(who)s") if accept else _("%(firm)s没有加入%(who)s")
    people = deciders(membership.enterprise_id) if applied else heads(membership.association_id, "association_admin")
    notify(
        people, "association", title % {"firm": membership.enterprise, "who": membership.association},
        key=f"membership:{membership.pk}:decided", text=because,
        url=reverse("agencies:joined" if applied else "agencies:association"),
    )  # fmt: skip


@transaction.atomic
def end_membership(membership: Membership, *, by: User, because: str = "") -> None:
    """The firm leaves, or the association ends it with a reason; the association sees the firm no more."""
    ours = membership.association.can_manage(by)
    if not ours and not decides(by, membership.enterprise):
        raise not_found()
    words = need_words(because, field="because") if ours else because.strip()
    change(membership, [State.ACTIVE], state=State.ENDED, until=timezone.localdate(), because=words[:300])
    close_mandates(organisation_id=membership.association_id, reason=membership.reason)
    _note("end_membership", membership, membership.association, by, words)
    people = deciders(membership.enterprise_id) if ours else heads(membership.association_id, "association_admin")
    title = _("%(firm)s已退出%(who)s") % {"firm": membership.enterprise, "who": membership.association}
    url = reverse("agencies:joined" if ours else "agencies:association")
    notify(people, "association", title, key=f"membership:{membership.pk}:ended", text=words, url=url)


@transaction.atomic
def add_pack(association: Association, *, by: User, **values: Any) -> PackItem:
    """Keep a course or a standard for the trade: `kind`, `title`, `note`, one of `course_slug`, `url`, `file`, `members_only`."""
    _own(association, by)
    if not any(values.get(name) for name in ("course_slug", "url", "file")):
        raise Refused(_("请填课程地址、网址，或上传文件，三者选一。"), code="empty_pack", status=422, field="title")
    item = PackItem.objects.create(association=association, by=by, **values)
    _note("add_pack", item, association, by)
    return item


@transaction.atomic
def remove_pack(item: PackItem, *, by: User) -> None:
    """Take a course or standard out of the pack."""
    _own(item.association, by)
    _note("remove_pack", item, item.association, by)
    item.delete()


@transaction.atomic
def push_members(association: Association, *, by: User, title: str, text: str) -> Push:
    """Send a message to everyone who decides for a member. Raises `Refused`: 404, no members (409), the same text today (409)."""
    _own(association, by)
    members = Membership.objects.active().filter(association=association)
    n = members.count()
    if not n:
        raise Refused(_("还没有会员，没有发出。请先邀请企业。"), code="no_members")
    if Push.objects.filter(
        association=association, title=title, text=text, sent_at__date=timezone.localdate()
    ).exists():
        raise Refused(_("同样的消息今天已经发过，没有重复发送。"), code="sent_already")
    posts = Post.objects.open().filter(organisation_id__in=members.values("enterprise_id"), role_id__in=FIRM_ROLES)
    people = list(posts.values_list("user_id", flat=True).distinct())
    push = Push.objects.create(
        association=association, title=title, text=text, sent_by=by, members=n, people=len(people)
    )
    notify(
        people, "association", _("%(who)s：%(title)s") % {"who": association, "title": title}, key=f"push:{push.pk}",
        text=text, url=reverse("agencies:joined"),
    )  # fmt: skip
    record(
        "push_members", push, by=by, region_code=association.organisation.region_code, scope=str(association), count=n
    )
    return push


@transaction.atomic
def propose_publication(
    association: Association, *, by: User, title: str, text: str, partners: list[Organisation], file: Any = None
) -> Publication:
    """Put a text before those who shall publish it together; it is out when all have agreed.

    Raises `Refused`: 404, nobody else (422), a partner that is neither agency nor association (422).
    """
    _own(association, by)
    others = [one for one in partners if one.pk != association.pk]
    if not others:
        raise Refused(_("联合发布至少要有另一家协会或机构。"), code="no_partner", status=422, field="partners")
    known = {Organisation.Kind.AGENCY, Organisation.Kind.ASSOCIATION}
    if any(one.kind not in known for one in others):
        raise Refused(_("联合发布方要是协会或服务机构。"), code="wrong_partner", status=422, field="partners")
    publication = Publication.objects.create(association=association, title=title, text=text, file=file, by=by)
    CoPublisher.objects.bulk_create(CoPublisher(publication=publication, organisation=one) for one in others)
    _note("propose_publication", publication, association, by)
    for one in others:
        role = "association_admin" if one.kind == Organisation.Kind.ASSOCIATION else "agency_admin"
        notify(
            heads(one.pk, role), "association", _("%(who)s请您联合发布《%(title)s》") % {"who": association, "title": title},
            key=f"publication:{publication.pk}:asked", url=reverse("agencies:publication", args=[publication.pk]),
        )  # fmt: skip
    return publication


@transaction.atomic
def decide_publication(publication: Publication, *, by: User, agree: bool, because: str = "") -> None:
    """One of the partners agrees or not; with the last agreement it is published.

    Raises `Refused`: not a partner (404), suspended agency (409), no reason for a no (422), decided already (409).
    """
    own = by.post.organisation_id if by.post is not None else None
    mine = publication.partners.filter(organisation_id=own).first() if own else None
    if mine is None or not (by.may("manage_association") or by.may("manage_agency")):
        raise not_found()
    words = because.strip() if agree else need_words(because, field="because")
    agency = Agency.objects.filter(pk=mine.organisation_id).first()
    if agency is not None and not agency.is_active:
        raise no_power()
    Publication.objects.select_for_update().get(pk=publication.pk)
    rows = CoPublisher.objects.filter(pk=mine.pk, agreed=None, publication__state=Publication.State.ASKED)
    if not rows.update(agreed=agree, decided_by=by, decided_at=timezone.now(), because=words[:300]):
        raise Refused(_("已经答复过了，没有再改动。"), code="decided_already")
    state = Publication.State.ASKED
    if not agree:
        state = Publication.State.REFUSED
    elif not publication.partners.exclude(agreed=True).exists():
        state = Publication.State.PUBLISHED
    at = timezone.now() if state == Publication.State.PUBLISHED else None
    change(publication, [Publication.State.ASKED], state=state, published_at=at)
    _note("agree_publication" if agree else "refuse_publication", publication, publication.association, by, words)
    titles = {
        Publication.State.PUBLISHED: _("《%(title)s》各方都已同意，已经发布"),
        Publication.State.REFUSED: _("《%(title)s》有一方不同意"),
        Publication.State.ASKED: _("《%(title)s》又有一方同意"),
    }
    notify(
        heads(publication.association_id, "association_admin"), "association", titles[state] % {"title": publication.title},
        key=f"publication:{publication.pk}:{mine.pk}", text=words, url=reverse("agencies:publication", args=[publication.pk]),
    )  # fmt: skip


@transaction.atomic
def withdraw_publication(publication: Publication, *, by: User) -> None:
    """Take a text back before all have agreed."""
    _own(publication.association, by)
    change(publication, [Publication.State.ASKED], state=Publication.State.WITHDRAWN)
    _note("withdraw_publication", publication, publication.association, by)
