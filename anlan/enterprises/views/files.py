"""The enterprise's file: one's own and, for officers, agencies and associations, those they may see."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.actions import create_enterprise, edit_enterprise, reveal_contact, stand_by
from anlan.enterprises.actions.enterprises import alike, differences
from anlan.enterprises.due import dues_of_firm
from anlan.enterprises.file_fields import GROUPS
from anlan.enterprises.file_page import file_page
from anlan.enterprises.forms import GroupForm, NewFirmForm, form_of
from anlan.enterprises.industries import industries, search
from anlan.enterprises.models import CustomField, Enterprise, FileValue
from anlan.lib.asked import way_back
from anlan.lib.errors import Refused


def own_enterprise(user: User) -> Enterprise:
    """The firm that the user manages. Raises `Refused` (404) for everybody else."""
    firm = Enterprise.objects.visible_to(user).with_page().first()
    if firm is None or not firm.is_managed_by(user):
        raise Refused(_("这一页是给企业负责人和安全管理员的。换一个身份再来。"), code="no_enterprise", status=404)
    return firm


def firm_of(request: HttpRequest, pk: int) -> Enterprise:
    """A firm whose file the user reads; 404 for everybody else."""
    user: Any = request.user
    return get_object_or_404(Enterprise.objects.with_file_for(user).with_page(), pk=pk)


def home_of(firm: Enterprise, user: User) -> str:
    """The address of the file as this user knows it."""
    return reverse("enterprises:mine") if firm.is_managed_by(user) else reverse("enterprises:detail", args=[firm.pk])


def mine(request: HttpRequest) -> HttpResponse:
    """One's own file."""
    user: Any = request.user
    page = file_page(own_enterprise(user), user)
    dues = dues_of_firm(page["firm"], user, permits=page["permits"], said=page["said"])
    return render(request, "enterprises/detail.html", page | {"dues": dues})


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A firm of the territory or of one's contracts; managers are sent to their own page, merged ones lead on."""
    user: Any = request.user
    firm = firm_of(request, pk)
    if firm.is_managed_by(user):
        return redirect("enterprises:mine")
    return render(request, "enterprises/detail.html", file_page(firm, user))


@require_POST
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the contact phone in full, recorded; in place, or on a page of its own without script."""
    user: Any = request.user
    firm = get_object_or_404(Enterprise.objects.visible_to(user).select_related("organisation"), pk=pk)
    number = reveal_contact(firm, by=user)
    name = "enterprises/_number.html" if request.htmx else "enterprises/number.html"  # type: ignore[attr-defined]
    return render(
        request,
        name,
        {
            "number": number,
            "what": _("安全联系电话"),
            "who": firm,
            "back": way_back(request, request.headers.get("Referer"), "/"),
        },
    )


def edit(request: HttpRequest) -> HttpResponse:
    """The first group of one's own file: where every "修改档案" leads."""
    user: Any = request.user
    return redirect("enterprises:edit-group", own_enterprise(user).pk, GROUPS[0].key)


def edit_group(request: HttpRequest, pk: int, group: str) -> HttpResponse:
    """The form of one group. A save after somebody else's keeps what was typed and shows both."""
    user: Any = request.user
    firm = firm_of(request, pk)
    groups = [
        one
        for one in GROUPS
        if one.key != "custom" or CustomField.objects.asked_in(firm.organisation.region_code).exists()
    ]
    chosen = next((one for one in groups if one.key == group), None)
    if chosen is None or not firm.can_edit(user):
        raise Refused(_("没有找到这一页，或者您现在的身份不能改这份档案。"), code="not_manager", status=404)
    looking = "find" in request.POST
    form = form_of(group, firm, request.POST if request.method == "POST" and not looking else None)
    context: dict[str, Any] = {"firm": firm, "group": chosen, "groups": groups, "seen": firm.updated_at.isoformat()}
    status = 200
    if request.method == "POST" and not looking:
        status, context["seen"] = 422, request.POST.get("seen", "")
        if form.is_valid():
            try:
                changed = edit_enterprise(firm, form.cleaned_data, by=user, seen=moment(context["seen"]))
            except Refused as refused:
                status = refused.status
                context |= _again(firm, form, refused)
            else:
                messages.success(request, _("已保存 %(n)d 项。") % {"n": len(changed)} if changed else _("没有改动。"))
                return _onwards(request, firm, groups, group)
    elif looking:  # a press on 查找 is no attempt to save: nothing is complained of yet
        form.initial = {name: request.POST.get(name, "") for name in form.fields}
        context["seen"] = request.POST.get("seen", "")
    words = request.POST.get("industry_words", "")
    picked = industries().get(str(form["industry"].value() or "")) if "industry" in form.fields else None
    context |= {
        "form": form,
        "words": words,
        "chosen": picked,
        "found": search(words) if words else [],
        "home": home_of(firm, user),
    }
    return render(request, "enterprises/edit.html", context, status=status)


