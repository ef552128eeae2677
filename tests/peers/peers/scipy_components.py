"""Connected components by scipy, from pairs and from a matrix of both directions that is built before."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from inputs import NODES


def matrix(ends):
    ones = np.ones(len(ends), np.bool_)
    return coo_array((ones, (ends[:, 0].astype(np.int32), ends[:, 1].astype(np.int32))), shape=(NODES, NODES)).tocsr()


def components(folder):
    ends = np.fromfile(folder / "edges.u32", np.uint32).reshape(-1, 2)

    def work():
        count, _ = connected_components(matrix(ends), directed=False)
        return len(ends), count

    return work


def components_csr(folder):
    ends = np.fromfile(folder / "edges.u32", np.uint32).reshape(-1, 2)
    graph = matrix(np.concatenate([ends, ends[:, ::-1]]))
    edges = graph.nnz // 2

    def work():
        count, _ = connected_components(graph, directed=False)
        return edges, count

    return work
