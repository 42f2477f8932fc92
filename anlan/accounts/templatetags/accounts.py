"""What the pages of sign-in and of people show beside allauth's own context."""

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from django import template
from django.conf import settings
from django.core.cache import cache
from django.db.models import Min
from django.http import HttpRequest
from django.utils.translation import gettext as _

from anlan.accounts import gridding, second_factor
from anlan.accounts.models import Post, RegionChange, User
from anlan.accounts.powers import DEFAULT_ROLES
from anlan.lib import codes

register = template.Library()
ICONS = {"weixin": "brand-wechat", "dingtalk": "message-bolt", "openid_connect": "building"}
register.filter("mask_phone", codes.mask_phone)


@register.simple_tag
def demo_cast() -> list[Post]:
    """One post for every role, held by the first of the demo's people who has it, as they were made; none outside demo mode."""
    if not settings.ANLAN_DEMO:
        return []
    ids: list[int] | None = cache.get("demo-cast")
    if ids is None:
        demo = Post.objects.open().filter(
            user__is_demo=True, user__is_active=True, role_id__in=[row[0] for row in DEFAULT_ROLES]
        )
        ids = list(demo.values("role_id").annotate(first=Min("pk")).values_list("first", flat=True))
        cache.set("demo-cast", ids, 60)
    return list(Post.objects.filter(pk__in=ids).select_related("user", "role", "organisation").order_by("user_id"))


@register.simple_tag(takes_context=True)
def sign_in_ways(context: dict[str, Any]) -> list[dict[str, str]]:
    """The other accounts that are configured: name, icon, address."""
    request: HttpRequest = context["request"]
    return [
        {
            "name": provider.app.name if provider.app else provider.name,
            "icon": ICONS.get(provider.id, "key"),
            "url": provider.get_login_url(request),
        }
        for provider in get_adapter().list_providers(request)
    ]


@register.simple_tag
def missing_ways() -> str:
    """Which of WeChat and DingTalk are not configured, in words for the operator."""
    missing = [name for name, app in (("微信", settings.ANLAN_WEIXIN), ("钉钉", settings.ANLAN_DINGTALK)) if not app]
    return "、".join(missing)


@register.simple_tag
def second_factor_due(user: User) -> bool:
    """Whether the present post still needs a second factor to be set up."""
    return second_factor.is_required(user) and not second_factor.is_set_up(user)


@register.filter
def grid_change(change: RegionChange) -> str:
    """A row of the history of grids as a sentence."""
    return gridding.say(change)


@register.filter
def device(user_agent: str) -> str:
    """A browser in words people know: 手机 · Chrome."""
    kinds = (
        ("iPad", _("平板")),
        ("Android", _("安卓手机")),
        ("iPhone", _("苹果手机")),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    )
    browsers = (
        ("MicroMessenger", _("微信")),
        ("DingTalk", _("钉钉")),
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    found = [next((words for mark, words in table if mark in user_agent), "") for table in (kinds, browsers)]
    return " · ".join(filter(None, found)) or _("未知设备")
