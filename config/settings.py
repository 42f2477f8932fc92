"""Every setting, driven by the environment. One file, no logic beyond reading it.

Where the operator gives nothing, Anlan runs on one machine with nothing to install: SQLite, files in a folder, tasks in
the database. `ANLAN_DEMO=1` adds invented people and firms; without it the product refuses demo accounts and the
keys of the demo (see `anlan.operations.checks`).
"""

import os
from pathlib import Path

import environ

from config.keys import load_or_make_keys

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("ANLAN_VAR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

ANLAN_DEMO = env.bool("ANLAN_DEMO", default=False)
ANLAN_PORT = env.int("ANLAN_PORT", default=8000)
ANLAN_HOST = env.str("ANLAN_HOST", default="127.0.0.1")
"""Address to listen on; `0.0.0.0` for every network of this machine."""
ANLAN_PROVINCE = env.str("ANLAN_PROVINCE", default="41")
"""Division code of the province that this house serves."""
ANLAN_PUBLIC_URL = env.str("ANLAN_PUBLIC_URL", default=f"http://127.0.0.1:{ANLAN_PORT}").rstrip("/")
"""Address printed into certificates and messages."""
ANLAN_WORKERS = env.int("ANLAN_WORKERS", default=os.cpu_count() or 1)
"""Web processes behind the one port."""
ANLAN_THREADS = env.int("ANLAN_THREADS", default=4)
"""Pages made at once by each web process (docs/decisions/0002-one-port.md)."""
ANLAN_PROXIES = env.list("ANLAN_PROXIES", default=[])
"""Addresses of gateways in front (deploy/nginx.conf), whose X-Forwarded-For is believed."""
ANLAN_MAX_UPLOAD_MB = env.int("ANLAN_MAX_UPLOAD_MB", default=2048)
ANLAN_CIPHER = env.str("ANLAN_CIPHER", default="aes-256-gcm")

_keys = load_or_make_keys(VAR_DIR, demo=ANLAN_DEMO)
ANLAN_KEYS_MADE_FOR = _keys.get("made_for", "use")
SECRET_KEY = env.str("ANLAN_SECRET_KEY", default=_keys["secret"])
ANLAN_KEYS = env.str("ANLAN_KEYS", default=_keys["fields"])
"""Field keys `kid:base64,kid2:base64`; the first encrypts, all decrypt."""
ANLAN_INDEX_ROOT = env.str("ANLAN_INDEX_ROOT", default=_keys["index"])
"""Root of blind indexes and tokens (base64, 32 bytes). Never rotated with the field keys, or look-ups break."""

DEBUG = env.bool("ANLAN_DEBUG", default=False)
ALLOWED_HOSTS = env.list("ANLAN_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("ANLAN_ORIGINS", default=[])

INSTALLED_APPS = [
    "anlan.portal",
    "anlan.operations",
    "anlan.supervision",
    "anlan.certificates",
    "anlan.exams",
    "anlan.training",
    "anlan.hazards",
    "anlan.ledgers",
    "anlan.agencies",
    "anlan.enterprises",
    "anlan.content",
    "anlan.law",
    "anlan.notifications",
    "anlan.accounts",
    "anlan.tallies",
    "anlan.search",
    "anlan.channels",
    "anlan.files",
    "anlan.audit",
    "anlan.ui",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.weixin",
    "allauth.socialaccount.providers.dingtalk",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "axes",
    "csp",
    "wagtail",
    "taggit",
    "modelcluster",
    "django_htmx",
    "django_tasks_db",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "anlan.accounts.middleware.GateMiddleware",
    "anlan.ui.middleware.RefusedMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "anlan.portal.frame.frame",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "anlan.ui.templatetags.ui"],
        },
    }
]

