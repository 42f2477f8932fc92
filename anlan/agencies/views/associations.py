"""An association's own page, and what a firm sees of associations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.agencies.actions import (
    add_pack,
    apply_membership,
    decide_membership,
    decide_publication,
    end_membership,
    invite_member,
    propose_publication,
    push_members,
    remove_pack,
    withdraw_publication,
)
from anlan.agencies.forms import InviteForm, PackForm, PublicationForm, PushForm, kept
from anlan.agencies.members import member_figures
from anlan.agencies.models import Agency, Association, Membership, PackItem, Publication, Push
from anlan.agencies.views.common import PER_PAGE, done, need, own_firm, person, status_of
from anlan.files.actions import serve

TABS = ("members", "packs", "pushes", "publications")


def _own(request: HttpRequest) -> Association:
    """The association that the user runs, made on first sight."""
    user = person(request)
    need(user, powers.MANAGE_ASSOCIATION)
    assert user.post is not None  # noqa: S101 (a power comes with a post)
    assert user.post.organisation is not None  # noqa: S101 (this power is bound to an association)
    return Association.objects.get_or_create(organisation=user.post.organisation)[0]


def _link(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def association(request: HttpRequest) -> HttpResponse:
    """Members, packs, messages and publications of one's own association."""
    own, user = _own(request), person(request)
    tab = request.GET.get("tab", "members") if request.GET.get("tab") in TABS else "members"
    memberships = Membership.objects.visible_to(user)
    counts = memberships.aggregate(
        active=Count("pk", filter=Q(state="active")), waiting=Count("pk", filter=Q(state="applied"))
    )
    context: dict[str, Any] = {
        "association": own,
        "tab": tab,
        "counts": counts,
        "inspect": _link("hazards:inspections"),
    }
    if tab == "members":
        rows = memberships.filter(state__in=["applied", "invited", "active"]).select_related(
            "enterprise__organisation", "association__organisation"
        )
        page = Paginator(rows.order_by("-state", "enterprise__organisation__name", "pk"), PER_PAGE).get_page(
            request.GET.get("page")
        )
        figures = member_figures([row.enterprise_id for row in page], timezone.localdate())
        context |= {
            "page": page,
            "rows": [(row, figures.get(row.enterprise_id, {})) for row in page],
            "form": InviteForm(),
        }
    elif tab == "packs":
        context |= {
            "items": PackItem.objects.visible_to(user).select_related("file").order_by("kind", "title", "pk"),
            "form": PackForm(),
        }
    elif tab == "pushes":
        context |= {
            "pushes": Push.objects.filter(association=own).select_related("sent_by").order_by("-pk")[:30],
            "form": PushForm(),
        }
    else:
        texts = Publication.objects.visible_to(user).filter(Q(association=own) | Q(partners__organisation_id=own.pk))
        texts = texts.select_related("association__organisation").prefetch_related("partners__organisation")
        context |= {"publications": texts.distinct().order_by("-pk")[:30]}
    return render(request, "agencies/association.html", context)


def add(request: HttpRequest, what: str) -> HttpResponse:
    """Invite a member, add to the pack, send a message, propose a publication."""
    own, user = _own(request), person(request)
    form, act, said = _form(what, own, user, request)
    if done(request, form, act, said):
        tab = {"invite": "members", "pack": "packs", "push": "pushes", "publication": "publications"}[what]
        return redirect(f"{reverse('agencies:association')}?tab={tab}")
    return render(request, "agencies/association_form.html", {"form": form, "what": what}, status=status_of(form))


def _form(what: str, own: Association, user: User, request: HttpRequest) -> tuple[Any, Any, str]:
    data = (request.POST or None, request.FILES or None)
    owner = ("agencies.association", str(own.pk))
    if what == "invite":
        return InviteForm(*data), lambda said: invite_member(own, said["credit_code"], by=user), _("邀请已经发给企业。")
    if what == "pack":
        return (
            PackForm(*data), lambda said: add_pack(own, by=user, **{**said, "file": kept(said["file"], owner, user.pk)}), _("已经加进课程包。"),
        )  # fmt: skip
    if what == "push":
        return PushForm(*data), lambda said: push_members(own, by=user, **said), _("已经发给全体会员。")
    if what != "publication":
        raise Http404
    others = _partners(own)

    def publish(said: dict[str, Any]) -> None:
        chosen = [others[pk] for pk in said["partners"]]
        propose_publication(
            own,
            by=user,
            title=said["title"],
            text=said["text"],
            partners=chosen,
            file=kept(said["file"], owner, user.pk),
        )

    choices = [(pk, str(one)) for pk, one in others.items()]
    return PublicationForm(*data, partners=choices), publish, _("已经请各方确认，都同意后发布。")


def _partners(own: Association) -> dict[str, Organisation]:
    """Associations and active agencies of the same city, by id."""
    city = own.organisation.region_code[:4]
    rows = Organisation.objects.filter(
        Q(association__isnull=False) | Q(agency__state=Agency.State.ACTIVE), region_code__startswith=city
    )
    return {str(row.pk): row for row in rows.exclude(pk=own.pk).order_by("name", "pk")[:100]}


