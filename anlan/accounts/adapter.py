"""How allauth meets our people: by phone number, through blind indexes and our SMS channel, in our words."""

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.fields import PhoneField
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from anlan.accounts.actions import bind_invitations, note_sign_in, welcome
from anlan.accounts.actions.keys import MFA_PLACE
from anlan.accounts.models import User
from anlan.accounts.models.users import phone_index
from anlan.audit.actions import record
from anlan.channels import sms
from anlan.lib import codes, crypto
from anlan.lib.errors import Refused

MESSAGES = {
    "account/messages/password_changed.txt": _("密码已更换。其他设备上的登录已经失效。"),
    "account/messages/password_set.txt": _("密码已设置，下次可以用密码登录。"),
    "account/messages/phone_verified.txt": _("手机号已验证。"),
    "mfa/messages/totp_activated.txt": _("身份验证器已启用。"),
    "mfa/messages/totp_deactivated.txt": _("身份验证器已停用。"),
    "mfa/messages/webauthn_added.txt": _("通行密钥已添加。"),
    "mfa/messages/webauthn_removed.txt": _("通行密钥已移除。"),
    "usersessions/messages/sessions_logged_out.txt": _("其他设备都已退出。"),
    "socialaccount/messages/account_connected.txt": _("账号已绑定，下次可以直接用它登录。"),
    "socialaccount/messages/account_disconnected.txt": _("账号已解除绑定。"),
    "socialaccount/messages/account_connected_other.txt": _("这个账号已经绑定了别人，没有改动。"),
}
"""What is said after an action; what is not here is said by the page itself."""

