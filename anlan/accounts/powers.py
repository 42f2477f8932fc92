"""Every power in the product. Roles are data that bundle these; a view or action asks `user.may(POWER)`."""

from typing import Final

MANAGE_ENTERPRISE: Final = "manage_enterprise"
"""Edit an enterprise's file, its workers and posts."""
ASSIGN_TRAINING: Final = "assign_training"
"""Create classes, assign people, remind them, open exams for them."""
LEARN: Final = "learn"
TEACH: Final = "teach"
"""Author courses and questions of one's own organisation, answer learners, invigilate."""
SUPERVISE: Final = "supervise"
"""Read everything inside the territory and its indicators."""
REVOKE_CERTIFICATES: Final = "revoke_certificates"
MANAGE_POSTS: Final = "manage_posts"
"""Grant and withdraw posts inside the scope."""
SEE_SENSITIVE: Final = "see_sensitive"
"""Unmask ID numbers and phones inside the scope; every look is recorded."""
READ_AUDIT: Final = "read_audit"
INSPECT: Final = "inspect"
"""Patrol and inspect firms inside the scope, register hazards there and re-inspect their cure."""
COORDINATE: Final = "coordinate"
"""Joint action on what escalated, extensions of deadlines, closing of major hazards, return of reports."""
MANAGE_GRIDS: Final = "manage_grids"
"""Create, split, merge and reassign grids; move enterprises between them."""
SET_RULES: Final = "set_rules"
"""Risk policy, checklists, ledger templates, custom fields, weights of the performance, holidays."""
MANAGE_AGENCIES: Final = "manage_agencies"
"""Open, review, suspend and close agencies, their engineers, associations (P-05)."""
APPROVE: Final = "approve"
"""Be the second person of a sensitive change inside the scope (P-06)."""
SERVE: Final = "serve"
"""Work for enterprises under a contract: plan, deliver, report."""
MANAGE_AGENCY: Final = "manage_agency"
"""Profile, engineers, contracts and service points of one's own agency."""
MANAGE_ASSOCIATION: Final = "manage_association"
"""Members, course packs and standards, pushes and inspections of one's own association."""
EDIT_CONTENT: Final = "edit_content"
"""Write for the site: news, cases, knowledge; statutes, guides, the thesaurus; answer suggestions."""
REVIEW_FIRST: Final = "review_first"
"""初审 and 一校: the responsible editor."""
REVIEW_SECOND: Final = "review_second"
"""复审 and 二校: the head of the editors. May also hide at once what is unlawful."""
REVIEW_FINAL: Final = "review_final"
"""终审 and 三校: the chief editor, who releases. May also bypass a stage with a recorded reason."""
OPERATE: Final = "operate"
"""Health, tasks, media processing, backups of the whole platform; no personal data."""

OVER_OTHERS: Final = frozenset(
    {
        MANAGE_ENTERPRISE,
        ASSIGN_TRAINING,
        TEACH,
        SUPERVISE,
        REVOKE_CERTIFICATES,
        MANAGE_POSTS,
        SEE_SENSITIVE,
        READ_AUDIT,
        INSPECT,
        COORDINATE,
        MANAGE_GRIDS,
        SET_RULES,
        MANAGE_AGENCIES,
        APPROVE,
        SERVE,
        MANAGE_AGENCY,
        MANAGE_ASSOCIATION,
        EDIT_CONTENT,
        REVIEW_FIRST,
        REVIEW_SECOND,
        REVIEW_FINAL,
        OPERATE,
    }
)
"""Powers over other people's data: a second factor is compulsory for whoever holds one (P-04)."""

OVER_PEOPLE: Final = frozenset(
    {
        MANAGE_ENTERPRISE,
        ASSIGN_TRAINING,
        SUPERVISE,
        REVOKE_CERTIFICATES,
        MANAGE_POSTS,
        SEE_SENSITIVE,
        MANAGE_AGENCY,
        MANAGE_ASSOCIATION,
    }
)
"""Powers whose holders see who works inside their scope."""

GRANTS: Final[dict[str, tuple[str, ...]]] = {
    "operator": ("province_admin", "auditor", "institution_admin", "editor", "reviewer", "head_editor", "chief_editor"),
    "province_admin": (
        "city_admin", "county_admin", "department_staff", "town_admin", "grid_officer", "enterprise_admin", "institution_admin",
    ),
    "city_admin": ("county_admin", "department_staff", "town_admin", "grid_officer", "enterprise_admin", "institution_admin"),
    "county_admin": (
        "department_staff", "town_admin", "grid_officer", "enterprise_admin", "institution_admin", "agency_admin", "safety_engineer",
        "agency_staff", "association_admin",
    ),
    "town_admin": ("grid_officer", "enterprise_admin"),
    "enterprise_admin": ("enterprise_manager", "safety_manager", "worker"),
    "enterprise_manager": ("safety_manager", "worker"),
    "institution_admin": ("teacher",),
    "agency_admin": ("agency_staff",),
}  # fmt: skip
"""Which roles a holder of MANAGE_POSTS grants and withdraws: only those below their own. The operator opens the tops of
the trees and no more, so that running the platform gives no way into personal data."""