DATABASES = {"default": env.db_url("ANLAN_DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'anlan.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Several processes share the file: writers queue instead of failing, readers never wait (see docs/decisions/0002).
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        " PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;",
    }
    DATABASES["default"].setdefault("TEST", {})["NAME"] = str(VAR_DIR / "test.sqlite3")
else:
    DATABASES["default"].setdefault("OPTIONS", {})
    if DATABASES["default"]["ENGINE"].endswith("postgresql"):
        # Of `lib.prepared` only, whose few statements come on every page; a pooler between must know prepared
        # statements (PgBouncer from 1.21), or ANLAN_PREPARE=0.
        DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 2 if env.bool("ANLAN_PREPARE", default=True) else None
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = env.int("ANLAN_CONN_MAX_AGE", default=600)

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "media"]}}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env.str("ANLAN_REDIS_URL")}
    if env.str("ANLAN_REDIS_URL", default="")
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "anlan"}
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English"), *env.dict("ANLAN_LANGUAGES", default={}).items()]
"""More by `ANLAN_LANGUAGES=es=Español,mn=Монгол`, whose words stand in the state folder (`anlan language es`)."""
LOCALE_PATHS = [VAR_DIR / "locale", BASE_DIR / "anlan" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WEB_DIST = BASE_DIR / "web" / "dist"
STATICFILES_DIRS = [("vendor", WEB_DIST / "static")] if (WEB_DIST / "static").is_dir() else []
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(VAR_DIR / "files"), "file_permissions_mode": 0o640},
    },
    "staticfiles": {"BACKEND": "anlan.ui.storage.StaticStorage"},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "portal:index"

ACCOUNT_ADAPTER = "anlan.accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "anlan.accounts.adapter.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"phone"}
ACCOUNT_SIGNUP_FIELDS = ["phone*"]
ACCOUNT_SIGNUP_FORM_CLASS = "anlan.accounts.signup.NameForm"
ACCOUNT_FORMS = {
    "login": "anlan.accounts.forms.LoginForm",
    "change_password": "anlan.accounts.forms.ChangePasswordForm",
}
ACCOUNT_SESSION_REMEMBER = True
# Failures are counted per number by axes first (below); this is the outer fence, also around codes of the second factor.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "30/m/ip,10/15m/key",
    "change_phone": "5/m/user",
    "request_login_code": "20/m/ip,4/10m/key",
}
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED = False
ACCOUNT_PHONE_VERIFICATION_ENABLED = True
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 600
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ANLAN_WEIXIN = env.str("ANLAN_WEIXIN", default="")
ANLAN_DINGTALK = env.str("ANLAN_DINGTALK", default="")
"""`id:secret` of the application there; empty: the button does not appear."""
ANLAN_OIDC_URL = env.str("ANLAN_OIDC_URL", default="").rstrip("/")
"""Issuer of an enterprise's or government's own sign-in; with ANLAN_OIDC_ID, ANLAN_OIDC_SECRET and ANLAN_OIDC_NAME."""
SOCIALACCOUNT_FORMS = {"signup": "anlan.accounts.forms.SocialSignupForm"}
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, object]] = {
    provider: {"APPS": [{"client_id": app.partition(":")[0], "secret": app.partition(":")[2], "name": name}]}
    for provider, app, name in (("weixin", ANLAN_WEIXIN, "微信"), ("dingtalk", ANLAN_DINGTALK, "钉钉"))
    if app
}
if ANLAN_OIDC_URL:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": env.str("ANLAN_OIDC_NAME", default="企业账号"),
                "client_id": env.str("ANLAN_OIDC_ID", default=""),
                "secret": env.str("ANLAN_OIDC_SECRET", default=""),
                "settings": {"server_url": ANLAN_OIDC_URL, "oauth_pkce_enabled": True},
            }
        ],
    }
MFA_ADAPTER = "anlan.accounts.adapter.MfaAdapter"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = ANLAN_DEMO  # browsers offer passkeys without TLS on http://localhost only
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "安澜"
USERSESSIONS_TRACK_ACTIVITY = False

AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLED = env.bool("ANLAN_AXES", default=True)
AXES_VERBOSE = False
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "anlan.accounts.lockout.who"
AXES_LOCKOUT_CALLABLE = "anlan.accounts.views.doors.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # sign-ins are in our own record
AXES_SENSITIVE_PARAMETERS = ["login", "phone", "name", "code", "csrfmiddlewaretoken", "username", "ip_address"]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db"
    if env.str("ANLAN_REDIS_URL", default="")
    else "anlan.accounts.session_store"
)
CSRF_FAILURE_VIEW = "anlan.ui.views.stale_form"
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if env.bool("ANLAN_HTTPS", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_SSL_REDIRECT = True

ANLAN_TILES_URL = env.str("ANLAN_TILES_URL", default="")
"""Tiles of the map, `https://host/{z}/{x}/{y}…`; empty: the map draws borders and marks on plain ground."""
ANLAN_TILES_CREDIT = env.str("ANLAN_TILES_CREDIT", default="")
"""Whom the tiles are owed to, shown on the map."""

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": [
            "'self'",
            "data:",
            "blob:",
            *(["/".join(ANLAN_TILES_URL.split("/")[:3])] if ANLAN_TILES_URL else []),
        ],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        # A form that starts a sign-in elsewhere is redirected there, and browsers hold the redirect to this list too.
        "form-action": [
            "'self'",
            *(["https://open.weixin.qq.com"] if ANLAN_WEIXIN else []),
            *(["https://login.dingtalk.com"] if ANLAN_DINGTALK else []),
            *(["/".join(ANLAN_OIDC_URL.split("/")[:3])] if ANLAN_OIDC_URL else []),
        ],
        "frame-ancestors": ["'self'"],
    }
}