@require_POST
def membership_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Accept or refuse (whoever was asked), end (either side)."""
    user = person(request)
    rows = Membership.objects.visible_to(user).select_related("association__organisation", "enterprise__organisation")
    membership = get_object_or_404(rows, pk=pk)
    because = request.POST.get("because", "")
    if step in ("accept", "refuse"):
        decide_membership(membership, by=user, accept=step == "accept", because=because)
        messages.success(request, _("已经答复。"))
    elif step == "end":
        end_membership(membership, by=user, because=because)
        messages.success(request, _("已经退出，协会不再看到企业的资料。"))
    else:
        raise Http404
    return redirect("agencies:association" if user.may(powers.MANAGE_ASSOCIATION) else "agencies:joined")


def joined(request: HttpRequest) -> HttpResponse:
    """The firm's associations, what they keep and send; those it may join."""
    user = person(request)
    firm = own_firm(user)
    mine = Membership.objects.visible_to(user).filter(state__in=["applied", "invited", "active"])
    active = mine.filter(state="active").values("association_id")
    others = Association.objects.visible_to(user).filter(
        organisation__region_code__startswith=firm.organisation.region_code[:4]
    )
    count = (
        Membership.objects.active()
        .filter(association=OuterRef("pk"))
        .order_by()
        .values("association")
        .annotate(n=Count("pk"))
        .values("n")
    )
    context = {
        "firm": firm, "memberships": mine.select_related("association__organisation").order_by("state", "pk"),
        "others": others.exclude(pk__in=mine.values("association_id")).select_related("organisation").annotate(n_members=Subquery(count)).order_by("organisation__name"),
        "packs": PackItem.objects.visible_to(user).filter(association_id__in=active).select_related("association__organisation").order_by("kind", "title"),
        "pushes": Push.objects.filter(association_id__in=active).select_related("association__organisation").order_by("-pk")[:5],
        "publications": Publication.objects.visible_to(user).filter(state="published").select_related("association__organisation").order_by("-published_at")[:5],
    }  # fmt: skip
    return render(request, "agencies/joined.html", context)


@require_POST
def join(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply for membership."""
    user = person(request)
    firm = own_firm(user)
    wanted = get_object_or_404(Association.objects.visible_to(user).select_related("organisation"), pk=pk)
    apply_membership(wanted, firm, by=user)
    messages.success(request, _("申请已经发给协会，答复会进您的消息。"))
    return redirect("agencies:joined")


def pack_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file of a pack, for whoever may see the item."""
    item = get_object_or_404(PackItem.objects.visible_to(person(request)).select_related("file"), pk=pk)
    if item.file is None:
        raise Http404
    return serve(request, item.file)


@require_POST
def pack_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an item out of the pack."""
    user = person(request)
    item = get_object_or_404(PackItem.objects.visible_to(user).select_related("association__organisation"), pk=pk)
    remove_pack(item, by=user)
    messages.success(request, _("已经从课程包里拿掉。"))
    return redirect(f"{reverse('agencies:association')}?tab=packs")


def publication(request: HttpRequest, pk: int) -> HttpResponse:
    """One joint publication: its text, and who has agreed."""
    user = person(request)
    found = get_object_or_404(
        Publication.objects.visible_to(user).select_related("association__organisation", "file"), pk=pk
    )
    partners = found.partners.select_related("organisation").order_by("pk")
    own = user.post.organisation_id if user.post is not None else None
    waits = found.state == Publication.State.ASKED and any(
        row.organisation_id == own and row.agreed is None for row in partners
    )
    may = user.may(powers.MANAGE_ASSOCIATION) or user.may(powers.MANAGE_AGENCY)
    context = {
        "publication": found, "partners": partners, "to_decide": waits and may,
        "withdrawable": found.association.can_manage(user) and found.state == Publication.State.ASKED,
    }  # fmt: skip
    return render(request, "agencies/publication.html", context)


@require_POST
def publication_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Agree, refuse (a partner), withdraw (its author)."""
    user = person(request)
    found = get_object_or_404(Publication.objects.visible_to(user).select_related("association__organisation"), pk=pk)
    if step in ("agree", "refuse"):
        decide_publication(found, by=user, agree=step == "agree", because=request.POST.get("because", ""))
        messages.success(request, _("已经答复。"))
        return redirect("agencies:mine" if user.may(powers.MANAGE_AGENCY) else "agencies:association")
    if step != "withdraw":
        raise Http404
    withdraw_publication(found, by=user)
    messages.success(request, _("已经撤回。"))
    return redirect(f"{reverse('agencies:association')}?tab=publications")


def publication_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of a publication."""
    found = get_object_or_404(Publication.objects.visible_to(person(request)).select_related("file"), pk=pk)
    if found.file is None:
        raise Http404
    return serve(request, found.file)
