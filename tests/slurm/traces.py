"""What a cluster and its jobs may leave behind: processes, and files outside the folder that was theirs."""

import os
import re
from pathlib import Path

import psutil

# Where SLURM and munge write if they are not told otherwise, and what their files are called.
PLACES = ("/etc", "/run", "/var/lib", "/var/log", "/var/spool")
NAMES = re.compile("slurm|munge", re.IGNORECASE)


def processes_of(folder: Path) -> list[str]:
    """Processes whose command, environment, working folder or open files name a folder; not those that run us."""
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    name, found = str(folder), []
    for process in psutil.process_iter():
        if process.pid in ours:
            continue
        try:
            command = " ".join(process.cmdline())
            said = [command, process.cwd(), *process.environ().values(), *(file.path for file in process.open_files())]
        except psutil.Error:  # ended meanwhile, or a zombie
            continue
        if any(name in text for text in said):
            found.append(f"process {process.pid}: {command[:160]}")
    return found


def files_in_places(places: tuple[str, ...] = PLACES) -> set[str]:
    """All files, sockets and folders in the places whose path tells that they are SLURM's or munge's."""
    found: set[str] = set()
    for place in places:
        for folder, folders, files in os.walk(place):
            found |= {path for name in (*folders, *files) if NAMES.search(path := os.path.join(folder, name))}
    return found


def left_behind(folder: Path, before: set[str], places: tuple[str, ...] = PLACES) -> list[str]:
    """What is there now and should not be.

    Args:
        folder: the folder of the cluster and its builds, which should be gone.
        before: `files_in_places` before the cluster was started.
        places: where to look for other files.
    """
    found = processes_of(folder)
    if folder.exists():
        found += [f"file {path}" for path in (sorted(folder.rglob("*")) or [folder])]
    return found + [f"file {path}" for path in sorted(files_in_places(places) - before)]
