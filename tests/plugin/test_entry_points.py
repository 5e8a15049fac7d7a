"""Entry points read from files are those that importlib.metadata finds."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import zipfile

import pytest
from fake_distribution import write_distribution

from secantfw.discovery.entry import Entry
from secantfw.discovery.entry_points import GROUP, installed
from secantfw.discovery.installed_files import NotPlain, entries_in


def by_the_library(places):
    found = [
        Entry(entry.name, entry.value, f"{dist.metadata['Name']} {dist.metadata['Version']}")
        for dist in importlib.metadata.distributions(path=places)
        for entry in dist.entry_points.select(group=GROUP)
    ]
    return sorted(found, key=lambda entry: entry.name)


def by_us(places):
    return sorted(entries_in(places, GROUP), key=lambda entry: entry.name)


def test_both_find_the_same_in_every_place_of_this_environment():
    for place in sys.path:
        try:
            assert by_us([place]) == by_the_library([place])
        except NotPlain:
            continue
    assert {"basics", "sit"} <= {entry.name for entry in installed()}


def test_sections_comments_and_blanks_are_read_as_the_library_reads_them(tmp_path):
    write_distribution(tmp_path, "aaa", "")
    file = tmp_path / "aaa_dist-1.0.dist-info" / "entry_points.txt"
    file.write_text(
        "[console_scripts]\nsecantfw = a:main\n\n[secantfw]\n# bbb = no\n"
        "aaa=a.b\n  ccc  =  c.d:plugin [extra]\n\n[secantfw.more]\nddd = d\n"
    )
    found = by_us([str(tmp_path)])
    assert found == by_the_library([str(tmp_path)])
    assert [(e.name, e.value) for e in found] == [("aaa", "a.b"), ("ccc", "c.d:plugin [extra]")]


def test_an_egg_info_folder_counts_too(tmp_path):
    info = tmp_path / "Some.Thing.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text(
        "Metadata-Version: 2.1\nName: Some.Thing\nVersion: 2\n\nName: x"
    )
    (info / "entry_points.txt").write_text("[secantfw]\nthing = some.thing\n")
    assert by_us([str(tmp_path)]) == [Entry("thing", "some.thing", "Some.Thing 2")]
    assert by_us([str(tmp_path)]) == by_the_library([str(tmp_path)])


def test_the_first_distribution_of_a_name_hides_the_others(tmp_path):
    write_distribution(tmp_path / "one", "aaa", "", "1.0")
    write_distribution(tmp_path / "two", "aaa", "", "2.0")
    info = tmp_path / "two" / "aaa_dist-2.0.dist-info"
    info.rename(info.with_name("AAA.Dist-2.0.dist-info"))  # the same name, spelt otherwise
    places = [str(tmp_path / "one"), str(tmp_path / "two")]
    assert [entry.distribution for entry in entries_in(places, GROUP)] == ["aaa-dist 1.0"]
    assert [entry.distribution for entry in entries_in(places[1:], GROUP)] == ["aaa-dist 2.0"]


def test_missing_places_and_broken_files_hide_nothing(tmp_path):
    write_distribution(tmp_path, "aaa", "")
    (tmp_path / "bad-1.dist-info").mkdir()
    (tmp_path / "bad-1.dist-info" / "entry_points.txt").write_bytes(b"\xff\xfe[secantfw")
    (tmp_path / "stray.dist-info").write_text("no folder")
    found = by_us([str(tmp_path / "nowhere"), str(tmp_path)])
    assert [entry.name for entry in found] == ["aaa"]


def test_an_archive_on_the_path_is_left_to_the_library(tmp_path, monkeypatch):
    write_distribution(tmp_path / "packed", "zipped", "")
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (tmp_path / "packed").rglob("*"):
            file.write(path, path.relative_to(tmp_path / "packed"))
    with pytest.raises(NotPlain):
        by_us([str(archive)])
    monkeypatch.syspath_prepend(str(archive))
    assert Entry("zipped", "zipped_plugin", "zipped-dist 1.0") in installed()


def test_what_another_finder_brings_is_found(tmp_path, monkeypatch):
    write_distribution(tmp_path, "brought", "")

    class Finder:
        @staticmethod
        def find_spec(*_):
            return None

        @staticmethod
        def find_distributions(context):
            folder = tmp_path / "brought_dist-1.0.dist-info"
            return [importlib.metadata.PathDistribution(folder)]

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert Entry("brought", "brought_plugin", "brought-dist 1.0") in installed()


def test_an_entry_loads_what_it_names():
    assert Entry("a", "os.path", "").load().__name__ == "posixpath"
    assert Entry("a", "os.path:join [extra]", "").load() is importlib.import_module("os").path.join
    with pytest.raises(ValueError, match="'os path' is not of the form"):
        Entry("a", "os path", "").load()


def test_listings_do_without_the_library():
    code = (
        "import sys; from secantfw.cli.main import main; main(['plugins']);"
        "print([m for m in ('importlib.metadata', 'email', 'importlib.abc') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
