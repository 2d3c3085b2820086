"""Proposes entries of `sources.yml` for a whole folder of files at once; a person decides.

The files are related to each other: orders refer to the customers of the file beside them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from config import Settings
from ingest.loading.file_names import leads_out
from ingest.loading.inbox import named_paths
from ingest.mapping.sources import Source
from ingest.reading import refusals
from ingest.reading.file import read_file
from ingest.reading.refusals import Reason, UnreadableFile
from ingest.suggesting.keys import TableSample
from ingest.suggesting.names import escaped, files_glob
from ingest.suggesting.one_file import NO_TABLE, known_keys, known_sources, sample_tables
from ingest.suggesting.proposal import propose_all
from ingest.suggesting.subjects import SourceProposal


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file of the folder: its path below it, and why it can't be taken, if it can't."""

    name: str
    path: Path
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class FolderSuggestion:
    """All files of a folder, and a source for each kind of table that no source claims yet."""

    files: tuple[FolderFile, ...]
    proposals: tuple[SourceProposal, ...]

    @property
    def taken(self) -> tuple[FolderFile, ...]:
        """The files that hold tables."""
        return tuple(file for file in self.files if file.problem is None)


def suggest_folder(settings: Settings, folder: Path) -> FolderSuggestion:
    """Read what tables the files of a folder hold and propose sources for those without one.

    Args:
        settings: say where `sources.yml` and the warehouse are, which tell what is known already.
        folder: with its subfolders; hidden and temporary files are passed over.

    Raises:
        ConfigurationError: `sources.yml` is wrong.

    """
    sources = known_sources(settings)
    files: list[FolderFile] = []
    samples: dict[str, list[TableSample]] = {}
    for path, name in named_paths(folder).items():
        if path.is_symlink() and (path.is_dir() or leads_out(path, folder)):
            files.append(FolderFile(name, path, refusals.LINK))
            continue
        try:
            tables = sample_tables(path, read_file(path))
            problem = None if any(t.rows and len(t.columns) > 1 for t in tables) else NO_TABLE
        except UnreadableFile as error:
            tables, problem = [], error.reason
        files.append(FolderFile(name, path, problem))
        if problem is None and not sources.claiming(name):
            samples[name] = tables
    known = known_keys(settings, sources) or []
    proposals = propose_all(samples, sources, known)
    names = [file.name for file in files if file.problem is None]
    return FolderSuggestion(tuple(files), tuple(apart(proposals, samples, names)))


def apart(
    proposals: Sequence[SourceProposal], samples: Mapping[str, object], names: Collection[str]
) -> list[SourceProposal]:
    """Narrow a glob that would claim a file of another kind to its own file's name."""
    found = []
    for proposal in proposals:
        source = Source(name=proposal.name, files=proposal.files, kind=proposal.kind, maps={})
        claimed = {name for name in names if source.claims(name)}
        own = [name for name in samples if proposal.files in _globs_of(name)]
        globs = {other.files for other in proposals if other.name != proposal.name}
        theirs = {n for n in names if n not in samples or globs & set(_globs_of(n))}
        if (claimed & theirs) - set(own) and len(own) == 1:
            proposal = replace(proposal, files=escaped(own[0].rpartition("/")[2]))
        found.append(proposal)
    return found


def _globs_of(name: str) -> tuple[str, str]:
    return files_glob(name), escaped(name.rpartition("/")[2])
