"""Risk rules of a territory: versions, a draft in a table, trying it, publishing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region, User
from anlan.enterprises.actions.policies import (
    digest,
    draft_policy,
    drop_policy,
    edit_policy,
    policy_at,
    publish_policy,
    try_policy,
)
from anlan.enterprises.forms.policy import (
    DUTIES,
    PublishForm,
    conditions,
    read_rules_from,
    read_steps_from,
    rows_of,
)
from anlan.enterprises.grading import RISKS, read_rules
from anlan.enterprises.models import Enterprise, RiskPolicy
from anlan.enterprises.policy_page import NAMES, rule_line
from anlan.lib.asked import number
from anlan.lib.errors import Refused


def _ruler(request: HttpRequest) -> User:
    user: Any = request.user
    if user.post is None or not user.post.is_territorial or not user.may(powers.SET_RULES):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    return user  # type: ignore[no-any-return]


def _policy(request: HttpRequest, pk: int) -> RiskPolicy:
    return get_object_or_404(RiskPolicy.objects.visible_to(_ruler(request)).select_related("published_by"), pk=pk)


def _places(codes: list[str]) -> dict[str, str]:
    names = dict(Region.objects.filter(pk__in=codes).values_list("pk", "full_name"))
    return {code: names.get(code, code) if code else str(_("全国")) for code in codes}


@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every version that one may read, one's own territory first; which one counts here today."""
    user = _ruler(request)
    own = user.post.region_code if user.post else ""
    rows = list(RiskPolicy.objects.visible_to(user).select_related("published_by"))
    rows.sort(
        key=lambda row: (row.region_code != own, not own.startswith(row.region_code), row.region_code, -row.number)
    )
    places, current = _places([row.region_code for row in rows]), policy_at(own)
    firms = Enterprise.objects.visible_to(user).active()
    context = {
        "rows": [(row, places[row.region_code]) for row in rows], "current": current, "place": places.get(own) or own,
        "current_place": places.get(current.region_code, "") if current else "",
        "draft": next((row for row in rows if row.is_draft and row.region_code == own), None), "today": timezone.localdate(),
        "firm_count": firms.count(),
    }  # fmt: skip
    return render(request, "enterprises/policies.html", context)


@require_POST
def policy_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy a version into a draft of one's own territory."""
    draft = draft_policy(_policy(request, pk), by=_ruler(request))
    messages.success(request, _("第 %(n)d 版草稿。改完先试算，再发布。") % {"n": draft.number})
    return redirect("enterprises:policy-edit", draft.pk)


@require_GET
def policy_version(request: HttpRequest, pk: int) -> HttpResponse:
    """One version to read; `?against=` shows what differs from another."""
    policy = _policy(request, pk)
    user = _ruler(request)
    others = list(RiskPolicy.objects.visible_to(user).exclude(pk=policy.pk).order_by("region_code", "-number"))
    asked = number(request.GET.get("against"))
    against = next((one for one in others if one.pk == asked), None)
    places = _places([policy.region_code, *(one.region_code for one in others)])
    context = {
        "policy": policy, "place": places[policy.region_code], "rules": [rule_line(rule) for rule in read_rules(policy.rules)],
        "others": [(one, places[one.region_code]) for one in others], "against": against, "duties": _duties(policy),
        "thresholds": [(risk, policy.thresholds[risk]) for risk in RISKS[:-1]], "can_edit": policy.can_edit(user),
        "differences": _differences(against, policy) if against else [],
    }  # fmt: skip
    return render(request, "enterprises/policy_version.html", context)


def _duties(policy: RiskPolicy) -> list[tuple[str, dict[str, int]]]:
    return [(risk, policy.duties.get(risk) or {}) for risk in RISKS]


