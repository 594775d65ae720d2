"""Records with a value of another type at one place."""

VALUES = (
    *(None, True, -1, 0, 1 << 63, 1.5, float("nan"), float("inf")),
    *("x", "\0", b"x", [], [None], {}, {1: 2}, [[[[]]]]),
)


def variants(record):
    """`record` with each of `VALUES` in each place, and the place's path."""
    for path in _paths(record):
        for value in VALUES:
            yield path, value, _put(record, path, value)


def _paths(value, path=()):
    yield path
    keys = ()
    if isinstance(value, dict):
        keys = value
    elif isinstance(value, list):
        keys = range(min(len(value), 3))
    for key in keys:
        yield from _paths(value[key], (*path, key))


def _put(value, path, new):
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _put(copy[path[0]], path[1:], new)
    return copy
