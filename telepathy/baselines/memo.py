"""What runs of one process share: the last few results, found again by what they depend on."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from telepathy.files import digest

Made = TypeVar("Made")


class Memo(Generic[Made]):
    """Keeps the results that were used last. They are shared, so nobody may change them."""

    def __init__(self, most: int):
        self.most = most
        self.kept: OrderedDict[str, Made] = OrderedDict()

    def get(self, key: Any, make: Callable[[], Made]) -> Made:
        """The result for a key (anything that JSON can write), made if it is not kept."""
        name = digest(key, 64)
        if name not in self.kept:
            self.kept[name] = make()
        self.kept.move_to_end(name)
        while len(self.kept) > self.most:
            self.kept.popitem(last=False)
        return self.kept[name]
