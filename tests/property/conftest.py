"""Both databases, as the ledger's own tests open them."""

from tests.unit.ledger.conftest import (
    books as books,
)
from tests.unit.ledger.conftest import (
    clock as clock,
)
from tests.unit.ledger.conftest import (
    postgres as postgres,
)
from tests.unit.ledger.conftest import (
    postgres_template as postgres_template,
)
from tests.unit.ledger.conftest import (
    sqlite_template as sqlite_template,
)
from tests.unit.ledger.conftest import (
    url as url,
)
