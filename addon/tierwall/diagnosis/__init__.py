"""From what was measured or logged to the behaviours that explain it.

Knows checks and the catalogue, pure: one table of rules (table.py), the first that explains a check has it. Refuses to
measure anything.
"""

from tierwall.diagnosis.table import diagnose
from tierwall.diagnosis.values import Diagnosed, Diagnosis, Undecided

__all__ = ["Diagnosed", "Diagnosis", "Undecided", "diagnose"]
