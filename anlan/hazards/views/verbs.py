"""One page for every verb of the life: what it means, its small form, what happens then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.hazards import actions, deadlines, telling
from anlan.hazards.forms import hazards as forms
from anlan.hazards.models import Hazard, Photo
from anlan.hazards.queries import state_tone
from anlan.hazards.views.uploads import fen_of, keep_photos
from anlan.lib.errors import Refused, Text

Do = Callable[[Hazard, Any, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Spec:
    """A verb on its page."""

    label: Text
    icon: str
    form: type[forms.VerbForm]
    do: Do
    says: Text
    then: Text
    role: str = ""
    verb: str = ""
    asks: Text = ""
    task: Text = ""

    @property
    def turn(self) -> Text:
        """The task that this verb ends, as the page names it."""
        return self.task or self.label


def _plan(hazard: Hazard, by: Any, given: dict[str, Any]) -> Any:
    return actions.plan_hazard(
        hazard, by=by, measure=given["measure"], responsible=given["responsible"], fixer=given["fixer"], fen=fen_of(given["yuan"]),
        deadline=given["deadline"], contingency=given["contingency"], version=given["version"],
    )  # fmt: skip


def _extend(hazard: Hazard, by: Any, given: dict[str, Any]) -> Any:
    extension = get_object_or_404(hazard.extensions.select_related("hazard"), granted__isnull=True)
    extension.hazard = hazard
    return actions.decide_extension(
        extension, by=by, granted=given["granted"], words=given["words"], version=given["version"]
    )


def _worded(action: Callable[..., Any], *names: str) -> Do:
    def do(hazard: Hazard, by: Any, given: dict[str, Any]) -> Any:
        return action(hazard, by=by, version=given["version"], **{name: given[name] for name in names})

    return do


SPECS: Final[dict[str, Spec]] = {
    "plan": Spec(
        _("落实整改"), "list-check", forms.PlanForm, _plan, _("已落实整改。"), _("责任人会收到消息。改好后上传照片，申请复查。")
    ),
    "cure": Spec(
        _("申请复查"), "camera", forms.CureForm, _worded(actions.cure_hazard, "words"), _("已提交，等复查。"),
        _("复查的人会收到消息，到现场看过后闭环；没改好会退回，并转上一级。"), role=Photo.Role.AFTER,
        task=_("整改，上传照片"),
    ),
    "pass": Spec(
        _("复查通过"), "check", forms.PassForm, _worded(actions.pass_hazard, "words"), _("复查通过。"),
        _("一般隐患就此闭环；重大隐患还要由镇街或县区销号。"), role=Photo.Role.SCENE, asks=_("到现场看过再点。"), task=_("复查"),
    ),
    "fail": Spec(
        _("退回重改"), "arrow-back-up", forms.FailForm, _worded(actions.fail_hazard, "words", "deadline"), _("已退回重改。"),
        _("企业会看到您写的原因。这条隐患转到上一级处置。"), role=Photo.Role.SCENE,
    ),
    "close": Spec(
        _("销号闭环"), "rubber-stamp", forms.WordsForm, _worded(actions.close_hazard, "words"), _("已销号。"),
        _("一年内发现没有真正改好，还可以重新打开。"),
    ),
    "self_close": Spec(
        _("确认闭环"), "check", forms.CureForm, _worded(actions.self_close_hazard, "words"), _("已闭环。"),
        _("网格员下次巡查时会看到这条记录。"), role=Photo.Role.AFTER,
    ),
    "reopen": Spec(
        _("重新打开"), "refresh", forms.ReopenForm, _worded(actions.reopen_hazard, "words", "deadline"), _("已重新打开。"),
        _("企业会收到消息，按新的期限再整改。"),
    ),
    "void": Spec(
        _("撤销登记"), "x", forms.WordsForm, _worded(actions.void_hazard, "words"), _("已撤销。"),
        _("记录会留着，显示“已撤销”，不再计入统计。"), asks=_("只用于登记错了的隐患。改好了的请走复查。"),
    ),
    "escalate": Spec(
        _("转上一级处置"), "stairs-up", forms.WordsForm, _worded(actions.escalate_hazard, "words"), _("已转上一级。"),
        _("上一级会收到消息，由他们复查和闭环；没闭环之前不会再退回这一级。"),
    ),
    "regrade": Spec(
        _("调整等级"), "adjustments", forms.WordsForm, _worded(actions.regrade_hazard, "words"), _("等级已调整。"),
        _("调整为重大隐患后，企业要补齐五落实，镇街和县区会收到消息。"), asks=_("写明符合或不符合哪一条判定标准。"),
    ),
    "reassign": Spec(
        _("改派"), "user-check", forms.ReassignForm, _worded(actions.reassign_hazard, "fixer", "helper", "words"), _("已改派。"),
        _("被选的人和机构会收到消息。"),
    ),
    "extend_ask": Spec(
        _("申请延期"), "calendar-due", forms.ExtendAskForm, _worded(actions.ask_extension, "until", "because"), _("申请已发出。"),
        _("答复之前原来的期限不变。一般隐患由网格员答复，重大隐患由镇街或县区答复。"),
    ),
    "extend": Spec(
        _("答复延期申请"), "calendar-due", forms.ExtendForm, _extend, _("已答复。"), _("企业会收到消息。"), verb="extend_grant",
    ),
    "note": Spec(
        _("补充说明"), "note", forms.WordsForm, _worded(actions.note_hazard, "words"), _("已补充。"), _("写进办理经过，不改变状态。"),
    ),
}  # fmt: skip
DOUBLE_TAP: Final = timedelta(minutes=2)


def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """The page of a verb, and doing it. What was typed and the photographs stay when it is refused."""
    user: Any = request.user
    hazard = get_object_or_404(
        Hazard.objects.visible_to(user).select_related("enterprise__organisation", "found_by"), pk=pk
    )
    spec = SPECS.get(verb)
    if spec is None:
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    if request.method != "POST" and not hazard.can(spec.verb or verb, user):
        raise Refused(_refusal(hazard), code="not_now", status=403)
    form = spec.form(request.POST or None, request.FILES or None, hazard=hazard, user=user)
    status = 200
    if request.method == "POST":
        if _tapped_twice(hazard, spec.verb or verb, user, form):
            return redirect("hazards:detail", hazard.pk)
        status = 422
        if form.is_valid():
            try:
                return _do(request, hazard, spec, verb, form)
            except Refused as refused:
                status = refused.status
                form.add_error({"fen": "yuan"}.get(refused.field, refused.field) or None, str(refused.message))
                if status == 409:
                    hazard.refresh_from_db()
    steps = telling.entries(hazard.steps.select_related("by").order_by("-pk")[:3], []) if status == 409 else []
    waiting = (
        hazard.photos.filter(role=spec.role, step__isnull=True)
        if spec.role == Photo.Role.AFTER
        else Photo.objects.none()
    )
    context = {
        "hazard": hazard, "spec": spec, "verb": verb, "form": form, "tone": state_tone(hazard), "steps": steps, "kept": waiting,
        "left": telling.remaining(hazard), "extension": hazard.extensions.filter(granted__isnull=True).select_related("asked_by").first(),
        "fresh_version": hazard.version if status == 409 else None,
    }  # fmt: skip
    return render(request, "hazards/act.html", context, status=status)


def _do(request: HttpRequest, hazard: Hazard, spec: Spec, verb: str, form: forms.VerbForm) -> HttpResponse:
    user: Any = request.user
    given = form.cleaned_data
    problems: list[str] = []
    fits = given["version"] in (None, hazard.version) and hazard.can(spec.verb or verb, user)
    if spec.role and given.get("photos") and fits:
        # Kept before the verb is tried: a refusal must not cost the way back to the place for another picture.
        _kept, problems = keep_photos(hazard, user, given, role=spec.role)
    found = spec.do(hazard, user, given)
    moved = deadlines.says_moved(found) if isinstance(found, deadlines.Settled) else ""
    messages.success(request, f"{spec.says}{moved}{'。' if moved else ''}")
    for problem in problems:
        messages.error(request, problem)
    return redirect("hazards:detail", hazard.pk)


def _tapped_twice(hazard: Hazard, verb: str, user: Any, form: forms.VerbForm) -> bool:
    """Whether the same person has just done the same: the second tap shows what the first did."""
    last = hazard.steps.order_by("-pk").first()
    verbs = {"extend_grant", "extend_refuse"} if verb == "extend_grant" else {verb}
    return (
        last is not None
        and last.by_id == user.pk
        and last.verb in verbs
        and last.at > timezone.now() - DOUBLE_TAP
        and str(hazard.version) != form.data.get("version", "")
    )


def _refusal(hazard: Hazard) -> str:
    return str(_("这条隐患现在是“%(state)s”，这一步不能由您现在这个身份来做。")) % {"state": hazard.get_state_display()}
