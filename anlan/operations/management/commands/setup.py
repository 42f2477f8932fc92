"""`anlan setup`: everything that `anlan up --prepare` prepares, and the first administrator of a real installation."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from anlan.lib.codes import Malformed, phone
from anlan.lib.errors import Refused
from anlan.operations.actions import open_house
from anlan.operations.preparation import prepare


class Command(BaseCommand):
    """Prepare the house; with a name and a phone number, let its first person in."""

    help = "准备数据库和文件；带 --name 和 --phone 时建立第一位省级管理员（密码从终端或标准输入读取）。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the first administrator."""
        parser.add_argument("--name", help="第一位管理员的姓名")
        parser.add_argument("--phone", help="第一位管理员的手机号")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        """Prepare, then create the administrator."""
        if bool(name) != bool(options["phone"]):
            raise CommandError("--name 和 --phone 要一起写。")
        prepare(self.stdout)
        if not name:
            return
        password = getpass.getpass("密码：") if sys.stdin.isatty() else sys.stdin.readline().strip()
        try:
            number = phone(options["phone"])
            validate_password(password)
            open_house(name=name, phone=number, password=password)
        except Malformed as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("".join(error.messages)) from error
        except Refused as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(f"  ✓ 第一位管理员：{name}。第一次登录时会要求设置动态口令。")
