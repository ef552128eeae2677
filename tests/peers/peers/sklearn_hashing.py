"""The same table, read by pyarrow and hashed column by column by scikit-learn: n-grams of 3 and 4 characters of words."""

import pyarrow.csv
from sklearn.feature_extraction.text import HashingVectorizer


def hashing(folder):
    vectorizer = HashingVectorizer(
        analyzer="char_wb", ngram_range=(3, 4), n_features=2**14, norm=None, alternate_sign=False
    )

    def work():
        table = pyarrow.csv.read_csv(folder / "people.csv")
        columns = [column for column in table.column_names if column != "id"]
        tokens = sum(vectorizer.transform(table[column].to_pylist()).sum() for column in columns)
        return table.num_rows, tokens / table.num_rows

    return work
