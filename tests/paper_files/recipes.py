"""The overrides with which a recipe of experiments/paper runs on the small files."""

from __future__ import annotations

from pathlib import Path

import attrs
from paper_files import data, networks

#: One step and one block of evaluation; everything else is the recipe's.
BRIEF = (
    "train.steps=1", "train.batch_size=2", "train.precision=fp32", "evaluate.samples=2",
    "evaluate.compute_batch=2", "evaluate.seeds=[]",
)  # fmt: skip


@attrs.frozen
class PaperFiles:
    """All files that the recipes ask for, below one folder."""

    folder: Path

    @classmethod
    def written(cls, folder: Path) -> PaperFiles:
        files = cls(folder)
        networks.sit(folder / "SiT-XL-2-256.pt")
        networks.edm(folder / "edm-cifar10-32x32-uncond-vp.pkl")
        networks.edm(folder / "edm-cifar10-32x32-cond-vp.pkl", classes=10)
        networks.autoencoder(folder / "sd-vae-ft-ema")
        networks.inception(folder / networks.INCEPTION)
        data.latents(folder)
        data.cifar10(folder / "cifar10")
        data.statistics(folder / "statistics.npz")
        return files

    def overrides(self, recipe: str) -> list[str]:
        """For the recipe of this name: where its files are, and how small its networks are."""
        own = self._sit() if recipe.startswith("sit_") else self._edm("_cond_" in recipe)
        if "_scratch_" in recipe:
            own = [one for one in own if not one.startswith("teacher.")]
        metrics = [
            f"metrics.use[0].weights={self.folder / networks.INCEPTION}",
            f"metrics.use[0].statistics={self.folder / 'statistics.npz'}",
        ]
        return [*own, *metrics]

    def _sit(self) -> list[str]:
        return [
            f"teacher.weights={self.folder / 'SiT-XL-2-256.pt'}",
            f"dataset.folder={self.folder / 'imagenet256_features'}",
            f"dataset.labels={self.folder / 'imagenet256_labels'}",
            f"dataset.vae={self.folder / 'sd-vae-ft-ema'}",
            f"metrics.use[1].weights={self.folder / networks.INCEPTION}",
            f"backbone.size={networks.SIT_SIZE}",
        ]

    def _edm(self, conditional: bool) -> list[str]:
        kind = "cond" if conditional else "uncond"
        return [
            f"teacher.weights={self.folder / f'edm-cifar10-32x32-{kind}-vp.pkl'}",
            f"dataset.folder={self.folder / 'cifar10'}",
            *(f"backbone.{name}={value}" for name, value in networks.EDM_SIZES.items()),
        ]
