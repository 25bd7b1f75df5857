"""How what `make mutants` found is read and written."""

from bench.mutants import CONTEXTS, UNEXPLAINED, Mutant, Outcome, domain, holding, outcome, parsed, shortened, undecorated, written

SOURCE = """
class Window:
    @property
    def is_open(self):
        if self.ends:
            return True
        return False

    @classmethod
    def of(cls):
        return cls()
"""


def test_properties_can_be_broken_and_stay_properties() -> None:
    there: dict[str, type] = {}
    exec(undecorated(SOURCE), there)  # noqa: S102  # of this very file
    window = there["Window"]()
    window.ends = 0
    assert (window.is_open, "@property" in undecorated(SOURCE), "@classmethod" in undecorated(SOURCE)) == (False, False, True)


def test_a_mutant_is_told_by_what_differs() -> None:
    told = shortened(Mutant("Session.open", "return one and two", "return one or two"))
    assert (told.was, told.became) == ("return one and two", "return one or two")
    told = shortened(Mutant("Session.open", f"{'x' * 40}(a, b){'y' * 40}", f"{'x' * 40}(b){'y' * 40}"), around=3)
    assert (told.was, told.became) == ("…xx(a, b)y…", "…xx(b)y…")


def test_a_reason_outlives_the_next_run_and_a_survivor_without_one_is_not_accepted() -> None:
    known, new = Mutant("Session.open", "a", "b"), Mutant("Session.open", "a", "")
    before = {"auth": Outcome(20, 19, {known: "the same: a is b"}), "orders": Outcome(3, 3, {})}
    assert parsed(written(before)) == before
    dead = Mutant("User.of", "a", "b", "killed")
    now = outcome([known, *[dead] * 18], parsed(written(before))["auth"].survivors)
    assert (now, now.is_good) == (Outcome(19, 18, {known: "the same: a is b"}), True)
    worse = outcome([known, new, *[dead] * 38], now.survivors)
    assert (worse.survivors[new], worse.share, worse.is_good) == (UNEXPLAINED, 95, False)


def test_less_than_ninety_per_cent_are_not_accepted() -> None:
    survivors = {Mutant("Session.open", "a", "b"): "the same"}
    assert Outcome(10, 9, survivors).is_good
    assert not Outcome(100, 89, survivors).is_good


def test_mutants_that_look_alike_are_counted_one_by_one() -> None:
    twins = outcome([Mutant("Session.open", "a", "b", status) for status in ("survived", "no tests", "killed")], {})
    assert (twins.mutants, twins.killed, len(twins.survivors)) == (3, 1, 1)


def test_every_domain_is_there_with_tests_that_hold_it() -> None:
    assert [context for context in CONTEXTS if not domain(context) or not holding(context)] == []
