"""Proposals: what the use cases suggest to do, and what of it people released.

One YAML per use case that acts says to whom what is proposed at which stage, on which legal basis,
who releases it and where it goes. The machine proposes and never releases.
"""

from proposals.channels import OutboxError
from proposals.crm_answers import take_crm_answers
from proposals.fields import FieldText, keep_fields, read_fields
from proposals.handing_over import Handed, HandedOver, HandOverError, hand_over
from proposals.html import preview, render_html
from proposals.page import page_path, write_page
from proposals.proposing import Proposed, ProposingError, propose
from proposals.release_answers import Taken, take_releases
from proposals.release_list import WrittenList, list_path, write_release_list
from proposals.releasing import Decision, record_decisions
from proposals.uses import UseCase, Uses, load_use, read_uses

__all__ = [
    "Decision",
    "FieldText",
    "HandOverError",
    "Handed",
    "HandedOver",
    "OutboxError",
    "Proposed",
    "ProposingError",
    "Taken",
    "UseCase",
    "Uses",
    "WrittenList",
    "hand_over",
    "keep_fields",
    "list_path",
    "load_use",
    "page_path",
    "preview",
    "propose",
    "read_fields",
    "read_uses",
    "record_decisions",
    "render_html",
    "take_crm_answers",
    "take_releases",
    "write_page",
    "write_release_list",
]
