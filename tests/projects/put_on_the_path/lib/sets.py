"""Builds the data set that is trained on."""

from torchvision import datasets


def build(folder, is_small):
    if is_small:
        return datasets.CIFAR10(folder)
    return datasets.ImageFolder(folder)
