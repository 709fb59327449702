"""Looking at embeddings: the nearest words, and maps in two dimensions."""

import numpy as np


def neighbours(W_emb: np.ndarray, i: int, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return the k rows of `W_emb (V, E)` that point most nearly as row i does, and their cosines.

    Both are `(k,)`, the nearest first, row i itself left out; fewer where V - 1 < k. A row of
    zeros points nowhere: its cosine with every other is 0.

    Raises ValueError for another shape, an i outside 0 to V - 1, a k below 1.
    """
    W_emb = _checked(W_emb)
    if not 0 <= i < len(W_emb) or k < 1:
        raise ValueError(f"i lies from 0 to V - 1 = {len(W_emb) - 1} and k from 1: {i} and {k}.")
    lengths = np.linalg.norm(W_emb, axis=1)
    directions = W_emb / np.where(lengths > 0, lengths, 1)[:, None]
    cosines = directions @ directions[i]
    order = np.argsort(-cosines, kind="stable")
    order = order[order != i][:k]
    return order, cosines[order]


def pca_map(W_emb: np.ndarray) -> np.ndarray:
    """Return a place `(V, 2)` for each row of `W_emb (V, E)`: the two directions of most variance.

    Distances on the map are never larger than between the rows; how much of the variance it shows
    is for the reader to ask.

    Raises ValueError for fewer than 2 rows or columns.
    """
    from sklearn.decomposition import PCA

    return PCA(2, svd_solver="full").fit_transform(_checked(W_emb, smallest=2))


def tsne_map(W_emb: np.ndarray, perplexity: float = 20.0, seed: int = 0) -> np.ndarray:
    """Return a place `(V, 2)` for each row of `W_emb (V, E)`, neighbours kept near (t-SNE).

    Rows are compared by cosine; each looks at about `perplexity` neighbours (van der Maaten and
    Hinton, 2008). Who is next to whom means something, far distances, sizes and empty space do
    not. It takes seconds for 500 rows: choose some words. It begins with the PCA map.

    Raises ValueError for fewer than 2 rows or columns, or a perplexity that is not below V.
    """
    from sklearn.manifold import TSNE

    W_emb = _checked(W_emb, smallest=2)
    if not 0 < perplexity < len(W_emb):
        raise ValueError(f"perplexity lies between 0 and V = {len(W_emb)}; it is {perplexity}.")
    lengths = np.linalg.norm(W_emb, axis=1, keepdims=True)
    directions = W_emb / np.where(lengths > 0, lengths, 1)
    return TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(directions)


def _checked(W_emb: np.ndarray, smallest: int = 1) -> np.ndarray:
    W_emb = np.asarray(W_emb, dtype=np.float64)
    if W_emb.ndim != 2 or min(W_emb.shape) < smallest:
        raise ValueError(
            f"W_emb must be (V, E), each at least {smallest}; its shape is {W_emb.shape}."
        )
    return W_emb
