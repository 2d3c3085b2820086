"""The embedded CRM: Tryton 8.0 on SQLite in an environment of its own, with its web client.

`install` prepares the project, once; `activate` prepares a home, once; `start` runs the server.
Each is quick if there is nothing to do, and can simply be repeated after it was killed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from config import PROJECT_ROOT, Settings
from config.language import _
from crm.errors import CrmError
from crm.password import ensure_password

logger = logging.getLogger(__name__)

ENVIRONMENT = PROJECT_ROOT / ".venv-crm"
PYTHON = ENVIRONMENT / "bin" / "python"
REQUIREMENTS = PROJECT_ROOT / "requirements" / "crm.txt"
TRYTON_MODULE = Path(__file__).with_name("tryton_module")
WEB_CLIENT = PROJECT_ROOT / ".tools" / "sao"
WEB_CLIENT_LOCK = Path(__file__).with_name("web_client")
DATABASE = "crm"


def install() -> bool:
    """Install server and web client below the project's root and activate the modules once.

    Returns:
        Whether there is a web client; without Node.js the CRM goes on without it.

    Raises:
        CrmError: uv is missing, or an installer failed; the message ends with its last line.

    """
    with ThreadPoolExecutor(1) as pool:
        web_client = pool.submit(_install_web_client)
        _install_server()
        _build_template()
        return web_client.result()


def has_web_client() -> bool:
    """Return whether the web client is installed."""
    return (WEB_CLIENT / "installed").is_file()


def activate(settings: Settings) -> None:
    """Make the home's CRM database: modules, company, languages, the user's password.

    Raises:
        CrmError: not installed yet, or Tryton failed; the message ends with its last line.

    """
    password = ensure_password(settings)
    folder = _folder(settings)
    database = folder / f"{DATABASE}.sqlite"
    marker = folder / "activated"
    version = _version(TRYTON_MODULE, REQUIREMENTS)
    # The slow hash only shows whether the database still has the configured password.
    key = hashlib.scrypt(password.encode(), salt=version.encode(), n=2**14, r=8, p=1).hex()
    state = f"{version} {settings.language} {settings.company} {key}"
    if marker.is_file() and marker.read_text(encoding="utf-8") == state and database.is_file():
        return
    if not database.is_file():
        fresh = folder / "new.sqlite"
        shutil.copyfile(_build_template(), fresh)
        fresh.replace(database)
    elif not (marker.is_file() and marker.read_text(encoding="utf-8").startswith(version)):
        _run_activation(folder, "modules")
    wanted = {"password": password, "company": settings.company, "language": settings.language}
    _run_activation(folder, "company", json.dumps(wanted))
    marker.touch(mode=0o600)
    marker.write_text(state, encoding="utf-8")


def command(settings: Settings, host: str = "127.0.0.1") -> list[str]:
    """Write the server's configuration and return its command line.

    Whoever starts it chooses process group and log file. It binds to the loopback only, unless
    another host is given, as in a container.
    """
    configuration = _folder(settings) / "trytond.conf"
    web = {"listen": f"{host}:{settings.crm_port}"}
    if has_web_client():
        web["root"] = str(WEB_CLIENT / "node_modules" / "tryton-sao")
    _write_configuration(configuration, web)
    # -O: Tryton's assertions cost a browse of n records n² steps. -d: else the first login fails.
    server = [str(PYTHON), "-O", str(ENVIRONMENT / "bin" / "trytond")]
    return [*server, "-c", str(configuration), "-d", DATABASE]


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """Start the server in the caller's process group and wait until it answers.

    Raises:
        CrmError: the port is in use, or the server ended or does not answer; names its log.

    """
    if _is_port_used(settings.crm_port):
        raise CrmError(
            _(
                "Port {port} is in use: end the program that uses it (`make down`),"
                " or set REIFEGRAD_CRM_PORT."
            ).format(port=settings.crm_port)
        )
    log = settings.home / "logs" / "crm.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(command(settings), stdout=output, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    while not is_ready(settings):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            raise CrmError(_("The CRM did not start: its log is {log}.").format(log=log))
        time.sleep(0.1)
    return process


def is_ready(settings: Settings) -> bool:
    """Return whether a Tryton server answers on the settings' port."""
    body = {"id": 1, "method": "common.server.version", "params": []}
    try:
        response = requests.post(f"{_url(settings)}/rpc/", json=body, timeout=2)
        return response.ok and "result" in response.json()
    except requests.RequestException:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server: terminate it, and kill it after ten seconds."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def find_record_url(settings: Settings, model: str, crm_id: str | None = None) -> str:
    """Return where the web client shows a record, or the list of all (`party.party`, …)."""
    path = f"model/{model}" + (f"/{crm_id}" if crm_id else "")
    return f"{_url(settings)}/#{DATABASE}/{path}"


