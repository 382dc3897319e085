"""What the tests of the demo share: the folder of the examples as an import root, and one running shop."""

import sys
from pathlib import Path

import httpx
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

from orders import places  # noqa: E402
from orders.attacks import Stage  # noqa: E402
from orders.issuer import Issuer  # noqa: E402
from orders.shop.database import reset  # noqa: E402


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """URL and folder of a shop that runs as the demo runs it."""
    folder = tmp_path_factory.mktemp("shop")
    with places.shop(folder) as url:
        yield url, folder


@pytest.fixture
def stage(shop):
    """The shop itself, in its first state."""
    url, folder = shop
    reset(folder / "shop.db")
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield Stage(client, Issuer.load(folder), folder / "shop.db", api_key="unread")
