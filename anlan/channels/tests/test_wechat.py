"""Template messages against a server that checks token, template and follower as the documentation says."""

import pytest
from django.conf import LazySettings

from anlan.channels.tests.wechat_server import WeChat
from anlan.channels.wechat import send_wechat
from anlan.lib.errors import Refused


def test_a_message_arrives_and_the_token_is_asked_for_once(wechat: WeChat) -> None:
    assert send_wechat("o-1", "notice", {"thing1": "新法施行"}, url="https://x/law/") == "200228332"
    send_wechat("o-2", "notice", {"thing1": "新法施行"})
    assert wechat.given == 1
    assert wechat.arrived[0] == {
        "touser": "o-1", "template_id": "TM00", "url": "https://x/law/", "data": {"thing1": {"value": "新法施行"}},
    }  # fmt: skip


def test_a_token_that_ended_early_is_replaced(wechat: WeChat) -> None:
    send_wechat("o-1", "notice", {})
    wechat.valid = "another"
    send_wechat("o-1", "notice", {})
    assert wechat.given == 2 and len(wechat.arrived) == 2


@pytest.mark.parametrize(
    ("number", "code"), [(43004, "wechat_not_following"), (45009, "wechat_limited"), (47003, "wechat_refused")]
)
def test_what_wechat_refuses_is_said_plainly(wechat: WeChat, number: int, code: str) -> None:
    wechat.code = number
    with pytest.raises(Refused) as refused:
        send_wechat("o-1", "notice", {})
    assert refused.value.code == code


def test_a_broken_answer_is_tried_once_more(wechat: WeChat) -> None:
    send_wechat("o-1", "notice", {})
    wechat.broken = 1
    assert send_wechat("o-1", "notice", {})
    wechat.broken = 2
    with pytest.raises(Refused, match="微信暂时连不上"):
        send_wechat("o-1", "notice", {})


def test_a_wrong_secret_shows_no_secret(
    wechat: WeChat, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ANLAN_WECHAT_URL = wechat.url.replace("se%2Fcret", "wr0ng")
    with pytest.raises(Refused) as refused:
        send_wechat("o-1", "notice", {})
    assert refused.value.code == "wechat_refused" and "wr0ng" not in caplog.text


def test_without_configuration_it_says_so(settings: LazySettings) -> None:
    settings.ANLAN_WECHAT_URL = ""
    with pytest.raises(Refused, match="还没有配置"):
        send_wechat("o-1", "notice", {})
    settings.ANLAN_WECHAT_URL = "wechat://a:b@?other=T"
    with pytest.raises(Refused, match="微信模板"):
        send_wechat("o-1", "notice", {})
