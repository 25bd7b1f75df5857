"""Mail through Amazon SES (version 1 of its API)."""

from functools import cache
from typing import TYPE_CHECKING, TypedDict

from functions.notifications.letter import Letter
from functions.notifications.mail import Sender, compose
from shared.config import env
from shared.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient


class _Configuration(TypedDict, total=False):
    ConfigurationSetName: str


class MailRefused(RuntimeError):
    """SES did not take the mail. Only its error code is told: its text holds the addresses."""


@cache
def _ses() -> "SESClient":
    import boto3
    from botocore.config import Config

    # Throttling is waited out here for a moment; all tries together end before the worker's time does.
    return boto3.client(
        "ses", config=Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    )


def _configuration() -> "_Configuration":
    """Which of SES's configuration sets it is sent under, where there is one: it is told there when a mail comes back."""
    name = env("MAIL_CONFIGURATION")
    return {} if name == "off" else {"ConfigurationSetName": name}


def _sender() -> Sender:
    api_url, front_end = env("API_URL").replace("{api}", env("API_ID")), env("PUBLIC_URL")
    return Sender(env("MAIL_FROM"), api_url, None if front_end == "api" else front_end)


class SesMailer:
    def send(self, letter: Letter) -> None:
        """Raises MailRefused, ValueError for an address with a line break, and botocore's errors where SES cannot be reached."""
        from botocore.exceptions import ClientError

        sender = _sender()
        mail = compose(letter, sender)
        try:
            _ses().send_raw_email(
                Source=sender.address,
                Destinations=[letter.to.email],
                RawMessage={"Data": mail.as_bytes()},
                **_configuration(),
            )
        except ClientError as failure:
            code = failure.response["Error"]["Code"]
            logger.warning("mail refused", mail=letter.key, code=code)
            raise MailRefused(code) from None
