"""`python tierwall-probe.pyz`."""

import sys

from tierwall.probe.command import main

if __name__ == "__main__":
    sys.exit(main())
