"""Words for the verbs, kinds and details of the record. An app that records a new verb adds its words here."""

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

VERBS: Final[dict[str, str | Promise]] = {
    # accounts
    "grant_post": _("授予身份"),
    "withdraw_post": _("收回身份"),
    "act_in_post": _("切换身份"),
    "reveal": _("查看完整号码"),
    "sign_in": _("登录"),
    "enter_demo": _("进入演示身份"),
    "sign_up": _("注册账号"),
    "lock_out": _("多次输错被锁定"),
    "change_password": _("更改密码"),
    "change_phone": _("更换手机号"),
    "add_second_factor": _("添加身份验证方式"),
    "remove_second_factor": _("移除身份验证方式"),
    "end_sessions": _("退出其他设备"),
    "load_regions": _("更新区划"),
    "rotate_keys": _("更换加密密钥"),
    "ask_approval": _("提请审批"),
    "decide_approval": _("审批"),
    # enterprises, training, exams, certificates, supervision
    "add_lesson": _("添加课时"),
    "add_question": _("新增题目"),
    "add_tag": _("添加标签"),
    "add_worker": _("登记员工"),
    "answer_appeal": _("答复成绩申诉"),
    "answer_question": _("答复学员提问"),
    "ask_revocation": _("申请注销证书"),
    "ask_teacher": _("向教师提问"),
    "cancel_exam": _("取消考试"),
    "cancel_class": _("取消培训班"),
    "close_class": _("结束培训班"),
    "publish_class": _("发布培训班"),
    "edit_class": _("修改培训班"),
    "open_class": _("开放培训班"),
    "extend_class": _("延长培训期限"),
    "reopen_class": _("重新开放培训班"),
    "open_house": _("启用平台"),
    "recount": _("重算指标"),
    "complete_class": _("完成培训班"),
    "confirm_cuts": _("确认剪辑"),
    "confirm_tag": _("确认标签"),
    "create_class": _("新建培训班"),
    "create_course": _("新建课程"),
    "decide_revocation": _("审定证书注销"),
    "drop_roster": _("放弃花名册"),
    "edit_course": _("修改课程"),
    "edit_enterprise": _("修改企业档案"),
    "edit_lesson": _("修改课时"),
    "edit_worker": _("修改员工资料"),
    "end_sitting": _("结束答卷"),
    "enrol_workers": _("安排员工培训"),
    "export_bank": _("导出题库"),
    "export_class": _("导出培训班"),
    "export_course": _("导出课程包"),
    "export_enterprises": _("导出企业"),
    "export_exam": _("导出考试成绩"),
    "extend_sitting": _("延长考试时间"),
    "finish_upload": _("上传课程视频"),
    "import_course": _("导入课程包"),
    "import_questions": _("导入题目"),
    "import_roster": _("导入花名册"),
    "issue_certificate": _("颁发证书"),
    "leave_worker": _("登记离职"),
    "make_appeal": _("申诉成绩"),
    "map_roster": _("核对花名册的列"),
    "open_exam": _("开考"),
    "order_lessons": _("调整课时顺序"),
    "pass_class": _("登记培训合格"),
    "print_certificates": _("批量打印证书"),
    "publish_course": _("发布课程"),
    "rate_course": _("评价课程"),
    "remind_people": _("提醒学员"),
    "remove_lesson": _("删除课时"),
    "remove_part": _("删除课程内容"),
    "remove_recording": _("删除课程视频"),
    "remove_tag": _("移除标签"),
    "restore_people": _("恢复学员"),
    "resume_roster": _("继续导入花名册"),
    "retire_question": _("停用题目"),
    "retry_recording": _("重新处理视频"),
    "return_worker": _("登记返岗"),
    "reveal_contact": _("查看企业联系电话"),
    "revert_roster": _("撤销花名册导入"),
    "revise_question": _("修订题目"),
    "save_blueprint": _("保存组卷规则"),
    "save_case": _("保存事故案例"),
    "save_handout": _("保存讲义"),
    "save_prompts": _("保存课中提问"),
    "start_recording": _("开始上传视频"),
    "start_roster": _("开始导入花名册"),
    "undo_class": _("撤回培训班"),
    "undo_roster": _("申请撤销花名册导入"),
    "upload_roster": _("上传花名册"),
    "warn_sitting": _("提醒考生"),
    "withdraw_course": _("下架课程"),
    "withdraw_people": _("移出学员"),
    "export_overview": _("导出区域指标"),
    # audit
    "read_audit": _("查看操作记录"),
    "export_audit": _("导出操作记录"),
    "verify_audit": _("核对操作记录"),
}
KINDS: Final[dict[str, str | Promise]] = {
    "accounts.user": _("人员"),
    "accounts.post": _("身份"),
    "accounts.region": _("区划"),
    "accounts.organisation": _("机构"),
    "audit.record": _("操作记录"),
    "enterprises.enterprise": _("企业"),
    "enterprises.worker": _("员工"),
    "training.course": _("课程"),
    "training.trainingclass": _("培训班"),
    "training.enrolment": _("报名"),
    "training.lesson": _("课时"),
    "training.recording": _("课程视频"),
    "training.lessonquestion": _("学员提问"),
    "training.tag": _("标签"),
    "training.coursetag": _("课程标签"),
    "training.hourentry": _("学时"),
    "training.classexport": _("导出"),
    "exams.export": _("导出"),
    "exams.blueprint": _("组卷规则"),
    "exams.appeal": _("成绩申诉"),
    "enterprises.roster": _("花名册"),
    "certificates.revocation": _("证书注销"),
    "certificates.printbatch": _("打印批次"),
    "exams.exam": _("考试"),
    "exams.sitting": _("考试答卷"),
    "exams.question": _("题目"),
    "certificates.certificate": _("证书"),
}
FACTS: Final[dict[str, str | Promise]] = {
    "role": _("角色"),
    "what": _("事项"),
    "approved": _("是否批准"),
    "scope": _("范围"),
    "field": _("字段"),
    "rows": _("行数"),
    "count": _("数量"),
    "reason": _("原因"),
    "before": _("之前"),
    "after": _("之后"),
    "method": _("方式"),
    "filter": _("条件"),
    "person": _("人员"),
    "changed": _("更新"),
    "closed": _("关闭"),
    "post": _("身份编号"),
    "year": _("年份"),
    "industry": _("行业"),
}
VALUES: Final[dict[str, str | Promise]] = {
    "phone": _("手机号"),
    "id_number": _("身份证号"),
    "code": _("短信验证码"),
    "password": _("密码"),
    "mfa": _("第二重验证"),
    "socialaccount": _("企业账号"),
    "totp": _("身份验证器"),
    "webauthn": _("通行密钥"),
    "recovery_codes": _("备用码"),
}


def say(verb: str) -> str:
    """Words for a verb; the verb itself where nobody gave any."""
    return str(VERBS.get(verb, verb))


def kind(name: str) -> str:
    """Words for a kind of subject."""
    return str(KINDS.get(name, name))


def facts(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """Details as pairs of words; empty values are left out."""
    return [
        (str(FACTS.get(key, key)), str(VALUES.get(value, value) if isinstance(value, str) else value))
        for key, value in detail.items()
        if value not in (None, "", [], {})
    ]
