"""Snakemake starts without pandas.

Snakemake loads every plugin that is installed, and its SLURM plugin (2.8.0) imports pandas for one report at the end of
a run: 70 MB and a third of a second in each process that Snakemake starts, so in each job. `envs/setup.sh` puts this
file into the environment, where Python calls `install` as it starts. The module in PLUGIN, and no other, gets a pandas
that loads itself when it is first used.
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import LazyLoader

PLUGIN = "snakemake_executor_plugin_slurm.efficiency_report"


class LazyPandas:
    """Asked for each module that is imported, before Python's own finders."""

    asked = False

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """The spec of a pandas that waits, where it is the plugin that asks for it; else None."""
        if name == PLUGIN:
            cls.asked = True
        elif name == "pandas" and cls.asked:
            sys.meta_path.remove(cls)
            spec = PathFinder.find_spec(name)
            if spec is not None:
                spec.loader = LazyLoader(spec.loader)
            return spec
        return None


def install():
    """From now on; to be called before Snakemake is imported."""
    if LazyPandas not in sys.meta_path:
        sys.meta_path.insert(0, LazyPandas)