ROLE_SCOPES: Final[dict[str, int | str]] = {
    "province_admin": 1, "city_admin": 2, "county_admin": 3, "department_staff": 3, "town_admin": 4, "grid_officer": 6,
    "enterprise_admin": "enterprise", "enterprise_manager": "enterprise", "safety_manager": "enterprise", "worker": "enterprise",
    "institution_admin": "institution", "teacher": "institution", "agency_admin": "agency", "safety_engineer": "agency",
    "agency_staff": "agency", "association_admin": "association", "auditor": "", "operator": "", "visitor": "", "editor": "", "reviewer": "", "head_editor": "", "chief_editor": "",
}  # fmt: skip
"""What a role is bound to: a level of region, a kind of organisation, or (empty) the whole platform."""

INVITES: Final[dict[str, tuple[str, ...]]] = {
    "grid_officer": ("enterprise_admin", "enterprise_manager"),
    "town_admin": ("enterprise_admin", "enterprise_manager"),
    "county_admin": ("enterprise_admin", "enterprise_manager", "agency_admin", "safety_engineer", "association_admin"),
    "enterprise_admin": ("enterprise_manager", "safety_manager"),
}
"""Which posts a role may open a door to: the officer in the yard binds the firm's people without managing posts (P-05)."""

DEFAULT_ROLES: Final[tuple[tuple[str, str, str, str, tuple[str, ...]], ...]] = (
    # code, name, English, class of account, powers
    (
        "province_admin",
        "省级监管",
        "Provincial regulator",
        "regulator",
        (SUPERVISE, REVOKE_CERTIFICATES, MANAGE_POSTS, SEE_SENSITIVE, SET_RULES, APPROVE),
    ),
    (
        "city_admin",
        "市级监管",
        "City regulator",
        "regulator",
        (SUPERVISE, REVOKE_CERTIFICATES, MANAGE_POSTS, SEE_SENSITIVE, SET_RULES, APPROVE),
    ),
    (
        "county_admin",
        "县区监管",
        "County regulator",
        "regulator",
        (
            SUPERVISE,
            REVOKE_CERTIFICATES,
            MANAGE_POSTS,
            SEE_SENSITIVE,
            INSPECT,
            COORDINATE,
            MANAGE_GRIDS,
            SET_RULES,
            MANAGE_AGENCIES,
            APPROVE,
        ),
    ),
    ("department_staff", "县区应急局科员", "Department staff", "regulator", (SUPERVISE, INSPECT, COORDINATE)),
    (
        "town_admin",
        "乡镇街道安监员",
        "Town safety officer",
        "regulator",
        (SUPERVISE, MANAGE_POSTS, INSPECT, COORDINATE, MANAGE_GRIDS, APPROVE),
    ),
    ("grid_officer", "网格员", "Grid officer", "regulator", (SUPERVISE, INSPECT)),
    (
        "enterprise_admin",
        "企业负责人",
        "Person in charge",
        "enterprise",
        (LEARN, MANAGE_ENTERPRISE, ASSIGN_TRAINING, MANAGE_POSTS, SEE_SENSITIVE),
    ),
    (
        "enterprise_manager",
        "企业平台管理员",
        "Enterprise administrator",
        "enterprise",
        (LEARN, MANAGE_ENTERPRISE, ASSIGN_TRAINING, MANAGE_POSTS),
    ),
    (
        "safety_manager",
        "安全管理员",
        "Safety manager",
        "enterprise",
        (LEARN, MANAGE_ENTERPRISE, ASSIGN_TRAINING, SEE_SENSITIVE),
    ),
    ("worker", "员工", "Worker", "enterprise", (LEARN,)),
    (
        "institution_admin",
        "培训机构管理员",
        "Institution administrator",
        "institution",
        (TEACH, ASSIGN_TRAINING, MANAGE_POSTS),
    ),
    ("teacher", "教师", "Teacher", "institution", (TEACH,)),
    ("auditor", "审计员", "Auditor", "platform", (READ_AUDIT,)),
    ("operator", "平台运维", "Platform operator", "platform", (OPERATE, MANAGE_POSTS)),
    ("visitor", "公众", "Public", "public", (LEARN,)),
    ("agency_admin", "服务机构管理员", "Agency administrator", "agency", (SERVE, MANAGE_AGENCY, INSPECT, MANAGE_POSTS)),
    ("safety_engineer", "注册安全工程师", "Registered safety engineer", "agency", (SERVE, INSPECT)),
    ("agency_staff", "服务机构员工", "Agency staff", "agency", (SERVE,)),
    ("association_admin", "协会管理员", "Association administrator", "association", (MANAGE_ASSOCIATION, INSPECT)),
    ("editor", "内容编辑", "Editor", "platform", (EDIT_CONTENT,)),
    ("reviewer", "责任编辑", "Responsible editor", "platform", (EDIT_CONTENT, REVIEW_FIRST)),
    ("head_editor", "编辑部主任", "Head of editors", "platform", (EDIT_CONTENT, REVIEW_SECOND)),
    ("chief_editor", "总编辑", "Chief editor", "platform", (EDIT_CONTENT, REVIEW_FINAL)),
    # Second-level roles (P-01) whose own pages come with their apps: they hold no power yet, and nobody grants them.
    ("consultant", "咨询顾问", "Consultant", "platform", ()),
    ("activity_admin", "活动管理员", "Activity administrator", "public", ()),
    ("participant", "活动参与者", "Participant", "public", (LEARN,)),
)