def _differences(old: RiskPolicy, new: RiskPolicy) -> list[tuple[str, str, str]]:
    """(what, before, after): rules by their key, thresholds, duties."""
    found = []
    sides = [{rule.key: rule for rule in read_rules(policy.rules)} for policy in (old, new)]
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        before, after = sides[0].get(key), sides[1].get(key)
        if before != after:
            label = (after or before).label  # type: ignore[union-attr]
            found.append((label, *(_short(rule_line(side)) if side else "—" for side in (before, after))))
    for risk in RISKS[:-1]:
        if old.thresholds[risk] != new.thresholds[risk]:
            found.append(
                (_("%(risk)s的分数线") % {"risk": NAMES[risk]}, str(old.thresholds[risk]), str(new.thresholds[risk]))
            )
    words = {
        "patrol_days": _("巡查间隔（天）"),
        "training_hours": _("每人每年学时"),
        "remind_days": _("提前提醒（天）"),
    }
    for risk in RISKS:
        for name in DUTIES:
            pair = [(policy.duties.get(risk) or {}).get(name) for policy in (old, new)]
            if pair[0] != pair[1]:
                found.append(
                    (f"{NAMES[risk]} · {words[name]}", *(str(one) if one is not None else "—" for one in pair))
                )
    return found  # type: ignore[return-value]


def _short(row: dict[str, Any]) -> str:
    parts = [row["condition"], _("%(n)d 分") % {"n": row["points"]}]
    parts += [_("至少%(risk)s") % {"risk": row["floor"]}] if row["floor"] else []
    return "，".join([*parts, *(one for one in (row["source"], row["way_out"]) if one)])


def policy_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The table of a draft. A save after somebody else's keeps what was typed."""
    user, policy = _ruler(request), _policy(request, pk)
    if not policy.can_edit(user):
        raise Refused(_("这一版不能改。复制一版再改。"), code="not_draft", status=404 if policy.is_draft else 409)
    rules, thresholds, duties = policy.rules, policy.thresholds, policy.duties
    context: dict[str, Any] = {"problem": ""}
    if request.method == "POST":
        rules, (thresholds, duties) = read_rules_from(request.POST), read_steps_from(request.POST)
        try:
            edit_policy(policy, rules, thresholds, duties, by=user, seen=request.POST.get("seen", ""))
        except Refused as refused:
            context |= {"problem": refused.message, "stale": refused.code == "stale"}
        else:
            messages.success(request, _("草稿已保存。"))
            return redirect("enterprises:policy-try" if "try" in request.POST else "enterprises:policy-edit", policy.pk)
    policy.refresh_from_db()
    rows = rows_of(rules)
    context |= {
        "policy": policy, "rows": rows, "count": len(rows), "conditions": conditions(), "seen": digest(policy), "grades": RISKS[:-1],
        "thresholds": [(risk, thresholds.get(risk)) for risk in RISKS[:-1]], "duties": [(risk, duties.get(risk) or {}) for risk in RISKS],
        "place": _places([policy.region_code])[policy.region_code],
    }  # fmt: skip
    return render(request, "enterprises/policy_edit.html", context, status=422 if context["problem"] else 200)


def policy_try(request: HttpRequest, pk: int) -> HttpResponse:
    """What a draft would change in its territory, and the form that publishes it."""
    user, policy = _ruler(request), _policy(request, pk)
    if not policy.can_edit(user):
        raise Refused(_("这一版已经发布。复制一版再改。"), code="not_draft", status=404 if policy.is_draft else 409)
    form = PublishForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            publish_policy(
                policy,
                form.cleaned_data["note"],
                form.cleaned_data["valid_from"],
                by=user,
                seen=request.POST.get("seen", ""),
            )
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            day = policy.valid_from.isoformat()
            messages.success(
                request,
                _("第 %(n)d 版已发布，%(day)s 起生效。等级在一天内按新规则重算。") % {"n": policy.number, "day": day},
            )
            return redirect("enterprises:policy-version", policy.pk)
    trial = try_policy(policy)
    context = {
        "policy": policy, "trial": trial, "form": form, "seen": digest(policy), "place": _places([policy.region_code])[policy.region_code],
        "moves": [(old, new, n) for (old, new), n in sorted(trial.moves.items(), key=lambda row: -row[1])],
        "table": [(risk, trial.before[risk], trial.after[risk]) for risk in RISKS], "worse": _worse(trial.moves),
    }  # fmt: skip
    return render(request, "enterprises/policy_try.html", context, status=422 if form.is_bound else 200)


def _worse(moves: Any) -> tuple[int, int]:
    """How many firms move up to a worse colour, and down to a better one."""
    up = sum(n for (old, new), n in moves.items() if RISKS.index(new) < RISKS.index(old))
    return up, sum(moves.values()) - up


@require_POST
def policy_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft."""
    drop_policy(_policy(request, pk), by=_ruler(request))
    messages.success(request, _("草稿已删除。"))
    return redirect("enterprises:policies")
