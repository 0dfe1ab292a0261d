"""The providers' page's table of models, made from their profiles: `python -m tools.providers_table` writes it."""

from typing import Final

from film.profiles import PROFILES, Profile
from tools.docs_blocks import ROOT, replace_block

PAGE: Final = ROOT / "docs" / "providers.md"
_HEAD: Final = (
    "provider",
    "model on the wire",
    "seconds a clip",
    "resolutions",
    "prompt, characters",
    "submits a minute",
    "jobs at once",
    "usual s a clip",
    "seed",
    "first frame",
    "found again by",
    "tells credits",
    "URL lives",
)


def providers_table() -> str:
    """Return one row a provider: what its model can do, as this program knows it."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(profile) for profile in PROFILES.values())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(profile: Profile) -> tuple[str, ...]:
    lengths = f"{profile.shortest_s} to {profile.lengths_s[-1]}"
    return (
        f"`{profile.provider}`",
        f"{profile.vendor}: `{profile.model}`",
        lengths if profile.continuous else " or ".join(map(str, profile.lengths_s)),
        ", ".join(profile.resolutions),
        str(profile.prompt_characters_max),
        str(profile.submits_per_minute),
        "no limit told" if profile.jobs_at_once is None else str(profile.jobs_at_once),
        str(profile.generation_s),
        _yes(profile.seed),
        _yes(profile.first_frame),
        "nothing" if profile.correlation == "none" else str(profile.correlation),
        _yes(profile.reports_credits),
        "no end told" if profile.url_life_s is None else f"{profile.url_life_s // 3600} h",
    )


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def page_with_providers(page: str) -> str:
    """Return the providers' page with the table between its two marks made anew."""
    return replace_block(page, "providers", providers_table(), command="python -m tools.providers_table")


if __name__ == "__main__":
    PAGE.write_text(page_with_providers(PAGE.read_text("utf-8")), "utf-8")
