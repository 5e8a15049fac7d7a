"""`python -m secantfw` is `secantfw`."""

import sys

from secantfw.cli.main import main

sys.exit(main())
