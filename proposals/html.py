"""A mail as HTML, made of its text: what is released is the text, and this says the same.

The template is MJML, of which mrml makes tables that Outlook, webmail and phones show alike. No
image, font or counting pixel is fetched from anywhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config import Settings
from proposals.composing import SIGNATURE

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE: Final = Path(__file__).with_name("mail.mjml.j2")


def render_html(settings: Settings, subject: str, body: str, language: str | None) -> str:
    """Return the mail as one HTML page.

    Args:
        settings: the company's name stands above.
        subject: the page's title.
        body: the plain text; what stands below its signature line is set small.
        language: de or en; None: the set one.

    """
    from mrml import to_html

    text, _mark, below = body.partition(f"\n{SIGNATURE}\n")
    paragraphs = [part.splitlines() for part in text.strip().split("\n\n") if part.strip()]
    filled = _template().render(
        language=language or settings.language,
        company=settings.company,
        subject=subject,
        preview=" ".join(paragraphs[1] if len(paragraphs) > 1 else paragraphs[0])
        if paragraphs
        else subject,
        paragraphs=paragraphs,
        below=[line for line in below.splitlines() if line.strip()],
    )
    return str(to_html(filled).content)


def preview(settings: Settings, proposal_id: str) -> str | None:
    """Return a proposal's mail as HTML, as it would go out; None where it writes none.

    Raises:
        ConfigurationError: there is no such proposal.

    """
    from proposals.reading import read_one

    one = read_one(settings, proposal_id)
    if one.email is None or not (one.subject and one.body):
        return None
    return render_html(settings, one.subject, one.body, one.mail_language)


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
