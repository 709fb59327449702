"""Small real images as sequences of rows or pixels, and short videos made of them."""

import numpy as np

from course_utils.data.batching import split_at_random

Pair = tuple[np.ndarray, np.ndarray]  # x and the labels y, sample by sample


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's 1,797 handwritten digits: images `(n, 8, 8)` in [0, 1], labels `(n,)`.

    An image is already a sequence: 8 rows (time) of 8 pixels (features), top row first.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    return (data.images / 16).astype(np.float32), data.target.astype(np.int64)


def digit_rows(held_out: float = 0.2, seed: int = 0) -> tuple[Pair, Pair]:
    """Return (x, y) to train on and (x, y) held out: digits read in 8 steps of one row each.

    x is `(n, 8, 8)` float32 in [0, 1], y is `(n,)` from 0 to 9; a share `held_out` of the 1,797
    images, drawn by `seed`, is held out. The same hands wrote both parts: a new writer is harder.

    Raises ValueError where `held_out` is no share.
    """
    x, y = digits()
    train, test = split_at_random(len(y), held_out, np.random.default_rng(seed))
    return (x[train], y[train]), (x[test], y[test])


def digit_pixels(held_out: float = 0.2, seed: int = 0) -> tuple[Pair, Pair]:
    """Return the images of `digit_rows`, the same ones in each part, in 64 steps of one pixel.

    x is `(n, 64, 1)`: from left to right, row after row.
    """
    train, test = digit_rows(held_out, seed)
    return _by_pixel(train), _by_pixel(test)


def _by_pixel(pair: Pair) -> Pair:
    x, y = pair
    return x.reshape(len(x), -1, 1), y


def moving_digits(n: int, T: int, size: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return n clips `(B, T, H, W, C)` of a digit that moves, and 1 (to the right) or 0 (left).

    Clips 2k and 2k + 1 show the same frames, the second in reverse: whoever ignores the order of
    the frames is right half of the time, whoever reads it can always be right. H = W = `size`
    pixels, C = 1; `clips.reshape(n, T, -1)` gives (samples, time, features).

    Raises ValueError where nothing could move: fewer than 2 frames, or a frame not wider than 8.
    """
    if T < 2 or size < 9:
        raise ValueError(f"A move needs T >= 2 and size >= 9; they are {T} and {size}.")
    rng = np.random.default_rng(seed)
    images, _ = digits()
    room = size - 8 + 1  # positions that an 8 pixels wide digit can take
    pairs = (n + 1) // 2
    clips = np.zeros((pairs, 2, T, size, size, 1), dtype=np.float32)
    for clip in clips:
        image = images[rng.integers(len(images))]
        top = rng.integers(room)
        start, end = np.sort(rng.choice(room, size=2, replace=False))
        for t, left in enumerate(np.linspace(start, end, T).round().astype(int)):
            clip[0, t, top : top + 8, left : left + 8, 0] = image
        clip[1] = clip[0, ::-1]
    to_the_right = np.tile([1, 0], pairs)[:n]
    return clips.reshape(-1, T, size, size, 1)[:n], to_the_right
