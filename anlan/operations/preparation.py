"""What must be in place before the house can start: each step says whether it is needed, does it, and what it took."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError, OutputWrapper
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

DEMO: Final = Path(__file__).parent / "demo"


@dataclass(frozen=True)
class Step:
    """A step in words; `needed` is cheap, `work` may take long."""

    words: str
    needed: Callable[[], bool]
    work: Callable[[], object]


def prepare(out: OutputWrapper) -> None:
    """Take the steps that are needed, in order, and print each with the seconds it took. Raises `CommandError`."""
    for step in steps():
        began = time.monotonic()
        if not step.needed():
            out.write(f"  ✓ {step.words}：已就绪")
            continue
        out.write(f"  · {step.words} …", ending="\r")
        out.flush()
        try:
            step.work()
        except DatabaseError as error:
            raise CommandError(
                f"{step.words}没有完成，数据库说：{error}\n请检查 ANLAN_DATABASE_URL，数据库是否启动，磁盘是否已满。"
            ) from error
        out.write(f"  ✓ {step.words}：{time.monotonic() - began:.1f} 秒")


def steps() -> Iterator[Step]:
    """Yield the steps of this installation."""
    yield Step("前端文件", _front_end_is_old, _build_front_end)
    yield Step("数据库结构", _migrations_are_waiting, lambda: call_command("migrate", verbosity=0))
    yield Step("静态文件", _static_is_old, _collect_static)
    yield Step("行政区划", _regions_are_missing, _load_regions)
    yield Step("应急知识和问答", _content_is_old, _install_content)
    if settings.ANLAN_DEMO:
        yield Step("演示数据", _demo_is_old, _lay_demo)


def fingerprint(paths: Iterator[Path]) -> str:
    """Return a hash over names, sizes and times of files: a step is done again only when one of them changed."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and path.suffix != ".pyc":
            stat = path.stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _stamp(name: str) -> Path:
    return settings.VAR_DIR / f".{name}.stamp"


def _is_stamped(name: str, mark: str) -> bool:
    path = _stamp(name)
    return path.exists() and path.read_text() == mark


# --- front end


def _front_end_is_old() -> bool:
    from anlan.ui.management.commands.frontend import lock_is_newer

    return lock_is_newer()


def _build_front_end() -> None:
    from anlan.ui.management.commands.frontend import WEB

    fetched = WEB / "node_modules" / ".package-lock.json"  # npm writes it when it has finished
    lock = WEB / "package-lock.json"
    offline = fetched.exists() and fetched.stat().st_mtime >= lock.stat().st_mtime
    try:
        call_command("frontend", offline=offline, stdout=io.StringIO())
    except CommandError as error:
        raise CommandError(
            f"前端文件没有准备好：{error}\n请检查能否连上 npm 的软件源（或设置 npm_config_registry），然后再执行一次。"
        ) from error
    # The list of static folders was read before `web/dist` existed.
    if not settings.STATICFILES_DIRS:
        settings.STATICFILES_DIRS = [("vendor", settings.WEB_DIST / "static")]


# --- database


def _migrations_are_waiting() -> bool:
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError as error:
        raise CommandError(f"连不上数据库：{error}\n请检查 ANLAN_DATABASE_URL，以及数据库是否已经启动。") from error
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


# --- static files


def _static_sources() -> Iterator[Path]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield Path(storage.path(name))


def _static_is_old() -> bool:
    return not (settings.STATIC_ROOT / "staticfiles.json").exists() or not _is_stamped(
        "static", fingerprint(_static_sources())
    )


def _collect_static() -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    _stamp("static").write_text(fingerprint(_static_sources()))


# --- regions and demo


def _regions_are_missing() -> bool:
    from anlan.accounts.models import Region

    # The cast alone brings a handful; a province has well over a hundred counties.
    return Region.objects.filter(pk__startswith=settings.ANLAN_PROVINCE, level=3).count() < 20


def _load_regions() -> None:
    call_command("regions", "load", settings.ANLAN_PROVINCE, stdout=io.StringIO())


def _content_mark() -> str:
    # Bound to the database as well, as the demo is below.
    from anlan.content.actions.ready import DATA
    from anlan.content.models import HomeRoot

    first = HomeRoot.objects.order_by("pk").values_list("translation_key", flat=True).first()
    return f"{fingerprint(DATA.rglob('*'))} {connection.settings_dict['NAME']} {first}"


def _content_is_old() -> bool:
    return not _is_stamped("content", _content_mark())


def _install_content() -> None:
    from anlan.content.actions.ready import install_ready

    install_ready()
    _stamp("content").write_text(_content_mark())


def _demo_mark() -> str:
    # Bound to the database as well: an emptied or another one gets its demo again.
    from anlan.accounts.models import User

    first = User.objects.filter(is_demo=True).order_by("pk").values_list("uid", flat=True).first()
    return f"{fingerprint(DEMO.rglob('*'))} {connection.settings_dict['NAME']} {first}"


def _demo_is_old() -> bool:
    return not _is_stamped("demo", _demo_mark())


def _lay_demo() -> None:
    from anlan.operations.demo import lay_demo

    lay_demo()
    _stamp("demo").write_text(_demo_mark())
