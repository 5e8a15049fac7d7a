"""BibTeX entries that plug-ins ship, found by the number a component cites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_FIELD = r"""(?im)^\s*{name}\s*=\s*[{{"]\s*([^}}"]+?)\s*[}}"]"""
_TITLE = re.compile(r"(?im)^\s*title\s*=\s*\{(.*?)\},?\s*$")
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_PLAIN = re.compile(r"[^A-Za-z0-9]+")


def bibtex(cites: Iterable[str], files: Iterable[Path]) -> list[str]:
    """An entry for each paper, in order: a plug-in's where one has it, else the bare number.

    An entry is found by its field `eprint` (arXiv) or `doi`; the first file that has it counts.
    """
    known: dict[str, str] = {}
    for file in files:
        for entry in entries(_read(file)):
            for name in _names(entry):
                known.setdefault(name, entry)
    found = [known.get(paper(cite)) or _bare(cite) for cite in cites]
    return list(dict.fromkeys(found))


def entries(text: str) -> Iterator[str]:
    """The entries of a BibTeX file as they are written; what stands between them is a comment."""
    for start in re.finditer(r"(?m)^@\w+\s*\{", text):
        depth = 0
        for place in range(start.end() - 1, len(text)):
            depth += (text[place] == "{") - (text[place] == "}")
            if depth == 0:
                yield text[start.start() : place + 1]
                break


def titles(text: str) -> dict[str, str]:
    """The title and year of each entry, by `paper`; without braces, as a reader wants them."""
    found: dict[str, str] = {}
    for entry in entries(text):
        title, year = _TITLE.search(entry), re.search(_FIELD.format(name="year"), entry)
        if title:
            plain = " ".join(re.sub(r"[{}]", "", title[1]).split())
            said = f"{plain} ({year[1]})" if year else plain
            found |= dict.fromkeys(_names(entry), said)
    return found


def paper(cite: str) -> str:
    """What names the paper of `arXiv:2505.14502v1`: `arxiv:2505.14502`."""
    match = _ARXIV.fullmatch(cite.strip())
    return f"arxiv:{match[1]}" if match else cite.strip().lower()


def _read(file: Path) -> str:
    """The file's text; one that is not there, or no text, has no entries."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _names(entry: str) -> Iterator[str]:
    for field, kind in (("eprint", "arxiv"), ("doi", "doi")):
        match = re.search(_FIELD.format(name=field), entry)
        if match:
            yield f"{kind}:{match[1].lower()}"


def _bare(cite: str) -> str:
    """What is known of a paper that no plug-in describes: its number."""
    key = _PLAIN.sub("_", cite).strip("_") or "unnamed"
    match = _ARXIV.fullmatch(cite.strip())
    if match:
        fields = [f"eprint        = {{{match[1]}}}", "archivePrefix = {arXiv}"]
        fields += [f"url           = {{https://arxiv.org/abs/{match[1]}}}"]
    elif cite.lower().startswith("doi:"):
        fields = [f"doi = {{{_braced(cite[4:])}}}"]
    else:
        fields = [f"howpublished = {{{_braced(cite)}}}"]
    return f"@misc{{{key},\n  " + ",\n  ".join(fields) + "\n}"


def _braced(text: str) -> str:
    """Text that cannot end its field."""
    return re.sub(r"[{}\\]", "", " ".join(text.split()))
