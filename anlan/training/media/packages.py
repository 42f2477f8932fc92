"""Course packages: a folder or zip with course.toml, doc-*.md and media. Reading is strict, because packages travel.

course.toml names title, summary, audience, objectives, industries, posts, tags, [[lessons]] and [[cases]]. A lesson is
a script ([[lessons.slides]]), a video (`file`), or something to read (`document`, `text`). recording.toml, where
present, is one long lecture whose [[lessons]] are its chapters. Everything else in the package is ignored.
"""

from __future__ import annotations

import json
import shutil
import stat
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final

from django.utils.translation import gettext as _

from anlan.training.media import slides

MAX_FILES: Final = 500
MAX_RATIO: Final = 200
"""Text and TOML shrink to a tenth; what shrinks two hundred times was made to fill a disk."""
SMALL: Final = 1024 * 1024


class BadPackage(ValueError):
    """A package that cannot be used; `reason` says why in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Package:
    """A checked package. `course` is course.toml as parsed; handouts are (title, Markdown)."""

    folder: Path
    course: dict[str, Any]
    handouts: list[tuple[str, str]] = field(default_factory=list)
    recording: dict[str, Any] | None = None


@contextmanager
def opened(path: Path, *, max_mb: int) -> Iterator[Package]:
    """Read a folder, or a zip unpacked into a temporary folder that vanishes afterwards."""
    if path.is_dir():
        yield read(path)
        return
    with TemporaryDirectory(prefix="anlan-package-") as name:
        folder = Path(name)
        _unpack(path, folder, max_bytes=max_mb * 1024 * 1024)
        tops = [entry for entry in folder.iterdir() if entry.name != "__MACOSX"]
        yield read(tops[0] if len(tops) == 1 and tops[0].is_dir() else folder)


def _unpack(path: Path, folder: Path, *, max_bytes: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES:
                raise BadPackage(_("压缩包里的文件超过 %(n)d 个，没有导入。") % {"n": MAX_FILES})
            left = max_bytes
            for entry in entries:
                left -= _unpack_entry(archive, entry, folder, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadPackage(_("这不是能打开的 zip 压缩包，或者设了密码。请重新打包后上传。")) from error


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, left: int) -> int:
    name = PurePosixPath(entry.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in entry.filename or stat.S_ISLNK(entry.external_attr >> 16):
        raise BadPackage(_("压缩包里有指向包外的路径（%(name)s），没有导入。") % {"name": entry.filename[:80]})
    if entry.file_size > SMALL and entry.file_size > max(1, entry.compress_size) * MAX_RATIO:
        raise BadPackage(_("压缩包里的“%(name)s”解开后大得不正常，没有导入。") % {"name": entry.filename[:80]})
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    # The sizes in the directory are what the sender says; what counts is what comes out.
    with archive.open(entry) as source, target.open("wb") as out:
        while chunk := source.read(SMALL):
            written += len(chunk)
            if written > left:
                raise BadPackage(_("压缩包解开后超过上限，没有导入。请把录像另外上传。"))
            out.write(chunk)
    return written


def read(folder: Path) -> Package:
    """Read and check a package folder. Raises `BadPackage` naming the lesson or file that is wrong."""
    course = _toml(folder / "course.toml")
    for key in ("title", "lessons"):
        if not course.get(key):
            raise BadPackage(_("course.toml 里缺少 %(key)s。") % {"key": key})
    for n, lesson in enumerate(course["lessons"], 1):
        _check_lesson(folder, n, lesson)
    for tag in course.get("tags", []):
        if len(tag) != 3:
            raise BadPackage(_("标签要写全三级：行业、岗位、风险。"))
    recording = _toml(folder / "recording.toml") if (folder / "recording.toml").exists() else None
    for chapter in recording["lessons"] if recording else []:
        if problem := slides.script_problem(chapter.get("slides", [])):
            raise BadPackage(
                _("录像“%(title)s”：%(problem)s") % {"title": chapter.get("title", ""), "problem": problem}
            )
    handouts = []
    for path in sorted(folder.glob("doc-*.md")):
        text = path.read_text(encoding="utf-8")
        first, _newline, _rest = text.partition("\n")
        handouts.append((first.removeprefix("#").strip()[:120] or path.stem, text))
    return Package(folder, course, handouts, recording)


def _check_lesson(folder: Path, n: int, lesson: dict[str, Any]) -> None:
    where = _("第 %(n)d 课") % {"n": n}
    if not str(lesson.get("title", "")).strip():
        raise BadPackage(_("%(where)s没有标题。") % {"where": where})
    if lesson.get("slides"):
        if problem := slides.script_problem(lesson["slides"]):
            raise BadPackage(f"{where}：{problem}")
    elif not (lesson.get("file") or lesson.get("document") or lesson.get("text")):
        raise BadPackage(_("%(where)s既没有幻灯片，也没有录像、文件或正文。") % {"where": where})
    for key in ("file", "document"):
        if lesson.get(key) and not _inside(folder, lesson[key]).is_file():
            raise BadPackage(_("%(where)s的文件“%(name)s”不在包里。") % {"where": where, "name": lesson[key]})
    for prompt in lesson.get("prompts", []):
        if not 0 <= prompt.get("answer", -1) < len(prompt.get("options", [])):
            raise BadPackage(
                _("%(where)s的提问“%(stem)s”没有正确选项。") % {"where": where, "stem": prompt.get("stem", "")}
            )


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BadPackage(_("包里的路径“%(name)s”指向包外，没有导入。") % {"name": name})
    return path


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadPackage(_("包里没有 %(name)s。") % {"name": path.name}) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPackage(_("%(name)s 读不懂：%(why)s") % {"name": path.name, "why": error}) from error


def to_toml(value: dict[str, Any], prefix: str = "") -> str:
    """Write what `tomllib` reads, for dicts of strings, numbers, lists and lists of dicts (https://toml.io/en/v1.0.0)."""
    lines = [f"{key} = {_inline(item)}" for key, item in value.items() if not _is_tables(item)]
    for key, item in value.items():
        if _is_tables(item):
            lines += [f"\n[[{prefix}{key}]]\n{to_toml(row, f'{prefix}{key}.')}" for row in item]
    return "\n".join(lines)


def _is_tables(item: object) -> bool:
    return isinstance(item, list) and bool(item) and all(isinstance(row, dict) for row in item)


def _inline(item: object) -> str:
    if isinstance(item, list):
        return f"[{', '.join(map(_inline, item))}]"
    # A JSON string is a TOML basic string, but for DEL.
    return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")


def pack(folder: Path, target: Path) -> None:
    """Zip a folder."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())


def copy_out(source: Any, target: Path) -> None:
    """Copy an open file into a package folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        shutil.copyfileobj(source, out)
