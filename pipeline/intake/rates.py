"""How much more or less documents take than they are thought to: what is known of it, and what is not.

A document's ratio is what it took to what a document of its pages is thought to take. Logarithms of ratios
are taken for normal, with a mean and a variance of which something is thought beforehand (a
normal-inverse-gamma prior: Gelman et al., Bayesian Data Analysis, 3.3). Documents of one batch share the
machine's mood, which is a variance of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Luck", "Prior", "Rate"]

Floats = NDArray[np.float64]
#: Documents, and batches, that the priors of the two variances are worth.
_WORTH = 4.0
#: Standard deviations beyond which no document is drawn: they end in time limits.
_FARTHEST = 3.0


@dataclass(frozen=True)
class Prior:
    """What is thought before anything was measured, as standard deviations of logarithms.

    `doubt` is of the mean, which is 0; `spread` among documents; `mood` among batches.
    """

    doubt: float
    spread: float = 0.5
    mood: float = 0.2


@dataclass(frozen=True)
class Rate:
    """The mean with what it is worth in documents, and the two variances with their degrees of freedom.

    `variance` is among documents of a batch, `mood` among batches.
    """

    mean: float
    worth: float
    variance: float
    freedom: float
    mood: float
    moods: float

    @classmethod
    def learn(cls, prior: Prior, ratios: Floats, batches: Sequence[str] = ()) -> Rate:
        """From the ratios of documents, all above 0; `batches` name the batch of each."""
        logs = np.log(ratios)
        count, worth = len(logs), (prior.spread / prior.doubt) ** 2
        middle = float(logs.mean()) if count else 0.0
        groups = [logs[np.asarray(batches) == batch] for batch in sorted(set(batches))]
        within = float(sum(((group - group.mean()) ** 2).sum() for group in groups)) if groups else 0.0
        freedom = _WORTH + count - len(groups)
        variance = (_WORTH * prior.spread**2 + within) / freedom
        means = np.array([group.mean() for group in groups])
        sizes = np.array([len(group) for group in groups], np.float64)
        chance = variance * float((1 / sizes).mean()) if groups else 0.0
        between = max(0.0, float(means.var(ddof=1)) - chance) if len(groups) > 1 else 0.0
        others = max(0, len(groups) - 1)
        mood = (_WORTH * prior.mood**2 + others * between) / (_WORTH + others)
        # documents of a batch tell less of the mean than as many batches do
        told = count / (1 + (count / len(groups)) * mood / variance) if groups else 0.0
        mean = told * middle / (worth + told)
        return cls(mean, worth + told, variance, freedom, mood, _WORTH + others)

    def draw(self, luck: Luck, documents: int) -> Floats:
        """Ratios of so many new documents of one batch, draws by documents, as they may come out."""
        dice, draws = luck.dice, len(luck.mood)
        variance = self.variance * self.freedom / dice.chisquare(self.freedom, draws)
        mean = dice.normal(self.mean, np.sqrt(variance / self.worth)) + self.moods_drawn(luck)
        normal = np.clip(dice.standard_normal((draws, documents)), -_FARTHEST, _FARTHEST)
        ratios: Floats = np.exp(mean[:, None] + np.sqrt(variance)[:, None] * normal)
        return ratios

    def moods_drawn(self, luck: Luck) -> Floats:
        """What the machine's mood does to logarithms in each draw; the same for all that is drawn with it."""
        scale = self.mood * self.moods / luck.dice.chisquare(self.moods, len(luck.mood))
        moods: Floats = np.sqrt(scale) * luck.mood
        return moods


class Luck:
    """What draws have in common: the dice, and the machine's mood in each, a standard normal number."""

    def __init__(self, seed: int, draws: int) -> None:
        self.dice = np.random.default_rng(seed)
        self.mood: Floats = self.dice.standard_normal(draws)
