"""Forms: how allauth's are ours, and the ones of people and posts."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account import forms as allauth_forms
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.socialaccount import forms as social_forms
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Organisation, Post, Region, Role, User
from anlan.accounts.models.regions import inside
from anlan.accounts.powers import GRANTS, ROLE_SCOPES
from anlan.lib import codes

CODE_TRUST = 600
"""Seconds for which a sign-in by code may replace the old password."""


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]
    """Phone and password. Sign-up asks for no password, which makes allauth drop the field: it is kept here."""

    def _setup_password_field(self) -> None:
        """Keep the field."""


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """Who has just signed in by a code to the phone need not know the old password: this is how a password is reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        records = get_authentication_records(context.request, self.user)
        if any(item["method"] == "code" and time.time() - item["at"] < CODE_TRUST for item in records):
            del self.fields["oldpassword"]


class SocialSignupForm(social_forms.SignupForm):  # type: ignore[misc]
    """Name and phone. allauth insists on an e-mail setting here, even where sign-up has no e-mail at all."""

    def _get_signup_fields(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of sign-up."""
        kwargs.pop("email_required", None)
        return dict(app_settings.SIGNUP_FIELDS)


def _text(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", **attrs})


class PeopleFilter(forms.Form):
    """Find people by name or full phone number, by role, and among those who left."""

    q = forms.CharField(label=_("姓名或手机号"), required=False, max_length=40, widget=_text())
    role = forms.ChoiceField(label=_("角色"), required=False, widget=forms.Select(attrs={"class": "form-select"}))
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("现任")), ("ended", _("已收回"))],
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", _("全部角色")), *((role.pk, role.name) for role in roles)]  # type: ignore[attr-defined]


class GrantForm(forms.Form):
    """Who, which role, where. The scope may be given by code or by name; several of one name are offered to choose from."""

    name = forms.CharField(label=_("姓名"), max_length=60, widget=_text(autocomplete="off"))
    phone = forms.CharField(label=_("手机号"), max_length=20, widget=_text(inputmode="tel", autocomplete="off"))
    role = forms.ChoiceField(label=_("角色"), widget=forms.RadioSelect(attrs={"class": "form-check-input"}))
    scope = forms.CharField(
        label=_("范围"),
        required=False,
        max_length=120,
        help_text=_("地区或单位的名称、代码，例如：杨金路街道。"),
        widget=_text(autocomplete="off"),
    )
    title = forms.CharField(
        label=_("职务"), required=False, max_length=60, help_text=_("例如：副主任。"), widget=_text()
    )
    because = forms.CharField(
        label=_("理由"),
        required=False,
        max_length=300,
        help_text=_("授予市、县、镇街一级的监管身份要写，由另一个人审批后才生效。"),
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.region_code = ""
        self.organisation: Organisation | None = None
        self.candidates: list[tuple[str, str]] = []
        post = user.post
        granted = GRANTS.get(post.role_id, ()) if post else ()
        roles = {role.pk: role.name for role in Role.objects.filter(pk__in=granted)}
        self.fields["role"].choices = [(code, roles[code]) for code in granted if code in roles]  # type: ignore[attr-defined]
        if post is not None and post.organisation_id:
            del self.fields["scope"]  # a firm grants in itself only
            del self.fields["because"]
        else:
            self.fields["scope"].required = all(ROLE_SCOPES[code] != "" for code in granted)
            self.fields["scope"].error_messages["required"] = _("请填写这个身份管哪里、属于哪个单位。")

    def clean_name(self) -> str:
        """Return the name without spaces around it."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_phone(self) -> str:
        """Return the 11 digits."""
        try:
            return codes.phone(self.cleaned_data["phone"], allow_demo=settings.ANLAN_DEMO)
        except codes.Malformed as malformed:
            raise forms.ValidationError(str(malformed)) from None

    def clean(self) -> dict[str, Any]:
        """Find the scope that fits the role inside the granter's own."""
        role, post = self.cleaned_data.get("role"), self.user.post
        words = self.data.get("scope_pick") or self.cleaned_data.get("scope", "").strip()
        wanted = ROLE_SCOPES.get(role or "", "")
        if post is None or not role:
            return self.cleaned_data
        if post.organisation is not None:
            self.organisation = post.organisation
        elif wanted and not words:
            self.add_error("scope", _("请填写这个身份管哪里、属于哪个单位。"))
        elif isinstance(wanted, int):
            self.region_code = self._pick_region(words, wanted, post.region_code)
        elif wanted:
            self._pick_organisation(words, wanted)
        return self.cleaned_data

    def _pick_region(self, words: str, level: int, within: str) -> str:
        regions = Region.objects.open().filter(inside(within, "code"), level=level)
        exact = list(regions.filter(pk=words.upper())[:1]) or list(regions.filter(full_name=words)[:1])
        found = exact or list(regions.called(words)[:8])
        if len(found) == 1:
            return found[0].pk
        self.candidates = [(region.pk, region.full_name) for region in found]
        self._not_one(bool(found))
        return ""

    def _pick_organisation(self, words: str, kind: str) -> None:
        firms = Organisation.objects.filter(kind=kind)
        if self.user.post is not None and self.user.post.region_code:
            firms = firms.visible_to(self.user)
        found = list(firms.filter(credit_code=words.upper())[:1]) or list(
            firms.filter(name__icontains=words).order_by("name")[:8]
        )
        if len(found) == 1:
            self.organisation = found[0]
            return
        self.candidates = [(firm.credit_code or firm.name, firm.name) for firm in found]
        self._not_one(bool(found))

    def _not_one(self, several: bool) -> None:
        self.add_error(
            "scope",
            _("有几个都叫这个名字，请从下面选一个。")
            if several
            else _("在您的范围内没有找到，请核对名称，或换一个角色。"),
        )


def _because(required: bool = True) -> forms.CharField:
    area = forms.Textarea(attrs={"class": "form-control", "rows": 2})
    return forms.CharField(label=_("理由"), required=required, max_length=300, widget=area)


class GridForm(forms.Form):
    """The name of a grid, and why. `parents`: towns (or the one 大网格) that a new grid may lie in."""

    parent = forms.ChoiceField(label=_("在哪里"), widget=forms.Select(attrs={"class": "form-select"}))
    name = forms.CharField(label=_("网格名称"), max_length=60, widget=_text(autocomplete="off"))
    because = _because(required=False)

    def __init__(self, *args: Any, parents: list[Region] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if parents is None:
            del self.fields["parent"]
        else:
            self.fields["parent"].choices = [(region.pk, region.name) for region in parents]  # type: ignore[attr-defined]


class OfficerForm(forms.Form):
    """Who looks after a grid from now on: an officer of the same town, or somebody by name and phone."""

    person = forms.ChoiceField(
        label=_("由谁负责"), required=False, widget=forms.RadioSelect(attrs={"class": "form-check-input"})
    )
    name = forms.CharField(label=_("姓名"), required=False, max_length=60, widget=_text(autocomplete="off"))
    phone = forms.CharField(
        label=_("手机号"), required=False, max_length=20, widget=_text(inputmode="tel", autocomplete="off")
    )
    keep = forms.BooleanField(
        label=_("现任网格员也留任"), required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )
    because = _because()

    def __init__(self, *args: Any, officers: list[tuple[Post, str]], held: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [
            (str(post.user_id), _("%(name)s，现管%(place)s") % {"name": post.user.name, "place": place})
            for post, place in officers
        ]
        self.fields["person"].choices = [*places, ("", _("另外一个人，填姓名和手机号"))]  # type: ignore[attr-defined]
        if not officers:
            del self.fields["person"]
        if not held:
            del self.fields["keep"]

    def clean(self) -> dict[str, Any]:
        """Name and number are needed for somebody new only."""
        if not self.cleaned_data.get("person"):
            self.cleaned_data["name"] = " ".join(str(self.cleaned_data.get("name", "")).split())
            if not self.cleaned_data["name"]:
                self.add_error("name", _("请填写姓名。"))
            try:
                self.cleaned_data["phone"] = codes.phone(
                    self.cleaned_data.get("phone", ""), allow_demo=settings.ANLAN_DEMO
                )
            except codes.Malformed as malformed:
                self.add_error("phone", str(malformed))
        return self.cleaned_data


class InviteForm(forms.Form):
    """A phone number set in advance."""

    role = forms.ChoiceField(label=_("身份"), widget=forms.Select(attrs={"class": "form-select"}))
    phone = forms.CharField(
        label=_("对方的手机号"), max_length=20, widget=_text(inputmode="tel", autocomplete="off", type="tel")
    )

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.pk, role.name) for role in roles]  # type: ignore[attr-defined]

    def clean_phone(self) -> str:
        """Return the 11 digits."""
        try:
            return codes.phone(self.cleaned_data["phone"], allow_demo=settings.ANLAN_DEMO)
        except codes.Malformed as malformed:
            raise forms.ValidationError(str(malformed)) from None
