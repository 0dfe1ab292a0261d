"""The README's table of settings, made from the settings themselves: `python -m service.settings_table` writes it."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr

from tasks.settings import Settings

_README: Final = Path(__file__).parents[1] / "README.md"
_START: Final = "<!-- settings: `python -m service.settings_table` writes this table, a test keeps it true -->\n"
_END: Final = "<!-- /settings -->"


def settings_table() -> str:
    """Return one row a setting: variable, default, what it is."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"LONGVIDEO_{name.upper()}")
        default = "" if isinstance(field.default, SecretStr) or field.default == "" else f"`{field.default}`"
        rows.append(f"| `{variable}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def readme_with_table(readme: str) -> str:
    """Return the README's text with the table between its two marks made anew."""
    head, _, rest = readme.partition(_START)
    _, _, tail = rest.partition(_END)
    return f"{head}{_START}{settings_table()}{_END}{tail}"


if __name__ == "__main__":
    _README.write_text(readme_with_table(_README.read_text("utf-8")), "utf-8")
