from collections.abc import Iterator

import pytest
from moto import mock_aws

from shared.table import Item
from tests.support import Table


@pytest.fixture
def aws() -> Iterator[None]:
    """All of AWS, in memory, empty."""
    with mock_aws():
        yield


@pytest.fixture
def table(aws: None) -> Table:
    """The context's table with its index, as template.yaml makes it."""
    Item.create_table(billing_mode="PAY_PER_REQUEST", wait=False)
    return Table()
