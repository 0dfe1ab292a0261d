"""What all flows are decorated with besides their names."""

import tempfile
from pathlib import Path
from typing import Final

#: Nothing of a run is kept by Prefect (`persist_result=False`). A place is named all the same: without one, each run
#: asks the server for the default, by a call that doesn't yield (3.8.8), and all films of the process stand still.
NO_RESULTS: Final = Path(tempfile.gettempdir())
