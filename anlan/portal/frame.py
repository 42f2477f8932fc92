"""What the frame of a page shows around it: navigation of the present post, unread messages, large type."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.notifications.models import unread_of

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
            (_("企业地图"), "map-pin", "enterprises:map", frozenset({powers.SUPERVISE})),
            (_("导入企业名录"), "table-import", "enterprises:extracts", frozenset({powers.MANAGE_GRIDS})),
            (_("网格"), "layout-grid", "accounts:grids", frozenset({powers.MANAGE_GRIDS})),
            (_("工作考评"), "chart-bar", "supervision:performance", frozenset({powers.SUPERVISE, powers.SERVE})),
            (_("审批"), "checks", "accounts:approvals", frozenset({powers.APPROVE})),
        ),
    ),
    (
        _("隐患"),
        (
            (_("现场巡查"), "route", "hazards:patrol", frozenset({powers.INSPECT})),
            (_("检查任务"), "clipboard-check", "hazards:inspections", frozenset({powers.INSPECT, powers.SUPERVISE})),
            (
                _("隐患"),
                "alert-triangle",
                "hazards:list",
                frozenset({powers.SUPERVISE, powers.MANAGE_ENTERPRISE, powers.INSPECT}),
            ),
            (_("逾期看板"), "clock-exclamation", "hazards:board", frozenset({powers.SUPERVISE})),
            (_("安全报审"), "report", "hazards:reports", frozenset({powers.SUPERVISE, powers.MANAGE_ENTERPRISE})),
        ),
    ),
    (
        _("企业"),
        (
            (_("一企一档"), "building-factory-2", "enterprises:mine", frozenset({powers.MANAGE_ENTERPRISE})),
            (_("一企一策"), "shield-half", "enterprises:policy", frozenset({powers.MANAGE_ENTERPRISE})),
            (_("电子台账"), "notebook", "ledgers:list", frozenset({powers.MANAGE_ENTERPRISE, powers.LEARN})),
            (_("员工与学时"), "users", "enterprises:workers", frozenset({powers.MANAGE_ENTERPRISE})),
            (_("导入花名册"), "table-import", "enterprises:rosters", frozenset({powers.MANAGE_ENTERPRISE})),
            (_("安全投入"), "coin", "enterprises:spending", frozenset({powers.MANAGE_ENTERPRISE})),
        ),
    ),
    (
        _("社会化服务"),
        (
            (_("找服务机构"), "map-search", "agencies:map", frozenset({powers.MANAGE_ENTERPRISE, powers.SUPERVISE})),
            (
                _("服务合同"),
                "file-certificate",
                "agencies:contracts",
                frozenset({powers.MANAGE_ENTERPRISE, powers.SERVE}),
            ),
            (_("服务任务"), "tool", "agencies:services", frozenset({powers.SERVE})),
            (_("申请培训"), "school", "agencies:trainings", frozenset({powers.MANAGE_ENTERPRISE})),
            (_("机构资料"), "briefcase", "agencies:mine", frozenset({powers.MANAGE_AGENCY})),
            (_("机构账户"), "user-check", "agencies:accounts", frozenset({powers.MANAGE_AGENCIES})),
            (_("协会"), "users-group", "agencies:association", frozenset({powers.MANAGE_ASSOCIATION})),
            (_("协会服务"), "users-group", "agencies:joined", frozenset({powers.MANAGE_ENTERPRISE})),
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
            (_("培训申请"), "clipboard-list", "agencies:training-desk", frozenset({powers.TEACH})),
        ),
    ),
    (
        _("内容"),
        (
            (_("我的稿件"), "edit", "content:desk", frozenset({powers.EDIT_CONTENT})),
            (
                _("审校"),
                "checks",
                "content:reviews",
                frozenset({powers.REVIEW_FIRST, powers.REVIEW_SECOND, powers.REVIEW_FINAL}),
            ),
            (_("采集"), "download", "content:collected", frozenset({powers.EDIT_CONTENT})),
            (_("读者来信"), "message-circle", "content:letters", frozenset({powers.EDIT_CONTENT})),
            (_("法规库"), "scale", "law:desk", frozenset({powers.EDIT_CONTENT})),
            (
                _("待复核引用"),
                "alert-triangle",
                "law:stale",
                frozenset({powers.EDIT_CONTENT, powers.TEACH, powers.SET_RULES}),
            ),
            (_("词库"), "vocabulary", "search:terms", frozenset({powers.EDIT_CONTENT})),
            (_("搜索质量"), "chart-bar", "search:quality", frozenset({powers.EDIT_CONTENT})),
            (_("外部链接"), "link", "content:links", frozenset({powers.EDIT_CONTENT})),
        ),
    ),
    (
        _("管理"),
        (
            (_("风险规则"), "adjustments", "enterprises:policies", frozenset({powers.SET_RULES})),
            (_("检查表"), "list-check", "hazards:checklists", frozenset({powers.SET_RULES, powers.INSPECT})),
            (_("台账模板"), "template", "ledgers:templates", frozenset({powers.SET_RULES})),
            (_("档案字段"), "forms", "enterprises:fields", frozenset({powers.SET_RULES})),
            (_("人员与身份"), "user-shield", "accounts:people", frozenset({powers.MANAGE_POSTS})),
            (_("操作记录"), "history", "audit:list", frozenset({powers.READ_AUDIT})),
            (_("平台运行"), "activity", "operations:status", frozenset({powers.OPERATE})),
            (_("短信和邮件"), "mail", "notifications:deliveries", frozenset({powers.OPERATE})),
            (_("媒体队列"), "video", "training:media-queue", frozenset({powers.OPERATE})),
        ),
    ),
    (
        _("公共"),
        (
            (_("课程目录"), "books", "training:catalogue", frozenset()),
            (_("法律法规"), "scale", "law:statutes", frozenset()),
            (_("应急知识"), "first-aid-kit", "content:knowledge", frozenset()),
            (_("合规自查"), "list-check", "supervision:selfchecks", frozenset()),
            (_("我的订阅"), "bell", "content:subscriptions", frozenset()),
        ),
    ),
)

TABS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # The first power held decides: what that person reaches for with one thumb. Everything else is behind 全部.
    (powers.MANAGE_ENTERPRISE, ("hazards:list", "training:classes", "portal:menu")),
    (powers.SERVE, ("agencies:services", "hazards:list", "portal:menu")),
    (powers.MANAGE_ASSOCIATION, ("agencies:association", "hazards:inspections", "portal:menu")),
    (powers.COORDINATE, ("supervision:overview", "hazards:list", "portal:menu")),
    (powers.INSPECT, ("hazards:patrol", "hazards:list", "portal:menu")),
    (powers.SUPERVISE, ("supervision:overview", "enterprises:list", "portal:menu")),
    (powers.TEACH, ("training:desk", "training:questions", "portal:menu")),
    (powers.EDIT_CONTENT, ("content:desk", "content:reviews", "portal:menu")),
    (powers.READ_AUDIT, ("audit:list", "portal:menu")),
    (powers.OPERATE, ("operations:status", "training:media-queue", "portal:menu")),
    (powers.LEARN, ("training:mine", "exams:mine", "certificates:mine")),
)
TAB_LABELS: dict[str, tuple[Words, str]] = {
    "portal:home": (_("首页"), "home"),
    "training:mine": (_("学习"), "school"),
    "exams:mine": (_("考试"), "pencil-check"),
    "certificates:mine": (_("证书"), "certificate"),
    "enterprises:workers": (_("员工"), "users"),
    "training:classes": (_("培训班"), "school"),
    "supervision:overview": (_("总览"), "map-2"),
    "hazards:list": (_("隐患"), "alert-triangle"),
    "hazards:patrol": (_("巡查"), "route"),
    "hazards:inspections": (_("检查"), "clipboard-check"),
    "agencies:services": (_("任务"), "tool"),
    "agencies:association": (_("协会"), "users-group"),
    "enterprises:list": (_("企业"), "building-factory-2"),
    "training:desk": (_("课程"), "chalkboard"),
    "training:questions": (_("提问"), "message-circle"),
    "content:desk": (_("稿件"), "edit"),
    "content:reviews": (_("审校"), "checks"),
    "audit:list": (_("记录"), "history"),
    "operations:status": (_("运行"), "activity"),
    "training:media-queue": (_("媒体"), "video"),
    "portal:menu": (_("全部"), "menu-2"),
    "accounts:me": (_("我的"), "user"),
}
PUBLIC_NAV: tuple[tuple[Words, str], ...] = (
    (_("法律法规"), "law:statutes"),
    (_("资讯"), "content:news"),
    (_("事故案例"), "content:cases"),
    (_("应急知识"), "content:knowledge"),
    (_("合规自查"), "supervision:selfchecks"),
    (_("学习培训"), "training:catalogue"),
    (_("模拟考试"), "exams:mocks"),
    (_("验证书"), "certificates:verify"),
)


@cache
def _reverse(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@cache
def _addresses() -> tuple[tuple[str, str], ...]:
    """Every page that a bar may link to: name and address."""
    names = [name for _title, rows in NAV for _label, _icon, name, _needs in rows]
    names += [*TAB_LABELS, *(name for _label, name in PUBLIC_NAV)]
    return tuple((name, _reverse(name)) for name in dict.fromkeys(names) if _reverse(name))


def _current(path: str) -> frozenset[str]:
    """The address that the page at this path lies under: of two, the longer (the map of firms, not their list)."""
    found = [
        url
        for name, url in _addresses()
        if path == url or (len(url) > 1 and path.startswith(url) and name != "portal:home")
    ]
    return frozenset(url for url in found if not any(other != url and other.startswith(url) for other in found))


def _item(label: Words, icon: str, name: str, current: frozenset[str]) -> Item | None:
    url = _reverse(name)
    return Item(label, icon, url, current=url in current) if url else None


def _groups(held: frozenset[str], current: frozenset[str]) -> Iterator[Group]:
    """The groups of the side bar that these powers open."""
    for title, rows in NAV:
        items = [_item(label, icon, name, current) for label, icon, name, needs in rows if not needs or needs & held]
        if any(items):
            yield Group(title, [item for item in items if item is not None])


def _tabs(held: frozenset[str], current: frozenset[str]) -> list[Item]:
    """The bottom bar of a phone: home, what the power held first reaches for, and oneself."""
    own = next((names for power, names in TABS if power in held), ())
    items = [_item(*TAB_LABELS[name], name, current) for name in ("portal:home", *own, "accounts:me")]
    return [item for item in items if item is not None]


@lru_cache(maxsize=512)
def _drawn(bar: str, held: frozenset[str], current: frozenset[str], language: str | None) -> SafeString:
    """A bar as HTML. All that it shows is in the arguments: one copy serves everyone who holds the same powers."""
    shown = list(_groups(held, current)) if bar == "side" else _tabs(held, current)
    return render_to_string(f"ui/{bar}.html", {"shown": shown})


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

    @cached_property
    def post_line(self) -> str:
        """Role · scope of the present post."""
        return str(self.user.post) if self.signed_in and self.user.post else str(_("还没有身份"))

    @cached_property
    def unread(self) -> int:
        """Unread messages."""
        return unread_of(self.user) if self.signed_in else 0

    @cached_property
    def held(self) -> frozenset[str]:
        """The powers of the present post, as they are now."""
        return frozenset(self.user.post.role.powers) if self.signed_in and self.user.post else frozenset()

    @property
    def nav(self) -> list[Group]:
        """The groups of the side bar: what the powers of the present post open."""
        return list(_groups(self.held, _current(self.request.path)))

    @property
    def side(self) -> SafeString:
        """The side bar."""
        return _drawn("side", self.held, _current(self.request.path), get_language())

    @property
    def tabbar(self) -> SafeString:
        """The bottom bar of a phone."""
        return _drawn("tabbar", self.held, _current(self.request.path), get_language())

    @property
    def languages(self) -> list[tuple[str, str]]:
        """The other languages one may read in: code, and its name as its speakers write it."""
        return [(code, name) for code, name in settings.LANGUAGES if code != get_language()]

    @property
    def language(self) -> str:
        """The name of the language of this page."""
        return str(dict(settings.LANGUAGES).get(get_language() or "", ""))

    @property
    def public_nav(self) -> list[Item]:
        """Links of the public portal."""
        current = _current(self.request.path)
        items = [_item(label, "", name, current) for label, name in PUBLIC_NAV]
        return [item for item in items if item is not None]


def frame(request: HttpRequest) -> dict[str, object]:
    """Context processor: `frame` for the base templates."""
    return {"frame": Frame(request)}
