"""What must hold before the house opens its doors to real people. Run by `anlan up` and `anlan check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError

TAG = "house"


@register(TAG, deploy=True)
def demo_is_not_real(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Outside the demo nobody signs in with one click, and no code is shown on the screen."""
    if settings.ANLAN_DEMO:
        return []
    from anlan.accounts.models import User

    found: list[CheckMessage] = []
    try:
        if User.objects.filter(is_demo=True).exists():
            found.append(
                Error(
                    "数据库里有演示账号，任何人都能用它们登录。",
                    hint="正式使用请换一个空的数据库（ANLAN_DATABASE_URL 或 ANLAN_VAR）；只是演示请设 ANLAN_DEMO=1。",
                    id="anlan.E101",
                )
            )
    except DatabaseError:  # not migrated yet: there is nobody in it
        pass
    if settings.ANLAN_SMS_URL.startswith("demo:"):
        found.append(
            Error(
                "短信设成了演示方式：验证码会显示在屏幕上。",
                hint="把 ANLAN_SMS_URL 改成短信服务的地址，或者留空（用密码登录）。",
                id="anlan.E102",
            )
        )
    return found


@register(TAG, deploy=True)
def debug_is_off(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Error pages must not show the inside of the house."""
    if settings.DEBUG and not settings.ANLAN_DEMO:
        return [Error("调试方式开着，出错页会显示内部信息。", hint="去掉 ANLAN_DEBUG。", id="anlan.E103")]
    return []


@register(TAG, deploy=True)
def keys_are_private(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Only the account that runs the house reads its keys."""
    path = settings.VAR_DIR / "keys.json"
    if path.exists() and path.stat().st_mode & 0o077:
        return [Error(f"其他用户可以读取密钥文件 {path}。", hint=f"请执行：chmod 600 {path}", id="anlan.E104")]
    return []


@register(TAG, deploy=True)
def keys_are_ones_own(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Keys that came with a demo, or that somebody could guess, protect nothing."""
    if settings.ANLAN_DEMO:
        return []
    found: list[CheckMessage] = []
    if settings.ANLAN_KEYS_MADE_FOR == "demo":
        found.append(
            Error(
                "密钥是演示时生成的，不能用于正式使用。",
                hint="正式使用请换一个空的数据目录（ANLAN_VAR），第一次启动会生成新的密钥。",
                id="anlan.E106",
            )
        )
    secrets = [
        settings.SECRET_KEY,
        settings.ANLAN_INDEX_ROOT,
        *(part.partition(":")[2] for part in settings.ANLAN_KEYS.split(",")),
    ]
    if any(len(secret.strip()) < 32 or len(set(secret)) < 10 or "insecure" in secret for secret in secrets):
        found.append(
            Error(
                "有一个密钥太短或者太简单，猜得出来。",
                hint="ANLAN_SECRET_KEY、ANLAN_KEYS、ANLAN_INDEX_ROOT 请用随机生成的值，或者留空，由平台生成。",
                id="anlan.E107",
            )
        )
    return found


@register(TAG, deploy=True)
def address_is_encrypted(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Whoever serves other machines should serve them by HTTPS."""
    local = any(name in settings.ANLAN_PUBLIC_URL for name in ("127.0.0.1", "localhost"))
    if settings.ANLAN_DEMO or local or settings.ANLAN_PUBLIC_URL.startswith("https://"):
        return []
    return [
        Warning(
            "对外地址不是 https，密码和证件号会在网上明文传送。",
            hint="在前面放一个提供 HTTPS 的网关（deploy/nginx.conf），并设 ANLAN_HTTPS=1 和 ANLAN_PUBLIC_URL=https://…",
            id="anlan.W105",
        )
    ]
