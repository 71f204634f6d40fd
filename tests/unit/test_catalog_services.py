"""Models that a service on the network has: when they are there, and how to say that not."""

from pathlib import Path

import pytest
from tests.support.hub.entries import engine_entry, model_entry
from tests.support.run_options import planned, run_options

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.resolve import ModelRequest, resolve_model
from dalston_cli.catalog.resolve_errors import NoModelError
from dalston_cli.catalog.weights.acquire import ensure_installed, pull
from dalston_cli.catalog.weights.audit import verify
from dalston_cli.catalog.weights.failures import ServiceKeyError
from dalston_cli.catalog.weights.inventory import installed, installed_ids
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.pipeline.plan.choosing import ServiceOfflineError
from dalston_cli.pipeline.plan.model import Launch, PlanContext, StagePlan, Weights
from dalston_cli.pipeline.plan.planner import Planner
from dalston_sdk.wire import RefineOptions, Stage, TokenPrices

ENGINE = engine_entry(
    name="asker", stages={"refine": {"options": ["level", "max_cost_usd", "prices", "batch"]}}
)
MODEL = model_entry(
    id="far",
    engine="asker",
    runtime_model_id="somebody/far",
    stages=["refine"],
    source={"kind": "service", "key": "FAR_KEY", "url": "FAR_URL"},
    size_mb=0,
)
CATALOG = Catalog(
    engines={"asker": ENGINE, "example": engine_entry()},
    models={"far": MODEL, "tiny": model_entry()},
)
MACHINE = Machine(cpus=2, ram_mb=4000)


@pytest.fixture(autouse=True)
def without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FAR_KEY", "FAR_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "there"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"FAR_KEY": ""}, False, id="empty"),
        pytest.param({"FAR_KEY": "k"}, True, id="key"),
        pytest.param({"FAR_URL": "http://127.0.0.1:1"}, True, id="server-of-ones-own"),
    ],
)
def test_a_service_is_there_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], there: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert installed_ids(CATALOG, tmp_path) == (frozenset({"far"}) if there else frozenset())


def test_another_server_is_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = set()
    for key, url in (("k", ""), ("other", ""), ("k", "http://a"), ("k", "http://b")):
        monkeypatch.setenv("FAR_KEY", key)
        monkeypatch.setenv("FAR_URL", url)
        found = installed(MODEL, tmp_path)
        assert found is not None
        assert (found.path, found.size) == (None, 0)
        digests.add(found.digest)
    assert len(digests) == 3, "the key does not count, the server does"


@pytest.mark.parametrize("policy", ["missing", "never", "always"])
def test_a_missing_key_is_no_missing_download(tmp_path: Path, policy: str) -> None:
    with pytest.raises(ServiceKeyError, match="far is a service on the network") as caught:
        ensure_installed(MODEL, tmp_path, policy)  # type: ignore[arg-type] # each of its values
    assert "export FAR_KEY=your-key; or lead FAR_URL to" in (caught.value.hint or "")


def test_there_is_nothing_to_pull_or_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAR_KEY", "k")
    assert pull(MODEL, tmp_path, PullOptions(again=True)) == installed(MODEL, tmp_path)
    assert verify(MODEL, tmp_path).problems == ()
    assert not MODEL.has_files
    assert list(tmp_path.iterdir()) == []


def test_auto_says_which_key_is_missing() -> None:
    with pytest.raises(NoModelError, match="no model that is installed can refine") as caught:
        resolve_model(CATALOG, Stage.REFINE, ModelRequest(), MACHINE, [])
    hint = caught.value.hint or ""
    assert hint.startswith("far is a service: export FAR_KEY=your-key; or, without a key")


def planner(*, here: tuple[str, ...] = ("far", "tiny"), **options: object) -> Planner:
    context = PlanContext(
        catalog=CATALOG,
        machine=MACHINE,
        installed={name: Weights(digest="sha256:0", path=None) for name in here},
        launch=lambda _engine, _device: Launch(launcher="local", digest="d"),
    )
    return Planner(context, run_options(refine=RefineOptions(), **options))  # type: ignore[arg-type] # any option


def test_a_service_is_refused_where_the_network_is() -> None:
    assert planned(planner().plan(), "refine").model.id == "far"
    with pytest.raises(ServiceOfflineError, match="--offline forbids"):
        planner(offline=True).plan()


def test_a_plan_that_lacks_a_key_is_none() -> None:
    models = {"refine": "far"}
    with pytest.raises(ServiceKeyError, match="its key is not set"):
        planner(here=("tiny",), stage_models=models).plan()


def test_what_a_result_may_cost_does_not_decide_what_it_is() -> None:
    def identity(options: RefineOptions) -> object:
        found = planned(planner().plan(), "refine")
        return StagePlan(
            stage=found.stage,
            model=found.model,
            engine=found.engine,
            device=found.device,
            compute_type=None,
            launch=found.launch,
            weights=found.weights,
            options=options,
            reason="",
        ).identity()

    plain = identity(RefineOptions())
    prices = TokenPrices(input_usd=1, output_usd=2)
    assert identity(RefineOptions(max_cost_usd=1.0, prices=prices, batch=True)) == plain
    assert identity(RefineOptions(level="light")) != plain
