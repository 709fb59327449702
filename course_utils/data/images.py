"""Small real images as sequences of rows, and short videos made of them."""

import numpy as np


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's 1,797 handwritten digits: images `(n, 8, 8)` in [0, 1], labels `(n,)`.

    An image is already a sequence: 8 rows (time) of 8 pixels (features), top row first.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    return (data.images / 16).astype(np.float32), data.target.astype(np.int64)


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
