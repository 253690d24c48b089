"""The JSON schema of a preset file, for editors; generated from the models, never written by hand.

python -m telepathy.config.schema            rewrite workflow/config/schema.json
python -m telepathy.config.schema --check    exit 1 if it is out of date
"""

import argparse
import json
import sys
from typing import Any

from telepathy.config.load import FOLDER
from telepathy.config.preset import Config

PATH = FOLDER / "schema.json"


def schema() -> dict[str, Any]:
    """Schema of one layer of the configuration: any part of it may be absent, no key may be unknown."""
    whole = Config.model_json_schema()
    whole.pop("required", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | whole


def text() -> str:
    """The file's content."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare")
    if parser.parse_args().check:
        if not PATH.exists() or PATH.read_text(encoding="utf-8") != text():
            sys.exit(f"error: {PATH.name} is out of date; run python -m telepathy.config.schema")
        return
    PATH.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
