"""Tags of courses, and the questions that learners ask."""

from __future__ import annotations

from collections import defaultdict

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.training.actions import tags as actions
from anlan.training.actions.courses import answer_question
from anlan.training.forms.courses import AnswerForm, TagForm
from anlan.training.models import CourseTag, LessonQuestion, Tag
from anlan.training.views.desk import Request, own_course, own_courses


@require_GET
def tags(request: Request) -> HttpResponse:
    """The tree industry – post – risk, with how many courses stand under each risk."""
    own_courses(request.user)
    published = Count("course_tags", filter=Q(course_tags__confirmed=True, course_tags__course__state="published"))
    children: dict[int | None, list[Tag]] = defaultdict(list)
    for tag in Tag.objects.annotate(n=published).order_by("level", "name"):
        children[tag.parent_id].append(tag)
    tree = [(industry, [(post, children[post.pk]) for post in children[industry.pk]]) for industry in children[None]]
    proposed = CourseTag.objects.filter(confirmed=False, course__in=own_courses(request.user))
    context = {"tree": tree, "proposed": proposed.select_related("course", "tag__parent__parent").order_by("course")}
    return render(request, "training/desk_tags.html", context)


@require_POST
def tag_propose(request: Request, pk: int) -> HttpResponse:
    """Let tags be proposed from the words of the course."""
    n = actions.propose_tags(own_course(request, pk), by=request.user)
    words = ngettext("提出了 %(n)d 个标签，请逐个确认。", "提出了 %(n)d 个标签，请逐个确认。", n) % {"n": n}
    messages.success(request, words if n else _("从名称和简介里没有找到新的标签。可以自己写一个。"))
    return redirect("training:desk-course", pk)


@require_POST
def tag_add(request: Request, pk: int) -> HttpResponse:
    """Put the course under a tag."""
    course = own_course(request, pk)
    form = TagForm(request.POST)
    if not form.is_valid():
        raise Refused(_("标签要写全三级：行业、岗位、风险，每级不超过 40 个字。"), code="bad_tag", status=422)
    actions.add_tag(course, by=request.user, path=[form.cleaned_data[key] for key in ("industry", "post", "risk")])
    messages.success(request, _("标签已加上。"))
    return redirect("training:desk-course", pk)


@require_POST
def tag_decide(request: Request, pk: int) -> HttpResponse:
    """Confirm or remove a tag of a course."""
    link = get_object_or_404(
        CourseTag.objects.select_related("course__owner", "tag"), pk=pk, course__in=own_courses(request.user)
    )
    if request.POST.get("decision") == "confirm":
        actions.confirm_tag(link, by=request.user)
        messages.success(request, _("已采用标签“%(name)s”。") % {"name": link.tag.name})
    else:
        actions.remove_tag(link, by=request.user)
        messages.success(request, _("已去掉标签“%(name)s”。") % {"name": link.tag.name})
    return redirect(f"/teach/courses/{link.course_id}/#tags")


@require_http_methods(["GET", "POST"])
def questions(request: Request) -> HttpResponse:
    """Questions of learners on one's own courses: those that wait first, longest first."""
    if not request.user.may(powers.TEACH):
        raise Http404
    rows = LessonQuestion.objects.visible_to(request.user).select_related("lesson__course", "user", "answered_by")
    waiting = rows.filter(answered_at__isnull=True).count()
    shown = request.GET.get("show", "waiting")
    if request.method == "POST":
        return _answer(request)
    rows = rows.filter(answered_at__isnull=shown == "waiting")
    order = F("created_at").asc() if shown == "waiting" else F("answered_at").desc()
    page = Paginator(rows.order_by(order, "pk"), 20).get_page(request.GET.get("page"))
    return render(request, "training/desk_questions.html", {"page": page, "shown": shown, "waiting": waiting})


def _answer(request: Request) -> HttpResponse:
    pk = request.POST.get("question", "")
    question = get_object_or_404(
        LessonQuestion.objects.visible_to(request.user).select_related("lesson__course__owner"),
        pk=number(pk) or 0,
    )
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise Refused(_("还没有写回答，或者超过 2000 个字。"), code="empty", status=422)
    answer_question(question, by=request.user, answer=form.cleaned_data["answer"])
    messages.success(request, _("已回答，并通知了提问的人。"))
    return redirect("training:questions")
