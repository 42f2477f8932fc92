"""Keep files and hand them out. Who may have one is decided by the app that owns it, before `serve()`."""

import hashlib
import re
import uuid
from collections.abc import Iterator
from typing import IO, Any, Final

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.files.models import Blob
from anlan.files.sniff import media_type_of
from anlan.lib.errors import Refused

CHUNK = 1024 * 1024
PIECE: Final = 64 * 1024
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def store(
    content: IO[bytes],
    *,
    name: str,
    owner: tuple[str, str],
    by_id: int | None,
    kinds: frozenset[str] | None = None,
    max_mb: int = 50,
) -> Blob:
    """Store a file and return its row.

    The type is read from the content, never from the name; `kinds` lists the accepted media types (prefix match for
    `image/`). Raises `Refused` (422) when it is too large or of another kind: then nothing is kept.
    """
    head = content.read(4096)
    content.seek(0)
    media_type = media_type_of(head, name)
    if kinds is not None and not any(
        media_type == kind or (kind.endswith("/") and media_type.startswith(kind)) for kind in kinds
    ):
        raise Refused(
            _("“%(name)s”的内容不是可以接收的类型，没有保存。") % {"name": name}, code="file_kind", status=422
        )
    digest, size = hashlib.sha256(), 0
    for chunk in iter(lambda: content.read(CHUNK), b""):
        digest.update(chunk)
        size += len(chunk)
        if size > max_mb * 1024 * 1024:
            raise Refused(
                _("文件超过 %(mb)d MB，没有保存。请压缩或分开再传。") % {"mb": max_mb},
                code="file_too_large",
                status=422,
            )
    content.seek(0)
    uid = uuid.uuid4()
    path = default_storage.save(f"{timezone.localdate():%Y/%m}/{uid.hex}", File(content))
    return Blob.objects.create(
        uid=uid, name=name[-200:], media_type=media_type, size=size, sha256=digest.hexdigest(), path=path,
        owner_kind=owner[0], owner_id=owner[1], created_by_id=by_id,
    )  # fmt: skip


def open_blob(blob: Blob) -> File[Any]:
    """Open the stored content for reading."""
    return default_storage.open(blob.path, "rb")


def serve(request: HttpRequest, blob: Blob, *, download: bool = False) -> HttpResponseBase:
    """Answer with the file. The caller has checked `visible_to` of what the file belongs to.

    Anything a browser might run as a page is sent as a download, with a sandboxing policy.
    """
    inline = not download and (
        blob.media_type.startswith(("image/", "video/", "audio/")) or blob.media_type == "application/pdf"
    )
    part = wanted_part(request.headers.get("Range", ""), blob.size) if inline else None
    if part is not None:
        return _partial(blob, *part)
    response = FileResponse(open_blob(blob), as_attachment=not inline, filename=blob.name, content_type=blob.media_type)
    if inline:
        response["Accept-Ranges"] = "bytes"
    return _private(response)


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "private, max-age=300"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def wanted_part(asked: str, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last of a single range (RFC 9110, 14.1.2), which phones ask of every
    film; (0, 0) where nothing of it is there, None where the whole file is the answer."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]) or (found[1] and found[2] and int(found[2]) < int(found[1])):
        return None
    first = int(found[1]) if found[1] else max(0, size - int(found[2]))
    end = min(int(found[2]) + 1, size) if found[1] and found[2] else size
    return (first, end) if first < end else (0, 0)


def _partial(blob: Blob, first: int, end: int) -> HttpResponseBase:
    def read() -> Iterator[bytes]:
        left = end - first
        with open_blob(blob) as file:
            file.seek(first)
            while left > 0 and (piece := file.read(min(left, PIECE))):
                left -= len(piece)
                yield piece

    response = StreamingHttpResponse(read(), status=206 if end else 416, content_type=blob.media_type)
    response["Accept-Ranges"] = "bytes"
    response["Content-Range"] = f"bytes {first}-{end - 1}/{blob.size}" if end else f"bytes */{blob.size}"
    response["Content-Length"] = str(end - first)
    return _private(response)
