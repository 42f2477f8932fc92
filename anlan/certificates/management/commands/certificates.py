"""`anlan certificates verify|trust|check-log`."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from anlan.certificates import log, signing
from anlan.certificates.checking import Finding, check
from anlan.lib.dates import SHANGHAI

GENUINE, ALTERED, UNKNOWN_SIGNER, UNREADABLE, EXPIRED = range(5)
WHY = {
    "coverage": "签名没有覆盖整个文件，文件后面被追加了内容",
    "hole": "签名区域被改动",
    "padding": "签名区域被改动",
    "shape": "签名区域被改动",
    "signature": "内容和签名对不上",
    "record": "里面没有证书记录",
    "number": "编号和日志记录对不上",
    "holder": "持证人和日志记录对不上",
    "inclusion": "日志证明不成立",
    "head": "日志树头的签名不成立，或日志不在信任名单里",
    "time": "签名时间早于日志记录，是倒填的",
}


class Command(BaseCommand):
    """Verify a certificate offline, print whom this house trusts, or check the whole log."""

    help = "verify FILE.pdf [--trust DIR]（离线查验）· trust（信任名单）· check-log（核对整个公开日志）"
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser(
            "verify",
            help="离线查验一个 PDF：0 真实且在有效期，1 被改动，2 签名人不在信任名单，3 不是证书文件，4 真实但已过期",
        )
        verify.add_argument("file", type=Path)
        verify.add_argument("--trust", type=Path, help="信任名单的文件夹（*.pem）；不给就用本机的")
        verbs.add_parser("trust", help="列出信任的根证书、签名证书和日志公钥")
        verbs.add_parser("check-log", help="从第一条到最后一条核对公开日志")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb; verify and check-log end with their result as exit status."""
        if options["verb"] == "verify":
            sys.exit(self.verify(options["file"], options["trust"]))
        elif options["verb"] == "trust":
            self.trust()
        else:
            sys.exit(self.check_log())

    def verify(self, file: Path, trust: Path | None) -> int:
        """Say what the file is; touches neither database nor network."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"读不到 {file}：{error.strerror}", returncode=UNREADABLE) from error
        try:
            trusted = signing.load_trust(trust)
        except (OSError, ValueError) as error:
            raise CommandError(f"信任名单 {trust} 读不了：{error}", returncode=UNREADABLE) from error
        finding = check(content, trusted)
        if finding.verdict == "genuine":
            return self._genuine(finding)
        if finding.verdict == "altered":
            why = WHY.get(finding.why.split(":", 1)[0], "内容和签名对不上")
            self.stdout.write(self.style.ERROR(f"被改动过：{why}。"))
            return ALTERED
        if finding.verdict == "unknown_signer":
            self.stdout.write(self.style.ERROR(f"签名人不在信任名单里：{finding.signer}。不能证明它是平台签发的。"))
            return UNKNOWN_SIGNER
        self.stdout.write(self.style.ERROR("不是平台签发的证书文件：没有可以查验的签名。"))
        return UNREADABLE

    def _genuine(self, finding: Finding) -> int:
        record, body, head = finding.record, finding.record["body"], finding.record["head"]
        assert finding.signed_at is not None  # noqa: S101  # genuine ones have it
        expired = finding.is_expired(timezone.localdate())
        word = "真实，但已过期" if expired else "真实有效"
        self.stdout.write(self.style.SUCCESS(f"{word}：签名完好，已载入公开日志。"))
        for name, value in (
            ("编号", record["number"]),
            ("持证人", f"{record['holder']} {record['holder_id']}"),
            ("培训", f"{body['title']}，{body['hours']} 学时"),
            ("培训单位", body["organisation"]),
            ("签发", f"{datetime.fromisoformat(body['at']).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"),
            ("有效期至", body["valid_until"]),
            ("签名", f"{finding.signer}，{finding.signed_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"),
            ("日志", f"第 {record['leaf']['index'] + 1} 条，树头共 {head['size']} 条，根 {head['root'][:16]}…"),
        ):
            self.stdout.write(f"  {name}  {value}")
        self.stdout.write(f"离线查验看不到签发后的注销，是否已注销请查：{record['verify']}")
        return EXPIRED if expired else GENUINE

    def trust(self) -> None:
        """Print what is trusted: kind, name, SHA-256, validity, file."""
        trust = signing.load_trust()
        self.stdout.write(f"信任名单在 {signing.home() / 'trusted'}，离线查验时把整个文件夹一起带走。")
        for certificate in trust.certificates:
            until = certificate["tbs_certificate"]["validity"]["not_after"].native
            name = certificate.subject.native.get("common_name", "")
            self.stdout.write(f"  证书    {certificate.sha256.hex()}  {name}，至 {until:%Y-%m-%d}")
        for name in trust.logs:
            self.stdout.write(f"  日志公钥  {name}")

    def check_log(self) -> int:
        """Walk the log; name the first bad leaf."""
        good, fault = log.check_log()
        if fault is None:
            self.stdout.write(self.style.SUCCESS(f"公开日志完好：{good} 条逐条核对无误。"))
            return 0
        where = f"第 {fault.position + 1} 条：" if fault.position is not None else ""
        self.stdout.write(self.style.ERROR(f"公开日志有问题。{where}{fault.words}"))
        return 1