def _onwards(request: HttpRequest, firm: Enterprise, groups: list[Any], group: str) -> HttpResponse:
    """After saving: the next group for whoever walks through the file, else the file."""
    user: Any = request.user
    keys = [one.key for one in groups]
    at = keys.index(group)
    if "next" in request.POST and at + 1 < len(keys):
        return redirect("enterprises:edit-group", firm.pk, keys[at + 1])
    return redirect(home_of(firm, user))


def moment(text: str) -> datetime:
    """The moment a form was filled from; one long gone for anything that is none, so that the save counts as stale."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    return found if found is not None and found.tzinfo is not None else datetime(1970, 1, 1, tzinfo=UTC)


def _again(firm: Enterprise, form: GroupForm, refused: Refused) -> dict[str, Any]:
    if refused.field:
        form.add_error(refused.field, str(refused.message))
        return {}
    firm = Enterprise.objects.select_related("organisation").get(pk=firm.pk)
    labels = {name: field.label or name for name, field in form.fields.items()}
    return {
        "stale": refused.message,
        "seen": firm.updated_at.isoformat(),
        "differences": differences(firm, form.cleaned_data, labels),
    }


def industry_choices(request: HttpRequest) -> HttpResponse:
    """The fragment of industries that match what is being typed."""
    words = request.GET.get("industry_words", "")[:40]
    chosen = industries().get(request.GET.get("industry", ""))
    return render(request, "enterprises/_industries.html", {"found": search(words), "words": words, "chosen": chosen})


@require_POST
def stand(request: HttpRequest, pk: int, value: int) -> HttpResponse:
    """Say a doubted value once more."""
    user: Any = request.user
    firm = firm_of(request, pk)
    stand_by(get_object_or_404(FileValue.objects.visible_to(user), pk=value, enterprise=firm), by=user)
    messages.success(request, _("已说明这一项没有错，等网格员再看。"))
    return redirect(home_of(firm, user))


def new(request: HttpRequest) -> HttpResponse:
    """Open the file of a firm that has none, in one's own grid; what looks like it is shown before."""
    user: Any = request.user
    post = user.post
    if not user.may(powers.INSPECT) or post is None or not post.is_territorial:
        raise Refused(_("新建企业是给网格员和乡镇的。换一个身份再来。"), code="not_officer", status=404)
    places = (
        Region.objects.open().filter(inside(post.region_code, "code"), level__gte=Region.Level.TOWN).order_by("code")
    )
    form = NewFirmForm(request.POST or None, regions=[(one.code, one.full_name[-24:]) for one in places[:500]])
    looking = "find" in request.POST
    twins: Any = []
    if request.method == "POST" and not looking and form.is_valid():
        values = form.cleaned_data
        twins = [] if "sure" in request.POST else alike(values["name"], values["address"], values["region_code"])
        if not twins:
            try:
                firm = create_enterprise(values, by=user)
            except Refused as refused:
                if not refused.field:
                    raise
                form.add_error(refused.field, str(refused.message))
            else:
                messages.success(request, _("档案已经建好。接着补充位置、风险要素和照片。"))
                return redirect("enterprises:edit-group", firm.pk, "place")
    words = request.POST.get("industry_words", "")
    chosen = industries().get(str(form["industry"].value() or ""))
    if looking:
        form = NewFirmForm(initial=request.POST.dict(), regions=list(form.fields["region_code"].choices))  # type: ignore[attr-defined]
    mine = set(
        Enterprise.objects.visible_to(user).filter(pk__in=[one.pk for one in twins]).values_list("pk", flat=True)
    )
    for one in twins:
        one.seen = one.pk in mine
    context = {"form": form, "twins": twins, "words": words, "chosen": chosen, "found": search(words) if words else []}
    return render(request, "enterprises/new.html", context, status=422 if form.is_bound and not looking else 200)
