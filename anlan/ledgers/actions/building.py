"""Building templates: every change goes to the one draft; publishing makes a version that never changes again."""

from __future__ import annotations

import copy
import re
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.ledgers.fields import KINDS, MAX_FIELDS, Field, problems
from anlan.ledgers.models import Entry, Template, TemplateVersion
from anlan.lib.errors import Refused

MAX_STEPS: Final = 5
DETAILS: Final = ("name", "about", "source", "prefix", "category", "rhythm", "by_workers")


def owned_by(user: User) -> dict[str, Any]:
    """The owner of what this user builds: their territory or their firm. Raises `Refused` (403) without the power."""
    post = user.post
    if post is not None and post.organisation_id and user.may(powers.MANAGE_ENTERPRISE):
        return {"region_code": "", "enterprise_id": post.organisation_id}
    if post is not None and post.is_territorial and user.may(powers.SET_RULES):
        return {"region_code": post.region_code, "enterprise_id": None}
    raise Refused(_("编制台账模板要用企业管理或制定规则的身份。"), code="not_builder", status=403)


def _check_manages(template: Template, by: User) -> None:
    owned_by(by)
    if not template.can_manage(by):
        raise Refused(_("这个模板不归您管理，可以另存为自己的模板再改。"), code="not_yours", status=403)


def _region(template: Template) -> str:
    return template.region_code or (template.enterprise.organisation.region_code if template.enterprise else "")


@transaction.atomic
def create_template(
    details: dict[str, Any],
    *,
    by: User,
    fields: list[Field] | None = None,
    permit: dict[str, Any] | None = None,
    source: str = TemplateVersion.Source.BUILDER,
) -> Template:
    """Create a template with a first draft; `details` by the names of `DETAILS`, `fields` already with keys."""
    owner = owned_by(by)
    template = Template.objects.create(
        **owner,
        **{name: details[name] for name in DETAILS if name in details},
        created_by=by,
        next_key=_next(fields or []),
    )
    TemplateVersion.objects.create(template=template, number=1, fields=fields or [], permit=permit or {}, source=source)
    record("create_template", template, by=by, region_code=_region(template))
    return template


def _next(fields: list[Field]) -> int:
    """The first number that no key uses yet."""
    keys = [one["key"] for one in fields] + [column["key"] for one in fields for column in one.get("columns", ())]
    return max((int(key[1:]) for key in keys), default=0) + 1


@transaction.atomic
def copy_template(template: Template, *, by: User, name: str = "") -> Template:
    """Make a template of one's own from any visible one; its published fields become the first draft."""
    version = template.current or template.versions.first()
    details = {each: getattr(template, each) for each in DETAILS} | {
        "name": (name or _("%(name)s（副本）") % {"name": template.name})[:60]
    }
    return create_template(
        details,
        by=by,
        fields=copy.deepcopy(version.fields) if version else [],
        permit=copy.deepcopy(version.permit) if version else {},
    )


@transaction.atomic
def edit_template(template: Template, details: dict[str, Any], *, by: User) -> None:
    """Change name, purpose and the like; they are not part of a version."""
    _check_manages(template, by)
    values = {name: details[name] for name in DETAILS if name in details}
    changed = [name for name, value in values.items() if getattr(template, name) != value]
    if changed:
        Template.objects.filter(pk=template.pk).update(**values)
        record("edit_template", template, by=by, region_code=_region(template), fields=changed)


@transaction.atomic
def open_draft(template: Template, *, by: User) -> TemplateVersion:
    """The draft being built; made from the published version when there is none."""
    _check_manages(template, by)
    draft = template.versions.filter(published_at=None).first()
    if draft is not None:
        return draft
    last = template.versions.first()
    try:
        with transaction.atomic():
            return TemplateVersion.objects.create(
                template=template,
                number=last.number + 1 if last else 1,
                fields=copy.deepcopy(template.current.fields) if template.current else [],
                permit=copy.deepcopy(template.current.permit) if template.current else {},
            )
    except IntegrityError:  # somebody opened it a moment ago
        return template.versions.get(published_at=None)


def _write(draft: TemplateVersion, edits: int, **values: Any) -> None:
    """Compare-and-set on the draft."""
    if not TemplateVersion.objects.filter(pk=draft.pk, published_at=None, edits=edits).update(
        edits=F("edits") + 1, **values
    ):
        raise Refused(_("这个草稿刚刚被改过或已经发布，这一步没有保存。请看现在的样子再改。"), code="stale")


def _taken(template: Template, count: int = 1) -> int:
    """Take `count` new key numbers; return the first. Locked by the row's update, so no key is given twice."""
    Template.objects.filter(pk=template.pk).update(next_key=F("next_key") + count)
    template.refresh_from_db(fields=["next_key"])
    return template.next_key - count


@transaction.atomic
def add_field(draft: TemplateVersion, kind: str, *, by: User, edits: int, after: str = "") -> Field:
    """Add a field of this kind at the end or behind `after`; return it."""
    _check_manages(draft.template, by)
    if kind not in KINDS:
        raise Refused(_("没有这种字段。"), code="kind", status=422)
    if len(draft.fields) >= MAX_FIELDS:
        raise Refused(
            _("一张表最多 %(n)d 个字段，请分成两张。") % {"n": MAX_FIELDS}, code="too_many_fields", status=422
        )
    first = _taken(draft.template, 2 if kind == "table" else 1)
    one: Field = {"key": f"f{first}", "kind": kind, "label": str(KINDS[kind][0])}
    same = sum(1 for each in draft.fields if each["label"].startswith(one["label"]))
    if same and kind not in ("section", "note"):
        one["label"] += f" {same + 1}"
    if kind in ("single", "multiple"):
        one["options"] = [_("是"), _("否")]
    if kind == "table":
        one["columns"] = [{"key": f"c{first + 1}", "kind": "text", "label": _("名称")}]
    fields = list(draft.fields)
    at = next((i + 1 for i, each in enumerate(fields) if each["key"] == after), len(fields))
    fields.insert(at, one)
    _write(draft, edits, fields=fields)
    return one


