"""Media by short-lived address: the token names the folder, so that no database is asked for a segment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from anlan.lib.crypto import BadToken, read

TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "ts": "video/mp2t",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
    "m4a": "audio/mp4",
    "vtt": "text/vtt; charset=utf-8",
    "jpg": "image/jpeg",
}
NAME = re.compile(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.([a-z0-9]+)")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
CHUNK = 256 * 1024


@login_not_required
@require_safe
def media(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """A file of the media folder that the token opens; 404 for everything else."""
    try:
        folder = str(read(token, purpose="media", now=timezone.now())["d"])
    except (BadToken, KeyError):
        raise Http404 from None
    match = NAME.fullmatch(name)
    if match is None or match[1] not in TYPES or ".." in name or not folder.startswith("lessons/"):
        raise Http404
    try:
        file = default_storage.open(f"{folder}/{name}", "rb")
        size = file.size
    except (OSError, ValueError, SuspiciousFileOperation):
        raise Http404 from None
    response = _answer(request, file, size, TYPES[match[1]])
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=21600"
    return response


def _answer(request: HttpRequest, file: Any, size: int, media_type: str) -> HttpResponseBase:
    """The whole file, or the one range asked for (RFC 9110, 14)."""
    found = RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or found.groups() == ("", ""):
        return FileResponse(file, content_type=media_type)
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or end < start:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = StreamingHttpResponse(_piece(file, start, end - start + 1), status=206, content_type=media_type)
    response["Content-Range"] = f"bytes {start}-{end}/{size}"
    response["Content-Length"] = str(end - start + 1)
    return response


def _piece(file: IO[bytes], start: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk
