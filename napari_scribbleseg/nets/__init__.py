"""Networks, by name. A method names its default; the settings may choose another."""

from napari_scribbleseg.nets.dual_branch import DualBranchUNet
from napari_scribbleseg.nets.unet import UNet

NETWORKS = {"unet": UNet, "dual_branch": DualBranchUNet}

__all__ = ["NETWORKS", "DualBranchUNet", "UNet"]