@transaction.atomic
def save_field(draft: TemplateVersion, key: str, values: Field, *, by: User, edits: int) -> None:
    """Replace the definition of one field. New columns come without key and get one; `key` and `kind` stay."""
    _check_manages(draft.template, by)
    old = draft.by_key(key)
    if old is None:
        raise Refused(_("这个字段已经被删除，没有保存。"), code="field_gone")
    known = {column["key"] for column in old.get("columns", [])}
    for column in values.get("columns", []):
        if column.get("key") not in known:
            column["key"] = f"c{_taken(draft.template)}"
    new = {**values, "key": key, "kind": old["kind"]}
    _write(draft, edits, fields=[new if each["key"] == key else each for each in draft.fields])


@transaction.atomic
def move_field(draft: TemplateVersion, key: str, step: int, *, by: User, edits: int) -> None:
    """Move a field up (-1) or down (+1); at the end nothing happens."""
    _check_manages(draft.template, by)
    fields = list(draft.fields)
    at = next((i for i, each in enumerate(fields) if each["key"] == key), None)
    if at is None:
        raise Refused(_("这个字段已经被删除，没有移动。"), code="field_gone")
    to = max(0, min(len(fields) - 1, at + step))
    fields.insert(to, fields.pop(at))
    _write(draft, edits, fields=fields)


@transaction.atomic
def order_fields(draft: TemplateVersion, keys: list[str], *, by: User, edits: int) -> None:
    """Put the fields in this order; it must name every field once."""
    _check_manages(draft.template, by)
    by_key = {each["key"]: each for each in draft.fields}
    if sorted(keys) != sorted(by_key):
        raise Refused(_("字段有增减，顺序没有保存。请看现在的样子再拖。"), code="stale")
    _write(draft, edits, fields=[by_key[key] for key in keys])


@transaction.atomic
def delete_field(draft: TemplateVersion, key: str, *, by: User, edits: int) -> None:
    """Delete a field of the draft. Its key is never given again, and old versions keep it."""
    _check_manages(draft.template, by)
    _write(draft, edits, fields=[each for each in draft.fields if each["key"] != key])


@transaction.atomic
def set_chain(draft: TemplateVersion, permit: dict[str, Any], *, by: User, edits: int) -> None:
    """Set the approval chain (see `TemplateVersion.permit`); an empty one makes it a plain ledger again."""
    _check_manages(draft.template, by)
    if len(permit.get("steps", [])) > MAX_STEPS:
        raise Refused(_("审批最多 %(n)d 步。") % {"n": MAX_STEPS}, code="too_many_steps", status=422)
    _write(draft, edits, permit=permit)


@transaction.atomic
def publish_draft(draft: TemplateVersion, *, by: User, edits: int, changed: str = "") -> None:
    """Make the draft the version in force. Raises `Refused` (422) with the first thing that is wrong."""
    draft.refresh_from_db()  # what is judged is what will be published
    template = draft.template
    _check_manages(template, by)
    if template.retired_at:
        raise Refused(_("这个模板已经停用，恢复以后才能发布。"), code="retired")
    wrong = problems(draft.fields)
    if wrong:
        raise Refused(_("还不能发布：%(why)s") % {"why": wrong[0][1]}, code="unfinished", status=422)
    if template.current and template.current.fields == draft.fields and template.current.permit == draft.permit:
        raise Refused(_("草稿和正在用的版本一样，不用再发布。"), code="unchanged")
    _write(draft, edits, published_at=timezone.now(), published_by=by, changed=changed.strip()[:200])
    Template.objects.filter(pk=template.pk).update(current=draft)
    record("publish_template", template, by=by, region_code=_region(template), version=draft.number)


@transaction.atomic
def discard_draft(draft: TemplateVersion, *, by: User) -> None:
    """Throw the draft away; a template that was never published goes with it."""
    template = draft.template
    _check_manages(template, by)
    if not TemplateVersion.objects.filter(pk=draft.pk, published_at=None).exists():
        raise Refused(_("这一版已经发布，不能丢弃。"), code="published")
    record("discard_template_draft", template, by=by, region_code=_region(template), version=draft.number)
    draft.delete()
    if template.current_id is None and not Entry.objects.filter(template=template).exists():
        template.delete()


@transaction.atomic
def retire_template(template: Template, *, by: User, retired: bool = True) -> None:
    """Take a template out of use, or back into it. Entries stay; drafts of entries can still be finished."""
    _check_manages(template, by)
    if Template.objects.filter(pk=template.pk, retired_at__isnull=retired).update(
        retired_at=timezone.now() if retired else None
    ):
        record("retire_template" if retired else "restore_template", template, by=by, region_code=_region(template))


def clean_prefix(text: str) -> str:
    """Up to four capitals for the numbers of entries."""
    return re.sub(r"[^A-Z]", "", text.upper())[:4] or "TZ"
