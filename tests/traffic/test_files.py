"""Files that are whole or not there."""

import os
from pathlib import Path

import pytest

from watchdog.traffic import files


def test_a_staged_file_is_whole_and_readable_by_all(tmp_path: Path) -> None:
    """Whatever the umask, nginx's workers can read what was staged; nothing is left beside it."""
    old = os.umask(0o077)
    try:
        files.stage(tmp_path / "a.conf", "one\n")
    finally:
        os.umask(old)

    assert ["a.conf"] == [path.name for path in tmp_path.iterdir()]
    assert ("one\n", 0o644) == (files.read(tmp_path / "a.conf"), (tmp_path / "a.conf").stat().st_mode & 0o777)


def test_staging_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """A text that cannot be written changes nothing, and the error names the file."""
    target = tmp_path / "a.conf"
    files.stage(target, "old\n")
    with pytest.raises(UnicodeEncodeError):
        files.stage(target, "\ud800")
    with pytest.raises(OSError, match=r"cannot write .*/nowhere/a\.conf: No such file"):
        files.stage(tmp_path / "nowhere" / "a.conf", "x")

    assert (["a.conf"], "old\n") == ([path.name for path in tmp_path.iterdir()], files.read(target))


def test_staging_does_not_follow_a_planted_link(tmp_path: Path) -> None:
    """A link under the name of the half-written file is refused, and what it leads to stays as it is."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".a.conf.writing").symlink_to(victim)

    with pytest.raises(OSError, match="symbolic links"):
        files.stage(tmp_path / "a.conf", "x")

    assert "precious" == victim.read_text()


def test_a_missing_file_is_none_and_a_huge_one_an_error(tmp_path: Path) -> None:
    """Nothing there is not the same as something unreadable."""
    assert None is files.read(tmp_path / "none")
    (tmp_path / "huge").write_bytes(b"x" * (files.LIMIT_BYTES + 1))
    with pytest.raises(ValueError, match="is larger than"):
        files.read(tmp_path / "huge")


def test_a_kept_file_survives_the_swap(tmp_path: Path) -> None:
    """The old content is there to be renamed back, also when a kept one was there before."""
    live, kept, new = tmp_path / "live", tmp_path / "kept", tmp_path / "new"
    for round_ in ("one", "two"):
        live.write_text(round_)
        files.keep(live, kept)
        new.write_text("new")
        files.swap(new, live)
        assert ("new", round_) == (live.read_text(), kept.read_text())
        files.swap(kept, live)
        assert round_ == live.read_text()
        live.unlink()


def test_a_file_is_what_nginx_takes_for_one(tmp_path: Path) -> None:
    """Files of any mode and links to them are files; folders, dangling links and nothing are not."""
    (tmp_path / "file").touch(mode=0)
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()

    found = {name: files.is_file(tmp_path / name) for name in ("file", "link", "dangling", "folder", "nothing")}
    assert {"file": True, "link": True, "dangling": False, "folder": False, "nothing": False} == found


def test_the_folder_that_cannot_be_searched_is_named(tmp_path: Path) -> None:
    """Owner, group and others are judged by their own bit, as the kernel does; root passes everywhere."""
    outer = tmp_path / "outer"
    inner = outer / "inner"
    inner.mkdir(parents=True)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and len(folder.parts) > 2:
            folder.chmod(0o711)
    tmp_path.chmod(0o711)
    me, mine = os.getuid(), outer.stat().st_gid
    stranger = (me + 4711, frozenset[int]())
    in_group = (me + 4711, frozenset({mine}))
    expected = {0o711: (None, None), 0o710: (outer, None), 0o701: (None, outer), 0o700: (outer, outer)}
    for mode, (by_stranger, by_group) in expected.items():
        outer.chmod(mode)
        assert by_stranger == files.searchable(inner, *stranger)
        assert by_group == files.searchable(inner, *in_group)
        assert None is files.searchable(inner, 0, frozenset())
    outer.chmod(0o755)


def test_free_space_is_counted(tmp_path: Path) -> None:
    """Bytes and inodes are positive where files can be made."""
    room, inodes = files.free(tmp_path)
    assert room > 0
    assert inodes > 0
