"""`python -m tierwall.events` writes schemas/event.schema.json from the code."""

from importlib.resources import files
from pathlib import Path

from tierwall.events.line import schema_text

if __name__ == "__main__":
    Path(str(files("tierwall") / "schemas" / "event.schema.json")).write_text(schema_text(), encoding="utf-8")
