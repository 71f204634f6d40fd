"""A module from a package whose own code must not run."""

import sys
from pathlib import Path

import pytest

from dalston_sdk.submodule_import import import_submodule_only


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that fails at import, with a module that does not."""
    name = "package_of_a_test"
    inner = tmp_path / name / "inner"
    inner.mkdir(parents=True)
    (tmp_path / name / "__init__.py").write_text("raise SystemExit('ran')", encoding="utf-8")
    (inner / "__init__.py").write_text("told = 1", encoding="utf-8")
    (inner / "module.py").write_text(
        f"from {name}.inner import told\nfrom ..other import number\n", encoding="utf-8"
    )
    (tmp_path / name / "other.py").write_text("number = 7", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("", ".inner", ".inner.module", ".other"):
        monkeypatch.delitem(sys.modules, name + module, raising=False)
    return name


def test_the_module_comes_without_its_package_s_code(package: str) -> None:
    module = import_submodule_only(f"{package}.inner.module")
    assert (module.told, module.number) == (1, 7)
    assert import_submodule_only(f"{package}.inner.module") is module
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


@pytest.mark.parametrize("module", ["package_of_nobody.module", "package_of_a_test.nothing"])
def test_what_is_not_installed_is_named(package: str, module: str) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        import_submodule_only(module)
    assert (caught.value.name or "").startswith("package_of_")
    sys.modules.pop(package, None)
