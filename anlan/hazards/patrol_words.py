"""The words of the patrol's app: its pages are made on the phone, so they travel with the shell."""

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    """Every text of the app in the present language; `{name}` is filled in on the phone."""
    return {
        "brand": _("安澜"), "patrol": _("现场巡查"), "back": _("返回"), "leave": _("离开巡查，回到首页"), "previous": _("上一组"),
        "weekdays": _("周日 周一 周二 周三 周四 周五 周六"), "day": _("{m} 月 {d} 日，{w}"), "short_day": _("{m} 月 {d} 日"), "until": _("{day}前"), "late": _("逾期 {n} 天"),
        "no_day": _("没有定期限"), "unknown": _("档案里没有"), "try_again": _("再试一次"), "where_am_i": _("看看离哪家近"),
        # strip
        "online": _("已同步"), "offline": _("没有网络，照常填写"), "waiting_entries": _("{n} 条记录已加密存在本机"), "waiting": _("{n} 条记录、{m} 张照片已加密存在本机"),
        "nothing_waits": _("本机没有待上传的内容"), "synced_at": _("{clock} 与平台核对过，本机没有待上传的内容"), "syncing": _("正在上传"),
        "will_send": _("稍后自动上传"), "retrying": _("没有传上去，稍后自动再传"), "link_bad": _("网络断断续续。"),
        "photo_progress": _("照片 {n} / {all}"), "sync_now": _("现在上传"), "sign_in": _("登录"), "sign_in_again": _("请重新登录，本机内容都在"),
        "all_kept": _("{kept}，登录后接着上传"), "revoked": _("这台手机已停用"),
        # closed
        "revoked_more": _("单位停用了这台手机，里面的内容打不开。请联系乡镇街道安监员。"),
        "locked": _("内容加密存在本机，同一个人登录后才能打开。"), "locked_kept": _("还有 {n} 条没有上传。"),
        "may_not": _("您现在的身份不能检查企业"), "may_not_more": _("请在“我的”里换一个身份，或联系乡镇街道安监员。"),
        "locked_title": _("联网登录后才能打开"), "first_online": _("第一次使用要联网"), "first_online_more": _("联网登录一次，待办任务就存到本机，之后没有网络也能打开。"),
        "too_old": _("这个浏览器不能离线巡查"), "too_old_more": _("请用新一些的浏览器打开，或联网使用“检查任务”。"),
        # list
        "group_late": _("已逾期"), "group_doing": _("正在检查"), "group_week": _("七天内"), "group_later": _("以后"), "group_handing": _("等待上传"),
        "count": _("{n} 家"), "metres": _("{n} 米"), "kilometres": _("{n} 公里"), "to_recheck": _("{n} 条隐患待复查"),
        "answered": _("已查 {n} 项，共 {m} 项"), "answered_short": _("{n} / {m} 项"), "handing_in": _("已完成，等待上传"),
        "more_tasks": _("还有 {n} 家没有下载：本机最多存 200 家，已按期限取最急的。"),
        "none_due": _("近期没有要检查的企业"), "none_due_more": _("新任务下达后，联网打开这一页就会下载。"),
        "none_yet": _("还没有下载任务"), "none_yet_more": _("联网后自动下载，下载后没有网络也能用。"), "see_inspections": _("看全部检查任务"),
        "only_firm": _("只看 {name}"), "all_firms": _("看全部企业"), "none_here": _("手机里没有这家企业的检查任务"),
        "none_here_more": _("不在您的辖区，或者近期不用检查。要现在检查，联网后另外安排一次。"), "arrange": _("安排检查"),
        "elsewhere": _("任务已由别人完成或移走"), "elsewhere_more": _("这次检查已由别人完成或移到别处。您写的还在，可以继续并上传，两边不一样的由人来选。"),
        "doubts": _("{n} 条记录没有直接生效"), "clashes": _("{n} 处与别人的结果不一样"), "clash_more": _("两边的内容都留着，请选一个。"),
        "see_doubts": _("去看看"), "seen": _("知道了"),
        # door
        "start": _("开始检查"), "locating": _("正在定位"), "address": _("地址"), "contact": _("联系人"), "lists": _("检查表"),
        "list_name": _("{name} 第 {n} 版，{m} 项"), "no_list": _("没有检查表，只写情况和复查"), "recheck_title": _("这次要复查 {n} 条隐患"),
        # items
        "items": _("检查项目"), "of_items": _("{n} / {m} 项"), "of_all": _("全部 {n} / {m}"), "next_item": _("下一项：{name}"),
        "next_group": _("下一组：{name}"), "to_finish": _("签字并完成"), "recheck": _("复查隐患"), "passes": _("合格"), "fails": _("不合格"),
        "why_fails": _("哪里还不行"), "note": _("备注"), "add_note": _("拍照或备注"), "registered": _("已经登记为隐患"),
        "take_photo": _("拍照"), "another_photo": _("再拍一张"), "from_album": _("相册"), "photo_n": _("第 {n} 张照片"), "no_preview": _("已保存，这台手机显示不了"),
        "photo_here": _("在本机"), "photo_part": _("已传 {n}%"), "photo_up": _("已上传"), "drop_photo": _("去掉第 {n} 张照片"),
        "photo_large": _("这张照片有 {mb} MB，超过 50 MB，没有保存。请把相机的清晰度调低一档再拍。"), "photo_broken": _("这张照片没有存下来，请再拍一张。"),
        "full": _("手机存储满了，照片没有存下来。已经存的都在。请联网上传，或清理手机。"),
        "what": _("看到了什么"), "where": _("在哪里"), "where_example": _("例如：3 号车间东侧"), "meets_major": _("符合重大事故隐患判定标准："),
        "grade": _("等级"), "deadline": _("整改期限"), "deadline_is": _("整改到"), "cure": _("整改措施、责任人、类别"), "measure": _("怎么改"),
        "responsible": _("企业谁负责"), "kind": _("类别"),
        # finish
        "finish": _("完成检查"), "finish_visit": _("完成检查并保存"), "lacking": _("还差 {n} 处"), "lack_answer": _("没有选：{name}"), "lack_place": _("没有写在哪里：{name}"),
        "lack_words": _("没有写哪里还不行：{name}"), "will_register": _("将登记 {n} 条隐患"), "nothing_found": _("没有查出隐患"),
        "recheck_sum": _("复查了 {n} / {m} 条隐患"), "unseen": _("没有复查的仍留在待复查里。"), "accompanied": _("企业陪同人员"), "words": _("检查情况（可不写）"),
        "place_known": _("已定位，误差约 {n} 米"), "place_denied": _("没有定位：没有允许使用位置"), "place_unknown": _("没有定位：收不到信号"),
        "place_unsupported": _("没有定位：手机不支持"), "sign_officer": _("检查人员签字"), "sign_officer_more": _("用手指签，或在下面写姓名。"),
        "sign_firm": _("企业人员签字"), "sign_firm_more": _("企业不签时可以空着，在检查情况里写明原因。"), "sign_again": _("重签"), "sign_name": _("姓名"),
        "cannot_finish": _("还差 {n} 处，补上后就能完成。已经写的都在。"), "no_signature": _("检查人员还没有签字，签字或写姓名后就能完成。"),
        "done": _("检查已完成"), "done_more": _("内容加密存在本机，联网后自动上传，平台收妥后才从本机删除。"), "to_list": _("回到任务"),
    }  # fmt: skip
