"""`anlan keys new|rotate`: the keys of encrypted fields."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from anlan.accounts.actions import rotate_keys
from anlan.lib.crypto import new_key


class Command(BaseCommand):
    """Make a new key, or write old values again under the current one."""

    help = "new：生成一把新密钥，写进 ANLAN_KEYS 的最前面；rotate：把旧密钥加密的内容换成新密钥，可以中断后再执行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb and the size of a batch."""
        parser.add_argument("verb", choices=["new", "rotate"])
        parser.add_argument("--batch", type=int, default=500)

    def handle(self, *args: Any, verb: str, batch: int, **options: Any) -> None:
        """Run the verb."""
        if verb == "new":
            self.stdout.write(new_key())
            return
        total = rotate_keys(batch=batch, tell=lambda place, n: self.stdout.write(f"{place}：{n}"))
        self.stdout.write(f"换了 {total} 个值。确认无误后，旧密钥可以从 ANLAN_KEYS 里去掉。")