def _is_port_used(port: int) -> bool:
    with socket.socket() as probe:
        # With the server's option: a port whose last connection was just closed counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _url(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.crm_port}"


def _folder(settings: Settings) -> Path:
    folder = settings.home / "crm"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _install_server() -> None:
    marker = ENVIRONMENT / "installed"
    version = _version(REQUIREMENTS)
    if not (marker.is_file() and marker.read_text(encoding="utf-8") == version):
        uv = _find_uv()
        _run([uv, "venv", "--clear", "--python", sys.executable, str(ENVIRONMENT)])
        _run([uv, "pip", "sync", "--require-hashes", "--python", str(PYTHON), str(REQUIREMENTS)])
        marker.write_text(version, encoding="utf-8")
    (modules,) = ENVIRONMENT.glob("lib/python*/site-packages/trytond/modules")
    link = modules / "reifegrad_score"
    link.unlink(missing_ok=True)
    link.symlink_to(TRYTON_MODULE / "reifegrad_score")


def _install_web_client() -> bool:
    npm = shutil.which("npm")
    if npm is None:
        logger.warning(_("No Node.js (npm) here: the CRM goes on without its web client."))
        return False
    marker = WEB_CLIENT / "installed"
    version = _version(WEB_CLIENT_LOCK)
    if not (marker.is_file() and marker.read_text(encoding="utf-8") == version):
        shutil.copytree(WEB_CLIENT_LOCK, WEB_CLIENT, dirs_exist_ok=True)
        marker.unlink(missing_ok=True)
        options = ["--omit=dev", "--legacy-peer-deps", "--no-audit", "--no-fund"]
        _run([npm, "ci", *options], cwd=WEB_CLIENT)
        # The page looks for its libraries below itself; npm puts them beside it.
        (WEB_CLIENT / "node_modules" / "tryton-sao" / "node_modules").symlink_to("..")
        marker.write_text(version, encoding="utf-8")
    return True


def _build_template() -> Path:
    """Return a database with all modules active and no company yet; made once per version."""
    if not PYTHON.is_file():
        raise CrmError(_("The embedded CRM is not installed: run `make setup`."))
    template = ENVIRONMENT / f"template-{_version(TRYTON_MODULE, REQUIREMENTS)[:12]}.sqlite"
    if not template.is_file():
        folder = ENVIRONMENT / f"template-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        database = folder / f"{DATABASE}.sqlite"
        database.touch()  # Tryton opens a database, but does not create the file
        _run_activation(folder, "modules")
        with sqlite3.connect(database) as connection:
            connection.execute("pragma journal_mode = delete")  # all of it in one file
        connection.close()
        database.replace(template)
        shutil.rmtree(folder)
    return template


def _run_activation(folder: Path, step: str, text: str = "") -> None:
    configuration = folder / "activation.conf"
    _write_configuration(configuration, {})
    script = TRYTON_MODULE / "activate.py"
    _run([str(PYTHON), "-O", str(script), str(configuration), step], text=text)


def _write_configuration(path: Path, web: Mapping[str, str]) -> None:
    lines = ["[database]", "uri = sqlite://", f"path = {path.parent}", "language = en", "[web]"]
    lines += [f"{name} = {value}" for name, value in web.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _find_uv() -> str:
    candidates = [os.environ.get("UV"), PROJECT_ROOT / ".tools" / "uv" / "bin" / "uv", "uv"]
    for candidate in candidates:
        if candidate and (found := shutil.which(candidate)):
            return str(found)
    raise CrmError(_("uv is missing: run `make setup`, or set UV to its path."))


def _run(argv: list[str], *, text: str = "", cwd: Path | None = None) -> None:
    # The caller's environment must not redirect Tryton or npm.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRYTOND_")}
    done = subprocess.run(
        argv, input=text, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or [_("no output")]
        raise CrmError(
            _("{command} failed ({returncode}): {last}").format(
                command=" ".join(argv[:3]), returncode=done.returncode, last=last[0]
            )
        )


def _version(*paths: Path) -> str:
    """Return the SHA-256 over the files and folders; it changes with any of them."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
