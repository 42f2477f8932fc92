"""The enterprise's file: one's own and, for regulators, any in the territory."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region, User
from anlan.audit.models import Record
from anlan.enterprises.actions import edit_enterprise, reveal_contact
from anlan.enterprises.actions.enterprises import ON_ORGANISATION
from anlan.enterprises.due import due_for
from anlan.enterprises.forms import EnterpriseForm
from anlan.enterprises.industries import industries, lineage, search
from anlan.enterprises.models import Enterprise, Roster, Worker
from anlan.enterprises.queries import PERMIT_DAYS, training_of
from anlan.lib.codes import mask_phone
from anlan.lib.errors import Refused
from anlan.ui.templatetags.ui import is_soon


def own_enterprise(user: User) -> Enterprise:
    """The firm that the user manages. Raises `Refused` (404) for everybody else."""
    firm = Enterprise.objects.visible_to(user).select_related("organisation", "updated_by").first()
    if firm is None or not firm.can_edit(user):
        raise Refused(_("这一页是给企业负责人和安全管理员的。换一个身份再来。"), code="no_enterprise", status=404)
    return firm


def mine(request: HttpRequest) -> HttpResponse:
    """One's own file."""
    user: Any = request.user
    return _page(request, own_enterprise(user), dues=due_for(user))


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A firm in the territory; managers are sent to their own page."""
    user: Any = request.user
    firms = Enterprise.objects.visible_to(user).select_related("organisation", "updated_by")
    firm = get_object_or_404(firms, pk=pk)
    if firm.can_edit(user):
        return redirect("enterprises:mine")
    if not user.may(powers.SUPERVISE):
        raise Refused(_("没有找到这家企业。"), code="not_found", status=404)
    return _page(request, firm)


def _page(request: HttpRequest, firm: Enterprise, **more: Any) -> HttpResponse:
    user: Any = request.user
    working = Worker.objects.working().filter(enterprise=firm)
    counts = dict(working.values_list("category").annotate(n=Count("pk")).order_by())
    region = Region.objects.filter(pk=firm.organisation.region_code).first()
    records = Record.objects.filter(
        subject_kind="enterprises.enterprise", subject_id=str(firm.pk), verb="edit_enterprise"
    )
    context = {
        "firm": firm,
        "region": region.full_name if region else firm.organisation.region_code,
        "lineage": lineage(firm.industry),
        "training": training_of([firm.pk])[firm.pk],
        "year": timezone.localdate().year,
        "categories": [(label, counts.get(key, 0)) for key, label in Worker.Category.choices],
        "worker_count": sum(counts.values()),
        "rosters": Roster.objects.visible_to(user)
        .filter(enterprise=firm, state="done")
        .select_related("created_by")
        .order_by("-pk")[:4],
        "records": records.order_by("-pk")[:4],
        "phone": mask_phone(firm.contact_phone) if firm.contact_phone else "",
        "can_reveal": bool(firm.contact_phone) and user.may(powers.SEE_SENSITIVE),
        "permit_soon": firm.permit_until is not None and is_soon(firm.permit_until, PERMIT_DAYS),
        "permit_over": firm.permit_until is not None and firm.permit_until < timezone.localdate(),
        "mine": firm.can_edit(user),
    }
    return render(request, "enterprises/detail.html", context | more)


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
        {"number": number, "what": _("安全联系电话"), "who": firm, "back": request.headers.get("Referer", "/")},
    )


def edit(request: HttpRequest) -> HttpResponse:
    """The form of one's own file. A save after somebody else's keeps what was typed and shows both."""
    user: Any = request.user
    firm = own_enterprise(user)
    looking = "find" in request.POST
    if request.method == "POST":
        form = EnterpriseForm(request.POST)
        if not looking and form.is_valid():
            try:
                edit_enterprise(firm, form.cleaned_data, by=user, seen=_moment(request.POST.get("seen", "")))
            except Refused as refused:
                return _edit_again(request, firm, form, refused)
            messages.success(request, _("档案已保存。"))
            return redirect("enterprises:mine")
    else:
        form = EnterpriseForm(initial=_present(firm))
    return _edit_page(request, firm, form, status=422 if request.method == "POST" and not looking else 200)


def _present(firm: Enterprise) -> dict[str, Any]:
    return {
        name: getattr(firm.organisation if name in ON_ORGANISATION else firm, name)
        for name in EnterpriseForm.base_fields
    }


def _moment(text: str) -> datetime:
    """The moment a form was filled from; one long gone for anything that is none, so that the save counts as stale."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    return found if found is not None and found.tzinfo is not None else datetime(1970, 1, 1, tzinfo=UTC)


def _edit_again(request: HttpRequest, firm: Enterprise, form: EnterpriseForm, refused: Refused) -> HttpResponse:
    if refused.field:
        form.add_error(refused.field, str(refused.message))
        return _edit_page(request, firm, form, status=refused.status)
    firm = own_enterprise(request.user)  # type: ignore[arg-type]  # signed in: the gate is before every view
    present = _present(firm)
    differences = [
        (form.fields[name].label, present[name], value)
        for name, value in form.cleaned_data.items()
        if (value or "") != (present[name] or "")
    ]
    return _edit_page(request, firm, form, status=refused.status, stale=refused.message, differences=differences)


def _edit_page(
    request: HttpRequest, firm: Enterprise, form: EnterpriseForm, *, status: int, **more: Any
) -> HttpResponse:
    words = request.POST.get("industry_words", "")
    chosen = str(form["industry"].value() or "")
    looking = "find" in request.POST
    # A press on 查找 is no attempt to save: nothing is complained of yet.
    shown = EnterpriseForm(initial={name: request.POST.get(name, "") for name in form.fields}) if looking else form
    context = {
        "firm": firm, "form": shown, "words": words, "chosen": industries().get(chosen), "found": search(words) if words else [],
        "seen": request.POST.get("seen") if request.method == "POST" and "stale" not in more else firm.updated_at.isoformat(),
    }  # fmt: skip
    return render(request, "enterprises/edit.html", context | more, status=status)


def industry_choices(request: HttpRequest) -> HttpResponse:
    """The fragment of industries that match what is being typed."""
    words = request.GET.get("industry_words", "")[:40]
    chosen = industries().get(request.GET.get("industry", ""))
    return render(request, "enterprises/_industries.html", {"found": search(words), "words": words, "chosen": chosen})
