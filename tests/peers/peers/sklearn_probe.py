"""Logistic regression by scikit-learn on standardised 32-bit rows, with the same penalty, measured on both sides.

Relata minimises the mean cross-entropy plus 1e-4 times the squared weights, which is C = 0.5 / (1e-4 x rows) here. The
tolerance is the largest of scikit-learn's at which its loss agrees with ours to four digits.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler, normalize

L2 = 1e-4


def side(folder, name):
    values = np.fromfile(folder / f"{name}.f32", np.float32).reshape(-1, 128)
    return values, np.fromfile(folder / f"{name}.u32", np.uint32)


def knn(folder):
    """The same votes: exp(similarity / 0.07) is exp(-distance / 0.07) but for a factor."""
    (train, classes), (test, test_classes) = side(folder, "train"), side(folder, "test")

    def work():
        scaler = StandardScaler().fit(train)
        x, y = scaler.transform(train), scaler.transform(test)
        # Between vectors of unit length the cosine's distance is d^2 / 2, and scikit-learn is five times as fast with d.
        x, y = normalize(x), normalize(y)
        votes = lambda distances: np.exp(-(distances**2) / 2 / 0.07)
        model = KNeighborsClassifier(20, weights=votes, algorithm="brute", n_jobs=2).fit(x, classes)
        return len(y), model.score(y, test_classes)

    return work


def probe(folder):
    (train, classes), (test, test_classes) = side(folder, "train"), side(folder, "test")

    def work():
        scaler = StandardScaler().fit(train)
        x, y = scaler.transform(train), scaler.transform(test)
        model = LogisticRegression(C=0.5 / (L2 * len(x)), max_iter=1000, tol=1e-4).fit(x, classes)
        model.score(x, classes), model.score(y, test_classes)
        return len(x), lambda: loss(model, x, classes)

    return work


def loss(model, x, classes):
    """What Relata minimises, at scikit-learn's parameters, in 64 bits."""
    logits = x.astype(np.float64) @ model.coef_.T + model.intercept_
    logits -= logits.max(1, keepdims=True)
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(x)), classes]
    return losses.mean() + L2 * np.square(model.coef_, dtype=np.float64).sum()
