"""Model: embeds samples by a model that `relata export RUN model --output FOLDER` wrote, with numpy alone.

    from relata_model import Model

    model = Model.load("FOLDER")
    model.embed(array)                                    # vectors or images, one a row
    model.embed([{"name": "Ann", "born": "1998-07-31"}])  # rows of a table, whose columns the model was trained on

Python 3.9 or later. Nothing is learned here: a table's columns are read by the statistics of the training rows. `None`
and NaN are missing values.
"""

import datetime
import decimal
import json
import re
import unicodedata
from pathlib import Path

import numpy as np

TYPES = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
BYTES_OF_64 = (1 << 64) - 1
DAY = 86_400_000.0
PERIODS = (365.2425 * DAY, 7.0 * DAY, DAY)
DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?)?")


def read_safetensors(path):
    """The tensors of a safetensors file, by name."""
    content = Path(path).read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, last = (start + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(content[first:last], TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


class Model:
    """A trained model. `description` is what `model.json` says, `weights` are the tensors by name."""

    def __init__(self, description, weights):
        self.description = description
        self.weights = weights
        self.rows = None
        if description.get("layers") is None:
            raise ValueError("model.json has no layers, as the encoder is not built in: only its weights can be read")
        if description["input"]["columns"]:
            self.rows = RowEncoder(description)

    @classmethod
    def load(cls, folder):
        """The model in a folder that `relata export` wrote."""
        folder = Path(folder)
        description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        return cls(description, read_safetensors(folder / "model.safetensors"))

    def encode(self, samples):
        """What `model.onnx` takes, by the names of its inputs, of anything that `embed` takes."""
        if isinstance(samples, dict):
            samples = [samples]
        if self.rows and len(samples) and isinstance(samples[0], dict):
            return self.rows.encode(samples)
        about = self.description["input"]
        array = np.asarray(samples)
        if array.dtype == np.uint8:
            array = array * np.float32(1 / 255)
        array = np.asarray(array, np.float32)
        if about["reads"] == "bags" or array[:1].size not in (0, int(np.prod(about["dims"]))):
            expected = "rows, each a dict by column" if self.rows else f"an array [n, {about['dims']}]"
            raise ValueError(f"expected {expected}, found an array of shape {list(array.shape)}")
        return {"samples": array.reshape(len(array), *about["dims"])}

    def embed(self, samples, at_once=256):
        """Embeddings `[n, width]` of vectors, of images (channels x height x width; bytes, or numbers in [0, 1]), or of
        rows of a table, each a dict from column to value. `at_once` samples are computed together."""
        samples = [samples] if isinstance(samples, dict) else samples
        parts = [samples[at : at + at_once] for at in range(0, len(samples), at_once)]
        embeddings = [self._forward(self.description["layers"], self.encode(part)) for part in parts]
        return np.concatenate([np.zeros((0, self.description["width"])), *embeddings]).astype(np.float32)

    def _forward(self, layers, x):
        if isinstance(x, dict) and layers[0]["kind"] != "fields":
            x = x["samples"].reshape(len(x["samples"]), -1)
        for layer in layers:
            x = getattr(self, "_" + layer["kind"])(x, layer)
        return x

    def _linear(self, x, layer):
        x = x @ self.weights[layer["weight"]]
        return x + self.weights[layer["bias"]] if "bias" in layer else x

    def _batch_norm(self, x, layer):
        parts = [self.weights[f"{layer['name']}.{part}"] for part in ("gamma", "running_var", "running_mean", "beta")]
        gamma, variance, mean, beta = (part.reshape(1, -1, *[1] * (x.ndim - 2)) for part in parts)
        return (x - mean) * (gamma / np.sqrt(variance + np.float32(layer["epsilon"]))) + beta

    def _relu(self, x, _):
        return np.maximum(x, 0)

    def _image(self, x, layer):
        return x.reshape(len(x), layer["channels"], layer["height"], layer["width"])

    def _convolution(self, x, layer):
        weight, pad, stride = self.weights[layer["weight"]], layer["padding"], layer["stride"]
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
        windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
        flat = windows.reshape(-1, weight[0].size) @ weight.reshape(len(weight), -1).T
        return flat.reshape(*windows.shape[:3], -1).transpose(0, 3, 1, 2)

    def _mean_pool(self, x, _):
        return x.mean((2, 3))

    def _residual(self, x, layer):
        return self._forward(layer["body"], x) + self._forward(layer["shortcut"], x)

    def _kernel(self, x, layer):
        x, train = x.astype(np.float64), self.weights[layer["train"]].astype(np.float64)
        squared = np.maximum((x**2).sum(1)[:, None] + (train**2).sum(1) - 2 * x @ train.T, 0)
        ((kernel, settings),) = layer["kernel"].items()
        width = settings["width"]
        exponent = squared / (2 * width**2) if kernel == "rbf" else np.sqrt(squared) / width
        return np.exp(-exponent) @ self.weights[layer["coefficients"]]

    def _fields(self, x, layer):
        parts, every = [], None
        if layer["bags"]:
            table = self.weights[layer["table"]]
            sums = (x["weights"][..., None, :] @ table[x["tokens"]])[..., 0, :]
            every = sums.sum(1) / np.float32(np.sqrt(layer["bags"]))
            parts = [sums.reshape(len(sums), -1), every]
        for part in layer["parts"]:
            numbers = x["samples"][:, part["from"] : part["to"]]
            parts.append(self._forward(part["layers"], numbers) if part["layers"] else numbers)
        joined = np.concatenate(parts, 1)
        every = joined if every is None else every
        return self._forward(layer["mlp"], joined) + every @ self.weights[layer["direct"]]


class RowEncoder:
    """Makes numbers and tokens of rows of a table, as the model was trained on."""

    def __init__(self, description):
        self.fields = [
            (entry["field"]["column"], *next(iter(entry["field"]["kind"].items())), *entry["statistics"].values())
            for entry in description["fields"]["fields"]
        ]
        self.input, self.text = description["input"], Tokeniser(description["text"])
        frequency = description["fields"]["frequency"]
        having = np.array(frequency["having"], np.float64)
        self.idf = (np.log((1 + frequency["texts"]) / (1 + having)) + 1).astype(np.float32)
        self.places = {
            column: {value: at for at, value in enumerate(learned["values"])}
            for column, kind, _, learned in self.fields
            if kind == "category"
        }

    def encode(self, rows):
        """The inputs of the model for these rows."""
        numbers, bags, hashed = [], [], []
        for row in rows:
            own, texts = [], []
            for column, kind, settings, learned in self.fields:
                if column not in row:
                    raise KeyError(f"a row has no column `{column}`; give None if its value is missing")
                value = None if is_missing(row[column]) else row[column]
                try:
                    own.append(getattr(self, "_" + kind)(value, column, learned))
                except (TypeError, ValueError) as error:
                    raise ValueError(f"column `{column}`, value {value!r}: {error}") from error
                if kind == "text":
                    texts.append(as_text(value))
                    hashed.append(self.text.tokens(texts[-1]))
                elif kind == "number" and settings["digits"]:
                    texts.append(digits(as_number(value)))
            numbers.append(np.concatenate(own))
            bags.append([self.text.tokens(text) for text in texts])
        numbers = np.stack(numbers).astype(np.float32)
        if self.input["reads"] == "numbers":
            rest = np.array([self._hash(tokens) for tokens in hashed], np.float32).reshape(len(rows), -1)
            return {"samples": np.concatenate([numbers, rest], 1)}
        inputs = {"samples": numbers} if numbers.shape[1] else {}
        return {**inputs, **self._padded(bags)} if self.input["bags"] else inputs

    def _padded(self, bags):
        """Tokens and their weights, filled up by tokens of weight 0 to the length of the longest bag."""
        longest = max((len(bag) for row in bags for bag in row), default=1)
        tokens = np.zeros((len(bags), self.input["bags"], max(longest, 1)), np.int64)
        weights = np.zeros(tokens.shape, np.float32)
        for at, row in enumerate(bags):
            for nth, bag in enumerate(row):
                # A text that is not there, or has no letters, is token 0.
                bag = bag or [0]
                tokens[at, nth, : len(bag)] = bag
                own = self.idf[bag]
                weights[at, nth, : len(bag)] = own / np.sqrt((own**2).sum())
        return {"tokens": tokens, "weights": weights}

    def _hash(self, tokens):
        hashed, tokens = self.text.hashed, np.array(tokens, np.int64)
        signs = np.where(tokens // hashed % 2 == 0, 1, -1)
        sums = np.bincount(tokens % hashed, signs * self.idf[tokens], hashed)
        return sums / max(np.sqrt((sums**2).sum()), np.finfo(np.float32).tiny)

    def _text(self, value, column, learned):
        return np.zeros(0)

    def _number(self, value, column, learned):
        number = as_number(value)
        own = [0.0 if number is None else standard(number, learned)]
        return np.array(own + [float(number is None)] * learned["missing"])

    def _date(self, value, column, learned):
        date = as_milliseconds(value)
        own = [0.0] * 7
        if date is not None:
            angles = [2 * np.pi * (float(date) % period) / period for period in PERIODS]
            own = [standard(float(date), learned), *(f(angle) for angle in angles for f in (np.sin, np.cos))]
        return np.array(own + [float(date is None)] * learned["missing"])

    def _category(self, value, column, learned):
        values = learned["values"]
        own = np.zeros(len(values) + 1 + self.text.rare * learned["rare"])
        text = as_text(value)
        if text is None:
            own[len(values)] = 1
        elif text in self.places[column]:
            own[self.places[column][text]] = 1
        elif learned["rare"]:
            own[len(values) + 1 + xxh64(text.encode()) % self.text.rare] = 1
        return own

    def _vector(self, value, column, learned):
        if value is None:
            return np.zeros(learned["width"])
        vector = np.asarray(value, np.float32).reshape(-1)
        if len(vector) != learned["width"]:
            raise ValueError(f"expected {learned['width']} numbers, found {len(vector)}")
        return vector

    def _static_text(self, value, column, learned):
        if isinstance(value, str):
            raise ValueError("expected the vector that the column's model makes of the text, which is not in this file")
        return self._vector(value, column, learned)

    def _image(self, value, column, learned):
        about = next(about for about in self.input["columns"] if about["name"] == column)
        pixels = int(np.prod(about["image"]))
        own = np.zeros(pixels + learned["missing"])
        if value is None:
            own[pixels:] = 1
            return own
        value = np.asarray(value)
        value = value * np.float32(1 / 255) if value.dtype == np.uint8 else value
        if value.size != pixels:
            raise ValueError(f"expected pixels of {about['image']}, found an array of shape {list(value.shape)}")
        own[:pixels] = value.reshape(-1)
        return own


class Tokeniser:
    """Makes tokens of texts: hashed n-grams of each word, and the word."""

    def __init__(self, settings):
        self.settings, self.words = settings, {}
        self.hashed, self.rare = settings["hashed"], settings["rare"]
        self.multiplier, self.mix = int(settings["multiplier"], 16), int(settings["mix"], 16)

    def tokens(self, text):
        """The tokens of a text, as often as they occur; none for a missing one."""
        first, last = self.settings["accents"]
        letters = (letter for letter in unicodedata.normalize("NFKD", text or "") if not first <= ord(letter) <= last)
        plain = "".join(lower if is_letter(lower) else " " for letter in letters for lower in letter.lower())
        return [token for word in plain.split(" ") if word for token in self._of_word(word)]

    def _of_word(self, word):
        if word not in self.words:
            letters = [self.settings["start"], *map(ord, word), self.settings["end"]]
            tokens = []
            for start in range(len(letters) - 1):
                state = 0
                for nth, letter in enumerate(letters[start : start + self.settings["longest"]], 1):
                    state = self._step(state, letter)
                    if nth >= self.settings["shortest"]:
                        tokens.append(self._bucket(state))
            state = BYTES_OF_64
            for letter in letters:
                state = self._step(state, letter)
            self.words[word] = [*tokens, self._bucket(state)]
        return self.words[word]

    def _step(self, state, letter):
        return rotated((state ^ letter) * self.multiplier & BYTES_OF_64, self.settings["rotation"])

    def _bucket(self, state):
        mixed = (state ^ state >> 32) * self.mix & BYTES_OF_64
        return 1 + ((mixed >> 32) * (self.settings["buckets"] - 1) >> 32)


def is_letter(letter):
    """Whether a letter, digit or mark is a part of a word. Circled and squared letters are symbols to Unicode."""
    return unicodedata.category(letter)[0] in "LNM" or "\U0001f150" <= letter <= "\U0001f169" or (
        "\U0001f170" <= letter <= "\U0001f189"
    )


def is_missing(value):
    """None, NaN, and what pandas has for them."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating, np.datetime64)) and value != value


def as_text(value):
    """A value as text, as Relata writes numbers, booleans and dates."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)


def as_number(value):
    """A number; None if it is missing."""
    if isinstance(value, str):
        value = value.strip()
        if "_" in value:
            raise ValueError("expected a number")
    number = None if value is None or value == "" else float(value)
    if number is not None and np.isinf(number):
        raise ValueError("expected a finite number")
    return None if number is None or number != number else number


def digits(number):
    """The digits of a number, without an exponent."""
    if number is None:
        return None
    text = format(decimal.Decimal(repr(number)), "f")
    return text[:-2] if text.endswith(".0") else text


def as_milliseconds(value):
    """Milliseconds since 1970 of a date, a time, a numpy.datetime64, or a text in ISO 8601; UTC unless it says."""
    if value is None or isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, (datetime.date, np.datetime64)):
        value = str(value)
    found = DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("expected a date, a time, or a text in ISO 8601, like 1998-07-31")
    date, time, zone = found.groups()
    milliseconds = int(np.datetime64(f"{date}T{time or '00:00'}").astype("datetime64[ms]").astype(np.int64))
    if zone and zone != "Z":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        milliseconds -= (minutes if zone[0] == "+" else -minutes) * 60_000
    return milliseconds


def standard(number, learned):
    """Standardised by the training rows; 0 where they have one value only."""
    return np.clip((number - learned["mean"]) / learned["std"], -1e6, 1e6) if learned["std"] > 0 else 0.0


def rotated(number, bits):
    """64 bits, rotated to the left."""
    return (number << bits | number >> 64 - bits) & BYTES_OF_64


def xxh64(content):
    """The hash XXH64 of bytes, with the seed 0."""
    one, two, three, four, five = (
        11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261,
    )  # fmt: skip
    words = [int.from_bytes(content[at : at + 8], "little") for at in range(0, len(content) // 8 * 8, 8)]
    mixed = lambda state, word: rotated((state + word * two) & BYTES_OF_64, 31) * one & BYTES_OF_64
    stripes = len(content) // 32
    state = five
    if stripes:
        lanes = [(one + two) & BYTES_OF_64, two, 0, -one & BYTES_OF_64]
        for at in range(stripes * 4):
            lanes[at % 4] = mixed(lanes[at % 4], words[at])
        state = sum(rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & BYTES_OF_64
        for lane in lanes:
            state = ((state ^ mixed(0, lane)) * one + four) & BYTES_OF_64
    state = (state + len(content)) & BYTES_OF_64
    for word in words[stripes * 4 :]:
        state = (rotated(state ^ mixed(0, word), 27) * one + four) & BYTES_OF_64
    rest = content[len(words) * 8 :]
    if len(rest) >= 4:
        word = int.from_bytes(rest[:4], "little") * one & BYTES_OF_64
        state, rest = (rotated(state ^ word, 23) * two + three) & BYTES_OF_64, rest[4:]
    for byte in rest:
        state = rotated(state ^ byte * five & BYTES_OF_64, 11) * one & BYTES_OF_64
    state = (state ^ state >> 33) * two & BYTES_OF_64
    state = (state ^ state >> 29) * three & BYTES_OF_64
    return state ^ state >> 32
