"""Where everything lies in the report, as seen from one of its pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from analysis import formats
from analysis.study import Study
from analysis.value import Value
from telepathy.errors import fail

EMPTY = ("", formats.MISSING)


@dataclass(frozen=True)
class Links:
    """Links of a page.

    Attributes:
        study: the study that the report shows.
        values: all registered values by id.
        root: the way from the page to the report's folder: empty or `../`.
    """

    study: Study
    values: Mapping[str, Value]
    root: str = ""

    def below(self) -> "Links":
        """The same for a page in a folder of the report."""
        return Links(self.study, self.values, "../")

    def value(self, name: str, shown: str) -> str:
        """A number as printed, with a link to its line among the values if it has one there.

        Raises:
            UserError: the value is another one; the report would show what nothing else shows.
        """
        if name not in self.values or shown in EMPTY:
            return shown
        if not same(shown, self.values[name].text):
            text = self.values[name].text
            raise fail("values.json", f"{name} is {text}, the report has {shown}", "build again (`snakemake`)")
        return Markup('<a class="value" href="{}">{}</a>').format(self.line(name), shown)

    def line(self, name: str) -> str:
        """Address of a value's line."""
        return f"{self.root}values/{page(self.study, name)}.html#{quote(name)}"

    def chain(self, stem: str, name: str) -> str:
        """Address of the chain of all values whose ids differ in the last word only; `name` is one of them."""
        return f"{self.root}values/{page(self.study, name)}.html#chain-{quote(stem)}"

    def run(self, run: str) -> Markup:
        """A run's id with a link to its page."""
        return Markup('<a href="{}runs/{}.html"><code>{}</code></a>').format(self.root, quote(run), run)

    def runs(self, runs: Iterable[str]) -> Markup:
        """Several of them."""
        return Markup(" ").join(self.run(run) for run in runs)


def page(study: Study, name: str) -> str:
    """Name of the page that a value stands on: one for each task of an experiment, else for each first word of ids."""
    first, _, rest = name.partition(".")
    second = rest.partition(".")[0]
    return f"{first}.{second}" if first in study.grids and second in study.plan["tasks"] else first


def same(shown: str, text: str) -> bool:
    """Whether a number is the value's: as text, or as p without the letter."""
    return text in (shown, f"p {shown}", f"p = {shown}")
