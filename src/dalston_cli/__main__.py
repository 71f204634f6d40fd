"""``python -m dalston_cli``."""

import sys

from dalston_cli.app import main

sys.exit(main())
