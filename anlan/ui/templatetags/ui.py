"""The small components of `look.md`, as tags. Larger ones are templates under `ui/` to be included."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.template.base import Node, NodeList, Parser, Token
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

from anlan.lib.numerals import article

register = template.Library()
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")

RISKS = {"red": "重大风险", "orange": "较大风险", "yellow": "一般风险", "blue": "低风险"}


@register.simple_tag
@lru_cache(maxsize=512)  # a page has dozens of them, and a sprite does not change while the process runs
def icon(name: str) -> SafeString:
    """A Tabler outline icon from the sprite; names must stand in `web/icons.txt`."""
    return format_html(
        '<svg class="ti" aria-hidden="true"><use href="{}#{}"></use></svg>', static("vendor/icons.svg"), name
    )


class Fixed(Node):
    """Nodes that are rendered once for each language, without any context."""

    def __init__(self, nodes: NodeList) -> None:
        self.nodes = nodes
        self.made: dict[str | None, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        """Return the same text every time; `context` lends its template engine only."""
        language = get_language()
        if language not in self.made:
            empty = template.Context()
            with empty.bind_template(context.template):  # type: ignore[arg-type]
                self.made[language] = self.nodes.render(empty)
        return self.made[language]


@register.tag
def fixed(parser: Parser, token: Token) -> Fixed:
    """`{% fixed %}…{% endfixed %}`: a part of the frame that is the same for everyone: words, icons, addresses without arguments."""
    nodes = parser.parse(("endfixed",))
    parser.delete_first_token()
    return Fixed(nodes)


@register.simple_tag
def bar(value: float, maximum: float, label: str = "") -> SafeString:
    """A progress bar with its meaning for screen readers."""
    return format_html(
        '<progress class="al-bar" max="{}" value="{}" aria-label="{}"></progress>',
        maximum or 1,
        value,
        label or _("进度"),
    )


@register.simple_tag
def ring(value: float, maximum: float, figure: str, unit: str, label: str) -> SafeString:
    """A progress ring: figure and unit inside. One a page."""
    percent = 0 if not maximum else min(100, round(100 * float(value) / float(maximum)))
    return format_html(
        '<div class="al-ring" role="img" aria-label="{}"><svg viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="50" r="44"/>'
        '<circle cx="50" cy="50" r="44" pathLength="100" stroke-dasharray="{} 100"/></svg><div><b>{}</b><span>{}</span></div></div>',
        label, percent, figure, unit,
    )  # fmt: skip


@register.simple_tag
def risk(grade: str, big: bool = False) -> SafeString:
    """The risk grade of an enterprise or place: tile, shape and word."""
    return format_html('<span class="al-risk {}{}">{}</span>', grade, " big" if big else "", _(RISKS.get(grade, "")))


@register.simple_tag
def flag(colour: str, words: str) -> SafeString:
    """A training warning: a flag with its cause."""
    return format_html('<span class="al-flag {}">{}{}</span>', colour, icon("flag-3"), words)


@register.simple_tag
def state(words: str, tone: str = "") -> SafeString:
    """The state of a record; tone is "", live, done or late."""
    return format_html('<span class="al-state {}">{}</span>', tone, words)


@register.filter
def clock(milliseconds: int | None) -> str:
    """Media time as 6:12 or 1:02:03."""
    seconds = int(milliseconds or 0) // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:d}:{rest % 60:02d}"


@register.filter
def hours(milliseconds: int | float | None) -> str:
    """Milliseconds as hours with one decimal, cut off and never rounded up: 4.5."""
    return f"{int((milliseconds or 0) / 360_000) / 10:.1f}"


@register.filter
def cn_date(value: date | datetime | None) -> str:
    """11 月 20 日, with the year where it is not this one."""
    if value is None:
        return "—"
    day = timezone.localtime(value).date() if isinstance(value, datetime) else value
    today = timezone.localdate()
    if day.year == today.year:
        return _("%(m)d 月 %(d)d 日") % {"m": day.month, "d": day.day}
    return _("%(y)d 年 %(m)d 月 %(d)d 日") % {"y": day.year, "m": day.month, "d": day.day}


@register.filter
def cn_time(value: datetime | None) -> str:
    """11 月 20 日 14:32."""
    return "—" if value is None else f"{cn_date(value)} {timezone.localtime(value):%H:%M}"


@register.filter
def when(value: datetime | None) -> str:
    """How far a deadline is: 逾期 2 天, 今天, 明天, 还有 5 天."""
    if value is None:
        return _("不限时")
    days = (timezone.localtime(value).date() - timezone.localdate()).days
    if value < timezone.now():
        return ngettext("逾期 %(n)d 天", "逾期 %(n)d 天", max(1, -days)) % {"n": max(1, -days)}
    return {0: _("今天"), 1: _("明天")}.get(days) or ngettext("还有 %(n)d 天", "还有 %(n)d 天", days) % {"n": days}


@register.filter
def is_late(value: datetime | None) -> bool:
    """Whether a deadline has passed."""
    return value is not None and value < timezone.now()


@register.filter
def is_soon(value: datetime | date | None, days: int = 3) -> bool:
    """Whether a moment lies within so many days."""
    if value is None:
        return False
    day = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return day <= timezone.localdate() + timedelta(days=days)


@register.filter
def cite(reference: str) -> str:
    """安全生产法:28 → 《安全生产法》第二十八条."""
    return article(reference)


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown without raw HTML."""
    boxes = (text or "").replace("- [ ] ", "- ☐ ").replace("- [x] ", "- ☑ ")  # lists to tick on paper
    return SafeString(_markdown.render(boxes))  # the renderer escapes all HTML


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The present query string with changes; None drops a key. Keeps filters in links."""
    params = context["request"].GET.copy()
    for key, value in changes.items():
        params.pop(key, None)
        if value not in (None, ""):
            params[key] = str(value)
    return f"?{params.urlencode()}"
