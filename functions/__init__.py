"""Every handler is below this package, which is therefore imported before anything else of ours.

An import makes a hundred thousand objects, which all stay, and the clients of the first request make half as many. Python's
collector would look for garbage among them again and again, for a tenth of a cold start: it waits until there are more. After
that it has little to find: a request leaves 3 to 30 objects that refer to each other, and the rest goes without it.
"""

import gc

gc.set_threshold(200_000, 10, 10)
