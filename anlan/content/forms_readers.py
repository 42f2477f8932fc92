"""Forms of readers (letters, subscriptions) and of the editors who collect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Region
from anlan.content.collecting.addresses import host_of
from anlan.content.forms import LinesField, Styled
from anlan.content.models import Letter, Source, Subscription
from anlan.content.subscriptions.conditions import KINDS, Mark, from_mapping
from anlan.law.models import Alias, Statute
from anlan.lib.codes import Malformed
from anlan.lib.numerals import from_chinese


class Trap(Styled):
    """A field that people do not see and machines fill."""

    website = forms.CharField(
        required=False, label=_("请不要填这一格"), max_length=200,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )  # fmt: skip

    @property
    def is_trap(self) -> bool:
        """Whether a machine filled it."""
        return bool(self.cleaned_data.get("website"))


class LetterForm(Trap):
    """A letter to the editors."""

    kind = forms.ChoiceField(label=_("要说什么"), choices=Letter.Kind.choices, widget=forms.RadioSelect)
    about = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    quote = forms.CharField(
        label=_("哪句话"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("把有问题的那句话复制到这里"),
    )
    text = forms.CharField(
        label=_("说明"),
        max_length=Letter.MOST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("例如“第二步的压力写成 3 兆帕，应该是 0.3 兆帕”"),
    )
    source = forms.CharField(label=_("依据"), required=False, max_length=300, help_text=_("文件名、网址都可以"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].widget.attrs.pop("class", None)

    def letter(self) -> dict[str, str]:
        """What is kept."""
        return {name: self.cleaned_data[name] for name in ("kind", "about", "quote", "text", "source")}


class FollowForm(Styled):
    """A receipt."""

    number = forms.CharField(label=_("回执编号"), max_length=16, help_text=_("例如“L20261122-0007”"))
    code = forms.CharField(label=_("查询码"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class CorrectionForm(Styled):
    """A correction that no letter asked for."""

    title = forms.CharField(label=_("哪一页"), max_length=120)
    url = forms.CharField(
        label=_("网址"), required=False, max_length=300, help_text=_("本站的路径，例如“/knowledge/cpr/”")
    )
    wrong = forms.CharField(label=_("原来错在哪里"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    right = forms.CharField(label=_("现在是什么"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class SourceForm(forms.ModelForm[Source]):
    """A source to collect from."""

    url = forms.URLField(label=_("网址"), max_length=400, assume_scheme="https")
    hosts = LinesField(label=_("还可以转到哪些网站"), rows=2, help_text=_("一行一个域名；不填就只在网址的那个网站里采"))
    tags = LinesField(label=_("采来的稿件先带上这些标签"), separators="、,，\n")

    class Meta:
        model = Source
        fields = (
            "name",
            "url",
            "kind",
            "section",
            "rhythm",
            "area",
            "pattern",
            "hosts",
            "gap",
            "most",
            "tags",
            "active",
        )

    def __init__(self, data: Any = None, *, source: Source | None = None) -> None:
        super().__init__(data, instance=source)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs["class"] = (
                    "form-select" if isinstance(field.widget, forms.Select) else "form-control"
                )
            else:
                field.widget.attrs["class"] = "form-check-input"

    def clean_url(self) -> str:
        """An address of the web that no other source has."""
        url: str = self.cleaned_data["url"]
        if not url.startswith(("http://", "https://")) or not host_of(url):
            raise ValidationError(_now("请写网页的地址，以 https:// 开头。"))
        if Source.objects.filter(url=url).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_now("这个网址已经在来源里了。"))
        return url

    def clean_area(self) -> str:
        """#id or .class, or nothing."""
        area: str = self.cleaned_data["area"].strip()
        if area and not re.fullmatch(r"[#.][\w-]{1,60}", area):
            raise ValidationError(_now("请写成“#编号”或“.样式名”，例如“#news-list”。"))
        return area

    def clean_gap(self) -> int:
        """Not faster than once in two seconds."""
        gap: int = self.cleaned_data["gap"]
        if not 2 <= gap <= 600:
            raise ValidationError(_now("请在 2 到 600 秒之间，别打扰对方网站。"))
        return gap

    def clean_most(self) -> int:
        """A handful at a time."""
        most: int = self.cleaned_data["most"]
        if not 1 <= most <= 100:
            raise ValidationError(_now("请在 1 到 100 篇之间。"))
        return most

    def clean_hosts(self) -> list[str]:
        """Names of hosts."""
        hosts: list[str] = [host.lower() for host in self.cleaned_data["hosts"]]
        if any(not re.fullmatch(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+", host) for host in hosts):
            raise ValidationError(_now("一行一个域名，例如“www.example.cn”。"))
        return hosts[:20]

    def _post_clean(self) -> None:
        """The action writes, and it alone: the row is only read here."""


class SubscriptionForm(Trap):
    """What to hear of, how soon, where."""

    email = forms.EmailField(
        label=_("您的邮箱"), max_length=120, required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    kind = forms.MultipleChoiceField(
        label=_("类型"), choices=list(KINDS.items()), required=False, widget=forms.CheckboxSelectMultiple
    )
    tag = LinesField(label=_("标签"), separators="、,，\n", help_text=_("用顿号分开，例如“有限空间、粉尘”"))
    law = LinesField(
        label=_("法规或条文"), separators="、,，\n", help_text=_("例如“安全生产法、消防法第十六条”。条文一改就告诉您")
    )
    industry = LinesField(
        label=_("行业"), separators="、,，\n", help_text=_("国民经济行业代码，例如“33”；整个制造业写“C”")
    )
    region = LinesField(label=_("地区"), separators="、,，\n", help_text=_("区划代码或名称，例如“郑州市”"))
    rhythm = forms.ChoiceField(label=_("多久告诉您"), choices=Subscription.Rhythm.choices, widget=forms.RadioSelect)
    channels = forms.MultipleChoiceField(
        label=_("除了站内消息，还发到"),
        choices=list(Subscription.CHANNELS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    NAMES: Final = ("kind", "tag", "law", "industry", "region")

    def __init__(
        self, data: Any = None, *, subscription: Subscription | None, visitor: bool, asked: Mapping[str, str]
    ) -> None:
        super().__init__(data, initial=_initial(subscription, asked))
        for name in ("kind", "rhythm", "channels"):
            self.fields[name].widget.attrs.pop("class", None)
        self.visitor = visitor
        if visitor:
            self.fields["email"].required = "estimate" not in (data or {})
            del self.fields["channels"]
        else:
            del self.fields["email"]

    def clean_law(self) -> list[str]:
        """Names and articles as `law` knows them: 安全生产法, 消防法:16."""
        return [_law(words) for words in self.cleaned_data["law"]]

    def clean_industry(self) -> list[str]:
        """Codes of GB/T 4754: a letter, or up to four digits."""
        codes = [code.upper() for code in self.cleaned_data["industry"]]
        wrong = [code for code in codes if not re.fullmatch("[A-T]|[A-T]?[0-9]{2,4}", code)]
        if wrong:
            raise ValidationError(_now("“%(code)s”不是行业代码，请写成“33”或“C”。") % {"code": wrong[0]})
        return [code if len(code) == 1 else code.lstrip("ABCDEFGHIJKLMNOPQRST") for code in codes]

    def clean_region(self) -> list[str]:
        """Codes; a name where only one region has it."""
        codes = []
        for word in self.cleaned_data["region"]:
            rows = Region.objects.filter(name=word) | Region.objects.filter(pk=word)
            found = list(rows.values_list("pk", flat=True)[:2])
            if len(found) != 1:
                raise ValidationError(_now("没有认出“%(name)s”，请写区划代码。") % {"name": word})
            codes.append(found[0])
        return codes

    def clean_tag(self) -> list[str]:
        """Short words."""
        tags: list[str] = self.cleaned_data["tag"]
        if any(len(tag) > 20 for tag in tags):
            raise ValidationError(_now("一个标签不超过 20 个字。"))
        return tags

    def clean(self) -> dict[str, Any]:
        """At least one condition."""
        data = super().clean() or self.cleaned_data
        if not self.errors and not any(data.get(name) for name in self.NAMES):
            raise ValidationError(_now("至少选一个条件，不然每一篇都会发给您。"))
        return data

    def terms(self) -> list[Mark]:
        """The conditions."""
        return from_mapping({name: self.cleaned_data[name] for name in self.NAMES})


def _initial(subscription: Subscription | None, asked: Mapping[str, str]) -> dict[str, Any]:
    if subscription is None:
        start: dict[str, Any] = {"rhythm": "daily", "channels": []}
        for name in SubscriptionForm.NAMES:
            if value := asked.get(name, "")[:80]:
                start[name] = [value]
        return start
    start = {"rhythm": subscription.rhythm, "channels": subscription.channels}
    for term in subscription.terms.all():
        start.setdefault(term.facet, []).append(term.value)
    return start


_LAW: Final = re.compile(
    r"《?([^《》:：]{2,60}?)》?(?:[:：]\s*([0-9]{1,4}(?:-[0-9]{1,2})?)|第([0-9]{1,4}|[〇零一二三四五六七八九十百千两]+)条(?:之([一二三四五六七八九十]))?)?"
)


def _law(words: str) -> str:
    """ "消防法第十六条", "消防法:16", "《消防法》" as our short reference. Raises `ValidationError` for a law that is not here."""
    found = _LAW.fullmatch(words)
    if found is None:
        raise ValidationError(
            _now("“%(words)s”认不出，请写成“安全生产法”或“安全生产法第二十八条”。") % {"words": words[:40]}
        )
    name, ref, written, inserted = found.groups()
    rows = Statute.objects.filter(short=name).values_list("short", flat=True)
    short = rows.first() or Alias.objects.filter(name=name).values_list("statute__short", flat=True).first()
    if short is None:
        raise ValidationError(_now("法规库里没有“%(name)s”，请写它的通称，例如“安全生产法”。") % {"name": name[:40]})
    try:
        if written:
            ref = written if written.isascii() else str(from_chinese(written))
        if inserted:
            ref = f"{ref}-{from_chinese(inserted)}"
    except Malformed as error:
        raise ValidationError(str(error)) from error
    return f"{short}:{ref}" if ref else short
