"""The exam room: before, during and handing in. No key ever passes through this module."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import BigIntegerField, UUIDField
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.exams.actions.blueprints import full_of, kinds_of
from anlan.exams.actions.sittings import (
    Item,
    answer_token,
    item,
    note_leaving,
    parse_items,
    received,
    standing,
    start_sitting,
    submit_sitting,
)
from anlan.exams.models import Exam, Sitting, SittingEvent
from anlan.exams.papers import Paper
from anlan.exams.questions import KINDS
from anlan.exams.show import paper_html
from anlan.exams.stock import Stock, stock_of
from anlan.exams.views import Request
from anlan.lib.prepared import Prepared

_candidate_exam: Prepared[Exam] = Prepared(
    lambda pk, user: Exam.objects.for_candidate(user).filter(pk=pk), pk=BigIntegerField(), user=BigIntegerField()
)  # those that the person may sit are among the visible ones
_sitting: Prepared[Sitting] = Prepared(
    lambda uid, user: Sitting.objects.filter(uid=uid, user=user).lean(), uid=UUIDField(), user=BigIntegerField()
)
_warnings: Prepared[SittingEvent] = Prepared(
    lambda sitting: SittingEvent.objects.filter(sitting=sitting, kind=SittingEvent.Kind.WARNED).order_by("-id")[:5],
    sitting=BigIntegerField(),
)


@require_http_methods(["GET", "POST"])
def start(request: Request, pk: int) -> HttpResponse:
    """The page before the exam (rules, minutes, what happens offline); POST begins."""
    exams = Exam.objects.visible_to(request.user)
    if request.method == "POST":
        exam = _candidate_exam.first(pk=pk, user=request.user.pk) or get_object_or_404(exams, pk=pk)
        return redirect("exams:room", uid=start_sitting(exam, by=request.user).uid)
    exams = exams.select_related("blueprint", "training_class", "organisation").defer("blueprint__pools")
    exam = get_object_or_404(exams, pk=pk)
    running, reason, left = standing(exam, request.user)
    past = (
        Sitting.objects.visible_to(request.user)
        .filter(user=request.user, exam=exam, state=Sitting.State.SCORED)
        .order_by("-id")
    )
    minutes = exam.minutes
    if exam.is_open:
        minutes = min(minutes, int((exam.closes_at - timezone.now()).total_seconds() // 60))
    context = {
        "exam": exam, "running": running, "reason": reason, "left": left, "past": past[:5], "minutes": minutes,
        "shorter": exam.is_open and minutes < exam.minutes,
        "kinds": [(KINDS[kind], count) for kind, count in kinds_of(exam.blueprint).items()],
        "count": sum(kinds_of(exam.blueprint).values()), "full": full_of(exam.blueprint),
    }  # fmt: skip
    return render(request, "exams/start.html", context)


def _mine(request: Request, uid: uuid.UUID) -> Sitting:
    """One's own sitting; one's own are always visible."""
    sitting = _sitting.first(uid=uid, user=request.user.pk)
    if sitting is None:
        raise Http404
    return sitting


@never_cache
@require_GET
def room(request: Request, uid: uuid.UUID) -> HttpResponse:
    """The whole paper in one page, so that a network that drops takes nothing away."""
    sitting = _mine(request, uid)
    if sitting.state == Sitting.State.PREPARED:
        return redirect("exams:start", pk=sitting.exam_id)
    if sitting.state != Sitting.State.RUNNING:
        return redirect("exams:result", uid=uid)
    stock = stock_of(sitting.exam.blueprint)
    paper = stock.paper(sitting.seed)
    boot = _state(sitting) | {
        "sitting": str(sitting.uid), "answers_url": "/live/answers", "state_url": reverse("exams:state", args=[uid]),
        "event_url": reverse("exams:event", args=[uid]), "result_url": reverse("exams:result", args=[uid]),
    }  # fmt: skip
    context = {
        "sitting": sitting, "questions": paper_html(stock, paper), "numbers": [str(item.number) for item in paper.items], "boot": boot, "words": _words(),
    }  # fmt: skip
    return render(request, "exams/room/room.html", context)


def _state(sitting: Sitting) -> dict[str, Any]:
    answers = received([sitting.pk]).get(sitting.pk, {})
    warnings = _warnings.rows(sitting=sitting.pk)
    return {
        "state": sitting.state, "now": timezone.now().isoformat(), "ends_at": sitting.ends_at.isoformat() if sitting.ends_at else None,
        "leaves": sitting.leaves, "answers": {str(number): [seq, value] for number, (seq, value) in answers.items()},
        "warnings": [{"id": event.pk, "words": event.words} for event in warnings], "token": answer_token(sitting),
    }  # fmt: skip


@never_cache
@require_GET
def state(request: Request, uid: uuid.UUID) -> HttpResponse:
    """Server time, end, token and the answers received so far, for the room to look at now and then."""
    sitting = _mine(request, uid)
    if sitting.state != Sitting.State.RUNNING:
        return JsonResponse({"state": sitting.state, "now": timezone.now().isoformat()})
    return JsonResponse(_state(sitting))


@require_POST
def event(request: Request, uid: uuid.UUID) -> HttpResponse:
    """The page was left: counted and kept as evidence."""
    seconds = request.POST.get("seconds", "0")
    leaves = note_leaving(
        _mine(request, uid),
        request.POST.get("client_id", ""),
        int(seconds) if seconds.isdecimal() and len(seconds) < 8 else 0,
        by=request.user,
    )
    return JsonResponse({"leaves": leaves})


@require_POST
def submit(request: Request, uid: uuid.UUID) -> HttpResponse:
    """Hand in, with whatever the server has not confirmed yet; without script, with the whole form."""
    sitting = _mine(request, uid)
    items = (
        parse_items(request.POST["carried"])
        if request.POST.get("carried")
        else plain_items(stock_of(sitting.exam.blueprint), sitting, request.POST)
    )
    submit_sitting(sitting, items, by=request.user)
    url = reverse("exams:result", args=[uid])
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"url": url})
    messages.success(request, _("卷子交上去了，成绩在下面。"))
    return redirect(url)


def plain_items(stock: Stock, sitting: Sitting, post: QueryDict) -> list[Item]:
    """The answers of the form sent without script, in the shapes that the script sends."""
    return [item(number, value) for number, value in plain_answers(stock, stock.paper(sitting.seed), post).items()]


def plain_answers(stock: Stock, paper: Paper, post: QueryDict) -> dict[int, list[Any]]:
    """The answers of a form by question number, options by the place shown. What was left empty is left out."""
    found: dict[int, list[Any]] = {}
    for place in paper.items:
        card, n = stock.cards[place.question], place.number
        if card.kind == "fill":
            value: list[Any] = [post.get(f"q{n}b{b}", "") for b in range(1, card.body["blanks"] + 1)]
        elif card.kind == "case":
            value = [_ticked(part["kind"], post.getlist(f"q{n}p{at}")) for at, part in enumerate(card.body["parts"], 1)]
        else:
            value = _ticked(card.kind, post.getlist(f"q{n}"))
        if any(value) or (value and card.kind != "fill" and card.kind != "case"):
            found[n] = value
    return found


def _ticked(kind: str, values: list[str]) -> list[Any]:
    if kind == "true_false":
        return [value == "true" for value in values if value in ("true", "false")]
    return [int(value) for value in values if value.isdecimal() and len(value) < 3]


def _words() -> dict[str, str]:
    """What the room says, translated; `{n}` and the like are filled in by the script."""
    return {
        "sheet_done": _("第 {n} 题，已答"), "sheet_open": _("第 {n} 题，未答"),
        "sheet_done_mark": _("第 {n} 题，已答，已标记"), "sheet_open_mark": _("第 {n} 题，未答，已标记"),
        "tally": _("已答 {done}，未答 {open}，标记 {marked}"),
        "saved": _("答案已保存"), "both": _("本机与服务器各一份"), "server": _("服务器一份"),
        "kept": _("已存在本机"), "kept_where": _("正在送到服务器"), "sending": _("正在送到服务器"),
        "restored": _("答过的题都在"), "restored_where": _("{n} 题，从本机和服务器取回"),
        "offline": _("网络断了，接着答"), "offline_where": _("{n} 题存在本机，恢复后自动补传"),
        "online_title": _("刚才断网 {n} 秒，已经恢复"), "online_text": _("断网时答的题没有丢，已经补传。时间以服务器为准。"),
        "extended_title": _("监考延长了时间"), "extended_text": _("现在到 {at} 结束。"), "warned": _("监考提醒"),
        "ask_open": _("还有 {n} 题没有答。交卷后不能再改。"), "ask_done": _("题都答完了。交卷后不能再改。"),
        "refused": _("卷子没有交上去，答案都在"),
        "waiting_title": _("网络断了，正在重试交卷"),
        "waiting_text": _("答案都存在本机，其中 {n} 题还没有送到。请不要关闭这一页，连上网会自动交上。"),
        "left_title": _("还剩 {n} 分钟"), "left_text": _("到时间会自动交卷，答过的都算。"),
    }  # fmt: skip
