"""A home for runs, and stores and servers of other machines, for the tests that ask for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.pipeline_home import PipelineHome
from tests.support.remote_stores import (
    BUCKET,
    WebFiles,
    s3_store,
    s3_variables,
    web_server,
)

from dalston_cli.pipeline.remote import stores
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import store_of


@pytest.fixture(scope="module")
def lasting_home() -> Iterator[PipelineHome]:
    made = PipelineHome()
    yield made
    made.close()


@pytest.fixture
def home(lasting_home: PipelineHome) -> PipelineHome:
    """A home that is as new, but that an engine of the test before may run."""
    lasting_home.renew()
    return lasting_home


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with s3_store() as url:
        yield url


@pytest.fixture
def bucket(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket and the variables that lead to it."""
    for name, value in s3_variables(s3_url, tmp_path).items():
        monkeypatch.setenv(name, value)
    stores.forget_all()
    system = store_of(Address(f"s3://{BUCKET}")).system
    system.mkdir(BUCKET)
    yield f"s3://{BUCKET}"
    system.rm(BUCKET, recursive=True)
    stores.forget_all()


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebFiles]:
    with web_server(WebFiles()) as files:
        files.authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        monkeypatch.setattr("dalston_cli.pipeline.remote.patience.PAUSES_S", (0.01, 0.02, 0.03))
        stores.forget_all()
        yield files
        stores.forget_all()
