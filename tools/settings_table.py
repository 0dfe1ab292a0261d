"""The README's table of settings, made from the settings themselves: `python -m tools.settings_table` writes it."""

from typing import Final

from pydantic import SecretStr

from app.settings import Settings
from tools.docs_blocks import ROOT, replace_block

PAGE: Final = ROOT / "README.md"


def settings_table() -> str:
    """Return one row a setting: variable, default, what it is."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"LONGVIDEO_{name.upper()}")
        default = "" if isinstance(field.default, SecretStr) or field.default == "" else f"`{field.default}`"
        rows.append(f"| `{variable}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def page_with_settings(page: str) -> str:
    """Return the README's text with the table between its two marks made anew."""
    return replace_block(page, "settings", settings_table(), command="python -m tools.settings_table")


if __name__ == "__main__":
    PAGE.write_text(page_with_settings(PAGE.read_text("utf-8")), "utf-8")
