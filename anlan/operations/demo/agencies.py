"""Agencies around Zhengzhou, a contract from offer to rating, an association and requests for training. All invented."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.core.files.base import ContentFile
from django.utils import timezone

from anlan.accounts.models import Organisation, User
from anlan.agencies.actions.mandates import open_mandate
from anlan.agencies.actions.trainings import match_training
from anlan.agencies.models import (
    Agency,
    Association,
    Contract,
    CoPublisher,
    Engineer,
    Membership,
    PackItem,
    Provider,
    Publication,
    Push,
    Rating,
    Service,
    ServicePoint,
    ServiceRequest,
    TrainingRequest,
)
from anlan.agencies.scoring import note_recheck, rescore
from anlan.audit.actions import record
from anlan.audit.models import Record
from anlan.enterprises.models import Enterprise, Mandate
from anlan.files.actions import store
from anlan.lib.codes import demo_credit_code, demo_phone
from anlan.operations.demo.cast import Cast

PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
OTHERS: Final = (
    # name, region, state, kinds, latitude, longitude, point
    ("衡安安全评价有限公司（演示）", "410105", "active", ("risk", "consulting"), 34.79, 113.68, "花园路服务点"),
    ("正泰安全技术咨询有限公司（演示）", "410102", "active", ("inspection", "training"), 34.75, 113.60, "中原路服务点"),
    ("中垣消防安全服务有限公司（演示）", "410105", "active", ("drill", "inspection"), 34.81, 113.75, "东风路服务点"),
    ("嵩阳安全科技有限公司（演示）", "410185", "active", ("risk", "inspection"), 34.46, 113.05, "登封服务点"),
    ("河洛安环技术有限公司（演示）", "410303", "active", ("risk", "training"), 34.66, 112.43, "洛阳服务点"),
    ("金源工程安全咨询有限公司（演示）", "410105", "applied", ("consulting",), 34.80, 113.70, "文化路服务点"),
    ("瑞平安全服务有限公司（演示）", "410105", "suspended", ("inspection",), 34.77, 113.66, "经三路服务点"),
)
SAID: Final = (
    # kind, days from today, state, summary, rating (skill, timeliness, effect, words), answer
    ("risk", -120, "accepted", "辨识出 23 个风险点，其中较大风险 2 个：锻造车间冲压、喷漆房。已画四色图。", (5, 5, 5, "讲得清楚，工人听得懂。"), "谢谢，三个月后我们再来复看喷漆房。"),
    ("inspection", -75, "accepted", "查出一般隐患 6 条，当场改正 2 条，其余已登记并写明整改办法。", (5, 4, 4, "晚到了半天，查得细。"), ""),
    ("training", -30, "accepted", "锻造车间 18 人，冲压和起重安全，课后测验都合格。", None, ""),
    ("inspection", -3, "delivered", "复看上次 4 条隐患，3 条已改好，配电箱门还缺跨接线。", None, ""),
    ("drill", -1, "planned", "", None, ""),
    ("inspection", 24, "planned", "", None, ""),
)  # fmt: skip


def lay_agencies(cast: Cast) -> None:
    """Lay agencies, what they did and said, the guild and the school. Safe to run again."""
    agencies = _agencies(cast)
    _provider(cast)
    if Contract.objects.filter(agency_id=cast.anhe.pk).exists():
        return
    _engineers(cast)
    _contract(cast)
    _others(cast, agencies)
    _guild(cast)
    _trainings(cast)


def _agencies(cast: Cast) -> list[Agency]:
    now = timezone.now()
    own = ((cast.anhe, 34.835, 113.728, "杨金路服务点"), (cast.huaan, 34.772, 113.655, "紫荆山服务点"))
    found = []
    for organisation, lat, lon, point in own:
        agency = Agency.objects.get_or_create(organisation=organisation)[0]
        Agency.objects.filter(pk=agency.pk).update(
            intro="服务金水区小微企业十二年，以机械加工和家具行业为主。", qualifications="安全生产技术服务机构", registration_number="YAN-2019-0107",
            state_at=now, state_by=cast.county,
        )  # fmt: skip
        _point(agency, point, lat, lon, "410105018")
        if not Record.objects.filter(
            verb="open_agency", subject_kind="agencies.agency", subject_id=str(agency.pk)
        ).exists():
            record("open_agency", agency, by=cast.county, region_code=organisation.region_code)
        found.append(agency)
    for n, (name, region, state, kinds, lat, lon, point) in enumerate(OTHERS):
        organisation, _made = Organisation.objects.get_or_create(
            credit_code=demo_credit_code(region, 810 + n),
            defaults={"kind": "agency", "name": name, "region_code": region, "is_demo": True},
        )
        agency, _made = Agency.objects.get_or_create(
            organisation=organisation,
            defaults={
                "state": state, "kinds": list(kinds), "state_at": now - timedelta(days=40 - n), "phone": "0371-00000000",
                "applicant": cast.far_worker if state == "applied" and "far_worker" in cast.people else None,
                "state_because": "两次复查都有同样的隐患没有改好，请书面说明。" if state == "suspended" else "",
            },
        )  # fmt: skip
        _point(agency, point, lat, lon, region)
        found.append(agency)
    return found


def _point(agency: Agency, name: str, lat: float, lon: float, region: str) -> None:
    ServicePoint.objects.get_or_create(
        agency=agency, name=name, defaults={"address": f"演示路 {agency.pk} 号", "latitude": lat, "longitude": lon, "region_code": region}
    )  # fmt: skip


def _engineers(cast: Cast) -> None:
    now, today = timezone.now(), timezone.localdate()
    rows: tuple[tuple[int, User | None, str, str, str, date, str], ...] = (
        (cast.anhe.pk, cast.engineer, "沈毅", "41190100245", "other", today + timedelta(days=700), "verified"),
        (cast.anhe.pk, None, "陶然", "41200300118", "building", today + timedelta(days=400), "submitted"),
        (cast.anhe.pk, None, "金守信", "41150200077", "chemical", today - timedelta(days=20), "verified"),
        (cast.huaan.pk, None, "卢宁", "41180400391", "other", today + timedelta(days=300), "verified"),
    )
    for n, (agency, user, name, number, category, until, state) in enumerate(rows):
        picture = store(ContentFile(PDF), name=f"注册证-{name}.pdf", owner=("agencies.engineer", ""), by_id=None)
        Engineer.objects.get_or_create(
            number=number,
            defaults={
                "agency_id": agency, "user": user, "name": name, "category": category, "valid_until": until, "state": state,
                "phone": user.phone if user else demo_phone(700 + n), "certificate": picture, "verified_by": cast.county if state == "verified" else None,
                "verified_at": now - timedelta(days=200 + n) if state == "verified" else None,
            },
        )  # fmt: skip


def _contract(cast: Cast) -> None:
    today, firm = timezone.localdate(), cast.enterprise("forge")
    engineer = Engineer.objects.get(number="41190100245")
    asked = ServiceRequest.objects.create(
        enterprise=firm, agency_id=cast.anhe.pk, kinds=["risk", "inspection", "training"], words="锻造车间想请人长期看着，全年包下来。",
        wanted_by=today - timedelta(days=140), state=ServiceRequest.State.OFFERED, asked_by=cast.manager,
    )  # fmt: skip
    since, until = today - timedelta(days=150), today + timedelta(days=210)
    contract = Contract.objects.create(
        request=asked, enterprise=firm, agency_id=cast.anhe.pk, number="AH-2026-017", kinds=["risk", "inspection", "training", "drill"],
        since=since, until=until, fee_fen=1_800_000, state=Contract.State.ACCEPTED, offered_by=cast.agency, decided_by=cast.boss,
        decided_at=timezone.now() - timedelta(days=149), words="每季度排查一次，全年一次风险辨识、一次培训、一次演练。",
        file=store(ContentFile(PDF), name="服务合同 AH-2026-017.pdf", owner=("agencies.contract", ""), by_id=cast.agency.pk),
    )  # fmt: skip
    Contract.objects.filter(pk=contract.pk).update(offered_at=timezone.now() - timedelta(days=151))
    open_mandate(firm, cast.anhe.pk, Mandate.Kind.CONTRACT, contract.reason, since=since, until=until)
    for kind, days, state, summary, said, answer in SAID:
        day = timezone.now() + timedelta(days=days)
        over = state in ("delivered", "accepted")
        service = Service.objects.create(
            contract=contract, enterprise=firm, agency_id=cast.anhe.pk, kind=kind, planned_on=today + timedelta(days=days), state=state,
            summary=summary, engineer=engineer if over or days < 10 else None, delivered_by=cast.engineer if over else None,
            delivered_at=day if over else None, accepted_by=cast.manager if state == "accepted" else None,
            accepted_at=day + timedelta(days=1) if state == "accepted" else None,
            report=store(ContentFile(PDF), name="服务报告.pdf", owner=("agencies.service", ""), by_id=cast.engineer.pk) if over else None,
        )  # fmt: skip
        if said is not None:
            skill, timeliness, effect, words = said
            rating = Rating.objects.create(
                service=service, skill=skill, timeliness=timeliness, effect=effect, words=words, by=cast.manager,
                answer=answer, answered_at=day + timedelta(days=3) if answer else None,
            )  # fmt: skip
            Rating.objects.filter(pk=rating.pk).update(at=day + timedelta(days=2))
    for passed in (True, True, True, True, False):
        note_recheck(cast.anhe.pk, passed, firm, today)


def _others(cast: Cast, agencies: list[Agency]) -> None:
    """Past work of other agencies for other firms, so that scores differ; an open request and an offer for the forge."""
    today, now = timezone.localdate(), timezone.now()
    firms = list(Enterprise.objects.exclude(pk=cast.forge.pk).select_related("organisation").order_by("pk")[:4])
    given = {cast.huaan.pk: (4, 4, 3), agencies[2].pk: (5, 5, 5), agencies[3].pk: (3, 2, 3), agencies[4].pk: (4, 5, 4)}
    for n, (pk, (skill, timeliness, effect)) in enumerate(given.items()):
        for m, firm in enumerate(firms[: 1 + n]):
            contract = Contract.objects.create(
                enterprise=firm, agency_id=pk, number=f"DEMO-{n}{m}", kinds=["inspection"], since=today - timedelta(days=400),
                until=today - timedelta(days=35), fee_fen=300_000, state=Contract.State.ENDED, offered_by=cast.other_agency,
                ended_at=now - timedelta(days=34),
            )  # fmt: skip
            service = Service.objects.create(
                contract=contract, enterprise=firm, agency_id=pk, kind="inspection", planned_on=today - timedelta(days=90),
                state=Service.State.ACCEPTED, summary="全面排查一次。", delivered_at=now - timedelta(days=90), accepted_at=now - timedelta(days=88),
            )  # fmt: skip
            Rating.objects.create(
                service=service,
                skill=skill,
                timeliness=timeliness,
                effect=effect,
                by=cast.other_boss if "other_boss" in cast.people else cast.boss,
            )
        rescore(pk)
    note_recheck(agencies[3].pk, False, firms[0] if firms else cast.enterprise("forge"), today)
    ServiceRequest.objects.create(
        enterprise=cast.enterprise("forge"), agency_id=cast.huaan.pk, kinds=["consulting"], words="想问问喷漆房改水性漆要注意什么。",
        wanted_by=today + timedelta(days=20), asked_by=cast.manager,
    )  # fmt: skip


def _guild(cast: Cast) -> None:
    today = timezone.localdate()
    guild = Association.objects.get_or_create(organisation=cast.guild)[0]
    Association.objects.filter(pk=guild.pk).update(
        intro="金水区机械加工企业自愿组成，互相检查、一起上课。", phone="0371-00000000"
    )
    near = Enterprise.objects.filter(organisation__region_code__startswith="410105").exclude(pk=cast.forge.pk)
    firms = [cast.enterprise("forge"), *near.select_related("organisation").order_by("pk")[:5]]
    for n, firm in enumerate(firms):
        since = today - timedelta(days=300 - 20 * n)
        membership, _made = Membership.objects.get_or_create(
            association=guild, enterprise=firm, defaults={"state": Membership.State.ACTIVE, "since": since}
        )
        open_mandate(firm, guild.pk, Mandate.Kind.MEMBERSHIP, membership.reason, since=since, until=None)
    PackItem.objects.create(
        association=guild, kind="standard", title="冲压车间自查要点", note="协会编写，每班开工前对照一遍。", by=cast.association,
        file=store(ContentFile(PDF), name="冲压车间自查要点.pdf", owner=("agencies.association", str(guild.pk)), by_id=cast.association.pk),
    )  # fmt: skip
    PackItem.objects.create(
        association=guild, kind="standard", title="GB 27607 机械压力机 安全技术要求", url="https://openstd.samr.gov.cn/", members_only=False, by=cast.association
    )  # fmt: skip
    Push.objects.create(
        association=guild, title="下周三互查喷漆房", text="请各会员企业把喷漆房的通风记录带上，下午两点在豫中精锻集合。", sent_by=cast.association,
        members=len(firms), people=len(firms),
    )  # fmt: skip
    text = Publication.objects.create(
        association=guild, title="机械制造企业冬季安全提示", text="一、取暖设备不过夜无人看管。\n二、水性漆库房防冻，不用明火烘烤。\n三、行车钢丝绳遇低温，每班多看一遍。",
        by=cast.association,
    )  # fmt: skip
    CoPublisher.objects.create(publication=text, organisation=cast.anhe)


def _provider(cast: Cast) -> None:
    Provider.objects.get_or_create(
        organisation=cast.school,
        defaults={
            "industries": ["C33", "C34", "C21"], "topics": ["heads", "new", "annual", "special", "spot"], "capacity": 60, "least": 5,
            "on_site": True, "address": "演示路 20 号三楼", "phone": "0371-00000000", "latitude": 34.805, "longitude": 113.70,
        },
    )  # fmt: skip
    more = (
        ("二七安全教育学校（演示）", "410103", ["F", "C21"], ["annual", "new"], 120, 34.73, 113.64, False),
        ("高新应急培训学院（演示）", "410102", ["C"], ["heads", "annual", "drill", "spot"], 30, 34.81, 113.56, True),
    )
    for n, (name, region, trades, topics, capacity, lat, lon, on_site) in enumerate(more):
        organisation, _made = Organisation.objects.get_or_create(
            credit_code=demo_credit_code(region, 830 + n),
            defaults={"kind": "institution", "name": name, "region_code": region, "is_demo": True},
        )
        Provider.objects.get_or_create(
            organisation=organisation,
            defaults={
                "industries": trades, "topics": topics, "capacity": capacity, "latitude": lat, "longitude": lon, "on_site": on_site,
                "address": "演示路 66 号",
            },
        )  # fmt: skip


def _trainings(cast: Cast) -> None:
    today, firm = timezone.localdate(), cast.enterprise("forge")
    for other in Enterprise.objects.exclude(pk=firm.pk).order_by("pk")[:3]:
        TrainingRequest.objects.create(
            enterprise=other, topic="annual", people=20, wanted_from=today - timedelta(days=100), wanted_until=today - timedelta(days=60),
            institution=cast.school, state=TrainingRequest.State.DONE, agreed_on=today - timedelta(days=80), asked_by=cast.boss,
        )  # fmt: skip
    asked = TrainingRequest.objects.create(
        enterprise=firm, topic="annual", people=38, wanted_from=today + timedelta(days=7), wanted_until=today + timedelta(days=40),
        words="最好分两个下午，不耽误交货。", asked_by=cast.manager,
    )  # fmt: skip
    match_training(asked)
    TrainingRequest.objects.create(
        enterprise=firm, topic="new", people=6, wanted_from=today + timedelta(days=3), wanted_until=today + timedelta(days=20),
        institution=cast.school, state=TrainingRequest.State.ASKED, asked_by=cast.manager,
    )  # fmt: skip
