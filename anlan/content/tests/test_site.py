"""What everybody reads: lists, pages, caching, hostile texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.content.actions import create_page, withdraw_page
from anlan.content.actions.ready import install_ready
from anlan.content.citing import chips
from anlan.content.findable import found_of
from anlan.content.models import CasePage, Entry, FaqEntry, KnowledgeCard, NewsPage
from anlan.content.rendering import body_html, plain_text
from anlan.content.tests.conftest import Write
from anlan.law.models import Statute
from anlan.operations.demo.cast import Cast

HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>

[点我](javascript:alert(1)) ![图](https://evil.example/track.gif) <a href="x" onclick="y">z</a>

[数据](data:text/html;base64,PHNjcmlwdD4=) [好的](https://www.gov.cn/ "标题") [本站](/law/)

# 标题

| a | b |
| - | - |
| 1 | 2 |
"""


def test_hostile_html_stays_words() -> None:
    html = body_html(HOSTILE)
    for bad in ("<script", "<img", "onerror=alert(1)>", 'javascript:alert(1)"', 'href="data:', 'onclick="y">'):
        assert bad not in html
    assert "&lt;script&gt;" in html
    assert '<a href="https://www.gov.cn/" title="标题" rel="noopener noreferrer">好的</a>' in html
    assert "<h2>标题</h2>" in html
    assert "<td>1</td>" in html


def test_hostile_fields_stay_words_on_the_page(publish: Write, client: Client) -> None:
    page = publish(title="<b>粗</b>", summary="<script>x</script>", body=HOSTILE, tags=["<i>"], author_name="<u>")
    html = client.get(page.get_absolute_url()).content.decode()
    assert "<script>x" not in html
    assert "<b>粗" not in html
    assert "<i>" not in html


def test_headings_of_a_text_begin_below_the_title() -> None:
    assert body_html("### 三级\n\n#### 四级") == "<h2>三级</h2>\n<h3>四级</h3>\n"


def test_news_are_filtered_by_the_address(publish: Write, client: Client) -> None:
    publish("政策甲", kind="policy", level="national", tags=["用电"], industries=["33"], regions=["4101"])
    publish("专家乙", kind="expert", level="local", tags=["动火"], industries=["21"], regions=[])
    for query, there, not_there in (
        ("kind=policy", "政策甲", "专家乙"),
        ("level=local", "专家乙", "政策甲"),
        ("tag=用电", "政策甲", "专家乙"),
        ("industry=21", "专家乙", "政策甲"),
        ("q=乙", "专家乙", "政策甲"),
    ):
        text = client.get(f"/news/?{query}").content.decode()
        assert there in text, query
        assert f">{not_there}<" not in text, query
    here = client.get("/news/?region=410105").content.decode()  # what concerns the city concerns its districts
    assert "政策甲" in here
    assert "专家乙" in here  # nowhere in particular: everywhere
    assert "政策甲" not in client.get("/news/?region=4103").content.decode()
    assert "没有同时符合这些条件的内容" in client.get("/news/?tag=没有").content.decode()
    assert client.get("/news/?kind=<x>&page=²&level=').status_code").status_code == 200


def test_a_page_shows_who_signed_and_links_the_article(publish: Write, client: Client) -> None:
    Statute.objects.get_or_create(
        slug="演示安全法", defaults={"title": "演示安全法", "short": "演示安全法", "level": "law"}
    )
    page = publish(cites=["演示安全法:6-2", "没有的法:1"])
    text = client.get(page.get_absolute_url()).content.decode()
    for words in ("初审 唐蕾", "一校 唐蕾", "复审 魏东", "二校 魏东", "终审 程远", "三校 程远"):
        assert words in text
    known, unknown = chips(page.cites)
    assert known.words == "《演示安全法》第六条之二"
    assert unknown.url == ""


