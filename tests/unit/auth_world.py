"""Accounts, sessions and doors in memory, for the tests of what people do with them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from functions.auth import use_cases
from functions.auth.domain import Credential, Grant, Membership, Session, User
from functions.auth.proofs import Proof
from functions.auth.throttle import MAILS, TRUST, Client, Tries, Visit, window_of
from functions.auth.use_cases import Registration
from shared.caller import Role
from shared.messages import EmailVerificationRequested, MembershipChanged, Message, UserRegistered

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
HOME = "192.0.2.1"


class MemoryAccounts:
    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.credentials: dict[str, Credential] = {}
        self.revisions: dict[tuple[str, str], int] = {}
        self.proofs: list[Proof] = []
        self.sent: list[Message] = []

    def register(
        self, user: User, credential: Credential, proof: Proof, messages: tuple[UserRegistered, EmailVerificationRequested]
    ) -> Credential | None:
        if credential.email in self.credentials:
            return self.credentials[credential.email]
        self.credentials[credential.email], self.users[user.user_id] = credential, user
        self.proofs.append(proof)
        self.sent.extend(messages)
        return None

    def credential(self, email: str) -> Credential | None:
        return self.credentials.get(email)

    def replace_hash(self, credential: Credential, password_hash: str) -> None:
        self.credentials[credential.email] = replace(credential, password_hash=password_hash)

    def user(self, user_id: str) -> User | None:
        return self.users.get(user_id)

    def rename(self, user_id: str, name: str) -> User | None:
        if user_id in self.users:
            self.users[user_id] = replace(self.users[user_id], name=name)
        return self.users.get(user_id)

    def record(self, user_id: str, membership: Membership) -> bool:
        key = user_id, membership.conference_id
        if user_id not in self.users or self.revisions.get(key, 0) >= membership.revision:
            return False
        self.revisions[key] = membership.revision
        user = self.users[user_id]
        roles = {**user.roles, membership.conference_id: membership.role}
        generation = user.generation + (membership.role is None)
        kept = {name: role for name, role in roles.items() if role}
        self.users[user_id] = replace(user, roles=kept, generation=generation)
        return True


class MemorySessions:
    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.before_rotate: Callable[[], None] = lambda: None

    def start(self, session: Session) -> None:
        self.sessions[session.session_id] = session

    def find(self, user_id: str, session_id: str) -> Session | None:
        session = self.sessions.get(session_id)
        return session if session and session.user_id == user_id else None

    def page(self, user_id: str, limit: int, cursor: str | None) -> tuple[list[Session], str | None]:
        return [session for session in self.sessions.values() if session.user_id == user_id][:limit], None

    def rotate(self, old: Session, new: Session) -> bool:
        self.before_rotate()
        if self.sessions[old.session_id] != old:
            return False
        self.sessions[old.session_id] = new
        return True

    def revoke(self, user_id: str, session_id: str) -> bool:
        session = self.find(user_id, session_id)
        if session:
            self.sessions[session_id] = replace(session, revoked=True)
        return session is not None

    def end_all(self, user_id: str, generation: int, keep: str | None) -> bool:
        raise NotImplementedError  # tests/moto has it


class MemoryDoors:
    def __init__(self) -> None:
        self.visits: dict[tuple[str, str], Tries] = {}
        self.accounts: dict[str, Tries] = {}
        self.failures: Counter[tuple[str, datetime]] = Counter()
        self.mails: dict[str, Tries] = {}

    def visit(self, email: str, address: str, now: datetime) -> Visit:
        here, anywhere = self.visits.get((email, address), Tries()), self.accounts.get(email, Tries())
        return Visit(email, address, here, anywhere, self.failures[address, window_of(now)])

    def note(self, before: Visit, after: Visit) -> bool:
        self.visits[after.email, after.address], self.accounts[after.email] = after.here, after.anywhere
        return True

    def failed(self, address: str, now: datetime) -> None:
        self.failures[address, window_of(now)] += 1

    def opened(self, visit: Visit, now: datetime) -> None:
        self.visits[visit.email, visit.address] = Tries(trusted_until=now + TRUST)
        if not visit.trusted(now):
            self.accounts[visit.email] = replace(visit.anywhere, number=visit.anywhere.number - 1)

    def mail(self, email: str, now: datetime) -> bool:
        self.mails[email] = self.mails.get(email, Tries()).next(MAILS, now)
        return True


class PlainPasswords:
    """Readable instead of safe; notes every comparison."""

    def __init__(self, parameters: str = "v1") -> None:
        self.parameters = parameters
        self.compared: list[str | None] = []

    def hash(self, password: str) -> str:
        return f"{self.parameters}:{password}"

    def match(self, password_hash: str | None, password: str) -> bool:
        self.compared.append(password_hash)
        return password_hash is not None and password_hash.partition(":")[2] == password

    def outdated(self, password_hash: str) -> bool:
        return not password_hash.startswith(self.parameters)


class PlainTokens:
    def issue(self, user: User, session_id: str, now: datetime) -> str:
        return f"{user.user_id} {sorted(user.roles.items())}"


class World:
    def __init__(self) -> None:
        self.accounts, self.sessions, self.passwords = MemoryAccounts(), MemorySessions(), PlainPasswords()
        self.doors = MemoryDoors()
        self.now = datetime(2026, 6, 1, 9, tzinfo=UTC)

    def clock(self) -> datetime:
        return self.now

    def register(
        self, key: str = "reg_1", email: str = "ada@example.org", password: str = PASSWORD, name: str = "Ada"
    ) -> Registration:
        return use_cases.register(
            self.accounts, self.passwords, self.clock, registration_id=key, email=email, password=password, name=name
        )

    def log_in(self, email: str = EMAIL, password: str = PASSWORD, address: str = HOME) -> Grant:
        return use_cases.log_in(
            self.doors,
            self.accounts,
            self.sessions,
            self.passwords,
            PlainTokens(),
            self.clock,
            email=email,
            password=password,
            client=Client(address, "curl/8"),
        )

    def refresh(self, token: str) -> Grant:
        return use_cases.refresh(self.accounts, self.sessions, PlainTokens(), self.clock, refresh_token=token)

    def member(self, user_id: str, role: Role | None, revision: int) -> None:
        message = MembershipChanged(conference_id="cnf_1", user_id=user_id, role=role, revision=revision)
        use_cases.follow_membership(self.accounts, message)
