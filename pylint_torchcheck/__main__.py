"""``python -m pylint_torchcheck`` is the ``torchcheck`` command."""

import sys

from pylint_torchcheck.command import main

if __name__ == "__main__":
    sys.exit(main())
