"""`read_ahead`: an iterator that is one step ahead, in a thread of its own."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["read_ahead"]

T = TypeVar("T")


def read_ahead(items: Generator[T]) -> Generator[T]:
    """Yield `items` while one thread gets the next.

    What goes wrong in the thread is raised here. When this generator ends or is closed, the thread has ended
    and `items` are closed.
    """
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="mixtura-reader") as reader:
            following = reader.submit(next, items, None)
            while (item := following.result()) is not None:
                following = reader.submit(next, items, None)
                yield item
    finally:
        items.close()
