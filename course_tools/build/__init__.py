"""Text in, notebooks out: what makes the committed notebooks from the sources that people edit.

`lessons/NN_name.py` becomes `notebooks/NN_name.ipynb` (the learner's) and
`solutions/NN_name.ipynb`; `assignments/name.py` becomes a source and a release in nbgrader's
course folder. Nothing heavy is imported here: `command.run` does the work.
"""