ANLAN_SEARCH_URL = env.str("ANLAN_SEARCH_URL", default="tantivy:")
"""`tantivy:` keeps the search index in the state folder of this machine, `tantivy:/path` elsewhere; `postgres:` searches in the
database, for several machines."""

ANLAN_SMS_URL = env.str("ANLAN_SMS_URL", default="demo:" if ANLAN_DEMO else "")
"""`aliyun://KEY:SECRET@SIGN_NAME?login=SMS_1&notice=SMS_2`; `demo:` shows codes on screen; empty: no messages go out, and it says so."""
ANLAN_EMAIL_URL = env.str("ANLAN_EMAIL_URL", default=f"filemail:///{VAR_DIR}/mail" if ANLAN_DEMO else "")
"""`smtp+tls://USER:PASSWORD@HOST:587`; in demo mode letters are kept in the state folder; empty: no letters go out, and it says so."""
ANLAN_WECHAT_URL = env.str("ANLAN_WECHAT_URL", default="")
"""`wechat://APPID:SECRET@?notice=TEMPLATE_ID` of an official account; empty: no WeChat messages, and it says so."""
ANLAN_CRAWL_INSIDE = env.list("ANLAN_CRAWL_INSIDE", default=[])
"""Hosts of the own network that collecting and the check of links may visit; no other private address is ever asked."""
ANLAN_LAW_DIR = env.str("ANLAN_LAW_DIR", default=str(BASE_DIR.parent / "shared" / "data" / "laws"))
"""Folder of official texts of statutes that is imported at the start, where it exists; empty: none."""
ANLAN_LAW_NATIONAL_URL = env.str("ANLAN_LAW_NATIONAL_URL", default="https://flk.npc.gov.cn")
"""The national database of laws and regulations; empty: it is not asked."""
ANLAN_LAW_COLLECTION = env.list("ANLAN_LAW_COLLECTION", default=[])
"""Listing and root of a published collection: `https://HOST/git/trees/main?recursive=1,https://HOST/raw/main/`."""
ANLAN_LAW_DAILY = env.list("ANLAN_LAW_DAILY", default=[] if ANLAN_DEMO else ["法律", "行政法规", "司法解释"])
"""Categories that are looked through every day; empty (as in the demo): only by command."""
if ANLAN_EMAIL_URL:
    vars().update(env.email_url_config(ANLAN_EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("ANLAN_EMAIL_FROM", default="安澜 <anlan@localhost>")
ANLAN_SIGNING_CERT = env.str("ANLAN_SIGNING_CERT", default="")
"""Path of an official PKCS#12 for certificates; without it the platform makes its own at first start."""
ANLAN_SIGNING_PASSWORD = env.str("ANLAN_SIGNING_PASSWORD", default="")
ANLAN_SIGNING_DIR = env.str("ANLAN_SIGNING_DIR", default="")
"""Folder of the keys for certificates and their log, shared by all machines that sign; empty: `signing` in the state folder."""
ANLAN_TIMESTAMP_URL = env.str("ANLAN_TIMESTAMP_URL", default="")
"""Time-stamping service (RFC 3161) for certificates; empty: signed without one, and the public log proves the time."""
ANLAN_CERTIFICATE_MONTHS = env.dict("ANLAN_CERTIFICATE_MONTHS", default={})
"""`initial=36,annual=12,special=12`: months that certificates are valid, where the defaults do not fit."""

# Wagtail keeps pages, their tree and every version; its admin is not mounted (docs/decisions/0011).
WAGTAIL_SITE_NAME = "安澜"
WAGTAIL_ALLOW_UNICODE_SLUGS = True
WAGTAILADMIN_BASE_URL = ANLAN_PUBLIC_URL
ANLAN_PROOF_APART = env.bool("ANLAN_PROOF_APART", default=False)
"""Whether review and proof of one stage must be signed by two persons."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("ANLAN_LOG_LEVEL", default="WARNING")},
    "loggers": {"anlan": {"level": "INFO"}, "axes": {"level": "ERROR"}},
}
