"""E-mail through the operator's server. ANLAN_EMAIL_URL: `smtp+tls://USER:PASSWORD@HOST:587` (STARTTLS) or
`smtp+ssl://USER:PASSWORD@HOST:465`; in demo mode letters are written into a folder. Empty: nothing goes out, and it says so.
"""

import logging
import smtplib
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _

from anlan.lib.errors import Refused

logger = logging.getLogger(__name__)
FILES: Final = "django.core.mail.backends.filebased.EmailBackend"


def is_ready() -> bool:
    """Whether letters can go out."""
    return bool(settings.ANLAN_EMAIL_URL)


def is_folder() -> bool:
    """Whether letters stay in a folder of this machine: demo mode."""
    return is_ready() and settings.EMAIL_BACKEND == FILES


def send_mail(to: str, subject: str, text: str, html: str, *, message_id: str, unsubscribe: str = "") -> str:
    """Send one letter and return its Message-ID, which is the same on every try, so that mail programs show it once.

    `unsubscribe` is the address for the one click of RFC 8058. Raises `Refused`: not configured (503), server not
    reachable or busy (503, worth another try), address refused (422), letter refused (502).
    """
    if not is_ready():
        raise Refused(_("电子邮件还没有配置，这封信没有发。请联系平台运维。"), code="mail_unconfigured", status=503)
    headers = {"Message-ID": message_id}
    if unsubscribe:
        headers |= {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    letter = EmailMultiAlternatives(subject, text, to=[to], headers=headers)
    letter.attach_alternative(html, "text/html")
    try:
        letter.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, _words = next(iter(error.recipients.values()))
        raise (
            _busy()
            if code < 500
            else Refused(
                _("邮件服务器说这个地址收不到信，请核对地址。"), code="mail_bad_address", status=422, field="email"
            )
        ) from None
    except smtplib.SMTPResponseException as error:
        logger.warning("mail server answered %d", error.smtp_code)
        raise _busy() if error.smtp_code < 500 else Refused(
            _("邮件服务器拒收了这封信（代码 %(code)d）。请联系平台运维。") % {"code": error.smtp_code},
            code="mail_refused", status=502,
        ) from None  # fmt: skip
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("mail server unreachable: %s", type(error).__name__)
        raise _busy() from None
    return message_id


def _busy() -> Refused:
    return Refused(_("邮件服务器暂时连不上，过一会儿会再试。"), code="mail_unreachable", status=503)
