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
        OPERATE,
    }
)
"""Powers over other people's data: a second factor is compulsory for whoever holds one (P-04)."""

DEFAULT_ROLES: Final[tuple[tuple[str, str, str, str, tuple[str, ...]], ...]] = (
    # code, name, English, class of account, powers
    (
        "province_admin",
        "省级监管",
        "Provincial regulator",
        "regulator",
        (SUPERVISE, REVOKE_CERTIFICATES, MANAGE_POSTS, SEE_SENSITIVE),
    ),
    (
        "city_admin",
        "市级监管",
        "City regulator",
        "regulator",
        (SUPERVISE, REVOKE_CERTIFICATES, MANAGE_POSTS, SEE_SENSITIVE),
    ),
    (
        "county_admin",
        "县区监管",
        "County regulator",
        "regulator",
        (SUPERVISE, REVOKE_CERTIFICATES, MANAGE_POSTS, SEE_SENSITIVE),
    ),
    ("town_admin", "乡镇街道安监员", "Town safety officer", "regulator", (SUPERVISE, MANAGE_POSTS)),
    ("grid_officer", "网格员", "Grid officer", "regulator", (SUPERVISE,)),
    (
        "enterprise_admin",
        "企业负责人",
        "Person in charge",
        "enterprise",
        (MANAGE_ENTERPRISE, ASSIGN_TRAINING, MANAGE_POSTS, SEE_SENSITIVE),
    ),
    (
        "safety_manager",
        "安全管理员",
        "Safety manager",
        "enterprise",
        (MANAGE_ENTERPRISE, ASSIGN_TRAINING, SEE_SENSITIVE),
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
)