ERRORS = {
    "account_inactive": _("这个账号已停用。"),
    "enter_current_password": _("现在的密码不对，请重新输入。"),
    "incorrect_code": _("验证码不对，请核对后重新输入。"),
    "incorrect_password": _("密码不对，请重新输入。"),
    "invalid_login": _("请填写手机号。"),
    "invalid_or_expired_key": _("链接已经失效。"),
    "phone_password_mismatch": _("手机号或密码不对。忘了密码可以用短信验证码登录。"),
    "phone_taken": _("这个手机号已经属于另一个账号。"),
    "rate_limited": _("太频繁了，请过一会儿再试。"),
    "same_as_current": _("这就是现在的手机号。"),
    "too_many_login_attempts": _("试的次数太多，请过几分钟再试。"),
    "unknown_phone": _("这个手机号还没有账号。"),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Phone sign-in."""

    error_messages = {**DefaultAccountAdapter.error_messages, **ERRORS}

    # --- phone numbers

    def phone_form_field(self, **kwargs: Any) -> PhoneField:
        """Mainland numbers in any spelling; allauth's own field wants a country code."""
        widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"})
        return PhoneField(**{**kwargs, "validators": [], "widget": widget, "label": _("手机号")})

    def clean_phone(self, phone: str) -> str:
        """Return the 11 digits; demo numbers only in demo mode."""
        try:
            return codes.phone(phone, allow_demo=settings.ANLAN_DEMO)
        except codes.Malformed as malformed:
            raise forms.ValidationError(str(malformed)) from None

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        """Return the number and whether it was proved."""
        return (user.phone, user.phone_verified) if user.phone else None

    def get_user_by_phone(self, phone: str) -> User | None:
        """Find a person through the blind index."""
        return User.objects.by_phone(phone)

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        """Keep a number, encrypted. Only one that was proved is indexed: else anybody could take other people's numbers by
        signing up with them, under any name. Raises `Refused` when somebody else has proved it meanwhile."""
        user.set_phone(phone)
        user.phone_verified = verified
        if not verified:
            user.phone_index = None
        try:
            with transaction.atomic():
                user.save(update_fields=["phone", "phone_index", "phone_verified"])
        except IntegrityError:
            raise Refused(now("这个手机号已经属于另一个账号，没有改动。请直接用它登录。"), code="phone_taken") from None

    def set_phone_verified(self, user: User, phone: str) -> None:
        """The person has proved this number: a changed one takes effect now, a first one makes them a visitor."""
        had, first = user.phone_index, not user.phone_verified
        if had != phone_index(phone) or first:
            self.set_phone(user, phone, True)
        if had and had != user.phone_index:
            record("change_phone", user, by=user)
        if first:
            welcome(user)
        self._bind(user)

    def _bind(self, user: User) -> None:
        """Give the posts that wait for this proved number (P-05), and say so on the next page."""
        for post in bind_invitations(user):
            said = now("您已成为%(firm)s的%(role)s。") % {"firm": post.scope_name, "role": post.role.name}
            messages.success(context.request, said)

    def generate_phone_verification_code(self, *, user: User, phone: str) -> str:
        """Six digits."""
        return f"{secrets.randbelow(1_000_000):06d}"

    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        """Send a code."""
        self._send(phone, "login", {"code": code})

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        """Nobody has this number: the page looks as always, only its owner may be told."""
        self._send(phone, "unknown", {})

    def send_account_already_exists_sms(self, phone: str, **kwargs: Any) -> None:
        """Somebody signs up with a number that has an account: the page looks as always, only its owner may be told."""
        self._send(phone, "exists", {})

    def _send(self, phone: str, template: str, params: dict[str, str]) -> None:
        if template == "login" or sms.has_template(template):
            sms.send_sms(phone, template, params)
        else:  # costs and refuses the same, so that nothing shows whether the number has an account
            sms.ensure_ready()
            sms.count_message(phone)
        if sms.is_demo_outbox():
            context.request.session["demo_sms"] = sms.outbox[-1].text

    # --- accounts

    def save_user(self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True) -> User:
        """Keep a new person: a name, no password, a number still to be proved."""
        user.name = form.cleaned_data["name"]
        user.set_unusable_password()
        if commit:
            user.save()
        if phone := form.cleaned_data.get("phone"):
            self.set_phone(user, phone, False)
        return user

    def set_password(self, user: User, password: str) -> None:
        """Change a password, recorded."""
        super().set_password(user, password)
        record("change_password", user, by=user)

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, recorded with the way it was proved."""
        super().login(request, user)
        self._bind(user)
        request.session.pop("demo_sms", None)
        methods = [item["method"] for item in get_authentication_records(request, user)]
        note_sign_in(user, methods[-1] if methods else "")

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """A new device takes over language and large type from the person."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.language:
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, max_age=365 * 24 * 3600, samesite="Lax")
        if user.elder:
            response.set_cookie("elder", "on", max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to one's own page."""
        return reverse("accounts:me")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say it in our words; what the page itself says is not said twice."""
        words = message or MESSAGES.get(message_template or "")
        if words:
            messages.add_message(request, level, words, extra_tags=extra_tags)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth counts failures per e-mail or username; without either all phones would share one counter.
        return phone_index(str(credentials.get("phone", "")))

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """The ways to prove oneself again, in our words."""
        words = {
            "reauthenticate": now("用密码验证"),
            "mfa_reauthenticate": now("用身份验证器或备用码验证"),
            "mfa_reauthenticate:webauthn": now("用通行密钥验证"),
        }
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**method, "description": words[method["id"]]} for method in found]


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Sign-in through WeChat, DingTalk or an enterprise."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "invalid_token": _("对方给的凭证无效，没有登录。请再试一次。"),
        "no_password": _("请先设置密码，再解除绑定，否则您会登录不了。"),
        "disconnect_last": _("这是您最后一种登录方式，不能解除绑定。"),
        "connected_other": _("这个账号已经绑定了别人，没有改动。"),
    }

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Keep only what is needed of the profile; an enterprise that vouches for a phone number finds its person."""
        account = sociallogin.account
        data = account.extra_data.get("userinfo") or account.extra_data.get("id_token") or account.extra_data
        name = data.get("name") or data.get("nickname") or data.get("nick") or ""
        account.extra_data = {"name": name, "nickname": name, "nick": name}
        sociallogin.email_addresses = []
        if sociallogin.is_existing or request.user.is_authenticated or account.provider == "weixin":
            return
        if not data.get("phone_number") or data.get("phone_number_verified") is not True:
            return
        try:
            phone = codes.phone(str(data["phone_number"]), allow_demo=settings.ANLAN_DEMO)
        except codes.Malformed:
            return
        person = User.objects.by_phone(phone)
        if person is not None and person.is_active:
            if not person.phone_verified:
                AccountAdapter(request).set_phone_verified(person, phone)
            sociallogin.connect(request, person)
        else:
            sociallogin.phone, sociallogin.phone_verified = phone, True

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """Take over the name."""
        user: User = sociallogin.user
        user.name = str(data.get("name") or data.get("username") or "")[:60]
        return user

    def get_signup_form_initial_data(self, sociallogin: Any) -> dict[str, str]:
        """Offer the name that the other side knows."""
        return {"name": sociallogin.user.name}

    def save_user(self, request: HttpRequest, sociallogin: Any, form: forms.Form | None = None) -> User:
        """Keep a new person; without a form the number was vouched for by the enterprise."""
        user: User = super().save_user(request, sociallogin, form)
        if form is None and sociallogin.phone:
            AccountAdapter(request).set_phone_verified(user, sociallogin.phone)
            welcome(user)
        return user


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: secrets encrypted with our keys, names in our words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _("您现在的身份必须保留一种第二重验证，请先添加另一种。"),
        "cannot_generate_recovery_codes": _("请先启用身份验证器或通行密钥，再生成备用码。"),
        "incorrect_code": _("验证码不对，请核对后重新输入。"),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return crypto.encrypt(text, MFA_PLACE)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret."""
        return crypto.decrypt(encrypted_text, MFA_PLACE)

    def get_totp_label(self, user: User) -> str:
        """What the app shows beside the code."""
        return f"{user.name} {user.phone_masked}"

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        """A first name for a key."""
        return now("我的通行密钥")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Who asks, as the device shows it."""
        return {**super().get_public_key_credential_rp_entity(), "name": now("安澜")}
