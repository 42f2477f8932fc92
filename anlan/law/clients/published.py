"""A published collection in a Git host: one listing with the hash of every file, and the raw files.

The listing is asked for conditionally; a file whose hash is the one we have is not fetched again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from anlan.law.clients.polite import Guest, Missed

STATE: Final = ".collected.json"
MAX_FILES: Final = 20_000


def fetch(guest: Guest, listing: str, raw: str, folder: Path, *, limit: int = MAX_FILES) -> tuple[int, list[str]]:
    """Bring a folder up to date; return how many files are new or changed, and what was missed, in words.

    `listing` answers `{"tree": [{"path", "type": "blob", "sha"}, …]}`; `raw` + path is the file. What is missed is asked for
    again by the next run. Raises `Stopped`, and `Missed` for a listing that is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = _state(folder)
    answer = guest.get(listing, etag=state.get("etag", ""), modified=state.get("modified", ""))
    if not answer.fresh:
        return 0, []
    wanted = {row["path"]: row["sha"] for row in _tree(answer.body) if _is_text(row)}
    changed = 0
    missed: list[str] = []
    for path, sha in sorted(wanted.items()):
        if state["files"].get(path) == sha and (folder / path).exists():
            continue
        if changed + len(missed) >= limit:
            missed.append(f"本次只取 {limit} 个文件，其余下次再取。")
            break
        try:
            body = guest.get(raw + quote(path)).body
            # The hash of Git: of the kind and length, then the bytes.
            if (
                len(sha) == 40
                and hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest() != sha
            ):
                raise Missed(f"{path} 下载不完整。")
        except Missed as error:
            missed.append(str(error))
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        state["files"][path] = sha
        changed += 1
        if changed % 50 == 0:
            _keep(folder, state)
    # Only a complete run may say "nothing new" the next time.
    state |= {"etag": "", "modified": ""} if missed else {"etag": answer.etag, "modified": answer.modified}
    _keep(folder, state)
    return changed, missed


def _state(folder: Path) -> dict[str, Any]:
    try:
        state = json.loads((folder / STATE).read_text("utf-8"))
        return state if isinstance(state, dict) and isinstance(state.get("files"), dict) else {"files": {}}
    except (OSError, ValueError):
        return {"files": {}}


def _keep(folder: Path, state: dict[str, Any]) -> None:
    part = folder / (STATE + ".part")
    part.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
    part.replace(folder / STATE)


def _tree(body: bytes) -> list[dict[str, Any]]:
    try:
        rows = json.loads(body)["tree"]
    except (ValueError, KeyError, TypeError) as error:
        raise Missed("文本库的目录不是预期的样子，没有收取。") from error
    if not isinstance(rows, list) or len(rows) > MAX_FILES * 5:
        raise Missed("文本库的目录不是预期的样子，没有收取。")
    return [row for row in rows if isinstance(row, dict)]


def _is_text(row: dict[str, Any]) -> bool:
    """A Markdown file at a path that stays inside the folder."""
    path = row.get("path")
    if row.get("type") != "blob" or not isinstance(path, str) or not isinstance(row.get("sha"), str):
        return False
    pure = PurePosixPath(path)
    return pure.suffix == ".md" and not pure.is_absolute() and ".." not in pure.parts and "\\" not in path
