"""What the frame of a page shows around it: navigation of the present post, unread messages, large type."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject, cached_property
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.notifications.models import Notice

Words = str | Promise


@dataclass(slots=True)
class Item:
    """A link of the navigation."""

    label: Words
    icon: str
    url: str
    current: bool = False
    count: int = 0


@dataclass(slots=True)
class Group:
    """A titled group of links."""

    title: Words
    items: list[Item]


NAV: tuple[tuple[Words, tuple[tuple[Words, str, str, frozenset[str]], ...]], ...] = (
    ("", ((_("今日"), "home", "portal:home", frozenset()),)),
    (
        _("监管"),
        (
            (_("区域总览"), "map-2", "supervision:overview", frozenset({powers.SUPERVISE})),
            (_("企业"), "building-factory-2", "enterprises:list", frozenset({powers.SUPERVISE})),
        ),
    ),
    (
        _("企业"),
        (
            (_("一企一档"), "building-factory-2", "enterprises:mine", frozenset({powers.MANAGE_ENTERPRISE})),
            (_("员工与学时"), "users", "enterprises:workers", frozenset({powers.MANAGE_ENTERPRISE})),
            (_("导入花名册"), "table-import", "enterprises:rosters", frozenset({powers.MANAGE_ENTERPRISE})),
        ),
    ),
    (
        _("培训"),
        (
            (_("培训班"), "school", "training:classes", frozenset({powers.ASSIGN_TRAINING, powers.SUPERVISE})),
            (_("全年计划"), "calendar-due", "training:plan", frozenset({powers.MANAGE_ENTERPRISE})),
            (
                _("考试"),
                "pencil-check",
                "exams:list",
                frozenset({powers.ASSIGN_TRAINING, powers.SUPERVISE, powers.TEACH}),
            ),
            (_("证书"), "certificate", "certificates:list", frozenset({powers.MANAGE_ENTERPRISE, powers.SUPERVISE})),
        ),
    ),
    (
        _("学习"),
        (
            (_("我的学习"), "book-2", "training:mine", frozenset({powers.LEARN})),
            (_("我的考试"), "pencil-check", "exams:mine", frozenset({powers.LEARN})),
            (_("我的证书"), "certificate", "certificates:mine", frozenset({powers.LEARN})),
            (_("我的学时"), "clock-check", "training:hours", frozenset({powers.LEARN})),
        ),
    ),
    (
        _("教学"),
        (
            (_("我的课程"), "chalkboard", "training:desk", frozenset({powers.TEACH})),
            (_("题库"), "list-check", "exams:bank", frozenset({powers.TEACH})),
            (_("组卷规则"), "template", "exams:blueprints", frozenset({powers.TEACH})),
            (_("学员提问"), "message-circle", "training:questions", frozenset({powers.TEACH})),
        ),
    ),
    (
        _("管理"),
        (
            (_("人员与身份"), "user-shield", "accounts:people", frozenset({powers.MANAGE_POSTS})),
            (_("操作记录"), "history", "audit:list", frozenset({powers.READ_AUDIT})),
            (_("平台运行"), "activity", "operations:status", frozenset({powers.OPERATE})),
            (_("媒体队列"), "video", "training:media-queue", frozenset({powers.OPERATE})),
        ),
    ),
    (_("公共"), ((_("课程目录"), "books", "training:catalogue", frozenset()),)),
)

LEARNER_TABS = ("portal:home", "training:mine", "exams:mine", "certificates:mine", "accounts:me")
TAB_LABELS: dict[str, tuple[Words, str]] = {
    "portal:home": (_("首页"), "home"),
    "training:mine": (_("学习"), "school"),
    "exams:mine": (_("考试"), "pencil-check"),
    "certificates:mine": (_("证书"), "certificate"),
    "accounts:me": (_("我的"), "user"),
}
PUBLIC_NAV: tuple[tuple[Words, str], ...] = (
    (_("首页"), "portal:index"),
    (_("学习培训"), "training:catalogue"),
    (_("模拟考试"), "exams:mocks"),
    (_("验证书"), "certificates:verify"),
    (_("公开日志"), "certificates:log"),
)


def _reverse(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


class Frame:
    """Lazily computed, so that pages without a frame cost nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = getattr(request, "user", None)

    @property
    def signed_in(self) -> bool:
        """Whether anyone is signed in."""
        return self.user is not None and self.user.is_authenticated

    @property
    def elder(self) -> bool:
        """Whether large type is on."""
        return self.request.COOKIES.get("elder") == "on"

    @property
    def post_line(self) -> str:
        """Role · scope of the present post."""
        return str(self.user.post) if self.signed_in and self.user.post else str(_("还没有身份"))

    @cached_property
    def unread(self) -> int:
        """Unread messages."""
        return Notice.objects.visible_to(self.user).unread().count() if self.signed_in else 0

    def _item(self, label: Words, icon: str, name: str) -> Item | None:
        url = _reverse(name)
        if not url:
            return None
        path = self.request.path
        return Item(
            label, icon, url, current=path == url or (len(url) > 1 and path.startswith(url) and name != "portal:home")
        )

    @cached_property
    def nav(self) -> list[Group]:
        """The side bar: what the powers of the present post open."""
        held = set(self.user.post.role.powers) if self.signed_in and self.user.post else set()
        return [group for group in self._groups(held) if group.items]

    def _groups(self, held: set[str]) -> Iterator[Group]:
        for title, rows in NAV:
            items = [self._item(label, icon, name) for label, icon, name, needs in rows if not needs or needs & held]
            yield Group(title, [item for item in items if item is not None])

    @cached_property
    def tabs(self) -> list[Item]:
        """The bottom bar of a phone: five for a learner, else the first four of the side bar and oneself."""
        held = set(self.user.post.role.powers) if self.signed_in and self.user.post else set()
        if powers.LEARN in held:
            items = [self._item(*TAB_LABELS[name], name) for name in LEARNER_TABS]
            return [item for item in items if item is not None]
        first = [item for group in self.nav for item in group.items][:4]
        me = self._item(*TAB_LABELS["accounts:me"], "accounts:me")
        return [*first, *([me] if me else [])]

    @property
    def public_nav(self) -> list[Item]:
        """Links of the public portal."""
        items = [self._item(label, "", name) for label, name in PUBLIC_NAV]
        return [item for item in items if item is not None]


def frame(request: HttpRequest) -> dict[str, object]:
    """Context processor: `frame` for the base templates."""
    return {"frame": SimpleLazyObject(lambda: Frame(request))}
