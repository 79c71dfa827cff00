"""The teacher: a BERT sentence encoder's forward pass in NumPy, mean pooling, no padding.

Reads a sentence-transformers directory (config.json, model.safetensors). Takes token ids, not text: what the student
learns from are entries of the vocabulary and random bags of them, see distill.py.
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf


class Teacher:
    """A BERT encoder; each batch holds sequences of one length, so there is nothing to mask."""

    def __init__(self, directory: Path):
        self.config = json.loads((directory / "config.json").read_text())
        tensors = load_file(directory / "model.safetensors")
        self.tensors = {name.removeprefix("bert."): tensor for name, tensor in tensors.items()}
        self.dimension = self.config["hidden_size"]

    def embed(self, ids: np.ndarray) -> np.ndarray:
        """Returns the mean of the last layer for sequences of equal length: ids [sequences, length]."""
        place = np.arange(ids.shape[1])
        x = self._weight("embeddings.word_embeddings")[ids]
        x = x + self._weight("embeddings.position_embeddings")[place]
        x = x + self._weight("embeddings.token_type_embeddings")[0]
        x = self._norm("embeddings.LayerNorm", x)
        for number in range(self.config["num_hidden_layers"]):
            x = self._layer(f"encoder.layer.{number}", x)
        return x.mean(axis=1)

    def embed_all(self, sequences: list[list[int]], batch: int = 256) -> np.ndarray:
        """Returns one row for each sequence, in their order; lengths may differ."""
        rows = np.zeros((len(sequences), self.dimension), np.float32)
        by_length: dict[int, list[int]] = {}
        for number, sequence in enumerate(sequences):
            by_length.setdefault(len(sequence), []).append(number)
        done = 0
        for numbers in by_length.values():
            for start in range(0, len(numbers), batch):
                part = numbers[start : start + batch]
                rows[part] = self.embed(np.array([sequences[number] for number in part]))
                done += len(part)
                print(f"\rteacher: {done} of {len(sequences)}", end="", flush=True)
        print()
        return rows

    def _layer(self, name: str, x: np.ndarray) -> np.ndarray:
        attended = self._linear(f"{name}.attention.output.dense", self._attention(f"{name}.attention.self", x))
        x = self._norm(f"{name}.attention.output.LayerNorm", x + attended)
        inner = self._linear(f"{name}.intermediate.dense", x)
        inner = inner * 0.5 * (1 + erf(inner / np.float32(np.sqrt(2))))
        return self._norm(f"{name}.output.LayerNorm", x + self._linear(f"{name}.output.dense", inner))

    def _attention(self, name: str, x: np.ndarray) -> np.ndarray:
        sequences, length, width = x.shape
        heads = self.config["num_attention_heads"]
        query, key, value = (
            self._linear(f"{name}.{part}", x).reshape(sequences, length, heads, width // heads).swapaxes(1, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(width // heads))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ value).swapaxes(1, 2).reshape(sequences, length, width)

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self._weight(name).T + self.tensors[f"{name}.bias"]

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(self.config["layer_norm_eps"]))
        return x / spread * self._weight(name) + self.tensors[f"{name}.bias"]

    def _weight(self, name: str) -> np.ndarray:
        return self.tensors[f"{name}.weight"]
