"""Folders of any kind by fsspec: which file system a connection means, and where it begins."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from config.connections import Login
from config.language import _
from fetch.entries import FolderEntry
from fetch.errors import FetchError
from fetch.transport import ANSWER_SECONDS, CONNECT_SECONDS, require_encrypted

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# No instance is shared: each fetch looks anew, with its own login.
FRESH: Final = {"skip_instance_cache": True}


def open_folder(entry: FolderEntry, login: Login | None) -> tuple[AbstractFileSystem, str]:
    """Return the file system, and the entry's folder in it without a slash at the end.

    Raises:
        FetchError: the connection is of no kind of folder, or not safe.

    """
    if login is None:
        from fsspec.implementations.local import LocalFileSystem

        return LocalFileSystem(**FRESH), entry.folder.rstrip("/") or "/"
    opener = _OPENERS.get(login.scheme)
    if opener is None:
        message = _("Connection {name!r} is of no folder: it begins with {schemes}.")
        raise FetchError(message.format(name=login.id, schemes=", ".join(_OPENERS)))
    return opener(entry, login)


def _sftp(entry: FolderEntry, login: Login) -> tuple[AbstractFileSystem, str]:
    from fsspec.implementations.sftp import SFTPFileSystem

    system = SFTPFileSystem(
        login.host,
        port=login.port or 22,
        username=login.user,
        password=login.secret,
        key_filename=login.extra.get("key_file"),
        passphrase=login.extra.get("private_key_passphrase"),
        look_for_keys=False,
        allow_agent=False,
        timeout=CONNECT_SECONDS,
        banner_timeout=CONNECT_SECONDS,
        auth_timeout=CONNECT_SECONDS,
        host_key_policy=_known_key(entry, login),
        **FRESH,
    )
    system.ftp.get_channel().settimeout(ANSWER_SECONDS)
    return system, entry.folder.rstrip("/") or "/"


def _known_key(entry: FolderEntry, login: Login) -> Any:  # noqa: ANN401 - paramiko's
    """Return what lets in the server with the entry's key only."""
    import paramiko

    class KnownKey(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, _client: object, _name: str, key: paramiko.PKey) -> None:
            if key.fingerprint == entry.host_key:
                return
            message = (
                _("{address} shows the key {key}, another one than the entry's `host_key`: ask why")
                if entry.host_key
                else _(
                    "{address} shows the key {key}: compare it with what whoever runs the server"
                    " says, and write it into the entry as `host_key`"
                )
            )
            raise FetchError(message.format(address=login.address, key=key.fingerprint))

    return KnownKey()


def _smb(entry: FolderEntry, login: Login) -> tuple[AbstractFileSystem, str]:
    import smbclient
    from fsspec.implementations.smb import SMBFileSystem

    # Sessions are kept per server and would let in whoever comes after, with a wrong password too.
    smbclient.reset_connection_cache(fail_on_error=False)
    system = SMBFileSystem(
        login.host,
        port=login.port,
        username=login.user,
        password=login.secret,
        timeout=CONNECT_SECONDS,
        encrypt=True if str(login.extra.get("encrypt")).lower() == "true" else None,
        share_access="rwd",  # who has a file open keeps it
        register_session_retries=0,  # the next night comes anyway
        **FRESH,
    )
    return system, "/" + _joined(login.path, entry.folder)


def _webdav(entry: FolderEntry, login: Login) -> tuple[AbstractFileSystem, str]:
    import httpx
    from webdav4.fsspec import WebdavFileSystem

    is_plain = login.scheme in ("webdav", "http")
    require_encrypted(login, is_plain=is_plain, allowed=entry.plain)
    port = f":{login.port}" if login.port else ""
    system = WebdavFileSystem(
        f"{'http' if is_plain else 'https'}://{login.host}{port}/{login.path}",
        auth=(login.user, login.secret or "") if login.user else None,
        verify=ssl.create_default_context(cafile=entry.ca) if entry.ca else True,
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        retry=False,
        **FRESH,
    )
    return system, _joined(entry.folder)


def _s3(entry: FolderEntry, login: Login) -> tuple[AbstractFileSystem, str]:
    from s3fs import S3FileSystem

    endpoint = login.extra.get("endpoint_url")
    if endpoint is None and login.host:
        endpoint = f"https://{login.host}" + (f":{login.port}" if login.port else "")
    if endpoint:
        parts = urlsplit(str(endpoint))
        there = login.model_copy(update={"host": parts.hostname or "", "port": parts.port})
        require_encrypted(there, is_plain=parts.scheme != "https", allowed=entry.plain)
    system = S3FileSystem(
        key=login.user,
        secret=login.secret,
        endpoint_url=endpoint,
        client_kwargs={
            "region_name": login.extra.get("region_name"),
            "verify": entry.ca or True,
        },
        config_kwargs={
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": ANSWER_SECONDS,
            "retries": {"max_attempts": 1},
        },
        use_listings_cache=False,
        **FRESH,
    )
    return system, _joined(login.path, entry.folder)


def _joined(*parts: str) -> str:
    return "/".join(part.strip("/") for part in parts if part.strip("/"))


_OPENERS: Final[dict[str, Callable[[FolderEntry, Login], tuple[AbstractFileSystem, str]]]] = {
    "sftp": _sftp,
    "ssh": _sftp,
    "smb": _smb,
    "samba": _smb,
    "webdavs": _webdav,
    "webdav": _webdav,
    "https": _webdav,
    "http": _webdav,
    "s3": _s3,
    "aws": _s3,
}
