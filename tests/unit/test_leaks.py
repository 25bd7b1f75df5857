"""What `make leaks` finds, and what it leaves alone."""

from pathlib import Path

import pytest

from tests.security.leaks import leaks

# In two halves, so that this file is none of its own finds.
PROVIDERS = {
    "aws": "AKIA" + "QYLPMN5HHHFPZAM2",
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "stripe": "sk_live_" + "q" * 24,
}
RANDOM = "kL9xQ2vB7nR4tY8w" + "Zc1Dp6Hf3Gj5Ms0Ua"


@pytest.mark.parametrize("secret", PROVIDERS.values(), ids=PROVIDERS.keys())
@pytest.mark.parametrize("name", ["functions/api.py", "docs/guide.md", "events/example.json"])
def test_a_key_is_found_wherever_it_is(tmp_path: Path, name: str, secret: str) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f'first = 1\nkey = "{secret}"\n')
    [found] = leaks(tmp_path, [name], {})
    assert found.startswith(f"  {name}:2: ")
    excused = {name: {found.rpartition("(")[2].rstrip(")"): "an example"}}
    assert not list(leaks(tmp_path, [name], excused))


@pytest.mark.parametrize(("name", "found"), [("functions/api.py", True), ("tests/test_api.py", False)])
def test_what_is_as_random_as_a_secret_is_found_in_what_runs(tmp_path: Path, name: str, found: bool) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f'value = "{RANDOM}"\n')
    assert bool(list(leaks(tmp_path, [name], {}))) is found


def test_a_picture_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    assert not list(leaks(tmp_path, ["plot.png"], {}))
