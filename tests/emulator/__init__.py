"""LocalStack in host mode with the authorization engine in its gateway.

`Emulator` starts and stops it. Everything else here runs inside the process that it starts.
"""

from emulator.process import Emulator, EmulatorError

__all__ = ["Emulator", "EmulatorError"]
