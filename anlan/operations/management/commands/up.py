"""`anlan up`: the whole house on one machine, behind one port."""

import errno
import importlib.util
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.checks import run_checks
from django.core.management.base import BaseCommand, CommandError

from anlan.operations.checks import TAG
from anlan.operations.preparation import prepare
from anlan.operations.supervisor import Child, Supervisor, end_orphans, web_command, worker_commands

PATIENCE = 60.0


class Command(BaseCommand):
    """Prepare what is missing, start pages, receivers and background work, watch them, stop them together."""

    help = "启动安澜：网页、接收和后台任务都在一个端口后面。--prepare 先补齐缺少的东西。"
    requires_system_checks: list[str] = []  # ours are run below, after the preparation

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--prepare` brings everything up to date first."""
        parser.add_argument("--prepare", action="store_true", help="先更新前端文件、数据库、静态文件、区划和演示数据")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until interrupted."""
        began = time.monotonic()
        note = settings.VAR_DIR / "up.json"
        if end_orphans(note):
            raise CommandError(f"安澜已经在运行（数据目录 {settings.VAR_DIR}）。先停止它，或用 ANLAN_VAR 换一个目录。")
        self.stdout.write("安澜 · 启动")
        look_at_machine()
        look_at_port(settings.ANLAN_HOST, settings.ANLAN_PORT)
        if options["prepare"]:
            prepare(self.stdout)
        self.look_at_house()
        house = Supervisor([Child("web", web_command())], note=note)
        house.start()
        house.children += [Child(name, command) for name, command in worker_commands().items()]
        if self.wait_for_first_page(house):
            self.greet(time.monotonic() - began)
        house.watch()
        self.stdout.write("安澜 · 已停止")

    def look_at_house(self) -> None:
        """Refuse to open the doors when the checks of this house find an error; print warnings."""
        found = run_checks(tags=[TAG], include_deployment_checks=True)
        for message in found:
            self.stderr.write(f"  ! {message.msg}\n    {message.hint}")
        if any(message.is_serious() for message in found):
            raise CommandError("没有启动：请先处理上面的问题。")

    def wait_for_first_page(self, house: Supervisor) -> bool:
        """Wait until the web processes answer; whether they did before someone stopped the house."""
        host = "127.0.0.1" if settings.ANLAN_HOST in ("0.0.0.0", "::") else settings.ANLAN_HOST  # noqa: S104
        began = time.monotonic()
        while not house.stopping:
            web = house.children[0]
            if web.process is not None and web.process.poll() is None and answers(host, settings.ANLAN_PORT):
                self.stdout.write(f"  ✓ 网页：{time.monotonic() - began:.1f} 秒")
                return True
            if time.monotonic() - began > PATIENCE:
                house.stop()
                raise CommandError(f"{PATIENCE:.0f} 秒内没有打开第一页，已停止。原因在上面的记录里。")
            if web.process is None or web.process.poll() is not None:
                house.look()
            time.sleep(0.05)
        return False

    def greet(self, seconds: float) -> None:
        """Print the address, and for the demo how to come in."""
        self.stdout.write(f"\n安澜已启动（{seconds:.1f} 秒）：{settings.ANLAN_PUBLIC_URL}/")
        if settings.ANLAN_DEMO:
            self.stdout.write(f"演示账号一键登录：{settings.ANLAN_PUBLIC_URL}/accounts/login/（人物和企业都是虚构的）")
        self.stdout.write("按 Ctrl+C 停止。\n")
        self.stdout.flush()


def answers(host: str, port: int) -> bool:
    """Whether a page comes back, whatever it says short of a fault of ours."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health/", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def look_at_machine() -> None:
    """Name what is missing on this machine, with its remedy. Raises `CommandError`."""
    if sys.version_info < (3, 11):  # noqa: UP036  # run from a source tree, nothing has checked it
        raise CommandError(f"需要 Python 3.11 以上，现在是 {sys.version.split()[0]}。请安装新版后删除 .venv 再执行。")
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql") and not importlib.util.find_spec("psycopg"):
        raise CommandError("没有 PostgreSQL 驱动，请执行：pip install 'anlan[postgres]'")
    if not os.access(settings.VAR_DIR, os.W_OK):
        raise CommandError(f"数据目录 {settings.VAR_DIR} 不能写入。请改权限，或用 ANLAN_VAR 换一个目录。")


def look_at_port(host: str, port: int) -> None:
    """Raise `CommandError` when the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    f"端口 {port} 已被别的程序占用。换一个端口：ANLAN_PORT={port + 1} make run"
                ) from error
            raise CommandError(f"不能在 {host}:{port} 上监听：{error.strerror}。换一个：ANLAN_PORT=8000") from error
