"""Order only: a flow reads like the list of statuses."""

from app.prefect_env import prepare_environment
from app.settings import Settings

# Prefect reads its settings when it is imported, which a script does by importing a flow of ours.
prepare_environment(Settings())
