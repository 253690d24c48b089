"""Run by the Python of .venv-crate: validate an RO-Crate without a network, print what is found as JSON.

    .venv-crate/bin/python tests/slow/crate_check.py FOLDER

The one document that the validator would fetch, the JSON-LD context of RO-Crate 1.1 (CC0), is a file of the `rocrate`
wheel beside it, and is put into the validator's cache first.
"""

import json
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import requests
from requests_cache import CachedResponse, CachedSession
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "provenance-run-crate"
"""With all that it builds on: Workflow Run Crate, Process Run Crate, Workflow RO-Crate, RO-Crate 1.1."""


def fill_cache(cache: Path) -> None:
    """Answer the request for the context from the file."""
    content = files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()
    if json.loads(content)["@id"] != CONTEXT:
        sys.exit("crate_check: the rocrate wheel holds another context than that of RO-Crate 1.1")
    request = requests.Request("GET", CONTEXT).prepare()
    response = CachedResponse(content=content, url=CONTEXT, status_code=200, encoding="utf-8")
    response.headers["Content-Type"] = "application/ld+json"
    with CachedSession(cache_name=str(cache), backend="sqlite", expire_after=-1) as session:
        session.cache.save_response(response, cache_key=session.cache.create_key(request))


def main() -> None:
    """Validate one folder: required and recommended checks."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder, "cache")
        fill_cache(cache)
        settings = ValidationSettings(
            rocrate_uri=sys.argv[1],
            profile_identifier=PROFILE,
            requirement_severity=Severity.RECOMMENDED,
            cache_path=cache,
            offline=True,
        )
        issues = services.validate(settings).get_issues(Severity.RECOMMENDED)
    found = [
        {
            "check": issue.check.name,
            "severity": issue.severity.name,
            "message": " ".join((issue.message or "").split()),
            "entity": issue.violatingEntity,
        }
        for issue in issues
    ]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
