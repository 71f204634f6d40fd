"""An exported model takes the place of an earlier one, or leaves it there."""

from pathlib import Path

import pytest

from dalston_cli.catalog.weights.export import _put


class InterruptedRename(type(Path())):  # type: ignore[misc]  # which of two classes it is depends on the system
    """A folder at whose move Ctrl-C comes, as soon as it is done."""

    def rename(self, target: Path) -> Path:
        super().rename(target)
        raise KeyboardInterrupt


@pytest.mark.parametrize(("slow", "kept"), [("model", "old"), ("new", "new")])
def test_ctrl_c_between_two_moves_leaves_one_whole_model(
    tmp_path: Path, slow: str, kept: str
) -> None:
    new, final, old = (tmp_path / name for name in ("new", "model", "old"))
    for folder, content in ((new, "new"), (final, "old")):
        folder.mkdir()
        (folder / "weights").write_text(content, encoding="utf-8")
    new, final = (InterruptedRename(one) if one.name == slow else one for one in (new, final))
    with pytest.raises(KeyboardInterrupt):
        _put(new, final, old)
    assert (tmp_path / "model" / "weights").read_text(encoding="utf-8") == kept
