"""Where the emulator relays e-mails to (its SMTP_HOST): the smallest SMTP server that keeps them as they came over the wire."""

import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Thread
from typing import Any, cast

from localstack.ports import HOST


class Mailbox(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Session)
        self.raw: list[bytes] = []

    @property
    def address(self) -> str:
        return f"{HOST}:{self.server_address[1]}"

    def to(self, email: str) -> list[EmailMessage]:
        """Everything that was sent there, oldest first."""
        mails = [cast("EmailMessage", message_from_bytes(raw, policy=default)) for raw in self.raw]
        return [mail for mail in mails if email in str(mail["To"])]


class _Session(socketserver.StreamRequestHandler):
    """RFC 5321, as far as `smtplib` goes."""

    def handle(self) -> None:
        self._say("220 here")
        for line in self.rfile:
            match line[:4].upper():
                case b"DATA":
                    self._say("354 go on")
                    self._take()
                    self._say("250 kept")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 well")

    def _take(self) -> None:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        cast("Mailbox", self.server).raw.append(b"".join(lines))

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as kept:
        Thread(target=kept.serve_forever, daemon=True).start()
        yield kept
        kept.shutdown()


def text(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def files(mail: EmailMessage) -> dict[str, Any]:
    return {str(part.get_filename()): part.get_content() for part in mail.iter_attachments()}


def links(mail: EmailMessage, path: str) -> list[str]:
    """Where the mail leads to at `path`: the same in both of its parts."""
    found = set(re.findall(rf"https?://\S*?{re.escape(path)}[^\s\"<>]+", text(mail, "plain")))
    assert all(link in text(mail, "html") for link in found)
    return sorted(found)
