"""Films are sent in the pieces that phones ask for."""

from io import BytesIO

import pytest
from django.test import RequestFactory

from anlan.files.actions import serve, store, wanted_part
from anlan.files.models import Blob

pytestmark = pytest.mark.django_db
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 600


@pytest.fixture
def blob() -> Blob:
    return store(BytesIO(PICTURE), name="图.png", owner=("test", "1"), by_id=None)


def asked(blob: Blob, part: str, **how: bool) -> tuple[int, bytes, str]:
    response = serve(RequestFactory().get("/", headers={"Range": part} if part else {}), blob, **how)
    return response.status_code, b"".join(response), response.headers.get("Content-Range", "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "first", "end"),
    [("bytes=0-1", 0, 2), ("bytes=100-", 100, None), ("bytes=-7", -7, None), ("bytes=70000-140000", 70000, 140001), ("bytes=5-99999999", 5, None)],
)  # fmt: skip
def test_a_part_is_that_part_and_says_which(blob: Blob, part: str, first: int, end: int | None) -> None:
    status, body, words = asked(blob, part)
    start = first % len(PICTURE)
    assert (status, body) == (206, PICTURE[first:end])
    assert words == f"bytes {start}-{start + len(body) - 1}/{len(PICTURE)}"


@pytest.mark.parametrize("part", ["", "bytes=", "bytes=-", "bytes=9-3", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b"])
def test_what_is_no_single_range_gets_the_whole(blob: Blob, part: str) -> None:
    assert asked(blob, part) == (200, PICTURE, "")


def test_behind_the_end_there_is_nothing(blob: Blob) -> None:
    assert asked(blob, f"bytes={len(PICTURE)}-") == (416, b"", f"bytes */{len(PICTURE)}")
    assert wanted_part("bytes=-0", 10) == (0, 0)


def test_a_download_is_whole(blob: Blob) -> None:
    assert asked(blob, "bytes=0-1", download=True) == (200, PICTURE, "")