def test_public_pages_are_asked_again_and_answered_304(publish: Write, client: Client, cast: Cast) -> None:
    page = publish()
    for url in ("/news/", page.get_absolute_url(), "/knowledge/", "/faq/", "/cases/", "/zones/", "/downloads/"):
        first = client.get(url)
        assert first["Cache-Control"] == "public, no-cache", url
        assert "csrftoken" not in first.cookies, url
        assert "Cookie" in first["Vary"]
        assert "Accept-Language" in first["Vary"]
        assert client.get(url, headers={"if-none-match": first["ETag"]}).status_code == 304, url
        assert (
            Client(headers={"accept-language": "en"}).get(url, headers={"if-none-match": first["ETag"]}).status_code
            == 200
        )
        large = Client()
        large.cookies["elder"] = "on"
        assert large.get(url, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_new_release_and_a_withdrawal_change_the_tag(publish: Write, client: Client, cast: Cast) -> None:
    page = publish("一")
    tags = [client.get("/news/")["ETag"]]
    publish("二")
    tags.append(client.get("/news/")["ETag"])
    withdraw_page(page, by=cast.chief_editor, words="数字写错了")
    tags.append(client.get("/news/")["ETag"])
    assert len(set(tags)) == 3
    assert "一" not in [row.title for row in Entry.objects.public()]


def test_pages_of_the_signed_in_are_kept_by_nobody(publish: Write, sign_in: Callable[..., Client], cast: Cast) -> None:
    page = publish()
    response = sign_in(cast.worker).get(page.get_absolute_url())
    assert response["Cache-Control"] == "private, no-cache"
    assert "ETag" not in response
    assert cast.worker.name in response.content.decode()


def test_large_type_and_language_work_without_a_token(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/i18n/setlang/", {"language": "en", "next": "/news/"}).status_code == 302
    response = strict.post("/elder/", {"next": "/news/"})
    assert response.status_code == 302
    assert response.cookies["elder"].value == "on"


def test_the_signed_in_need_a_token_for_them(cast: Cast, sign_in: Callable[..., Client]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in(cast.worker).cookies
    assert strict.post("/elder/", {"next": "/"}).status_code == 403


def test_lists_ask_the_same_for_two_pages_and_for_ten(publish: Write, client: Client) -> None:
    counts = []
    for start, stop in ((0, 2), (2, 8)):
        for n in range(start, stop):
            publish(f"第 {n} 篇")
        with CaptureQueriesContext(connection) as asked:
            response = client.get("/news/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 15
    with CaptureQueriesContext(connection) as asked:
        response = client.get(NewsPage.objects.public()[0].get_absolute_url())
    assert len(asked) <= 15
    assert len(response.content) < 100_000


def test_drafts_are_not_on_the_site(write: Write, client: Client) -> None:
    page = write()
    assert client.get(f"/news/{page.slug}/").status_code == 404
    assert "叉车怎么停" not in client.get("/news/").content.decode()


@pytest.fixture
def shipped(cast: Cast, tmp_path: object) -> None:
    """A card, a question, a case, a handout and a zone as they ship."""
    from pathlib import Path

    folder = Path(str(tmp_path))
    texts = {
        "knowledge/shock.toml": 'title = "有人触电"\nask = ["被电了"]\ntags = ["触电"]\nsummary = "先断电"\ncall = "120"\nnever = ["不用手拉"]\nbody = "**断电以后**"\ncites = []\nsteps = [{title="断电",text="拉闸"},{title="看呼吸",text="拍肩"},{title="按压",text="三十次"}]\nsources = [{title="演示教材",url=""}]\n',
        "faq/training.toml": 'topic = "培训"\n[[faq]]\nq = "新工人要训多少学时？"\nalso = ["岗前培训几天"]\na = "看行业。"\ncites = []\ntags = ["培训"]\n',
        "cases/pit.toml": 'title = "演示池"\nkind = "中毒窒息"\ntrade = {code="13",name="食品"}\nsummary = "三人"\ncauses_direct = ["硫化氢"]\ncauses_indirect = []\nlessons = ["先通风"]\ndeaths = 2\ninjuries = 1\nloss_wan = 380\ntags = ["有限空间"]\ntimeline = [{time="13:30",text="下池"}]\nviolated = [{cite="安全生产法:43",what="没有监护"}]\n',
        "downloads/talk.toml": 'title = "班前会"\ntags = []\nbody = "# 班前会\\n\\n- [ ] 讲**一条**风险\\n1. 点名\\n\\n> 记下来\\n\\n| 甲 | 乙 |\\n| - | - |\\n| 1 | 2 |"\n',
        "zones.toml": '[[zone]]\nslug = "pits"\nkind = "topic"\ntitle = "有限空间专题"\nintro = "不下去"\nbody = "先通风"\ntags = ["有限空间"]\n',
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    assert install_ready(folder, demo=True) == (5, 0)
    assert install_ready(folder, demo=True) == (0, 0)


def test_shipped_texts_are_followed_until_somebody_writes_on_them(shipped: None, cast: Cast, tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "knowledge" / "shock.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("先断电", "先拉闸"), encoding="utf-8")
    assert install_ready(Path(str(tmp_path)), demo=True) == (0, 1)
    card = KnowledgeCard.objects.get(slug="shock")
    assert card.summary == "先拉闸"
    from anlan.content.actions import save_page

    save_page(card, {"summary": "本地写的"}, by=cast.editor)
    path.write_text(path.read_text(encoding="utf-8").replace("先拉闸", "又改了"), encoding="utf-8")
    assert install_ready(Path(str(tmp_path)), demo=True) == (0, 0)
    assert KnowledgeCard.objects.get(slug="shock").summary == "先拉闸"


def test_without_a_demo_no_invented_case_is_put_on_the_site(cast: Cast, shipped: None, tmp_path: object) -> None:
    from pathlib import Path

    CasePage.objects.get().delete()
    assert install_ready(Path(str(tmp_path))) == (0, 0)
    assert not CasePage.objects.exists()


def test_an_emergency_card_has_its_steps_first_and_a_number_to_call(shipped: None, client: Client) -> None:
    text = client.get("/knowledge/shock/").content.decode()
    assert text.index("断电") < text.index("tel:120") < text.index("千万不要") < text.index("断电以后")
    assert "没有经过本单位的三审三校" in text


def test_cards_are_found_without_script_by_what_people_say(shipped: None, client: Client) -> None:
    assert "有人触电" in client.get("/knowledge/?q=被电了").content.decode()
    assert "没有找到" in client.get("/knowledge/?q=外星人").content.decode()
    assert 'data-words="有人触电 被电了 触电"' in client.get("/knowledge/").content.decode()


def test_the_worker_keeps_every_card_and_no_session(shipped: None, client: Client) -> None:
    response = client.get("/knowledge/sw.js")
    text = response.content.decode()
    assert response["Content-Type"].startswith("text/javascript")
    assert '"/knowledge/"' in text
    assert '"/knowledge/shock/"' in text
    assert 'credentials: "omit"' in text
    for page in ("/knowledge/", "/knowledge/shock/"):
        needed = set(re.findall(r'(?:href|src)="([^"]+\.(?:css|js))"', client.get(page).content.decode()))
        assert {address for address in needed if f'"{address}"' not in text} == set(), f"{page} without a network"
    before = text.split("\n")[3]
    Entry.objects.filter(slug="shock").update(last_published_at=timezone.now() + timedelta(seconds=5))
    assert client.get("/knowledge/sw.js").content.decode().split("\n")[3] != before


def test_questions_cases_zones_and_handouts_show_what_they_hold(shipped: None, client: Client) -> None:
    question = FaqEntry.objects.get()
    assert "新工人要训多少学时" in client.get("/faq/?q=岗前培训几天").content.decode()
    assert "看行业。" in client.get(question.get_absolute_url()).content.decode()
    case = client.get("/cases/pit/").content.decode()
    for words in ("13:30", "下池", "没有监护", "380 万元", "死亡", "先通风"):
        assert words in case
    assert "演示池" in client.get("/zones/pits/").content.decode()
    pdf = client.get("/downloads/talk/file/")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert len(pdf.content) > 5_000


def test_search_finds_the_steps_and_the_other_ways_to_ask(shipped: None) -> None:
    found = found_of(KnowledgeCard.objects.get())
    assert "拉闸" in found.text
    assert found.also == "被电了"
    assert found.url == "/knowledge/shock/"


def test_a_wrong_method_or_section_is_no_page(client: Client, cast: Cast, sign_in: Callable[..., Client]) -> None:
    assert client.post("/news/").status_code == 405
    assert sign_in(cast.editor).get("/editing/new/nothing/").status_code == 404
    page = create_page("zone", {"title": "专区", "summary": "x", "body": "y"}, by=cast.editor)
    assert sign_in(cast.editor).get(f"/editing/{page.pk}/submit/").status_code == 405


def test_search_reads_the_words_of_a_text_and_not_its_marks() -> None:
    marked = "## 五件事\n\n- **手进模具区**：先[停机](/x)\n\n| 甲 | 乙 |\n|--|--|\n| 1 | 2 |\n\n第一行\n第二行"
    assert plain_text(marked) == "五件事\n手进模具区：先停机\n甲\n乙\n1\n2\n第一行\n第二行"
