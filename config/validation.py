"""What pydantic and the YAML parser say of a wrong value, in the language in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from config.language import marked, rephrase

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Their own words (typer checks by pydantic too); what is not here is told in English, as they do.
SENTENCES: Final = (
    marked("Field required"),
    marked("Extra inputs are not permitted"),
    marked("Input should be a valid integer, unable to parse string as an integer"),
    marked("Input should be a valid integer, got a number with a fractional part"),
    marked("Input should be a valid integer"),
    marked("Input should be a valid number, unable to parse string as a number"),
    marked("Input should be a valid number"),
    marked("Input should be a valid boolean, unable to interpret input"),
    marked("Input should be a valid boolean"),
    marked("Input should be a valid string"),
    marked("Input should be a valid list"),
    marked("Input should be a valid tuple"),
    marked("Input should be a valid dictionary"),
    marked("Input should be a valid dictionary or instance of {model}"),
    marked("Input should be a valid dictionary or object to extract fields from"),
    marked("Input should be a valid date or datetime, {reason}"),
    marked("Input should be a valid date in the format YYYY-MM-DD, {reason}"),
    marked("Input should be a valid date"),
    marked("Input is not a valid path"),
    marked("Input should be greater than or equal to {limit}"),
    marked("Input should be greater than {limit}"),
    marked("Input should be less than or equal to {limit}"),
    marked("Input should be less than {limit}"),
    marked("String should match pattern '{pattern}'"),
    marked("String should have at least {count} character"),
    marked("String should have at least {count} characters"),
    marked("List should have at least {count} item after validation, not {found}"),
    marked("List should have at least {count} items after validation, not {found}"),
    marked("Tuple should have at least {count} item after validation, not {found}"),
    marked("Tuple should have at least {count} items after validation, not {found}"),
    marked("Dictionary should have at least {count} item after validation, not {found}"),
    marked("Input should be {values} or {last}"),
    marked("Input should be '{value}'"),
    # YAML
    marked("mapping values are not allowed here"),
    marked("found character '\\t' that cannot start any token"),
    marked("found character {character} that cannot start any token"),
    marked("could not find expected ':'"),
    marked("found unexpected end of stream"),
    marked("expected <block end>, but found {found}"),
    marked("expected ',' or '}}', but got {found}"),
    marked("expected ',' or ']', but got {found}"),
    marked("found undefined alias {name}"),
)


def explain(problem: ErrorDetails | str) -> str:
    """Say what is wrong: one of pydantic's `errors()`, or a sentence of the YAML parser."""
    text = problem if isinstance(problem, str) else problem["msg"]
    return rephrase(text.removeprefix("Value error, "), SENTENCES)
