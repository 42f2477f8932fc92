"""`anlan certificates …`: verify works without database and tells by its exit status."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from anlan.certificates import log, signing
from anlan.certificates.management.commands import certificates as command
from anlan.certificates.models import Certificate

Issue = Callable[..., Certificate]
Content = Callable[[Certificate], bytes]


def run(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("certificates", *words, stdout=out, no_color=True)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_verify_runs_offline_with_nothing_but_file_and_trust(issue: Issue, content: Content, tmp_path: Path) -> None:
    """Another machine: an empty state folder, a database that does not answer."""
    certificate = issue()
    file, trust, state = tmp_path / "a.pdf", tmp_path / "trust", tmp_path / "state"
    file.write_bytes(content(certificate))
    shutil.copytree(signing.home() / "trusted", trust)
    state.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "anlan", "certificates", "verify", str(file), "--trust", str(trust)],
        env={**os.environ, "ANLAN_VAR": str(state), "ANLAN_DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, certificate.number in done.stdout) == (command.GENUINE, True), done.stderr
    assert not list(state.glob("*.sqlite3"))
    assert not (state / "signing").exists()


def test_each_result_has_its_status(
    issue: Issue, content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = content(issue())
    file = tmp_path / "a.pdf"
    file.write_bytes(genuine)
    code, text = run("verify", str(file))
    assert (code, "真实有效" in text, "李国强" in text) == (command.GENUINE, True, True)
    file.write_bytes(genuine[:-1] + b"x")
    assert run("verify", str(file))[0] == command.ALTERED
    file.write_bytes(b"no pdf")
    assert run("verify", str(file))[0] == command.UNREADABLE
    file.write_bytes(genuine)
    (tmp_path / "nobody").mkdir()
    assert run("verify", str(file), "--trust", str(tmp_path / "nobody"))[0] == command.UNKNOWN_SIGNER
    with pytest.raises(CommandError):
        call_command("certificates", "verify", str(tmp_path / "none.pdf"))
    later = command.timezone.localdate() + timedelta(days=4000)
    monkeypatch.setattr(command.timezone, "localdate", lambda: later)
    assert run("verify", str(file))[0] == command.EXPIRED


def test_trust_lists_the_roots_and_the_log(db: None) -> None:
    code, text = run("trust")
    assert code == 0
    assert "安澜证书签发根" in text
    assert signing.this_log() in text


def test_check_log_names_the_first_bad_leaf(issue: Issue) -> None:
    issue()
    assert run("check-log")[0] == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE certificates_logentry SET body = REPLACE(body, '24.0', '99.0')")
    code, text = run("check-log")
    assert (code, "第 1 条" in text) == (1, True)
    assert log.check_log()[0] == 0
