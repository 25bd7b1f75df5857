"""A failure that will pass is known by what PynamoDB really raises, which keeps the status of an answer to itself."""

import pytest
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import GetError
from pynamodb.models import Model

from localstack.breaking import Way, breaking
from shared.passing import is_passing

NOWHERE = "http://127.0.0.1:9"  # what is refused goes no further


@pytest.mark.parametrize("way", ["unavailable", "throttled", "answer lost"])
def test_what_the_database_could_not_answer_passes(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with breaking(NOWHERE, lambda call: way) as url:

        class Thing(Model):
            class Meta:
                table_name, region, host, max_retry_attempts = "things", "eu-central-1", f"{url}/Worker", 0

            pk = UnicodeAttribute(hash_key=True)

        with pytest.raises(GetError) as raised:
            Thing.get("thing")
    assert is_passing(raised.value)
