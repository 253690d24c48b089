"""A server on this machine that answers as the Hugging Face hub does, and a cache as its client lays it out."""

import hashlib
import json
import os
import shutil
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "c0ffee" * 6 + "beef"
TOKEN = "hf_secretsecretsecret"  # noqa: S105 - made up

# Repositories that the server refuses: status, X-Error-Code, X-Error-Message.
REFUSED = {
    "gated/unknown-user": (401, "GatedRepo", "Access is restricted. You must have access to it and be authenticated."),
    "gated/not-yet": (403, "GatedRepo", "Access is restricted and you are not in the authorized list."),
    "nobody/nothing": (404, "RepoNotFound", "Repository not found"),
    "nobody/old-token": (401, None, "Invalid credentials in Authorization header"),
    "someone/other-commit": (404, "RevisionNotFound", "Invalid rev id"),
    "someone/server-down": (503, None, "Service Unavailable"),
}


def blob_id(path: Path) -> tuple[str, str | None]:
    """git's id of a file; and its sha256, if the hub would keep it outside of git."""
    content = path.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - what git does
    return git, hashlib.sha256(content).hexdigest() if path.suffix in (".safetensors", ".bin", ".parquet") else None


class Hub:
    """Serves folders as repositories, by `kind/owner/name` (kind: models, datasets).

    Attributes:
        asked: (path, Authorization) of each request.
        spoil: repository -> how its weights arrive: `changed` or `cut`.
    """

    def __init__(self, repos: dict[str, Path], spoil: dict[str, str]):
        self.repos, self.spoil = repos, spoil
        self.asked: list[tuple[str, str | None]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                hub.answer(self)

            do_HEAD = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0].strip("/")
        self.asked.append((path, request.headers.get("Authorization")))
        api = path.startswith("api/")
        parts = path.removeprefix("api/").split("/")
        kind = parts.pop(0) if parts[0] in ("models", "datasets") else "models"
        if len(parts) < 4:
            return self._send(request, 404, b"", {})
        repo, (verb, revision, *rest) = "/".join(parts[:2]), parts[2:]
        if repo in REFUSED:
            status, code, message = REFUSED[repo]
            headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
            return self._send(request, status, json.dumps({"error": message}).encode(), headers)
        folder = self.repos.get(f"{kind}/{repo}")
        if folder is None or revision != COMMIT:
            return self._send(request, 404, b"{}", {"X-Error-Code": "RevisionNotFound" if folder else "RepoNotFound"})
        if api and verb == "tree":
            return self._send(request, 200, json.dumps(self._tree(folder)).encode(), {})
        file = folder.joinpath(*rest)
        if not file.is_file():
            return self._send(request, 404, b"", {"X-Error-Code": "EntryNotFound"})
        git, sha256 = blob_id(file)
        content, headers = file.read_bytes(), {"X-Repo-Commit": COMMIT, "ETag": f'"{sha256 or git}"'}
        how = self.spoil.get(f"{kind}/{repo}") if file.suffix == ".safetensors" else None
        if how == "changed":
            content = content[:-1] + bytes([content[-1] ^ 1])
        return self._send(request, 200, content, headers, cut=how == "cut")

    def _tree(self, folder: Path) -> list[dict]:
        found = []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            git, sha256 = blob_id(path)
            size = path.stat().st_size
            entry = {"type": "file", "path": path.relative_to(folder).as_posix(), "size": size, "oid": git}
            found.append(entry | ({"lfs": {"oid": sha256, "size": size, "pointerSize": 130}} if sha256 else {}))
        return found

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict, cut: bool = False
    ) -> None:
        request.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content[: len(content) // 2] if cut else content)
        request.close_connection = cut

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def lay_out(folder: Path, home: Path, repo: str, kind: str = "models", revision: str = COMMIT) -> Path:
    """Put a folder into the cache below `home` as the client does; the snapshot's folder."""
    root = home / "hub" / f"{kind}--{repo.replace('/', '--')}"
    snapshot = root / "snapshots" / revision
    (root / "blobs").mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(revision)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        git, sha256 = blob_id(path)
        blob, link = root / "blobs" / (sha256 or git), snapshot / path.relative_to(folder)
        shutil.copyfile(path, blob)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    return snapshot
