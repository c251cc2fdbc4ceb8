"""Properties that are computed once, without a lock.

That of `functools` has one for all objects of a class, up to Python 3.11.  An interrupt at the wrong moment
leaves it locked, and every thread that asks for such a property then waits for ever.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

__all__ = ["cached_property"]

if TYPE_CHECKING:
    from functools import cached_property
else:

    class cached_property(functools.cached_property):  # noqa: N801 - the name of the one it replaces
        """A property that is computed when it is first asked for, possibly by two threads at once.

        Examples
        --------
        >>> class Circle:
        ...     radius = 2.0
        ...
        ...     @cached_property
        ...     def area(self):
        ...         print("computed")
        ...         return 3.14 * self.radius**2
        >>> circle = Circle()
        >>> circle.area, circle.area
        computed
        (12.56, 12.56)
        """

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            """Return the value, and leave it in the object, where it is found the next time."""
            if instance is None:
                return self
            found = instance.__dict__[self.attrname] = self.func(instance)
            return found
