"""The walkthrough's state diagram, made from the table of transitions: `python -m tools.state_diagram` writes it."""

from functools import reduce
from typing import Final

from film.status import TRANSITIONS, Status
from tools.docs_blocks import ROOT, replace_block

PAGE: Final = ROOT / "docs" / "walkthrough.md"


def state_diagram() -> str:
    """Return the transitions as a Mermaid chart: the walk, the ends that any of it may come to, the ways back."""
    walk = [status for status in Status if not status.terminal]
    from_anywhere = reduce(frozenset.intersection, (TRANSITIONS[status] for status in walk))
    steps = [(here, there) for here in walk for there in sorted(TRANSITIONS[here] - from_anywhere)]
    lines = ["flowchart LR", "    subgraph making"]
    lines += [f"        {here} --> {there}" for here, there in steps if not there.terminal]
    lines.append("    end")
    lines += [f"    {here} --> {there}" for here, there in steps if there.terminal]
    lines += [f"    making --> {end}" for end in sorted(from_anywhere)]
    lines += [
        f"    {end} -. compose .-> {there}" for end in Status if end.terminal for there in sorted(TRANSITIONS[end])
    ]
    return "\n".join(["```mermaid", *lines, "```"]) + "\n"


def page_with_diagram(page: str) -> str:
    """Return the walkthrough's text with the chart between its two marks made anew."""
    return replace_block(page, "states", state_diagram(), command="python -m tools.state_diagram")


if __name__ == "__main__":
    PAGE.write_text(page_with_diagram(PAGE.read_text("utf-8")), "utf-8")
