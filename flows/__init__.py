"""Order only: a flow reads like the list of statuses."""

from tasks.environment import prepare_environment
from tasks.settings import Settings

# Prefect reads its settings when it is imported, which a script does by importing a flow of ours.
prepare_environment(Settings())
