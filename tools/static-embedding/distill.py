#!/usr/bin/env python3
"""Distils a static sentence-embedding table from a BERT sentence encoder, without any text corpus.

 1. The teacher embeds every vocabulary entry alone: the student's first guess.
 2. The teacher embeds random word bags: what the student learns from.
 3. Ridge regression: token vectors whose mean over a bag comes closest to the teacher's vector of the bag.
 4. PCA to the wanted dimension, a weight for each token by its rank, rows rounded to 8 bits.

The result is {embeddings: I8[V, d], weights: F32[V]}; a text's vector is the sum over its tokens of
weights[t] * embeddings[t], scaled to length 1. It is also the layout that model2vec reads.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from safetensors.numpy import save_file
from teacher import Teacher

CLS, SEP = 101, 102
# Below are [PAD], [UNK], [CLS], [SEP], [MASK] and the unused entries of BERT's uncased vocabulary.
FIRST_ORDINARY = 999
# The weight of a token of probability p is SIF / (SIF + p): Arora, Liang and Ma, 2017.
SIF = 1e-4


def main() -> None:
    arguments = read_arguments()
    vocabulary = read_vocabulary(arguments.model)
    teacher = Teacher(arguments.model)
    alone = teacher.embed_all([[CLS, token, SEP] for token in range(len(vocabulary))])
    bags = draw_bags(vocabulary, arguments.bags, arguments.seed)
    taught = teacher.embed_all([[CLS, *bag, SEP] for bag in bags])
    taught -= taught.mean(axis=0)
    mixing = mixing_matrix(bags, len(vocabulary))
    rows = fit(mixing, taught, first_guess(alone, vocabulary, mixing, taught), arguments.ridge)
    write(arguments.out, project(rows, mixing, arguments.dimension), vocabulary)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="directory with config.json, tokenizer.json, model.safetensors")
    parser.add_argument("out", type=Path, help="directory for model.safetensors and vocab.txt")
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--bags", type=int, default=64_000, help="random word bags to learn from")
    parser.add_argument("--ridge", type=float, default=0.01, help="how strongly rows are held to the first guess")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def read_vocabulary(model: Path) -> list[str]:
    ids = json.loads((model / "tokenizer.json").read_text())["model"]["vocab"]
    return sorted(ids, key=ids.get)


def draw_bags(vocabulary: list[str], count: int, seed: int) -> list[list[int]]:
    """Draws bags of 8 to 55 words: 60 % by a Zipf-like law over the vocabulary's rank, 40 % evenly, and after one word
    in eight a continuation piece."""
    ordinary = [t for t in range(FIRST_ORDINARY, len(vocabulary)) if is_plain(vocabulary[t])]
    starts = np.array([t for t in ordinary if not vocabulary[t].startswith("##")])
    continuations = np.array([t for t in ordinary if vocabulary[t].startswith("##")])
    by_rank = 1 / (np.arange(1, len(starts) + 1) + 2.0) ** 0.75
    chances = 0.6 * by_rank / by_rank.sum() + 0.4 / len(starts)
    random = np.random.default_rng(seed)
    bags = []
    for _ in range(count):
        bag = []
        for token in random.choice(starts, int(random.integers(8, 56)), p=chances):
            bag.append(int(token))
            if random.random() < 0.12:
                bag.append(int(random.choice(continuations)))
        bags.append(bag)
    return bags


def is_plain(entry: str) -> bool:
    return entry.isascii() and not entry.startswith("[")


def mixing_matrix(bags: list[list[int]], tokens: int) -> sp.csr_matrix:
    """Returns the matrix that takes token vectors to the mean vector of each bag."""
    row = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    column = np.concatenate(bags)
    share = np.concatenate([np.full(len(bag), 1 / len(bag)) for bag in bags])
    return sp.csr_matrix((share, (row, column)), (len(bags), tokens), dtype=np.float32)


def first_guess(alone: np.ndarray, vocabulary: list[str], mixing: sp.csr_matrix, taught: np.ndarray) -> np.ndarray:
    """Returns the entries' own vectors, centred and scaled so that the bags' means fit best."""
    ordinary = [t for t in range(FIRST_ORDINARY, len(vocabulary)) if not vocabulary[t].startswith("[")]
    guess = alone - alone[ordinary].mean(axis=0)
    mixed = mixing @ guess
    return guess * float((mixed * taught).sum() / (mixed * mixed).sum())


def fit(mixing: sp.csr_matrix, taught: np.ndarray, guess: np.ndarray, ridge: float) -> np.ndarray:
    """Solves min |mixing (guess + change) - taught|^2 + ridge |change|^2 by conjugate gradients, one system a column.
    A twentieth of the bags is kept apart to show how well it went."""
    held = taught.shape[0] // 20
    learnt, wanted = mixing[held:], taught[held:]
    change = np.zeros_like(guess)
    residual = learnt.T @ (wanted - learnt @ guess)
    direction = residual.copy()
    size = (residual * residual).sum(axis=0)
    for _ in range(60):
        image = learnt.T @ (learnt @ direction) + ridge * direction
        step = size / np.maximum((direction * image).sum(axis=0), 1e-20)
        change += step * direction
        residual -= step * image
        next_size = (residual * residual).sum(axis=0)
        direction = residual + (next_size / np.maximum(size, 1e-20)) * direction
        size = next_size
    rows = guess + change
    missed = ((taught[:held] - mixing[:held] @ rows) ** 2).sum() / (taught[:held] ** 2).sum()
    print(f"R2 on bags kept apart: {1 - missed:.3f}")
    return rows


def project(rows: np.ndarray, mixing: sp.csr_matrix, dimension: int) -> np.ndarray:
    """Turns rows onto the directions in which the bags differ most."""
    fitted = mixing @ rows
    _, directions = np.linalg.eigh(fitted.T @ fitted / len(fitted))
    return (rows @ directions[:, ::-1][:, :dimension]).astype(np.float32)


def write(out: Path, rows: np.ndarray, vocabulary: list[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    scale = np.abs(rows).max(axis=1)
    scale[scale == 0] = 1
    chance = 1 / np.arange(1, len(vocabulary) + 1)
    weight = SIF / (SIF + chance / chance.sum())
    weight[[entry.startswith("[") and entry.endswith("]") and len(entry) > 1 for entry in vocabulary]] = 0
    tensors = {
        "embeddings": np.round(rows / scale[:, None] * 127).astype(np.int8),
        "weights": (scale / 127 * weight).astype(np.float32),
    }
    save_file(tensors, out / "model.safetensors")
    (out / "vocab.txt").write_text("".join(f"{entry}\n" for entry in vocabulary), newline="\n")
    print(f"wrote {out}: {rows.shape[0]} rows of {rows.shape[1]}")


if __name__ == "__main__":
    main()
