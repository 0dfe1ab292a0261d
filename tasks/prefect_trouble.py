"""What Prefect's client raises when its server is away or refuses: never a fault of the film."""

from typing import Final

from prefect.exceptions import PrefectException

from providers.transport import HTTP_ERRORS

#: Reporting is best effort behind these; a run they end gives its film back.
PREFECT_TROUBLE: Final = (PrefectException, *HTTP_ERRORS)
