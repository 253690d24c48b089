"""Statistics of accuracies and paired comparisons: pure functions on arrays, no files.

Everything is paired by example. `correct` arrays are boolean, shape `[n]`, one entry for each test row; a
probability or proportion is a fraction in [0, 1], never a percentage. What random numbers a function needs it draws
from a generator that the caller seeds.
"""

from analysis.statistics.bootstrap import excess_over_best, hierarchical_bootstrap, paired_bootstrap, paired_test
from analysis.statistics.effects import cohen_d_paired, cohen_d_pooled, effect_size, pooled_deviation
from analysis.statistics.equivalence import Equivalence, detectable_margin, equivalence, score_interval
from analysis.statistics.families import benjamini_hochberg, bonferroni, holm
from analysis.statistics.paired import (
    PairedTable,
    mcnemar,
    mcnemar_documented,
    paired_differences,
    paired_table,
    pool_tables,
)
from analysis.statistics.power import detectable_between_means, detectable_difference, detectable_excess, rows_needed
from analysis.statistics.proportions import Interval, side, wilson
from analysis.statistics.seeds import PairedT, fisher, paired_t, stouffer

__all__ = [
    "Equivalence",
    "Interval",
    "PairedT",
    "PairedTable",
    "benjamini_hochberg",
    "bonferroni",
    "cohen_d_paired",
    "cohen_d_pooled",
    "detectable_between_means",
    "detectable_difference",
    "detectable_excess",
    "detectable_margin",
    "effect_size",
    "equivalence",
    "excess_over_best",
    "fisher",
    "hierarchical_bootstrap",
    "holm",
    "mcnemar",
    "mcnemar_documented",
    "paired_bootstrap",
    "paired_differences",
    "paired_t",
    "paired_table",
    "paired_test",
    "pool_tables",
    "pooled_deviation",
    "rows_needed",
    "score_interval",
    "side",
    "stouffer",
    "wilson",
]
