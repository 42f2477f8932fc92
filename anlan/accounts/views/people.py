"""People and posts inside one's scope: list, grant, withdraw."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts.actions import ask_grant, grant_post, withdraw_post
from anlan.accounts.actions.posts import needs_second_person
from anlan.accounts.forms import GrantForm, PeopleFilter
from anlan.accounts.models import Post, Role, User
from anlan.accounts.models.posts import PostQuerySet
from anlan.accounts.models.users import phone_index
from anlan.accounts.powers import GRANTS, MANAGE_POSTS
from anlan.accounts.views.who import signed_in
from anlan.lib import codes
from anlan.lib.errors import Refused

PAGE = 20


def _manager(request: HttpRequest) -> User:
    user = signed_in(request)
    if not user.may(MANAGE_POSTS):
        raise Refused(_("您现在的身份不能管理人员与身份。"), code="no_power", status=403)
    return user


def _search(posts: PostQuerySet, words: str) -> PostQuerySet:
    if not words:
        return posts
    try:
        return posts.filter(user__phone_index=phone_index(codes.phone(words, allow_demo=settings.ANLAN_DEMO)))
    except codes.Malformed:
        return posts.filter(Q(user__name__icontains=words) | Q(organisation__name__icontains=words))


@never_cache
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Who holds which post inside my scope."""
    user = _manager(request)
    granted = GRANTS.get(user.post.role_id, ()) if user.post else ()
    roles = sorted(Role.objects.filter(pk__in=granted), key=lambda role: granted.index(role.pk))
    form = PeopleFilter(request.GET, roles=roles)
    form.is_valid()
    chosen = form.cleaned_data
    posts = Post.objects.grantable_by(user).filter(until__isnull=chosen.get("state") != "ended")
    if chosen.get("role"):
        posts = posts.filter(role_id=chosen["role"])
    found = _search(posts, chosen.get("q", "").strip())
    rows = found.select_related("user", "role", "organisation").with_region_names().order_by("-pk")
    context = {
        "form": form,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "ended": chosen.get("state") == "ended",
        "sensitive": user.may("see_sensitive"),
    }
    return render(
        request, "accounts/_people.html" if getattr(request, "htmx", False) else "accounts/people.html", context
    )


@never_cache
@require_http_methods(["GET", "POST"])
def grant(request: HttpRequest) -> HttpResponse:
    """Give somebody a post."""
    user = _manager(request)
    form = GrantForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        person = {"phone": chosen["phone"], "name": chosen["name"], "by": user}
        try:
            if needs_second_person(chosen["role"], user):
                asked = ask_grant(
                    chosen["role"], **person, because=chosen.get("because", ""), region_code=form.region_code, title=chosen["title"]
                )  # fmt: skip
                messages.success(
                    request, _("已提交审批，由另一位有审批权的人批准后生效。在批准以前，对方没有这个身份。")
                )
                return redirect("accounts:approval", asked.pk)
            post = grant_post(
                chosen["role"], **person,
                region_code=form.region_code, organisation=form.organisation, title=chosen["title"],
            )  # fmt: skip
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))
        else:
            messages.success(
                request,
                _("已授予%(name)s“%(post)s”。对方用手机号登录就能看到。") % {"name": post.user.name, "post": post},
            )
            return redirect("accounts:people")
    status = 422 if form.errors else 200
    return render(request, "accounts/grant.html", {"form": form}, status=status)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """End a post inside my scope."""
    user = _manager(request)
    post = get_object_or_404(Post.objects.grantable_by(user).select_related("user", "role", "organisation"), pk=pk)
    withdraw_post(post, by=user)
    messages.success(
        request, _("已收回%(name)s的“%(post)s”，从现在起不再生效。") % {"name": post.user.name, "post": post}
    )
    return redirect("accounts:people")
