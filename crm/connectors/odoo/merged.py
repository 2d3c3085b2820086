"""Following merged partners.

Odoo deletes the partner that is merged into another, and leaves only one trace of it: its external
ids then name the survivor. So each partner that the push writes to gets one, of the kind that Odoo
gives on every export (`__export__.res_partner_12_1a2b3c4d`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from crm.connectors.lookups import chunks
from crm.connectors.odoo.rpc import OdooRpc
from crm.errors import CrmRejectedError, CrmSetupError

MODULE: Final = "__export__"
NAME: Final = re.compile(r"res_partner_(\d+)_\w+")
IDS_PER_SEARCH: Final = 100
ROWS_PER_READ: Final = 2000


def remember(rpc: OdooRpc, ids: Sequence[int]) -> None:
    """Make sure that these partners can be followed when they are merged.

    Without the right to export nothing happens here: `reifegrad crm check` says so, and a merged
    partner then counts as deleted.
    """
    domain = [*_ours(), ["res_id", "in", list(ids)]]
    known = {
        row["res_id"]
        for row in _search(rpc, domain)
        if (named := NAME.fullmatch(row["name"])) and int(named[1]) == row["res_id"]
    }
    new = [crm_id for crm_id in ids if crm_id not in known]
    if not new:
        return
    try:
        rpc.call("res.partner", "export_data", new, fields_to_export=["id"])
    except (CrmRejectedError, CrmSetupError):
        return


def follow(rpc: OdooRpc, ids: Sequence[int]) -> dict[int, int]:
    """Return the survivor of each partner that was merged; deleted ones are left out."""
    heirs: dict[int, int] = {}
    for chunk in chunks(ids, IDS_PER_SEARCH):
        names: list[Any] = [["name", "=like", f"res_partner_{crm_id}_%"] for crm_id in chunk]
        for row in _search(rpc, [*_ours(), *["|"] * (len(names) - 1), *names]):
            named = NAME.fullmatch(row["name"])
            if named and int(named[1]) != row["res_id"]:
                heirs[int(named[1])] = row["res_id"]
    return {old: heirs[old] for old in ids if old in heirs}


def _ours() -> list[Any]:
    return ["&", "&", ["model", "=", "res.partner"], ["module", "=", MODULE]]


def _search(rpc: OdooRpc, domain: list[Any]) -> list[dict[str, Any]]:
    try:
        return rpc.search("ir.model.data", domain, ["name", "res_id"], ROWS_PER_READ)
    except CrmSetupError:  # who may not read external ids follows nobody
        return []
