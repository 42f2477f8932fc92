"""Course packages: in, out and in again; and what is not let in."""

import io
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult
from hypothesis import given
from hypothesis import strategies as st

from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.courses import ORDER, lay_courses
from anlan.training.actions.encoding import work_on
from anlan.training.actions.packages import export_package, import_package
from anlan.training.media.packages import to_toml
from anlan.training.models import Course, Lesson, LessonPrompt, Recording
from anlan.training.tests.clips import clip

COURSE = """
slug = "demo"
title = "先通风再检测"
tags = [["食品加工", "清罐作业", "中毒窒息"]]
industries = ["C14"]
posts = ["清罐工"]
objectives = ["会测"]
[[lessons]]
title = "通风"
  [[lessons.slides]]
  title = "开口"
  points = ["全打开"]
  narration = "先把口都打开。"
  [[lessons.slides]]
  title = "送风"
  points = ["30 分钟"]
  narration = "再送三十分钟风。"
  [[lessons.prompts]]
  after_slide = 0
  stem = "先做什么？"
  options = ["下去", "打开"]
  answer = 1
  why = "换气"
[[lessons]]
title = "现场"
file = "media/a.mp4"
[[lessons]]
title = "一页纸"
text = "# 三步"
[[cases]]
title = "示例"
timeline = [["14:03", "下池"]]
cites = ["安全生产法:41"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "package"
    (target / "media").mkdir(parents=True)
    (target / "course.toml").write_text(COURSE)
    (target / "doc-a.md").write_text("# 应急卡\n一二三")
    (target / "media" / "a.mp4").write_bytes(clip().read_bytes())
    return target


def zipped(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, f"outer/{path.relative_to(folder)}")
    return out.getvalue()


def test_a_package_becomes_a_course_and_plays(cast: Cast, folder: Path) -> None:
    course = import_package(folder, owner=cast.school, by=cast.teacher)
    assert (course.state, course.industries, course.job_titles) == ("draft", ["C14"], ["清罐工"])
    assert [str(link.tag) for link in course.course_tags.all()] == ["中毒窒息"]
    scripted = course.lessons.get(title="通风")
    assert (scripted.duration_ms, scripted.prompts.get().at_ms) == (12_000, 5700)
    assert course.documents.get().title == "应急卡"
    for recording in course.recordings.all():
        work_on(recording.pk)
    scripted.refresh_from_db()
    assert scripted.media_dir
    assert scripted.prompts.get().at_ms < scripted.duration_ms
    assert course.lessons.get(recording__upload_size__gt=0).media_dir
    assert set(Recording.objects.values_list("state", flat=True)) == {"ready"}


def test_out_and_in_again_gives_the_same_course(cast: Cast, folder: Path, tmp_path: Path) -> None:
    course = import_package(folder, owner=cast.school, by=cast.teacher)
    for recording in course.recordings.all():
        work_on(recording.pk)
    target = tmp_path / "out.zip"
    export_package(course, target, by=cast.teacher)
    Course.objects.update(slug="old")
    again = import_package(target, owner=cast.school, by=cast.teacher)
    assert (again.slug, again.title, again.objectives) == ("demo", course.title, course.objectives)
    assert {lesson.title for lesson in again.lessons.all()} == {"通风", "一页纸"}  # the video comes when it is read
    assert again.lessons.get(title="通风").script == course.lessons.get(title="通风").script
    assert LessonPrompt.objects.get(lesson__course=again).stem == "先做什么？"
    assert again.cases.get().cites == ["安全生产法:41"]
    video = again.recordings.get(upload_size__gt=0)
    work_on(video.pk)
    video.refresh_from_db()
    assert video.state == "ready"


def test_the_same_package_is_not_imported_twice(cast: Cast, sign_in: Callable[[User], Client], folder: Path) -> None:
    client = sign_in(cast.teacher)
    url = reverse("training:desk-import")
    for status in (302, 409):
        file = SimpleUploadedFile("a.zip", zipped(folder), content_type="application/zip")
        answer = client.post(url, {"file": file})
        assert answer.status_code == status
    assert "已经有这门课程" in answer.content.decode()
    assert Course.objects.count() == 1
    assert sign_in(cast.worker).post(url).status_code == 404
    assert client.get(url).status_code == 405


def bad_zip(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nothing", "不是能打开的 zip"),
        (bad_zip(("../../etc/cron.d/x", b"a")), "指向包外"),
        (bad_zip(("/etc/passwd", b"a")), "指向包外"),
        (bad_zip(("a\\..\\..\\b", b"a")), "指向包外"),
        (bad_zip(("course.toml", b"\0" * 30_000_000)), "大得不正常"),
        (bad_zip(*((f"{n}", b"") for n in range(501))), "超过 500 个"),
        (bad_zip(("readme.md", b"a")), "没有 course.toml"),
        (bad_zip(("course.toml", b"title = ")), "读不懂"),
        (bad_zip(("course.toml", b'title = "a"\n[[lessons]]\ntitle="x"\nfile="../../../etc/passwd"')), "指向包外"),
        (bad_zip(("course.toml", b'title = "a"\n[[lessons]]\ntitle="x"\nfile="b.mp4"')), "不在包里"),
        (bad_zip(("course.toml", b'title = "a"\n[[lessons]]\ntitle="x"')), "既没有幻灯片"),
    ],
)
def test_what_is_no_honest_package_is_refused_and_nothing_kept(
    cast: Cast, sign_in: Callable[[User], Client], content: bytes, words: str
) -> None:
    file = SimpleUploadedFile("a.zip", content, content_type="application/zip")
    answer = sign_in(cast.teacher).post(reverse("training:desk-import"), {"file": file})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Course.objects.exists()


def test_the_command_imports_and_exports(cast: Cast, folder: Path, tmp_path: Path) -> None:
    call_command(
        "courses", "import", str(folder), "--owner", cast.school.credit_code, "--publish", stdout=io.StringIO()
    )
    assert Course.objects.get().state == "published"
    call_command("courses", "export", "demo", str(tmp_path / "x.zip"), stdout=io.StringIO())
    assert zipfile.is_zipfile(tmp_path / "x.zip")
    for wrong in (["import", str(folder), "--owner", "none"], ["export", "none", str(tmp_path / "y.zip")]):
        with pytest.raises(CommandError):
            call_command("courses", *wrong)


def test_the_demo_courses_stand_at_once_and_first_lessons_are_encoded_first(cast: Cast) -> None:
    lay_courses(cast)
    lay_courses(cast)
    assert list(Course.objects.filter(state="published").order_by("slug").values_list("slug", flat=True)) == sorted(
        ORDER
    )
    assert not Lesson.objects.filter(kind="video", duration_ms=0).exists()
    assert not Lesson.objects.filter(kind="video", subtitles=[], script__gt=[]).exists()
    assert all(prompt.at_ms < prompt.lesson.duration_ms for prompt in LessonPrompt.objects.select_related("lesson"))
    long = Recording.objects.exclude(script=[]).get()
    assert long.duration_ms > 40 * 60_000
    assert long.lessons.count() == 8
    queue = DBTaskResult.objects.filter(queue_name="media").order_by("-priority")
    order = [Recording.objects.get(pk=row.args_kwargs["args"][0]) for row in queue]
    assert {recording.lessons.get().position for recording in order[:6]} == {1}
    assert order[-1] == long


toml_values = st.recursive(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.integers(-(2**62), 2**62) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
keys = st.text(alphabet="abcdefgh", min_size=1, max_size=5)


@given(
    st.dictionaries(
        keys, toml_values | st.lists(st.dictionaries(keys, toml_values, min_size=1), min_size=1, max_size=3), max_size=4
    )
)
def test_what_is_written_is_read_back(value: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(value)) == value
