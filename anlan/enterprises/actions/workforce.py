"""Who a line of a roster is, and taking them on: the one set of rules for a form of one and a table of 100,000.

Rules. A person is found by ID number, else by phone; both must be of the same person, of the same name. A firm may
fill in what a person's account lacks, but never set a phone where one is confirmed, where somebody signs in, or where
any other post relies on the person, be it another firm's or one above a worker's in the same firm (of two firms that
know nobody's phone, the earlier may fill it in): whoever controls the phone controls the account. A blank cell never
erases a value.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.accounts.models import Post, User
from anlan.accounts.models.users import id_index, phone_index
from anlan.enterprises.bulk import insert_many
from anlan.enterprises.models import Enterprise, Worker
from anlan.enterprises.roster_reading import Line
from anlan.lib import crypto
from anlan.lib.codes import is_demo, mask_name

JOB_FIELDS: Final = ("job_title", "department", "staff_number", "hired_on", "category")
BEFORE: Final = "enterprises.RosterChange.before"
"""What sealed values inside `RosterChange.before` are bound to."""


@dataclass(slots=True)
class Plan:
    """What one line will do. `reason` refuses it; `note` is said although it is taken."""

    line: Line
    id_index: str | None
    phone_index: str | None
    user: User | None = None
    job: Worker | None = None
    reason: str = ""
    note: str = ""
    job_changes: dict[str, list[Any]] = field(default_factory=dict)
    user_changes: set[str] = field(default_factory=set)

    @property
    def kind(self) -> Literal["refused", "created", "updated", "unchanged"]:
        """The counter that the line belongs to."""
        if self.reason:
            return "refused"
        if self.job is None:
            return "created"
        return "updated" if self.job_changes or self.user_changes else "unchanged"


@dataclass(slots=True)
class Done:
    """What one line did; `before` as in `RosterChange`."""

    plan: Plan
    worker_id: int
    new_user: bool
    before: dict[str, list[Any]] | None


def plan_lines(enterprise: Enterprise, lines: Sequence[Line]) -> list[Plan]:
    """Compare lines with the database. Reads only, in at most five queries for any number of lines (≤ 10,000)."""
    plans = [
        Plan(
            line, id_index(line.id_number) if line.id_number else None, phone_index(line.phone) if line.phone else None
        )
        for line in lines
    ]
    people = User.objects.only("pk", "name", "id_index", "phone_index", "phone_verified", "last_login")
    by_id = {u.id_index: u for u in people.filter(id_index__in=[p.id_index for p in plans if p.id_index])}
    by_phone = {
        u.phone_index: u for u in people.filter(phone_index__in=[p.phone_index for p in plans if p.phone_index])
    }
    taken: dict[int, int] = {}
    for plan in plans:
        _find_person(plan, by_id, by_phone)
        if plan.user is not None and not plan.reason:
            first = taken.setdefault(plan.user.pk, plan.line.row)
            if first != plan.line.row:
                plan.reason = _("与第 %(row)d 行是同一个人，只导入了第 %(row)d 行") % {"row": first}
    _compare(enterprise, [plan for plan in plans if plan.user is not None and not plan.reason])
    return plans


def _find_person(plan: Plan, by_id: dict[str | None, User], by_phone: dict[str | None, User]) -> None:
    owner = by_id.get(plan.id_index) if plan.id_index else None
    holder = by_phone.get(plan.phone_index) if plan.phone_index else None
    plan.user = owner or holder
    if plan.user is None:
        return
    if holder is not None and (
        (owner is not None and owner.pk != holder.pk) or (owner is None and plan.id_index and holder.id_index)
    ):
        plan.reason = _("手机号已经登记在另一个人（%(name)s）名下，请核对号码") % {"name": mask_name(holder.name)}
    elif plan.user.name != plan.line.name:
        what = _("身份证号") if owner else _("手机号")
        plan.reason = _("这个%(what)s登记的姓名是“%(name)s”，与表里的“%(given)s”不同，请核对") % {
            "what": what, "name": mask_name(plan.user.name), "given": plan.line.name,
        }  # fmt: skip


def _compare(enterprise: Enterprise, plans: list[Plan]) -> None:
    users = [plan.user.pk for plan in plans if plan.user is not None]
    jobs = {w.user_id: w for w in Worker.objects.working().filter(enterprise=enterprise, user_id__in=users)}
    relied = _relied_on(
        enterprise, {p.user for p in plans if p.user and p.phone_index not in (None, p.user.phone_index)}
    )
    for plan in plans:
        user = plan.user
        if user is None:
            continue
        plan.job = jobs.get(user.pk)
        if plan.job is not None:
            for name in JOB_FIELDS:
                new, old = getattr(plan.line, name), getattr(plan.job, name)
                if new and new != old:
                    plan.job_changes[name] = [old, new]
        if plan.id_index and user.id_index is None:
            plan.user_changes.add("id_number")
        if plan.phone_index and user.phone_index != plan.phone_index:
            if not (user.phone_verified or user.last_login or user.pk in relied):
                plan.user_changes.add("phone")
            else:
                plan.note = _("手机号与本人登记的不同，没有改动；请本人在“我的”里修改")


def _relied_on(enterprise: Enterprise, people: set[User]) -> set[int]:
    """Of people whose phone would change, those whom a post other than that of a worker here relies on. One query."""
    if not people:
        return set()
    own: dict[int, int] = {}
    others: dict[int, list[int]] = {}
    posts = Post.objects.open().filter(user__in=people).values_list("pk", "user_id", "role_id", "organisation_id")
    for pk, user, role, organisation in posts:
        if role == "worker" and organisation == enterprise.pk:
            own[user] = pk
        else:
            others.setdefault(user, []).append(pk)
    return {
        user.pk
        for user in people
        if user.pk in others
        and (user.phone_index is not None or user.pk not in own or own[user.pk] > min(others[user.pk]))
    }


@transaction.atomic
def take_on(enterprise: Enterprise, plans: Iterable[Plan]) -> list[Done]:
    """Carry out the plans that are not refused: people, jobs and posts, set-based. No password is made (sign-in is by code)."""
    plans = [plan for plan in plans if plan.kind in ("created", "updated")]
    hired = [plan for plan in plans if plan.job is None]
    newcomers = [plan for plan in hired if plan.user is None]
    keys = dict(zip(map(id, newcomers), _insert_people(newcomers), strict=True))
    befores = _change_people([plan for plan in plans if plan.user_changes])
    people = [keys.get(id(plan)) or plan.user.pk for plan in hired]  # type: ignore[union-attr]  # known, or just made
    jobs = _insert_jobs(enterprise, hired, people)
    _give_posts(enterprise, dict(zip(people, (plan.line.job_title for plan in hired), strict=True)))
    changed = [plan for plan in plans if plan.job is not None]
    _change_jobs(enterprise, [plan for plan in changed if plan.job_changes])
    done = [Done(plan, job, id(plan) in keys, None) for plan, job in zip(hired, jobs, strict=True)]
    for plan in changed:
        before = {name: [_json(old), _json(new)] for name, (old, new) in plan.job_changes.items()}
        done.append(Done(plan, plan.job.pk, False, before | befores.get(id(plan), {})))  # type: ignore[union-attr]
    return done


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _insert_people(plans: list[Plan]) -> list[int]:
    lines = [plan.line for plan in plans]
    return insert_many(
        User, len(plans), name=[line.name for line in lines],
        phone=[line.phone for line in lines], phone_index=[plan.phone_index for plan in plans],
        id_number=[line.id_number for line in lines], id_index=[plan.id_index for plan in plans],
        # "!" and noise is Django's unusable password, made without its slow generator.
        password=["!" + secrets.token_hex(20) for _ in plans],
        is_demo=[is_demo(line.id_number or line.phone) for line in lines],
    )  # fmt: skip


def _insert_jobs(enterprise: Enterprise, plans: list[Plan], people: list[int]) -> list[int]:
    lines = [plan.line for plan in plans]
    return insert_many(
        Worker, len(plans), enterprise_id=enterprise.pk, user_id=people,
        job_title=[line.job_title for line in lines], department=[line.department for line in lines],
        staff_number=[line.staff_number for line in lines], hired_on=[line.hired_on for line in lines],
        category=[line.category or Worker.Category.OTHER.value for line in lines],
    )  # fmt: skip


def _change_jobs(enterprise: Enterprise, plans: list[Plan]) -> None:
    jobs = [plan.job for plan in plans if plan.job is not None]
    for plan in plans:
        for name, (_old, new) in plan.job_changes.items():
            setattr(plan.job, name, new)
    for name in JOB_FIELDS:
        moved = [plan.job for plan in plans if plan.job is not None and name in plan.job_changes]
        if moved:
            Worker.objects.bulk_update(moved, [name], batch_size=250)
    _give_posts(enterprise, {job.user_id: job.job_title for job in jobs})


def _change_people(plans: list[Plan]) -> dict[int, dict[str, list[Any]]]:
    """Fill in or correct numbers of known people; return for each plan what stood there, sealed."""
    people = User.objects.in_bulk([plan.user.pk for plan in plans if plan.user is not None])
    befores: dict[int, dict[str, list[Any]]] = {}
    for plan in plans:
        user = people[plan.user.pk]  # type: ignore[union-attr]  # only plans with a known person come here
        before: dict[str, list[Any]] = {}
        if "phone" in plan.user_changes:
            before["phone"] = [crypto.encrypt(user.phone, BEFORE), plan.phone_index]
            user.phone, user.phone_index = plan.line.phone, plan.phone_index
        if "id_number" in plan.user_changes:
            before["id_number"] = [crypto.encrypt(user.id_number, BEFORE), plan.id_index]
            user.id_number, user.id_index = plan.line.id_number, plan.id_index
        befores[id(plan)] = before
    if people:
        User.objects.bulk_update(people.values(), ["phone", "phone_index", "id_number", "id_index"], batch_size=150)
    return befores


def _give_posts(enterprise: Enterprise, titles: dict[int, str]) -> None:
    """Give each person (by id, with the job's title) the post of a worker here, or correct the title of the one they hold."""
    posts = Post.objects.filter(organisation_id=enterprise.pk, role_id="worker", until__isnull=True)
    held = {post.user_id: post for post in posts.filter(user_id__in=list(titles))}
    missing = [pk for pk in titles if pk not in held]
    insert_many(
        Post,
        len(missing),
        user_id=missing,
        role_id="worker",
        organisation_id=enterprise.pk,
        title=[titles[pk] for pk in missing],
    )
    retitled = [post for pk, post in held.items() if titles[pk] and post.title != titles[pk]]
    for post in retitled:
        post.title = titles[post.user_id]
    if retitled:
        Post.objects.bulk_update(retitled, ["title"], batch_size=250)
