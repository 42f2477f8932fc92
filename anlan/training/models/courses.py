"""The catalogue: courses, their lessons, and the recordings that lessons are cut from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.files.models import Blob


class CourseQuerySet(models.QuerySet["Course"]):
    """Reads over courses."""

    def visible_to(self, user: User | None) -> CourseQuerySet:
        """Return published courses to everyone; drafts to the teachers of the organisation that owns them."""
        shown = Q(state=Course.State.PUBLISHED)
        if (
            user is not None
            and user.is_authenticated
            and user.may(powers.TEACH)
            and user.post
            and user.post.organisation_id
        ):
            shown |= Q(owner_id=user.post.organisation_id)
        return self.filter(shown)


class Course(models.Model):
    """A course of the catalogue."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已上架")
        WITHDRAWN = "withdrawn", _("已下架")

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="courses")
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    summary = models.TextField(blank=True)
    audience = models.CharField(max_length=200, blank=True)
    objectives = models.JSONField(default=list)
    industries = models.JSONField(default=list, help_text="GB/T 4754 divisions that need it most")
    job_titles = models.JSONField(default=list)
    teacher = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cover = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1, help_text="compare-and-set: a form carries the version it saw")
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CourseQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    def can_edit(self, user: User) -> bool:
        """Whether the user may change it: teachers of the owning organisation."""
        return user.may(powers.TEACH) and user.post is not None and user.post.organisation_id == self.owner_id


class Tag(models.Model):
    """A node of the three-level tags industry – post – risk 行业-岗位-风险."""

    class Level(models.IntegerChoices):
        INDUSTRY = 1, "行业"
        POST = 2, "岗位"
        RISK = 3, "风险"

    name = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="one_tag_per_parent"),
            models.UniqueConstraint(fields=["name"], condition=Q(parent__isnull=True), name="one_top_tag"),
        ]

    def __str__(self) -> str:
        return self.name


class CourseTag(models.Model):
    """A course under a risk tag (level 3), confirmed by a person or only proposed."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="course_tags")
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="course_tags")
    confirmed = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "tag"], name="one_course_tag")]

    def __str__(self) -> str:
        return f"{self.course_id} · {self.tag}"


class RecordingQuerySet(models.QuerySet["Recording"]):
    """Reads over recordings."""

    def visible_to(self, user: User) -> RecordingQuerySet:
        """Return the recordings of courses owned by the teacher's organisation; all of them to the operator."""
        if user.may(powers.OPERATE):
            return self.all()
        if not user.may(powers.TEACH) or user.post is None:
            return self.none()
        return self.filter(course__owner_id=user.post.organisation_id)


class Recording(models.Model):
    """An uploaded video or audio: read, cut into lessons of at most 15 minutes, and made into HLS in the background."""

    class State(models.TextChoices):
        UPLOADING = "uploading", _("正在上传")
        QUEUED = "queued", _("排队中")
        READING = "reading", _("正在读取")
        CUTTING = "cutting", _("待确认切分")
        ENCODING = "encoding", _("正在转码")
        READY = "ready", _("可以播放")
        FAILED = "failed", _("没有成功")

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="recordings")
    title = models.CharField(max_length=120)
    source = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    upload_size = models.BigIntegerField(default=0)
    uploaded = models.BigIntegerField(default=0, help_text="bytes received so far: an upload resumes here")
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADING)
    progress = models.PositiveSmallIntegerField(default=0, help_text="percent of the present state")
    problem = models.CharField(max_length=300, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    chapters = models.JSONField(
        default=list, help_text="[[start_ms, title], …] found in the file or set by the teacher"
    )
    silences = models.JSONField(default=list, help_text="[[start_ms, end_ms], …]")
    cuts = models.JSONField(default=list, help_text="[[start_ms, title], …] in force, first at 0; every piece ≤ 15 min")
    waveform = models.JSONField(default=list, help_text="loudness 0–100, one value a second")
    script = models.JSONField(
        default=list, help_text="[{title, slides}, …] for a recording that is itself rendered from text"
    )
    version = models.PositiveIntegerField(default=1)
    run = models.CharField(max_length=32, blank=True, help_text="the encoding process that holds it now")
    beat_at = models.DateTimeField(null=True, blank=True, help_text="last sign of life of the encoding process")
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "beat_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def is_busy(self) -> bool:
        """Whether the background still has work on it."""
        return self.state in (self.State.QUEUED, self.State.READING, self.State.ENCODING)


class LessonQuerySet(models.QuerySet["Lesson"]):
    """Reads over lessons."""

    def visible_to(self, user: User | None) -> LessonQuerySet:
        """Return the lessons of the courses visible to the user."""
        return self.filter(course__in=Course.objects.visible_to(user))


class Lesson(models.Model):
    """A piece of a course: a video of at most 15 minutes, or a document read on the page."""

    class Kind(models.TextChoices):
        VIDEO = "video", _("视频")
        DOCUMENT = "document", _("文档")

    MAX_MS = 15 * 60 * 1000

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="lessons")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.VIDEO)
    recording = models.ForeignKey(Recording, null=True, blank=True, on_delete=models.CASCADE, related_name="lessons")
    start_ms = models.PositiveIntegerField(default=0, help_text="where the piece begins in its recording")
    duration_ms = models.PositiveIntegerField(default=0)
    media_dir = models.CharField(
        max_length=120, blank=True, help_text="storage folder with master.m3u8, audio.m4a; empty until encoded"
    )
    subtitles = models.JSONField(default=list, help_text="[[start_ms, end_ms, text], …]")
    document = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True, help_text="Markdown of a document lesson, read aloud on request")
    script = models.JSONField(default=list, help_text="slides to be rendered, for lessons made from text")
    version = models.PositiveIntegerField(default=1)

    objects = LessonQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["course", "position"])]

    def __str__(self) -> str:
        return self.title


class LessonPrompt(models.Model):
    """A question inside a video; the interval behind it earns nothing until it is answered."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="prompts")
    at_ms = models.PositiveIntegerField()
    stem = models.CharField(max_length=300)
    options = models.JSONField()
    answer = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at_ms"]

    def __str__(self) -> str:
        return self.stem


class CourseDocument(models.Model):
    """A handout of a course."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="documents")
    title = models.CharField(max_length=120)
    text = models.TextField(blank=True, help_text="Markdown, when written here")
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.title


class CourseCase(models.Model):
    """A case taught in a course."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="cases")
    title = models.CharField(max_length=120)
    timeline = models.JSONField(default=list, help_text='[["14:03", "…"], …]')
    causes = models.JSONField(default=list)
    lessons = models.JSONField(default=list)
    cites = models.JSONField(default=list, help_text='["安全生产法:41", …]')

    def __str__(self) -> str:
        return self.title


class Rating(models.Model):
    """A learner's score of a course, 1–5; one per person, changeable."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="ratings")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "user"], name="one_rating")]

    def __str__(self) -> str:
        return f"{self.score}"
