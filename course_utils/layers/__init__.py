"""Layers in NumPy: `forward` returns the output and a cache, `backward` takes the cache.

Batch first, row vectors, weights `(in, out)`. float32 stays float32, float64 stays float64.
No function changes its arguments, and no cache shares memory with them.
"""

from course_utils.layers.embedding import embedding_backward, embedding_forward
from course_utils.layers.gru import gru_backward, gru_forward, gru_step_forward
from course_utils.layers.linear import linear_backward, linear_forward
from course_utils.layers.lstm import lstm_backward, lstm_forward, lstm_step_forward
from course_utils.layers.rnn import rnn_backward, rnn_forward, rnn_step_forward
from course_utils.layers.softmax import softmax, softmax_cross_entropy

__all__ = [
    "embedding_backward",
    "embedding_forward",
    "gru_backward",
    "gru_forward",
    "gru_step_forward",
    "linear_backward",
    "linear_forward",
    "lstm_backward",
    "lstm_forward",
    "lstm_step_forward",
    "rnn_backward",
    "rnn_forward",
    "rnn_step_forward",
    "softmax",
    "softmax_cross_entropy",
]
