"""`cite`: an entry for every paper, from the plug-in that cites it."""

from __future__ import annotations

import pytest
from blocked_plugins import left_out

from secantfw.discovery.bibliography import bibtex, entries, paper, titles
from secantfw.load_plugins import load_plugins

BIB = """A comment.
@article{one, title = {A {B} C}, eprint = {2501.00001}
}
@misc{two,
  doi = {10.1/X},
}
@misc{unfinished, title = {
"""


@pytest.fixture
def bib(tmp_path):
    file = tmp_path / "a.bib"
    file.write_text(BIB)
    return file


def test_entries_end_where_their_braces_do():
    assert [entry.partition(",")[0] for entry in entries(BIB)] == ["@article{one", "@misc{two"]


def test_a_paper_is_found_by_its_number(bib):
    text = BIB.replace("@article{one, title = {A {B} C}, ", "@article{one,\n  title = {T},\n  ")
    bib.write_text(text)
    assert bibtex(["arXiv:2501.00001v2"], [bib])[0].startswith("@article{one")
    assert bibtex(["doi:10.1/x"], [bib])[0].startswith("@misc{two")


def test_what_nobody_describes_is_cited_by_its_number(bib):
    (said,) = bibtex(["arXiv:2501.99999"], [bib, bib.with_name("gone.bib")])
    assert said.startswith("@misc{arXiv_2501_99999,")
    assert "eprint        = {2501.99999}" in said
    assert "}\n@" not in bibtex(["}\n@evil{x,"], [])[0]


#: Entries that know nothing but a number.
_BARE = ("@misc{arXiv_", "@misc{doi_")


def test_titles_are_read_without_braces():
    said = "@misc{a,\n  title = {Learning {ODEs}},\n  year = {2025},\n  eprint = {2505.14502}\n}\n"
    assert titles(said) == {paper("arXiv:2505.14502v2"): "Learning ODEs (2025)"}
    assert titles("@misc{a,\n  doi = {10.1/x}\n}\n") == {}


def test_a_key_of_the_first_party_files_is_one_paper_with_title_author_and_year():
    seen: dict[str, str] = {}
    for file in load_plugins().registry.bibliographies:
        for entry in entries(file.read_text()):
            key = entry[: entry.index(",")]
            assert seen.setdefault(key, entry) == entry, (file, key)
            assert all(f"  {field} " in entry for field in ("title", "author", "year")), key
    assert len(seen) > (20 if left_out() else 30)


def test_every_paper_that_first_party_components_cite_is_described():
    registry = load_plugins().registry
    own = [c for c in registry if c.target.startswith("secantfw_")]
    cites = dict.fromkeys(cite for component in own for cite in component.cite)
    bare = [e for e in bibtex(cites, registry.bibliographies) if e.startswith(_BARE)]
    assert bare == []


@pytest.mark.plugin("basics", "data", "picard", "sit", "fid")
def test_the_verb_takes_a_file(experiments, secantfw):
    said = secantfw("cite", experiments / "sit_picard.toml").out
    assert said.index("{liu2025secant,") < said.index("{ma2024sit,")
    assert said.count("liu2025secant") == 1
