"""What firms enter: values by field key, files, every later change, and the signatures of a permit."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise, Mandate
from anlan.files.models import Blob
from anlan.ledgers.models.templates import Template, TemplateVersion


class EntryQuerySet(models.QuerySet["Entry"]):
    """Reads over entries."""

    def visible_to(self, user: User) -> EntryQuerySet:
        """Return those of one's firm (workers: their own, and what waits for their signature), of the firms in one's
        territory, and of the firms under contract with one's agency. Outsiders never see drafts."""
        post = user.post
        if post is None:
            return self.none()
        if not post.organisation_id:
            if not post.is_territorial or not user.may(powers.SUPERVISE):
                return self.none()
            return self.filter(inside(post.region_code)).exclude(state=Entry.State.DRAFT)
        if user.may(powers.SERVE):
            held = Mandate.objects.open().filter(organisation_id=post.organisation_id, kind=Mandate.Kind.CONTRACT)
            return self.filter(enterprise_id__in=held.values("enterprise_id")).exclude(state=Entry.State.DRAFT)
        own = self.filter(enterprise_id=post.organisation_id)
        if user.may(powers.MANAGE_ENTERPRISE):
            return own
        signing = Step.objects.filter(entry=OuterRef("pk"), person_id=user.pk)
        return own.filter(Q(created_by=user) | Exists(signing))

    def kept(self) -> EntryQuerySet:
        """Return those that count as entered: everything but drafts and what was called off."""
        return self.exclude(state__in=[Entry.State.DRAFT, Entry.State.VOID])

    def overdue(self) -> EntryQuerySet:
        """Return the permits whose time is over and that nobody has closed."""
        return self.filter(state=Entry.State.VALID, valid_until__lt=timezone.now())


class Entry(models.Model):
    """One record in a ledger, bound to the version it was written with."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        KEPT = "kept", _("已登记")
        PENDING = "pending", _("审批中")
        RETURNED = "returned", _("已退回")
        VALID = "valid", _("作业有效")
        CLOSED = "closed", _("已完工验收")
        VOID = "void", _("已作废")

    OPEN = (State.DRAFT, State.RETURNED)
    LOCKED = (State.PENDING, State.VALID, State.CLOSED, State.VOID)

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="entries")
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="entries")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="ledger_entries")
    region_code = models.CharField(max_length=24, help_text="of the firm; moves with it")
    number = models.CharField(max_length=24, blank=True, help_text="DH-2026-0007, given when it is entered")
    values: Any = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=0, help_text="compare-and-set: grows with every save")
    search = models.TextField(blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now_add=True)
    entered_at = models.DateTimeField(null=True, blank=True, help_text="when it was entered or handed in for approval")
    round = models.PositiveSmallIntegerField(default=0, help_text="how many times it was handed in for approval")
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="closed after the work, or called off")
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_words = models.CharField(max_length=300, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "number"], condition=~Q(number=""), name="one_entry_per_number_and_firm"
            ),
        ]
        indexes = [
            models.Index(fields=["enterprise", "template", "-entered_at"]),
            models.Index(fields=["region_code", "template"]),
            models.Index(fields=["state", "valid_until"]),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.number}".strip()

    @property
    def is_over(self) -> bool:
        """Whether this permit's time is over and nobody has closed it."""
        return self.state == self.State.VALID and self.valid_until is not None and self.valid_until < timezone.now()

    @property
    def tone(self) -> str:
        """The tone of the state for `{% state %}`."""
        if self.is_over or self.state == self.State.RETURNED:
            return "late"
        return {"pending": "live", "valid": "live", "kept": "done", "closed": "done"}.get(self.state, "")

    @property
    def state_words(self) -> str:
        """The state as people read it; a permit whose time is over says so."""
        return str(_("已过期，待验收")) if self.is_over else str(self.get_state_display())

    def can_edit(self, user: User) -> bool:
        """Whether the user may change the values: a draft or a returned one by its author or a manager, a plain entry by
        a manager; never what is being or has been signed."""
        post = user.post
        if post is None or post.organisation_id != self.enterprise_id or self.state in self.LOCKED:
            return False
        return user.may(powers.MANAGE_ENTERPRISE) or (self.state in self.OPEN and self.created_by_id == user.pk)

    def can_close(self, user: User) -> bool:
        """Whether the user may record the end of the work: anyone of the firm who applied or manages."""
        post = user.post
        mine = post is not None and post.organisation_id == self.enterprise_id
        return (
            mine
            and self.state == self.State.VALID
            and (user.may(powers.MANAGE_ENTERPRISE) or self.created_by_id == user.pk)
        )

    def seal(self) -> str:
        """SHA-256 over what is signed: version, values and the hashes of the files."""
        attached = self.files.exclude(key__startswith="step:")
        files = list(attached.order_by("pk").values_list("key", "original__sha256"))
        text = json.dumps([self.version_id, self.values, files], ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


class EntryFile(models.Model):
    """A photo, attachment or drawn signature of one field."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="files")
    key = models.CharField(max_length=12, help_text="key of the field; a signature of the chain says step:2")
    original = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    shown = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True, help_text="as the camera says")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.original.name


class EntryChange(models.Model):
    """One field of an entry changed after it was entered."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="changes")
    key = models.CharField(max_length=12)
    label = models.CharField(max_length=60)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.label}：{self.before} → {self.after}"


class Step(models.Model):
    """One signature of a permit, in order. A new round begins when a returned permit is handed in again."""

    class State(models.TextChoices):
        WAITING = "waiting", _("待签")
        SIGNED = "signed", _("已签")
        RETURNED = "returned", _("已退回")

    class Who(models.TextChoices):
        APPLICANT = "applicant", _("申请人")
        PERSON = "person", _("由申请人指定")
        MANAGER = "manager", _("安全管理人员")
        HEAD = "head", _("主要负责人")

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="steps")
    round = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    must = models.CharField(max_length=200, blank=True, help_text="what this signature vouches for")
    who = models.CharField(max_length=10, choices=Who.choices)
    person = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="who is asked, then who signed",
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    signed_name = models.CharField(max_length=60, blank=True)
    signature = models.ForeignKey(EntryFile, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    words = models.CharField(max_length=300, blank=True)
    seal = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what was signed")
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["round", "position"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "round", "position"], name="one_step_per_position"),
        ]
        indexes = [models.Index(fields=["person", "state"])]

    def __str__(self) -> str:
        return f"{self.entry} {self.name}"

    def can_sign(self, user: User) -> bool:
        """Whether this person may sign now: of the firm, whom the step asks for, and not the applicant."""
        post = user.post
        if self.state != self.State.WAITING or post is None or post.organisation_id != self.entry.enterprise_id:
            return False
        if user.pk == self.entry.created_by_id:
            return False
        if self.who == self.Who.PERSON:
            return self.person_id == user.pk
        if self.who == self.Who.HEAD:
            return post.role_id == "enterprise_admin"
        return user.may(powers.MANAGE_ENTERPRISE)
