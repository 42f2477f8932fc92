"""Every setting, driven by the environment. One file, no logic beyond reading it.

Where the operator gives nothing, Anlan runs on one machine with nothing to install: SQLite, files in a folder, tasks in
the database. `ANLAN_DEMO=1` adds invented people and firms; without it the product refuses demo accounts and the
keys of the demo (see `anlan.operations.checks`).
"""

from pathlib import Path

import environ

from config.keys import load_or_make_keys

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("ANLAN_VAR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

ANLAN_DEMO = env.bool("ANLAN_DEMO", default=False)
ANLAN_PORT = env.int("ANLAN_PORT", default=8000)
ANLAN_PROVINCE = env.str("ANLAN_PROVINCE", default="41")
"""Division code of the province that this house serves."""
ANLAN_PUBLIC_URL = env.str("ANLAN_PUBLIC_URL", default=f"http://127.0.0.1:{ANLAN_PORT}").rstrip("/")
"""Address printed into certificates and messages."""
ANLAN_MAX_UPLOAD_MB = env.int("ANLAN_MAX_UPLOAD_MB", default=2048)
ANLAN_CIPHER = env.str("ANLAN_CIPHER", default="aes-256-gcm")

_keys = load_or_make_keys(VAR_DIR)
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
    "anlan.enterprises",
    "anlan.notifications",
    "anlan.accounts",
    "anlan.tallies",
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
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = env.int("ANLAN_CONN_MAX_AGE", default=600)

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "media"]}}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env.str("ANLAN_REDIS_URL")}
    if env.str("ANLAN_REDIS_URL", default="")
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "anlan"}
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "anlan" / "locale"]
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
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED = False
ACCOUNT_PHONE_VERIFICATION_ENABLED = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
SOCIALACCOUNT_PROVIDERS: dict[str, object] = {}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "安澜"
USERSESSIONS_TRACK_ACTIVITY = False

AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLED = env.bool("ANLAN_AXES", default=True)
AXES_VERBOSE = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db"
    if env.str("ANLAN_REDIS_URL", default="")
    else "django.contrib.sessions.backends.db"
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

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    }
}

ANLAN_SMS_URL = env.str("ANLAN_SMS_URL", default="demo:" if ANLAN_DEMO else "")
"""`aliyun://KEY:SECRET@SIGN_NAME?login=SMS_1&notice=SMS_2`; `demo:` shows codes on screen; empty: no messages go out, and it says so."""
ANLAN_SIGNING_CERT = env.str("ANLAN_SIGNING_CERT", default="")
"""Path of an official PKCS#12 for certificates; without it the platform makes its own at first start."""
ANLAN_SIGNING_PASSWORD = env.str("ANLAN_SIGNING_PASSWORD", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("ANLAN_LOG_LEVEL", default="WARNING")},
    "loggers": {"anlan": {"level": "INFO"}, "axes": {"level": "ERROR"}},
}
