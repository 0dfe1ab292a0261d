"""What all flows are decorated with besides their names, and their parameters' fields in Prefect's form."""

import tempfile
from pathlib import Path
from typing import Any, Final

from pydantic import Field

#: Nothing of a run is kept by Prefect (`persist_result=False`). A place is named all the same: without one, each run
#: asks the server for the default, by a call that doesn't yield (3.8.8), and all films of the process stand still.
NO_RESULTS: Final = Path(tempfile.gettempdir())


def form(title: str, description: str, **bounds: Any) -> Any:
    """Return a parameter's field as the form shows it, with its name, what it is for, and the bounds of its value."""
    return Field(json_schema_extra={"title": title, "description": description}, **bounds)
