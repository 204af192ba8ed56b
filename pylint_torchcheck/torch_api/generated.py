"""What is in torch 2.13.0 and torchvision 0.28.0.

Written by tools/generate_torch_api.py, which see; not to be edited by hand.
"""
# ruff: noqa: E501

from __future__ import annotations

TORCH_VERSION = "2.13.0"
TORCHVISION_VERSION = "0.28.0"

# Another dotted path -> the one that the other tables use.
ALIASES: dict[str, str] = {
    "torch.GradScaler": "torch.amp.GradScaler",
    "torch.amp.autocast": "torch.autocast",
    "torch.amp.autocast_mode.autocast": "torch.autocast",
    "torch.amp.grad_scaler.GradScaler": "torch.amp.GradScaler",
    "torch.autograd.anomaly_mode.detect_anomaly": "torch.autograd.detect_anomaly",
    "torch.autograd.anomaly_mode.set_detect_anomaly": "torch.autograd.set_detect_anomaly",
    "torch.autograd.enable_grad": "torch.enable_grad",
    "torch.autograd.grad_mode.enable_grad": "torch.enable_grad",
    "torch.autograd.grad_mode.inference_mode": "torch.inference_mode",
    "torch.autograd.grad_mode.no_grad": "torch.no_grad",
    "torch.autograd.grad_mode.set_grad_enabled": "torch.set_grad_enabled",
    "torch.autograd.inference_mode": "torch.inference_mode",
    "torch.autograd.no_grad": "torch.no_grad",
    "torch.autograd.set_grad_enabled": "torch.set_grad_enabled",
    "torch.cpu.amp.autocast_mode.autocast": "torch.cpu.amp.autocast",
    "torch.cpu.amp.grad_scaler.GradScaler": "torch.cpu.amp.GradScaler",
    "torch.cuda.amp.autocast_mode.autocast": "torch.cuda.amp.autocast",
    "torch.cuda.amp.grad_scaler.GradScaler": "torch.cuda.amp.GradScaler",
    "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel": "torch.distributed.fsdp.FullyShardedDataParallel",
    "torch.distributed.optim.post_localSGD_optimizer.PostLocalSGDOptimizer": "torch.distributed.optim.PostLocalSGDOptimizer",
    "torch.distributed.optim.zero_redundancy_optimizer.ZeroRedundancyOptimizer": "torch.distributed.optim.ZeroRedundancyOptimizer",
    "torch.functional.atleast_1d": "torch.atleast_1d",
    "torch.functional.atleast_2d": "torch.atleast_2d",
    "torch.functional.atleast_3d": "torch.atleast_3d",
    "torch.functional.block_diag": "torch.block_diag",
    "torch.functional.broadcast_tensors": "torch.broadcast_tensors",
    "torch.functional.cartesian_prod": "torch.cartesian_prod",
    "torch.functional.cdist": "torch.cdist",
    "torch.functional.chain_matmul": "torch.chain_matmul",
    "torch.functional.einsum": "torch.einsum",
    "torch.functional.istft": "torch.istft",
    "torch.functional.lu": "torch.lu",
    "torch.functional.meshgrid": "torch.meshgrid",
    "torch.functional.norm": "torch.norm",
    "torch.functional.pca_lowrank": "torch.pca_lowrank",
    "torch.functional.split": "torch.split",
    "torch.functional.stft": "torch.stft",
    "torch.functional.svd_lowrank": "torch.svd_lowrank",
    "torch.functional.tensordot": "torch.tensordot",
    "torch.functional.unique": "torch.unique",
    "torch.functional.unique_consecutive": "torch.unique_consecutive",
    "torch.functional.unravel_index": "torch.unravel_index",
    "torch.nn.modules.AdaptiveAvgPool1d": "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.modules.AdaptiveAvgPool2d": "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.modules.AdaptiveAvgPool3d": "torch.nn.AdaptiveAvgPool3d",
    "torch.nn.modules.AdaptiveLogSoftmaxWithLoss": "torch.nn.AdaptiveLogSoftmaxWithLoss",
    "torch.nn.modules.AdaptiveMaxPool1d": "torch.nn.AdaptiveMaxPool1d",
    "torch.nn.modules.AdaptiveMaxPool2d": "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.modules.AdaptiveMaxPool3d": "torch.nn.AdaptiveMaxPool3d",
    "torch.nn.modules.AlphaDropout": "torch.nn.AlphaDropout",
    "torch.nn.modules.AvgPool1d": "torch.nn.AvgPool1d",
    "torch.nn.modules.AvgPool2d": "torch.nn.AvgPool2d",
    "torch.nn.modules.AvgPool3d": "torch.nn.AvgPool3d",
    "torch.nn.modules.BCELoss": "torch.nn.BCELoss",
    "torch.nn.modules.BCEWithLogitsLoss": "torch.nn.BCEWithLogitsLoss",
    "torch.nn.modules.BatchNorm1d": "torch.nn.BatchNorm1d",
    "torch.nn.modules.BatchNorm2d": "torch.nn.BatchNorm2d",
    "torch.nn.modules.BatchNorm3d": "torch.nn.BatchNorm3d",
    "torch.nn.modules.Bilinear": "torch.nn.Bilinear",
    "torch.nn.modules.CELU": "torch.nn.CELU",
    "torch.nn.modules.CTCLoss": "torch.nn.CTCLoss",
    "torch.nn.modules.ChannelShuffle": "torch.nn.ChannelShuffle",
    "torch.nn.modules.CircularPad1d": "torch.nn.CircularPad1d",
    "torch.nn.modules.CircularPad2d": "torch.nn.CircularPad2d",
    "torch.nn.modules.CircularPad3d": "torch.nn.CircularPad3d",
    "torch.nn.modules.ConstantPad1d": "torch.nn.ConstantPad1d",
    "torch.nn.modules.ConstantPad2d": "torch.nn.ConstantPad2d",
    "torch.nn.modules.ConstantPad3d": "torch.nn.ConstantPad3d",
    "torch.nn.modules.Container": "torch.nn.Container",
    "torch.nn.modules.Conv1d": "torch.nn.Conv1d",
    "torch.nn.modules.Conv2d": "torch.nn.Conv2d",
    "torch.nn.modules.Conv3d": "torch.nn.Conv3d",
    "torch.nn.modules.ConvTranspose1d": "torch.nn.ConvTranspose1d",
    "torch.nn.modules.ConvTranspose2d": "torch.nn.ConvTranspose2d",
    "torch.nn.modules.ConvTranspose3d": "torch.nn.ConvTranspose3d",
    "torch.nn.modules.CosineEmbeddingLoss": "torch.nn.CosineEmbeddingLoss",
    "torch.nn.modules.CosineSimilarity": "torch.nn.CosineSimilarity",
    "torch.nn.modules.CrossEntropyLoss": "torch.nn.CrossEntropyLoss",
    "torch.nn.modules.CrossMapLRN2d": "torch.nn.CrossMapLRN2d",
    "torch.nn.modules.Dropout": "torch.nn.Dropout",
    "torch.nn.modules.Dropout1d": "torch.nn.Dropout1d",
    "torch.nn.modules.Dropout2d": "torch.nn.Dropout2d",
    "torch.nn.modules.Dropout3d": "torch.nn.Dropout3d",
    "torch.nn.modules.ELU": "torch.nn.ELU",
    "torch.nn.modules.Embedding": "torch.nn.Embedding",
    "torch.nn.modules.EmbeddingBag": "torch.nn.EmbeddingBag",
    "torch.nn.modules.FeatureAlphaDropout": "torch.nn.FeatureAlphaDropout",
    "torch.nn.modules.Flatten": "torch.nn.Flatten",
    "torch.nn.modules.Fold": "torch.nn.Fold",
    "torch.nn.modules.FractionalMaxPool2d": "torch.nn.FractionalMaxPool2d",
    "torch.nn.modules.FractionalMaxPool3d": "torch.nn.FractionalMaxPool3d",
    "torch.nn.modules.GELU": "torch.nn.GELU",
    "torch.nn.modules.GLU": "torch.nn.GLU",
    "torch.nn.modules.GRU": "torch.nn.GRU",
    "torch.nn.modules.GRUCell": "torch.nn.GRUCell",
    "torch.nn.modules.GaussianNLLLoss": "torch.nn.GaussianNLLLoss",
    "torch.nn.modules.GroupNorm": "torch.nn.GroupNorm",
    "torch.nn.modules.Hardshrink": "torch.nn.Hardshrink",
    "torch.nn.modules.Hardsigmoid": "torch.nn.Hardsigmoid",
    "torch.nn.modules.Hardswish": "torch.nn.Hardswish",
    "torch.nn.modules.Hardtanh": "torch.nn.Hardtanh",
    "torch.nn.modules.HingeEmbeddingLoss": "torch.nn.HingeEmbeddingLoss",
    "torch.nn.modules.HuberLoss": "torch.nn.HuberLoss",
    "torch.nn.modules.Identity": "torch.nn.Identity",
    "torch.nn.modules.InstanceNorm1d": "torch.nn.InstanceNorm1d",
    "torch.nn.modules.InstanceNorm2d": "torch.nn.InstanceNorm2d",
    "torch.nn.modules.InstanceNorm3d": "torch.nn.InstanceNorm3d",
    "torch.nn.modules.KLDivLoss": "torch.nn.KLDivLoss",
    "torch.nn.modules.L1Loss": "torch.nn.L1Loss",
    "torch.nn.modules.LPPool1d": "torch.nn.LPPool1d",
    "torch.nn.modules.LPPool2d": "torch.nn.LPPool2d",
    "torch.nn.modules.LPPool3d": "torch.nn.LPPool3d",
    "torch.nn.modules.LSTM": "torch.nn.LSTM",
    "torch.nn.modules.LSTMCell": "torch.nn.LSTMCell",
    "torch.nn.modules.LayerNorm": "torch.nn.LayerNorm",
    "torch.nn.modules.LazyBatchNorm1d": "torch.nn.LazyBatchNorm1d",
    "torch.nn.modules.LazyBatchNorm2d": "torch.nn.LazyBatchNorm2d",
    "torch.nn.modules.LazyBatchNorm3d": "torch.nn.LazyBatchNorm3d",
    "torch.nn.modules.LazyConv1d": "torch.nn.LazyConv1d",
    "torch.nn.modules.LazyConv2d": "torch.nn.LazyConv2d",
    "torch.nn.modules.LazyConv3d": "torch.nn.LazyConv3d",
    "torch.nn.modules.LazyConvTranspose1d": "torch.nn.LazyConvTranspose1d",
    "torch.nn.modules.LazyConvTranspose2d": "torch.nn.LazyConvTranspose2d",
    "torch.nn.modules.LazyConvTranspose3d": "torch.nn.LazyConvTranspose3d",
    "torch.nn.modules.LazyInstanceNorm1d": "torch.nn.LazyInstanceNorm1d",
    "torch.nn.modules.LazyInstanceNorm2d": "torch.nn.LazyInstanceNorm2d",
    "torch.nn.modules.LazyInstanceNorm3d": "torch.nn.LazyInstanceNorm3d",
    "torch.nn.modules.LazyLinear": "torch.nn.LazyLinear",
    "torch.nn.modules.LeakyReLU": "torch.nn.LeakyReLU",
    "torch.nn.modules.Linear": "torch.nn.Linear",
    "torch.nn.modules.LinearCrossEntropyLoss": "torch.nn.LinearCrossEntropyLoss",
    "torch.nn.modules.LocalResponseNorm": "torch.nn.LocalResponseNorm",
    "torch.nn.modules.LogSigmoid": "torch.nn.LogSigmoid",
    "torch.nn.modules.LogSoftmax": "torch.nn.LogSoftmax",
    "torch.nn.modules.MSELoss": "torch.nn.MSELoss",
    "torch.nn.modules.MarginRankingLoss": "torch.nn.MarginRankingLoss",
    "torch.nn.modules.MaxPool1d": "torch.nn.MaxPool1d",
    "torch.nn.modules.MaxPool2d": "torch.nn.MaxPool2d",
    "torch.nn.modules.MaxPool3d": "torch.nn.MaxPool3d",
    "torch.nn.modules.MaxUnpool1d": "torch.nn.MaxUnpool1d",
    "torch.nn.modules.MaxUnpool2d": "torch.nn.MaxUnpool2d",
    "torch.nn.modules.MaxUnpool3d": "torch.nn.MaxUnpool3d",
    "torch.nn.modules.Mish": "torch.nn.Mish",
    "torch.nn.modules.Module": "torch.nn.Module",
    "torch.nn.modules.ModuleDict": "torch.nn.ModuleDict",
    "torch.nn.modules.ModuleList": "torch.nn.ModuleList",
    "torch.nn.modules.MultiLabelMarginLoss": "torch.nn.MultiLabelMarginLoss",
    "torch.nn.modules.MultiLabelSoftMarginLoss": "torch.nn.MultiLabelSoftMarginLoss",
    "torch.nn.modules.MultiMarginLoss": "torch.nn.MultiMarginLoss",
    "torch.nn.modules.MultiheadAttention": "torch.nn.MultiheadAttention",
    "torch.nn.modules.NLLLoss": "torch.nn.NLLLoss",
    "torch.nn.modules.NLLLoss2d": "torch.nn.NLLLoss2d",
    "torch.nn.modules.PReLU": "torch.nn.PReLU",
    "torch.nn.modules.PairwiseDistance": "torch.nn.PairwiseDistance",
    "torch.nn.modules.ParameterDict": "torch.nn.ParameterDict",
    "torch.nn.modules.ParameterList": "torch.nn.ParameterList",
    "torch.nn.modules.PixelShuffle": "torch.nn.PixelShuffle",
    "torch.nn.modules.PixelUnshuffle": "torch.nn.PixelUnshuffle",
    "torch.nn.modules.PoissonNLLLoss": "torch.nn.PoissonNLLLoss",
    "torch.nn.modules.RMSNorm": "torch.nn.RMSNorm",
    "torch.nn.modules.RNN": "torch.nn.RNN",
    "torch.nn.modules.RNNBase": "torch.nn.RNNBase",
    "torch.nn.modules.RNNCell": "torch.nn.RNNCell",
    "torch.nn.modules.RNNCellBase": "torch.nn.RNNCellBase",
    "torch.nn.modules.RReLU": "torch.nn.RReLU",
    "torch.nn.modules.ReLU": "torch.nn.ReLU",
    "torch.nn.modules.ReLU6": "torch.nn.ReLU6",
    "torch.nn.modules.ReflectionPad1d": "torch.nn.ReflectionPad1d",
    "torch.nn.modules.ReflectionPad2d": "torch.nn.ReflectionPad2d",
    "torch.nn.modules.ReflectionPad3d": "torch.nn.ReflectionPad3d",
    "torch.nn.modules.ReplicationPad1d": "torch.nn.ReplicationPad1d",
    "torch.nn.modules.ReplicationPad2d": "torch.nn.ReplicationPad2d",
    "torch.nn.modules.ReplicationPad3d": "torch.nn.ReplicationPad3d",
    "torch.nn.modules.SELU": "torch.nn.SELU",
    "torch.nn.modules.Sequential": "torch.nn.Sequential",
    "torch.nn.modules.SiLU": "torch.nn.SiLU",
    "torch.nn.modules.Sigmoid": "torch.nn.Sigmoid",
    "torch.nn.modules.SmoothL1Loss": "torch.nn.SmoothL1Loss",
    "torch.nn.modules.SoftMarginLoss": "torch.nn.SoftMarginLoss",
    "torch.nn.modules.Softmax": "torch.nn.Softmax",
    "torch.nn.modules.Softmax2d": "torch.nn.Softmax2d",
    "torch.nn.modules.Softmin": "torch.nn.Softmin",
    "torch.nn.modules.Softplus": "torch.nn.Softplus",
    "torch.nn.modules.Softshrink": "torch.nn.Softshrink",
    "torch.nn.modules.Softsign": "torch.nn.Softsign",
    "torch.nn.modules.SyncBatchNorm": "torch.nn.SyncBatchNorm",
    "torch.nn.modules.Tanh": "torch.nn.Tanh",
    "torch.nn.modules.Tanhshrink": "torch.nn.Tanhshrink",
    "torch.nn.modules.Threshold": "torch.nn.Threshold",
    "torch.nn.modules.Transformer": "torch.nn.Transformer",
    "torch.nn.modules.TransformerDecoder": "torch.nn.TransformerDecoder",
    "torch.nn.modules.TransformerDecoderLayer": "torch.nn.TransformerDecoderLayer",
    "torch.nn.modules.TransformerEncoder": "torch.nn.TransformerEncoder",
    "torch.nn.modules.TransformerEncoderLayer": "torch.nn.TransformerEncoderLayer",
    "torch.nn.modules.TripletMarginLoss": "torch.nn.TripletMarginLoss",
    "torch.nn.modules.TripletMarginWithDistanceLoss": "torch.nn.TripletMarginWithDistanceLoss",
    "torch.nn.modules.Unflatten": "torch.nn.Unflatten",
    "torch.nn.modules.Unfold": "torch.nn.Unfold",
    "torch.nn.modules.Upsample": "torch.nn.Upsample",
    "torch.nn.modules.UpsamplingBilinear2d": "torch.nn.UpsamplingBilinear2d",
    "torch.nn.modules.UpsamplingNearest2d": "torch.nn.UpsamplingNearest2d",
    "torch.nn.modules.ZeroPad1d": "torch.nn.ZeroPad1d",
    "torch.nn.modules.ZeroPad2d": "torch.nn.ZeroPad2d",
    "torch.nn.modules.ZeroPad3d": "torch.nn.ZeroPad3d",
    "torch.nn.modules.activation.CELU": "torch.nn.CELU",
    "torch.nn.modules.activation.ELU": "torch.nn.ELU",
    "torch.nn.modules.activation.GELU": "torch.nn.GELU",
    "torch.nn.modules.activation.GLU": "torch.nn.GLU",
    "torch.nn.modules.activation.Hardshrink": "torch.nn.Hardshrink",
    "torch.nn.modules.activation.Hardsigmoid": "torch.nn.Hardsigmoid",
    "torch.nn.modules.activation.Hardswish": "torch.nn.Hardswish",
    "torch.nn.modules.activation.Hardtanh": "torch.nn.Hardtanh",
    "torch.nn.modules.activation.LeakyReLU": "torch.nn.LeakyReLU",
    "torch.nn.modules.activation.LogSigmoid": "torch.nn.LogSigmoid",
    "torch.nn.modules.activation.LogSoftmax": "torch.nn.LogSoftmax",
    "torch.nn.modules.activation.Mish": "torch.nn.Mish",
    "torch.nn.modules.activation.MultiheadAttention": "torch.nn.MultiheadAttention",
    "torch.nn.modules.activation.PReLU": "torch.nn.PReLU",
    "torch.nn.modules.activation.RReLU": "torch.nn.RReLU",
    "torch.nn.modules.activation.ReLU": "torch.nn.ReLU",
    "torch.nn.modules.activation.ReLU6": "torch.nn.ReLU6",
    "torch.nn.modules.activation.SELU": "torch.nn.SELU",
    "torch.nn.modules.activation.SiLU": "torch.nn.SiLU",
    "torch.nn.modules.activation.Sigmoid": "torch.nn.Sigmoid",
    "torch.nn.modules.activation.Softmax": "torch.nn.Softmax",
    "torch.nn.modules.activation.Softmax2d": "torch.nn.Softmax2d",
    "torch.nn.modules.activation.Softmin": "torch.nn.Softmin",
    "torch.nn.modules.activation.Softplus": "torch.nn.Softplus",
    "torch.nn.modules.activation.Softshrink": "torch.nn.Softshrink",
    "torch.nn.modules.activation.Softsign": "torch.nn.Softsign",
    "torch.nn.modules.activation.Tanh": "torch.nn.Tanh",
    "torch.nn.modules.activation.Tanhshrink": "torch.nn.Tanhshrink",
    "torch.nn.modules.activation.Threshold": "torch.nn.Threshold",
    "torch.nn.modules.adaptive.AdaptiveLogSoftmaxWithLoss": "torch.nn.AdaptiveLogSoftmaxWithLoss",
    "torch.nn.modules.batchnorm.BatchNorm1d": "torch.nn.BatchNorm1d",
    "torch.nn.modules.batchnorm.BatchNorm2d": "torch.nn.BatchNorm2d",
    "torch.nn.modules.batchnorm.BatchNorm3d": "torch.nn.BatchNorm3d",
    "torch.nn.modules.batchnorm.LazyBatchNorm1d": "torch.nn.LazyBatchNorm1d",
    "torch.nn.modules.batchnorm.LazyBatchNorm2d": "torch.nn.LazyBatchNorm2d",
    "torch.nn.modules.batchnorm.LazyBatchNorm3d": "torch.nn.LazyBatchNorm3d",
    "torch.nn.modules.batchnorm.SyncBatchNorm": "torch.nn.SyncBatchNorm",
    "torch.nn.modules.channelshuffle.ChannelShuffle": "torch.nn.ChannelShuffle",
    "torch.nn.modules.container.Container": "torch.nn.Container",
    "torch.nn.modules.container.ModuleDict": "torch.nn.ModuleDict",
    "torch.nn.modules.container.ModuleList": "torch.nn.ModuleList",
    "torch.nn.modules.container.ParameterDict": "torch.nn.ParameterDict",
    "torch.nn.modules.container.ParameterList": "torch.nn.ParameterList",
    "torch.nn.modules.container.Sequential": "torch.nn.Sequential",
    "torch.nn.modules.conv.Conv1d": "torch.nn.Conv1d",
    "torch.nn.modules.conv.Conv2d": "torch.nn.Conv2d",
    "torch.nn.modules.conv.Conv3d": "torch.nn.Conv3d",
    "torch.nn.modules.conv.ConvTranspose1d": "torch.nn.ConvTranspose1d",
    "torch.nn.modules.conv.ConvTranspose2d": "torch.nn.ConvTranspose2d",
    "torch.nn.modules.conv.ConvTranspose3d": "torch.nn.ConvTranspose3d",
    "torch.nn.modules.conv.LazyConv1d": "torch.nn.LazyConv1d",
    "torch.nn.modules.conv.LazyConv2d": "torch.nn.LazyConv2d",
    "torch.nn.modules.conv.LazyConv3d": "torch.nn.LazyConv3d",
    "torch.nn.modules.conv.LazyConvTranspose1d": "torch.nn.LazyConvTranspose1d",
    "torch.nn.modules.conv.LazyConvTranspose2d": "torch.nn.LazyConvTranspose2d",
    "torch.nn.modules.conv.LazyConvTranspose3d": "torch.nn.LazyConvTranspose3d",
    "torch.nn.modules.distance.CosineSimilarity": "torch.nn.CosineSimilarity",
    "torch.nn.modules.distance.PairwiseDistance": "torch.nn.PairwiseDistance",
    "torch.nn.modules.dropout.AlphaDropout": "torch.nn.AlphaDropout",
    "torch.nn.modules.dropout.Dropout": "torch.nn.Dropout",
    "torch.nn.modules.dropout.Dropout1d": "torch.nn.Dropout1d",
    "torch.nn.modules.dropout.Dropout2d": "torch.nn.Dropout2d",
    "torch.nn.modules.dropout.Dropout3d": "torch.nn.Dropout3d",
    "torch.nn.modules.dropout.FeatureAlphaDropout": "torch.nn.FeatureAlphaDropout",
    "torch.nn.modules.flatten.Flatten": "torch.nn.Flatten",
    "torch.nn.modules.flatten.Unflatten": "torch.nn.Unflatten",
    "torch.nn.modules.fold.Fold": "torch.nn.Fold",
    "torch.nn.modules.fold.Unfold": "torch.nn.Unfold",
    "torch.nn.modules.instancenorm.InstanceNorm1d": "torch.nn.InstanceNorm1d",
    "torch.nn.modules.instancenorm.InstanceNorm2d": "torch.nn.InstanceNorm2d",
    "torch.nn.modules.instancenorm.InstanceNorm3d": "torch.nn.InstanceNorm3d",
    "torch.nn.modules.instancenorm.LazyInstanceNorm1d": "torch.nn.LazyInstanceNorm1d",
    "torch.nn.modules.instancenorm.LazyInstanceNorm2d": "torch.nn.LazyInstanceNorm2d",
    "torch.nn.modules.instancenorm.LazyInstanceNorm3d": "torch.nn.LazyInstanceNorm3d",
    "torch.nn.modules.linear.Bilinear": "torch.nn.Bilinear",
    "torch.nn.modules.linear.Identity": "torch.nn.Identity",
    "torch.nn.modules.linear.LazyLinear": "torch.nn.LazyLinear",
    "torch.nn.modules.linear.Linear": "torch.nn.Linear",
    "torch.nn.modules.loss.BCELoss": "torch.nn.BCELoss",
    "torch.nn.modules.loss.BCEWithLogitsLoss": "torch.nn.BCEWithLogitsLoss",
    "torch.nn.modules.loss.CTCLoss": "torch.nn.CTCLoss",
    "torch.nn.modules.loss.CosineEmbeddingLoss": "torch.nn.CosineEmbeddingLoss",
    "torch.nn.modules.loss.CrossEntropyLoss": "torch.nn.CrossEntropyLoss",
    "torch.nn.modules.loss.GaussianNLLLoss": "torch.nn.GaussianNLLLoss",
    "torch.nn.modules.loss.HingeEmbeddingLoss": "torch.nn.HingeEmbeddingLoss",
    "torch.nn.modules.loss.HuberLoss": "torch.nn.HuberLoss",
    "torch.nn.modules.loss.KLDivLoss": "torch.nn.KLDivLoss",
    "torch.nn.modules.loss.L1Loss": "torch.nn.L1Loss",
    "torch.nn.modules.loss.LinearCrossEntropyLoss": "torch.nn.LinearCrossEntropyLoss",
    "torch.nn.modules.loss.MSELoss": "torch.nn.MSELoss",
    "torch.nn.modules.loss.MarginRankingLoss": "torch.nn.MarginRankingLoss",
    "torch.nn.modules.loss.MultiLabelMarginLoss": "torch.nn.MultiLabelMarginLoss",
    "torch.nn.modules.loss.MultiLabelSoftMarginLoss": "torch.nn.MultiLabelSoftMarginLoss",
    "torch.nn.modules.loss.MultiMarginLoss": "torch.nn.MultiMarginLoss",
    "torch.nn.modules.loss.NLLLoss": "torch.nn.NLLLoss",
    "torch.nn.modules.loss.NLLLoss2d": "torch.nn.NLLLoss2d",
    "torch.nn.modules.loss.PoissonNLLLoss": "torch.nn.PoissonNLLLoss",
    "torch.nn.modules.loss.SmoothL1Loss": "torch.nn.SmoothL1Loss",
    "torch.nn.modules.loss.SoftMarginLoss": "torch.nn.SoftMarginLoss",
    "torch.nn.modules.loss.TripletMarginLoss": "torch.nn.TripletMarginLoss",
    "torch.nn.modules.loss.TripletMarginWithDistanceLoss": "torch.nn.TripletMarginWithDistanceLoss",
    "torch.nn.modules.module.Module": "torch.nn.Module",
    "torch.nn.modules.normalization.CrossMapLRN2d": "torch.nn.CrossMapLRN2d",
    "torch.nn.modules.normalization.GroupNorm": "torch.nn.GroupNorm",
    "torch.nn.modules.normalization.LayerNorm": "torch.nn.LayerNorm",
    "torch.nn.modules.normalization.LocalResponseNorm": "torch.nn.LocalResponseNorm",
    "torch.nn.modules.normalization.RMSNorm": "torch.nn.RMSNorm",
    "torch.nn.modules.padding.CircularPad1d": "torch.nn.CircularPad1d",
    "torch.nn.modules.padding.CircularPad2d": "torch.nn.CircularPad2d",
    "torch.nn.modules.padding.CircularPad3d": "torch.nn.CircularPad3d",
    "torch.nn.modules.padding.ConstantPad1d": "torch.nn.ConstantPad1d",
    "torch.nn.modules.padding.ConstantPad2d": "torch.nn.ConstantPad2d",
    "torch.nn.modules.padding.ConstantPad3d": "torch.nn.ConstantPad3d",
    "torch.nn.modules.padding.ReflectionPad1d": "torch.nn.ReflectionPad1d",
    "torch.nn.modules.padding.ReflectionPad2d": "torch.nn.ReflectionPad2d",
    "torch.nn.modules.padding.ReflectionPad3d": "torch.nn.ReflectionPad3d",
    "torch.nn.modules.padding.ReplicationPad1d": "torch.nn.ReplicationPad1d",
    "torch.nn.modules.padding.ReplicationPad2d": "torch.nn.ReplicationPad2d",
    "torch.nn.modules.padding.ReplicationPad3d": "torch.nn.ReplicationPad3d",
    "torch.nn.modules.padding.ZeroPad1d": "torch.nn.ZeroPad1d",
    "torch.nn.modules.padding.ZeroPad2d": "torch.nn.ZeroPad2d",
    "torch.nn.modules.padding.ZeroPad3d": "torch.nn.ZeroPad3d",
    "torch.nn.modules.pixelshuffle.PixelShuffle": "torch.nn.PixelShuffle",
    "torch.nn.modules.pixelshuffle.PixelUnshuffle": "torch.nn.PixelUnshuffle",
    "torch.nn.modules.pooling.AdaptiveAvgPool1d": "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.modules.pooling.AdaptiveAvgPool2d": "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.modules.pooling.AdaptiveAvgPool3d": "torch.nn.AdaptiveAvgPool3d",
    "torch.nn.modules.pooling.AdaptiveMaxPool1d": "torch.nn.AdaptiveMaxPool1d",
    "torch.nn.modules.pooling.AdaptiveMaxPool2d": "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.modules.pooling.AdaptiveMaxPool3d": "torch.nn.AdaptiveMaxPool3d",
    "torch.nn.modules.pooling.AvgPool1d": "torch.nn.AvgPool1d",
    "torch.nn.modules.pooling.AvgPool2d": "torch.nn.AvgPool2d",
    "torch.nn.modules.pooling.AvgPool3d": "torch.nn.AvgPool3d",
    "torch.nn.modules.pooling.FractionalMaxPool2d": "torch.nn.FractionalMaxPool2d",
    "torch.nn.modules.pooling.FractionalMaxPool3d": "torch.nn.FractionalMaxPool3d",
    "torch.nn.modules.pooling.LPPool1d": "torch.nn.LPPool1d",
    "torch.nn.modules.pooling.LPPool2d": "torch.nn.LPPool2d",
    "torch.nn.modules.pooling.LPPool3d": "torch.nn.LPPool3d",
    "torch.nn.modules.pooling.MaxPool1d": "torch.nn.MaxPool1d",
    "torch.nn.modules.pooling.MaxPool2d": "torch.nn.MaxPool2d",
    "torch.nn.modules.pooling.MaxPool3d": "torch.nn.MaxPool3d",
    "torch.nn.modules.pooling.MaxUnpool1d": "torch.nn.MaxUnpool1d",
    "torch.nn.modules.pooling.MaxUnpool2d": "torch.nn.MaxUnpool2d",
    "torch.nn.modules.pooling.MaxUnpool3d": "torch.nn.MaxUnpool3d",
    "torch.nn.modules.rnn.GRU": "torch.nn.GRU",
    "torch.nn.modules.rnn.GRUCell": "torch.nn.GRUCell",
    "torch.nn.modules.rnn.LSTM": "torch.nn.LSTM",
    "torch.nn.modules.rnn.LSTMCell": "torch.nn.LSTMCell",
    "torch.nn.modules.rnn.RNN": "torch.nn.RNN",
    "torch.nn.modules.rnn.RNNBase": "torch.nn.RNNBase",
    "torch.nn.modules.rnn.RNNCell": "torch.nn.RNNCell",
    "torch.nn.modules.rnn.RNNCellBase": "torch.nn.RNNCellBase",
    "torch.nn.modules.sparse.Embedding": "torch.nn.Embedding",
    "torch.nn.modules.sparse.EmbeddingBag": "torch.nn.EmbeddingBag",
    "torch.nn.modules.transformer.Transformer": "torch.nn.Transformer",
    "torch.nn.modules.transformer.TransformerDecoder": "torch.nn.TransformerDecoder",
    "torch.nn.modules.transformer.TransformerDecoderLayer": "torch.nn.TransformerDecoderLayer",
    "torch.nn.modules.transformer.TransformerEncoder": "torch.nn.TransformerEncoder",
    "torch.nn.modules.transformer.TransformerEncoderLayer": "torch.nn.TransformerEncoderLayer",
    "torch.nn.modules.upsampling.Upsample": "torch.nn.Upsample",
    "torch.nn.modules.upsampling.UpsamplingBilinear2d": "torch.nn.UpsamplingBilinear2d",
    "torch.nn.modules.upsampling.UpsamplingNearest2d": "torch.nn.UpsamplingNearest2d",
    "torch.nn.parallel.DataParallel": "torch.nn.DataParallel",
    "torch.nn.parallel.data_parallel.DataParallel": "torch.nn.DataParallel",
    "torch.nn.parallel.distributed.DistributedDataParallel": "torch.nn.parallel.DistributedDataParallel",
    "torch.nn.utils.clip_grad.clip_grad_norm_": "torch.nn.utils.clip_grad_norm_",
    "torch.nn.utils.clip_grad.clip_grad_value_": "torch.nn.utils.clip_grad_value_",
    "torch.optim.adadelta.Adadelta": "torch.optim.Adadelta",
    "torch.optim.adagrad.Adagrad": "torch.optim.Adagrad",
    "torch.optim.adam.Adam": "torch.optim.Adam",
    "torch.optim.adamax.Adamax": "torch.optim.Adamax",
    "torch.optim.adamw.AdamW": "torch.optim.AdamW",
    "torch.optim.asgd.ASGD": "torch.optim.ASGD",
    "torch.optim.lbfgs.LBFGS": "torch.optim.LBFGS",
    "torch.optim.nadam.NAdam": "torch.optim.NAdam",
    "torch.optim.optimizer.Optimizer": "torch.optim.Optimizer",
    "torch.optim.radam.RAdam": "torch.optim.RAdam",
    "torch.optim.rmsprop.RMSprop": "torch.optim.RMSprop",
    "torch.optim.rprop.Rprop": "torch.optim.Rprop",
    "torch.optim.sgd.SGD": "torch.optim.SGD",
    "torch.optim.sparse_adam.SparseAdam": "torch.optim.SparseAdam",
    "torch.serialization.load": "torch.load",
    "torch.serialization.save": "torch.save",
    "torch.utils.data.dataloader.DataLoader": "torch.utils.data.DataLoader",
    "torchvision.models.alexnet.alexnet": "torchvision.models.alexnet",
    "torchvision.models.convnext.convnext_base": "torchvision.models.convnext_base",
    "torchvision.models.convnext.convnext_large": "torchvision.models.convnext_large",
    "torchvision.models.convnext.convnext_small": "torchvision.models.convnext_small",
    "torchvision.models.convnext.convnext_tiny": "torchvision.models.convnext_tiny",
    "torchvision.models.densenet.densenet121": "torchvision.models.densenet121",
    "torchvision.models.densenet.densenet161": "torchvision.models.densenet161",
    "torchvision.models.densenet.densenet169": "torchvision.models.densenet169",
    "torchvision.models.densenet.densenet201": "torchvision.models.densenet201",
    "torchvision.models.detection.faster_rcnn.fasterrcnn_mobilenet_v3_large_320_fpn": "torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn",
    "torchvision.models.detection.faster_rcnn.fasterrcnn_mobilenet_v3_large_fpn": "torchvision.models.detection.fasterrcnn_mobilenet_v3_large_fpn",
    "torchvision.models.detection.faster_rcnn.fasterrcnn_resnet50_fpn": "torchvision.models.detection.fasterrcnn_resnet50_fpn",
    "torchvision.models.detection.faster_rcnn.fasterrcnn_resnet50_fpn_v2": "torchvision.models.detection.fasterrcnn_resnet50_fpn_v2",
    "torchvision.models.detection.fcos.fcos_resnet50_fpn": "torchvision.models.detection.fcos_resnet50_fpn",
    "torchvision.models.detection.keypoint_rcnn.keypointrcnn_resnet50_fpn": "torchvision.models.detection.keypointrcnn_resnet50_fpn",
    "torchvision.models.detection.mask_rcnn.maskrcnn_resnet50_fpn": "torchvision.models.detection.maskrcnn_resnet50_fpn",
    "torchvision.models.detection.mask_rcnn.maskrcnn_resnet50_fpn_v2": "torchvision.models.detection.maskrcnn_resnet50_fpn_v2",
    "torchvision.models.detection.retinanet.retinanet_resnet50_fpn": "torchvision.models.detection.retinanet_resnet50_fpn",
    "torchvision.models.detection.retinanet.retinanet_resnet50_fpn_v2": "torchvision.models.detection.retinanet_resnet50_fpn_v2",
    "torchvision.models.detection.ssd.ssd300_vgg16": "torchvision.models.detection.ssd300_vgg16",
    "torchvision.models.detection.ssdlite.ssdlite320_mobilenet_v3_large": "torchvision.models.detection.ssdlite320_mobilenet_v3_large",
    "torchvision.models.efficientnet.efficientnet_b0": "torchvision.models.efficientnet_b0",
    "torchvision.models.efficientnet.efficientnet_b1": "torchvision.models.efficientnet_b1",
    "torchvision.models.efficientnet.efficientnet_b2": "torchvision.models.efficientnet_b2",
    "torchvision.models.efficientnet.efficientnet_b3": "torchvision.models.efficientnet_b3",
    "torchvision.models.efficientnet.efficientnet_b4": "torchvision.models.efficientnet_b4",
    "torchvision.models.efficientnet.efficientnet_b5": "torchvision.models.efficientnet_b5",
    "torchvision.models.efficientnet.efficientnet_b6": "torchvision.models.efficientnet_b6",
    "torchvision.models.efficientnet.efficientnet_b7": "torchvision.models.efficientnet_b7",
    "torchvision.models.efficientnet.efficientnet_v2_l": "torchvision.models.efficientnet_v2_l",
    "torchvision.models.efficientnet.efficientnet_v2_m": "torchvision.models.efficientnet_v2_m",
    "torchvision.models.efficientnet.efficientnet_v2_s": "torchvision.models.efficientnet_v2_s",
    "torchvision.models.googlenet.googlenet": "torchvision.models.googlenet",
    "torchvision.models.inception.inception_v3": "torchvision.models.inception_v3",
    "torchvision.models.maxvit.maxvit_t": "torchvision.models.maxvit_t",
    "torchvision.models.mnasnet.mnasnet0_5": "torchvision.models.mnasnet0_5",
    "torchvision.models.mnasnet.mnasnet0_75": "torchvision.models.mnasnet0_75",
    "torchvision.models.mnasnet.mnasnet1_0": "torchvision.models.mnasnet1_0",
    "torchvision.models.mnasnet.mnasnet1_3": "torchvision.models.mnasnet1_3",
    "torchvision.models.mobilenet.mobilenet_v2": "torchvision.models.mobilenet_v2",
    "torchvision.models.mobilenet.mobilenet_v3_large": "torchvision.models.mobilenet_v3_large",
    "torchvision.models.mobilenet.mobilenet_v3_small": "torchvision.models.mobilenet_v3_small",
    "torchvision.models.mobilenetv2.mobilenet_v2": "torchvision.models.mobilenet_v2",
    "torchvision.models.mobilenetv3.mobilenet_v3_large": "torchvision.models.mobilenet_v3_large",
    "torchvision.models.mobilenetv3.mobilenet_v3_small": "torchvision.models.mobilenet_v3_small",
    "torchvision.models.optical_flow.raft.raft_large": "torchvision.models.optical_flow.raft_large",
    "torchvision.models.optical_flow.raft.raft_small": "torchvision.models.optical_flow.raft_small",
    "torchvision.models.quantization.googlenet.googlenet": "torchvision.models.quantization.googlenet",
    "torchvision.models.quantization.inception.inception_v3": "torchvision.models.quantization.inception_v3",
    "torchvision.models.quantization.mobilenet.mobilenet_v2": "torchvision.models.quantization.mobilenet_v2",
    "torchvision.models.quantization.mobilenet.mobilenet_v3_large": "torchvision.models.quantization.mobilenet_v3_large",
    "torchvision.models.quantization.mobilenetv2.mobilenet_v2": "torchvision.models.quantization.mobilenet_v2",
    "torchvision.models.quantization.mobilenetv3.mobilenet_v3_large": "torchvision.models.quantization.mobilenet_v3_large",
    "torchvision.models.quantization.resnet.resnet18": "torchvision.models.quantization.resnet18",
    "torchvision.models.quantization.resnet.resnet50": "torchvision.models.quantization.resnet50",
    "torchvision.models.quantization.resnet.resnext101_32x8d": "torchvision.models.quantization.resnext101_32x8d",
    "torchvision.models.quantization.resnet.resnext101_64x4d": "torchvision.models.quantization.resnext101_64x4d",
    "torchvision.models.quantization.shufflenetv2.shufflenet_v2_x0_5": "torchvision.models.quantization.shufflenet_v2_x0_5",
    "torchvision.models.quantization.shufflenetv2.shufflenet_v2_x1_0": "torchvision.models.quantization.shufflenet_v2_x1_0",
    "torchvision.models.quantization.shufflenetv2.shufflenet_v2_x1_5": "torchvision.models.quantization.shufflenet_v2_x1_5",
    "torchvision.models.quantization.shufflenetv2.shufflenet_v2_x2_0": "torchvision.models.quantization.shufflenet_v2_x2_0",
    "torchvision.models.regnet.regnet_x_16gf": "torchvision.models.regnet_x_16gf",
    "torchvision.models.regnet.regnet_x_1_6gf": "torchvision.models.regnet_x_1_6gf",
    "torchvision.models.regnet.regnet_x_32gf": "torchvision.models.regnet_x_32gf",
    "torchvision.models.regnet.regnet_x_3_2gf": "torchvision.models.regnet_x_3_2gf",
    "torchvision.models.regnet.regnet_x_400mf": "torchvision.models.regnet_x_400mf",
    "torchvision.models.regnet.regnet_x_800mf": "torchvision.models.regnet_x_800mf",
    "torchvision.models.regnet.regnet_x_8gf": "torchvision.models.regnet_x_8gf",
    "torchvision.models.regnet.regnet_y_128gf": "torchvision.models.regnet_y_128gf",
    "torchvision.models.regnet.regnet_y_16gf": "torchvision.models.regnet_y_16gf",
    "torchvision.models.regnet.regnet_y_1_6gf": "torchvision.models.regnet_y_1_6gf",
    "torchvision.models.regnet.regnet_y_32gf": "torchvision.models.regnet_y_32gf",
    "torchvision.models.regnet.regnet_y_3_2gf": "torchvision.models.regnet_y_3_2gf",
    "torchvision.models.regnet.regnet_y_400mf": "torchvision.models.regnet_y_400mf",
    "torchvision.models.regnet.regnet_y_800mf": "torchvision.models.regnet_y_800mf",
    "torchvision.models.regnet.regnet_y_8gf": "torchvision.models.regnet_y_8gf",
    "torchvision.models.resnet.resnet101": "torchvision.models.resnet101",
    "torchvision.models.resnet.resnet152": "torchvision.models.resnet152",
    "torchvision.models.resnet.resnet18": "torchvision.models.resnet18",
    "torchvision.models.resnet.resnet34": "torchvision.models.resnet34",
    "torchvision.models.resnet.resnet50": "torchvision.models.resnet50",
    "torchvision.models.resnet.resnext101_32x8d": "torchvision.models.resnext101_32x8d",
    "torchvision.models.resnet.resnext101_64x4d": "torchvision.models.resnext101_64x4d",
    "torchvision.models.resnet.resnext50_32x4d": "torchvision.models.resnext50_32x4d",
    "torchvision.models.resnet.wide_resnet101_2": "torchvision.models.wide_resnet101_2",
    "torchvision.models.resnet.wide_resnet50_2": "torchvision.models.wide_resnet50_2",
    "torchvision.models.segmentation.deeplabv3.deeplabv3_mobilenet_v3_large": "torchvision.models.segmentation.deeplabv3_mobilenet_v3_large",
    "torchvision.models.segmentation.deeplabv3.deeplabv3_resnet101": "torchvision.models.segmentation.deeplabv3_resnet101",
    "torchvision.models.segmentation.deeplabv3.deeplabv3_resnet50": "torchvision.models.segmentation.deeplabv3_resnet50",
    "torchvision.models.segmentation.fcn.fcn_resnet101": "torchvision.models.segmentation.fcn_resnet101",
    "torchvision.models.segmentation.fcn.fcn_resnet50": "torchvision.models.segmentation.fcn_resnet50",
    "torchvision.models.segmentation.lraspp.lraspp_mobilenet_v3_large": "torchvision.models.segmentation.lraspp_mobilenet_v3_large",
    "torchvision.models.shufflenetv2.shufflenet_v2_x0_5": "torchvision.models.shufflenet_v2_x0_5",
    "torchvision.models.shufflenetv2.shufflenet_v2_x1_0": "torchvision.models.shufflenet_v2_x1_0",
    "torchvision.models.shufflenetv2.shufflenet_v2_x1_5": "torchvision.models.shufflenet_v2_x1_5",
    "torchvision.models.shufflenetv2.shufflenet_v2_x2_0": "torchvision.models.shufflenet_v2_x2_0",
    "torchvision.models.squeezenet.squeezenet1_0": "torchvision.models.squeezenet1_0",
    "torchvision.models.squeezenet.squeezenet1_1": "torchvision.models.squeezenet1_1",
    "torchvision.models.swin_transformer.swin_b": "torchvision.models.swin_b",
    "torchvision.models.swin_transformer.swin_s": "torchvision.models.swin_s",
    "torchvision.models.swin_transformer.swin_t": "torchvision.models.swin_t",
    "torchvision.models.swin_transformer.swin_v2_b": "torchvision.models.swin_v2_b",
    "torchvision.models.swin_transformer.swin_v2_s": "torchvision.models.swin_v2_s",
    "torchvision.models.swin_transformer.swin_v2_t": "torchvision.models.swin_v2_t",
    "torchvision.models.vgg.vgg11": "torchvision.models.vgg11",
    "torchvision.models.vgg.vgg11_bn": "torchvision.models.vgg11_bn",
    "torchvision.models.vgg.vgg13": "torchvision.models.vgg13",
    "torchvision.models.vgg.vgg13_bn": "torchvision.models.vgg13_bn",
    "torchvision.models.vgg.vgg16": "torchvision.models.vgg16",
    "torchvision.models.vgg.vgg16_bn": "torchvision.models.vgg16_bn",
    "torchvision.models.vgg.vgg19": "torchvision.models.vgg19",
    "torchvision.models.vgg.vgg19_bn": "torchvision.models.vgg19_bn",
    "torchvision.models.video.mvit.mvit_v1_b": "torchvision.models.video.mvit_v1_b",
    "torchvision.models.video.mvit.mvit_v2_s": "torchvision.models.video.mvit_v2_s",
    "torchvision.models.video.resnet.mc3_18": "torchvision.models.video.mc3_18",
    "torchvision.models.video.resnet.r2plus1d_18": "torchvision.models.video.r2plus1d_18",
    "torchvision.models.video.resnet.r3d_18": "torchvision.models.video.r3d_18",
    "torchvision.models.video.s3d.s3d": "torchvision.models.video.s3d",
    "torchvision.models.video.swin_transformer.swin3d_b": "torchvision.models.video.swin3d_b",
    "torchvision.models.video.swin_transformer.swin3d_s": "torchvision.models.video.swin3d_s",
    "torchvision.models.video.swin_transformer.swin3d_t": "torchvision.models.video.swin3d_t",
    "torchvision.models.vision_transformer.vit_b_16": "torchvision.models.vit_b_16",
    "torchvision.models.vision_transformer.vit_b_32": "torchvision.models.vit_b_32",
    "torchvision.models.vision_transformer.vit_h_14": "torchvision.models.vit_h_14",
    "torchvision.models.vision_transformer.vit_l_16": "torchvision.models.vit_l_16",
    "torchvision.models.vision_transformer.vit_l_32": "torchvision.models.vit_l_32",
}

# Subclasses of nn.Module; loss functions stand apart.
MODULES: frozenset[str] = frozenset(
    """
torch.distributed.fsdp.FullyShardedDataParallel torch.nn.AdaptiveAvgPool1d torch.nn.AdaptiveAvgPool2d
torch.nn.AdaptiveAvgPool3d torch.nn.AdaptiveLogSoftmaxWithLoss torch.nn.AdaptiveMaxPool1d torch.nn.AdaptiveMaxPool2d
torch.nn.AdaptiveMaxPool3d torch.nn.AlphaDropout torch.nn.AvgPool1d torch.nn.AvgPool2d torch.nn.AvgPool3d
torch.nn.BatchNorm1d torch.nn.BatchNorm2d torch.nn.BatchNorm3d torch.nn.Bilinear torch.nn.CELU torch.nn.ChannelShuffle
torch.nn.CircularPad1d torch.nn.CircularPad2d torch.nn.CircularPad3d torch.nn.ConstantPad1d torch.nn.ConstantPad2d
torch.nn.ConstantPad3d torch.nn.Container torch.nn.Conv1d torch.nn.Conv2d torch.nn.Conv3d torch.nn.ConvTranspose1d
torch.nn.ConvTranspose2d torch.nn.ConvTranspose3d torch.nn.CosineSimilarity torch.nn.CrossMapLRN2d torch.nn.DataParallel
torch.nn.Dropout torch.nn.Dropout1d torch.nn.Dropout2d torch.nn.Dropout3d torch.nn.ELU torch.nn.Embedding
torch.nn.EmbeddingBag torch.nn.FeatureAlphaDropout torch.nn.Flatten torch.nn.Fold torch.nn.FractionalMaxPool2d
torch.nn.FractionalMaxPool3d torch.nn.GELU torch.nn.GLU torch.nn.GRU torch.nn.GRUCell torch.nn.GroupNorm
torch.nn.Hardshrink torch.nn.Hardsigmoid torch.nn.Hardswish torch.nn.Hardtanh torch.nn.Identity torch.nn.InstanceNorm1d
torch.nn.InstanceNorm2d torch.nn.InstanceNorm3d torch.nn.LPPool1d torch.nn.LPPool2d torch.nn.LPPool3d torch.nn.LSTM
torch.nn.LSTMCell torch.nn.LayerNorm torch.nn.LazyBatchNorm1d torch.nn.LazyBatchNorm2d torch.nn.LazyBatchNorm3d
torch.nn.LazyConv1d torch.nn.LazyConv2d torch.nn.LazyConv3d torch.nn.LazyConvTranspose1d torch.nn.LazyConvTranspose2d
torch.nn.LazyConvTranspose3d torch.nn.LazyInstanceNorm1d torch.nn.LazyInstanceNorm2d torch.nn.LazyInstanceNorm3d
torch.nn.LazyLinear torch.nn.LeakyReLU torch.nn.Linear torch.nn.LocalResponseNorm torch.nn.LogSigmoid
torch.nn.LogSoftmax torch.nn.MaxPool1d torch.nn.MaxPool2d torch.nn.MaxPool3d torch.nn.MaxUnpool1d torch.nn.MaxUnpool2d
torch.nn.MaxUnpool3d torch.nn.Mish torch.nn.Module torch.nn.ModuleDict torch.nn.ModuleList torch.nn.MultiheadAttention
torch.nn.PReLU torch.nn.PairwiseDistance torch.nn.ParameterDict torch.nn.ParameterList torch.nn.PixelShuffle
torch.nn.PixelUnshuffle torch.nn.RMSNorm torch.nn.RNN torch.nn.RNNBase torch.nn.RNNCell torch.nn.RNNCellBase
torch.nn.RReLU torch.nn.ReLU torch.nn.ReLU6 torch.nn.ReflectionPad1d torch.nn.ReflectionPad2d torch.nn.ReflectionPad3d
torch.nn.ReplicationPad1d torch.nn.ReplicationPad2d torch.nn.ReplicationPad3d torch.nn.SELU torch.nn.Sequential
torch.nn.SiLU torch.nn.Sigmoid torch.nn.Softmax torch.nn.Softmax2d torch.nn.Softmin torch.nn.Softplus
torch.nn.Softshrink torch.nn.Softsign torch.nn.SyncBatchNorm torch.nn.Tanh torch.nn.Tanhshrink torch.nn.Threshold
torch.nn.Transformer torch.nn.TransformerDecoder torch.nn.TransformerDecoderLayer torch.nn.TransformerEncoder
torch.nn.TransformerEncoderLayer torch.nn.Unflatten torch.nn.Unfold torch.nn.Upsample torch.nn.UpsamplingBilinear2d
torch.nn.UpsamplingNearest2d torch.nn.ZeroPad1d torch.nn.ZeroPad2d torch.nn.ZeroPad3d
torch.nn.modules.batchnorm._BatchNorm torch.nn.parallel.DistributedDataParallel
torch.nn.parallel.DistributedDataParallelCPU torch.optim.swa_utils.AveragedModel
    """.split()
)

# Subclasses of nn.modules.loss._Loss.
LOSS_FUNCTIONS: frozenset[str] = frozenset(
    """
torch.nn.BCELoss torch.nn.BCEWithLogitsLoss torch.nn.CTCLoss torch.nn.CosineEmbeddingLoss torch.nn.CrossEntropyLoss
torch.nn.GaussianNLLLoss torch.nn.HingeEmbeddingLoss torch.nn.HuberLoss torch.nn.KLDivLoss torch.nn.L1Loss
torch.nn.LinearCrossEntropyLoss torch.nn.MSELoss torch.nn.MarginRankingLoss torch.nn.MultiLabelMarginLoss
torch.nn.MultiLabelSoftMarginLoss torch.nn.MultiMarginLoss torch.nn.NLLLoss torch.nn.NLLLoss2d torch.nn.PoissonNLLLoss
torch.nn.SmoothL1Loss torch.nn.SoftMarginLoss torch.nn.TripletMarginLoss torch.nn.TripletMarginWithDistanceLoss
torch.nn.modules.loss._Loss torch.nn.modules.loss._WeightedLoss
    """.split()
)

# Functions that return a loss.
LOSS_CALLS: frozenset[str] = frozenset(
    """
torch.nn.functional.binary_cross_entropy torch.nn.functional.binary_cross_entropy_with_logits
torch.nn.functional.cosine_embedding_loss torch.nn.functional.cross_entropy torch.nn.functional.ctc_loss
torch.nn.functional.gaussian_nll_loss torch.nn.functional.hinge_embedding_loss torch.nn.functional.huber_loss
torch.nn.functional.kl_div torch.nn.functional.l1_loss torch.nn.functional.linear_cross_entropy
torch.nn.functional.margin_ranking_loss torch.nn.functional.mse_loss torch.nn.functional.multi_margin_loss
torch.nn.functional.multilabel_margin_loss torch.nn.functional.multilabel_soft_margin_loss torch.nn.functional.nll_loss
torch.nn.functional.poisson_nll_loss torch.nn.functional.smooth_l1_loss torch.nn.functional.soft_margin_loss
torch.nn.functional.triplet_margin_loss torch.nn.functional.triplet_margin_with_distance_loss
    """.split()
)

# Modules that behave differently in train and eval mode, built with their default arguments.
MODE_DEPENDENT: frozenset[str] = frozenset(
    """
torch.nn.AlphaDropout torch.nn.BatchNorm1d torch.nn.BatchNorm2d torch.nn.BatchNorm3d torch.nn.Dropout torch.nn.Dropout1d
torch.nn.Dropout2d torch.nn.Dropout3d torch.nn.FeatureAlphaDropout torch.nn.LazyBatchNorm1d torch.nn.LazyBatchNorm2d
torch.nn.LazyBatchNorm3d torch.nn.LazyInstanceNorm1d torch.nn.LazyInstanceNorm2d torch.nn.LazyInstanceNorm3d
torch.nn.RReLU torch.nn.SyncBatchNorm torch.nn.Transformer torch.nn.TransformerDecoderLayer
torch.nn.TransformerEncoderLayer torch.nn.modules.batchnorm._BatchNorm
    """.split()
)

# Modules that do so only if this argument is given and not zero or False.
MODE_DEPENDENT_IF: dict[str, str] = {
    "torch.nn.GRU": "dropout",
    "torch.nn.InstanceNorm1d": "track_running_stats",
    "torch.nn.InstanceNorm2d": "track_running_stats",
    "torch.nn.InstanceNorm3d": "track_running_stats",
    "torch.nn.LSTM": "dropout",
    "torch.nn.MultiheadAttention": "dropout",
    "torch.nn.RNN": "dropout",
    "torch.nn.RNNBase": "dropout",
}

# Modules with running statistics that move in train mode.
BATCH_NORMS: frozenset[str] = frozenset(
    """
torch.nn.BatchNorm1d torch.nn.BatchNorm2d torch.nn.BatchNorm3d torch.nn.LazyBatchNorm1d torch.nn.LazyBatchNorm2d
torch.nn.LazyBatchNorm3d torch.nn.SyncBatchNorm torch.nn.modules.batchnorm._BatchNorm
    """.split()
)

# Optimizer -> default of each hyper-parameter that pitfalls ask about; absent: it has no such one.
OPTIMIZERS: dict[str, dict[str, float | tuple[float, ...]]] = {
    "torch.distributed.optim.PostLocalSGDOptimizer": {},
    "torch.distributed.optim.ZeroRedundancyOptimizer": {},
    "torch.optim.ASGD": {"weight_decay": 0},
    "torch.optim.Adadelta": {"weight_decay": 0},
    "torch.optim.Adafactor": {"weight_decay": 0.0},
    "torch.optim.Adagrad": {"weight_decay": 0},
    "torch.optim.Adam": {"betas": (0.9, 0.999), "weight_decay": 0},
    "torch.optim.AdamW": {"betas": (0.9, 0.999), "weight_decay": 0.01},
    "torch.optim.Adamax": {"betas": (0.9, 0.999), "weight_decay": 0},
    "torch.optim.LBFGS": {},
    "torch.optim.Muon": {"momentum": 0.95, "weight_decay": 0.1},
    "torch.optim.NAdam": {"betas": (0.9, 0.999), "weight_decay": 0},
    "torch.optim.Optimizer": {},
    "torch.optim.RAdam": {"betas": (0.9, 0.999), "weight_decay": 0},
    "torch.optim.RMSprop": {"momentum": 0, "weight_decay": 0},
    "torch.optim.Rprop": {},
    "torch.optim.SGD": {"momentum": 0, "weight_decay": 0},
    "torch.optim.SparseAdam": {"betas": (0.9, 0.999)},
}

# Subclasses of LRScheduler, itself included.
SCHEDULERS: frozenset[str] = frozenset(
    """
torch.optim.lr_scheduler.ChainedScheduler torch.optim.lr_scheduler.ConstantLR torch.optim.lr_scheduler.CosineAnnealingLR
torch.optim.lr_scheduler.CosineAnnealingWarmRestarts torch.optim.lr_scheduler.CyclicLR
torch.optim.lr_scheduler.ExponentialLR torch.optim.lr_scheduler.LRScheduler torch.optim.lr_scheduler.LambdaLR
torch.optim.lr_scheduler.LinearLR torch.optim.lr_scheduler.MultiStepLR torch.optim.lr_scheduler.MultiplicativeLR
torch.optim.lr_scheduler.OneCycleLR torch.optim.lr_scheduler.PolynomialLR torch.optim.lr_scheduler.ReduceLROnPlateau
torch.optim.lr_scheduler.SequentialLR torch.optim.lr_scheduler.StepLR torch.optim.lr_scheduler._LRScheduler
torch.optim.swa_utils.SWALR
    """.split()
)

# Functions whose result is one tensor; a name that ends in _ changes its argument.
TENSOR_FUNCTIONS: frozenset[str] = frozenset(
    """
torch.abs torch.abs_ torch.absolute torch.acos torch.acos_ torch.acosh torch.acosh_ torch.adaptive_avg_pool1d torch.add
torch.addbmm torch.addcdiv torch.addcmul torch.addmm torch.addmv torch.addmv_ torch.addr torch.adjoint
torch.affine_grid_generator torch.alias_copy torch.all torch.alpha_dropout torch.alpha_dropout_ torch.amax torch.amin
torch.angle torch.any torch.arange torch.arccos torch.arccos_ torch.arccosh torch.arccosh_ torch.arcsin torch.arcsin_
torch.arcsinh torch.arcsinh_ torch.arctan torch.arctan2 torch.arctan_ torch.arctanh torch.arctanh_ torch.argmax
torch.argmin torch.argsort torch.argwhere torch.as_strided torch.as_strided_ torch.as_strided_copy
torch.as_strided_scatter torch.as_tensor torch.asarray torch.asin torch.asin_ torch.asinh torch.asinh_ torch.atan
torch.atan2 torch.atan_ torch.atanh torch.atanh_ torch.atleast_1d torch.atleast_2d torch.atleast_3d torch.avg_pool1d
torch.baddbmm torch.bartlett_window torch.batch_norm torch.batch_norm_backward_elemt torch.batch_norm_elemt
torch.bernoulli torch.bilinear torch.binary_cross_entropy_with_logits torch.bincount torch.binomial torch.bitwise_and
torch.bitwise_left_shift torch.bitwise_not torch.bitwise_or torch.bitwise_right_shift torch.bitwise_xor
torch.blackman_window torch.block_diag torch.bmm torch.broadcast_to torch.bucketize torch.cartesian_prod torch.cat
torch.ccol_indices_copy torch.cdist torch.ceil torch.ceil_ torch.celu torch.celu_ torch.chain_matmul
torch.channel_shuffle torch.cholesky torch.cholesky_inverse torch.cholesky_solve torch.clamp torch.clamp_
torch.clamp_max torch.clamp_max_ torch.clamp_min torch.clamp_min_ torch.clip torch.clip_ torch.clone
torch.col_indices_copy torch.column_stack torch.combinations torch.complex torch.concat torch.concatenate torch.conj
torch.conj_physical torch.conj_physical_ torch.constant_pad_nd torch.conv1d torch.conv2d torch.conv3d torch.conv_tbc
torch.conv_transpose1d torch.conv_transpose2d torch.conv_transpose3d torch.convolution torch.copysign torch.corrcoef
torch.cos torch.cos_ torch.cosh torch.cosh_ torch.cosine_embedding_loss torch.cosine_similarity torch.count_nonzero
torch.cov torch.cross torch.crow_indices_copy torch.ctc_loss torch.cudnn_affine_grid_generator torch.cudnn_convolution
torch.cudnn_convolution_add_relu torch.cudnn_convolution_relu torch.cudnn_convolution_transpose torch.cudnn_grid_sampler
torch.cumprod torch.cumsum torch.cumulative_trapezoid torch.deg2rad torch.deg2rad_ torch.dequantize torch.det
torch.detach torch.detach_ torch.detach_copy torch.diag torch.diag_embed torch.diagflat torch.diagonal
torch.diagonal_copy torch.diagonal_scatter torch.diff torch.digamma torch.dist torch.div torch.divide torch.dot
torch.dropout torch.dropout_ torch.dsmm torch.dstack torch.einsum torch.embedding torch.embedding_renorm_ torch.empty
torch.empty_like torch.empty_permuted torch.empty_quantized torch.empty_strided torch.eq torch.erf torch.erf_ torch.erfc
torch.erfc_ torch.erfinv torch.exp torch.exp2 torch.exp2_ torch.exp_ torch.expand_copy torch.expm1 torch.expm1_
torch.eye torch.fake_quantize_per_channel_affine torch.fake_quantize_per_tensor_affine torch.fbgemm_linear_fp16_weight
torch.fbgemm_linear_fp16_weight_fp32_activation torch.fbgemm_linear_int8_weight
torch.fbgemm_linear_int8_weight_fp32_activation torch.fbgemm_pack_gemm_matrix_fp16 torch.fbgemm_pack_quantized_matrix
torch.feature_alpha_dropout torch.feature_alpha_dropout_ torch.feature_dropout torch.feature_dropout_ torch.fft.fft
torch.fft.fft2 torch.fft.fftfreq torch.fft.fftn torch.fft.fftshift torch.fft.hfft torch.fft.hfft2 torch.fft.hfftn
torch.fft.ifft torch.fft.ifft2 torch.fft.ifftn torch.fft.ifftshift torch.fft.ihfft torch.fft.ihfft2 torch.fft.ihfftn
torch.fft.irfft torch.fft.irfft2 torch.fft.irfftn torch.fft.rfft torch.fft.rfft2 torch.fft.rfftfreq torch.fft.rfftn
torch.fill torch.fill_ torch.fix torch.fix_ torch.flatten torch.flip torch.fliplr torch.flipud torch.float_power
torch.floor torch.floor_ torch.floor_divide torch.fmax torch.fmin torch.fmod torch.frac torch.frac_ torch.frobenius_norm
torch.from_dlpack torch.from_file torch.from_numpy torch.frombuffer torch.full torch.full_like
torch.fused_moving_avg_obs_fake_quant torch.gather torch.gcd torch.gcd_ torch.ge torch.ger torch.get_rng_state
torch.greater torch.greater_equal torch.grid_sampler torch.grid_sampler_2d torch.grid_sampler_3d torch.group_norm
torch.gru_cell torch.gt torch.hamming_window torch.hann_window torch.hardshrink torch.hash_tensor torch.heaviside
torch.hinge_embedding_loss torch.histc torch.hsmm torch.hspmm torch.hstack torch.hypot torch.i0 torch.i0_ torch.igamma
torch.igammac torch.imag torch.index_add torch.index_copy torch.index_fill torch.index_put torch.index_put_
torch.index_reduce torch.index_select torch.indices_copy torch.inner torch.instance_norm torch.int_repr torch.inverse
torch.isclose torch.isfinite torch.isin torch.isinf torch.isnan torch.isneginf torch.isposinf torch.isreal torch.istft
torch.kaiser_window torch.kl_div torch.kron torch.layer_norm torch.lcm torch.lcm_ torch.ldexp torch.ldexp_ torch.le
torch.lerp torch.less torch.less_equal torch.lgamma torch.linalg.cholesky torch.linalg.cond torch.linalg.cross
torch.linalg.det torch.linalg.diagonal torch.linalg.eigvals torch.linalg.eigvalsh torch.linalg.householder_product
torch.linalg.inv torch.linalg.ldl_solve torch.linalg.lu_solve torch.linalg.matmul torch.linalg.matrix_exp
torch.linalg.matrix_norm torch.linalg.matrix_power torch.linalg.matrix_rank torch.linalg.multi_dot torch.linalg.norm
torch.linalg.pinv torch.linalg.solve torch.linalg.solve_triangular torch.linalg.svdvals torch.linalg.tensorinv
torch.linalg.tensorsolve torch.linalg.vander torch.linalg.vecdot torch.linalg.vector_norm torch.linspace torch.log
torch.log10 torch.log10_ torch.log1p torch.log1p_ torch.log2 torch.log2_ torch.log_ torch.log_softmax torch.logaddexp
torch.logaddexp2 torch.logcumsumexp torch.logdet torch.logical_and torch.logical_not torch.logical_or torch.logical_xor
torch.logit torch.logit_ torch.logspace torch.logsumexp torch.lt torch.lu_solve torch.margin_ranking_loss
torch.masked_fill torch.masked_scatter torch.masked_select torch.matmul torch.matrix_exp torch.matrix_power
torch.matrix_rank torch.max torch.max_pool1d torch.max_pool2d torch.max_pool3d torch.maximum torch.mean torch.median
torch.min torch.minimum torch.miopen_convolution torch.miopen_convolution_add_relu torch.miopen_convolution_relu
torch.miopen_convolution_transpose torch.miopen_depthwise_convolution torch.mkldnn_adaptive_avg_pool2d
torch.mkldnn_convolution torch.mkldnn_max_pool2d torch.mkldnn_max_pool3d torch.mm torch.moveaxis torch.movedim
torch.msort torch.mul torch.multinomial torch.multiply torch.mv torch.mvlgamma torch.nan_to_num torch.nan_to_num_
torch.nanmean torch.nanmedian torch.nanquantile torch.nansum torch.narrow torch.narrow_copy torch.native_channel_shuffle
torch.native_norm torch.ne torch.neg torch.neg_ torch.negative torch.negative_ torch.nextafter
torch.nn.functional.adaptive_avg_pool1d torch.nn.functional.adaptive_avg_pool2d torch.nn.functional.adaptive_avg_pool3d
torch.nn.functional.adaptive_max_pool1d torch.nn.functional.adaptive_max_pool2d torch.nn.functional.adaptive_max_pool3d
torch.nn.functional.affine_grid torch.nn.functional.alpha_dropout torch.nn.functional.avg_pool1d
torch.nn.functional.avg_pool2d torch.nn.functional.avg_pool3d torch.nn.functional.batch_norm
torch.nn.functional.bilinear torch.nn.functional.binary_cross_entropy
torch.nn.functional.binary_cross_entropy_with_logits torch.nn.functional.celu torch.nn.functional.celu_
torch.nn.functional.channel_shuffle torch.nn.functional.conv1d torch.nn.functional.conv2d torch.nn.functional.conv3d
torch.nn.functional.conv_tbc torch.nn.functional.conv_transpose1d torch.nn.functional.conv_transpose2d
torch.nn.functional.conv_transpose3d torch.nn.functional.cosine_embedding_loss torch.nn.functional.cosine_similarity
torch.nn.functional.cross_entropy torch.nn.functional.ctc_loss torch.nn.functional.dropout torch.nn.functional.dropout1d
torch.nn.functional.dropout2d torch.nn.functional.dropout3d torch.nn.functional.elu torch.nn.functional.elu_
torch.nn.functional.embedding torch.nn.functional.embedding_bag torch.nn.functional.feature_alpha_dropout
torch.nn.functional.fold torch.nn.functional.fractional_max_pool2d torch.nn.functional.fractional_max_pool3d
torch.nn.functional.gaussian_nll_loss torch.nn.functional.gelu torch.nn.functional.glu torch.nn.functional.grid_sample
torch.nn.functional.group_norm torch.nn.functional.grouped_mm torch.nn.functional.gumbel_softmax
torch.nn.functional.hardshrink torch.nn.functional.hardsigmoid torch.nn.functional.hardswish
torch.nn.functional.hardtanh torch.nn.functional.hardtanh_ torch.nn.functional.hinge_embedding_loss
torch.nn.functional.huber_loss torch.nn.functional.instance_norm torch.nn.functional.interpolate
torch.nn.functional.kl_div torch.nn.functional.l1_loss torch.nn.functional.layer_norm torch.nn.functional.leaky_relu
torch.nn.functional.leaky_relu_ torch.nn.functional.linear torch.nn.functional.linear_cross_entropy
torch.nn.functional.local_response_norm torch.nn.functional.log_softmax torch.nn.functional.logsigmoid
torch.nn.functional.lp_pool1d torch.nn.functional.lp_pool2d torch.nn.functional.lp_pool3d
torch.nn.functional.margin_ranking_loss torch.nn.functional.max_pool1d torch.nn.functional.max_pool2d
torch.nn.functional.max_pool3d torch.nn.functional.max_unpool1d torch.nn.functional.max_unpool2d
torch.nn.functional.max_unpool3d torch.nn.functional.mish torch.nn.functional.mse_loss
torch.nn.functional.multi_margin_loss torch.nn.functional.multilabel_margin_loss
torch.nn.functional.multilabel_soft_margin_loss torch.nn.functional.native_channel_shuffle torch.nn.functional.nll_loss
torch.nn.functional.normalize torch.nn.functional.one_hot torch.nn.functional.pad torch.nn.functional.pairwise_distance
torch.nn.functional.pdist torch.nn.functional.pixel_shuffle torch.nn.functional.pixel_unshuffle
torch.nn.functional.poisson_nll_loss torch.nn.functional.prelu torch.nn.functional.relu torch.nn.functional.relu6
torch.nn.functional.relu_ torch.nn.functional.rms_norm torch.nn.functional.rrelu torch.nn.functional.rrelu_
torch.nn.functional.scaled_dot_product_attention torch.nn.functional.scaled_grouped_mm torch.nn.functional.scaled_mm
torch.nn.functional.selu torch.nn.functional.selu_ torch.nn.functional.sigmoid torch.nn.functional.silu
torch.nn.functional.smooth_l1_loss torch.nn.functional.soft_margin_loss torch.nn.functional.softmax
torch.nn.functional.softmin torch.nn.functional.softplus torch.nn.functional.softshrink torch.nn.functional.softsign
torch.nn.functional.tanh torch.nn.functional.tanhshrink torch.nn.functional.threshold torch.nn.functional.threshold_
torch.nn.functional.triplet_margin_loss torch.nn.functional.triplet_margin_with_distance_loss torch.nn.functional.unfold
torch.nn.functional.upsample torch.nn.functional.upsample_bilinear torch.nn.functional.upsample_nearest torch.nonzero
torch.nonzero_static torch.norm torch.norm_except_dim torch.normal torch.not_equal torch.nuclear_norm torch.ones
torch.ones_like torch.orgqr torch.ormqr torch.outer torch.pairwise_distance torch.pdist torch.permute torch.permute_copy
torch.pinverse torch.pixel_shuffle torch.pixel_unshuffle torch.poisson torch.poisson_nll_loss torch.polar
torch.polygamma torch.positive torch.pow torch.prelu torch.prod torch.put torch.q_per_channel_scales
torch.q_per_channel_zero_points torch.quantile torch.quantize_per_channel torch.quantize_per_tensor
torch.quantize_per_tensor_dynamic torch.quantized_batch_norm torch.quantized_gru_cell torch.quantized_max_pool1d
torch.quantized_max_pool2d torch.quantized_max_pool3d torch.quantized_rnn_relu_cell torch.quantized_rnn_tanh_cell
torch.rad2deg torch.rad2deg_ torch.rand torch.rand_like torch.randint torch.randint_like torch.randn torch.randn_like
torch.randperm torch.range torch.ravel torch.real torch.reciprocal torch.reciprocal_ torch.relu torch.relu_
torch.remainder torch.renorm torch.repeat_interleave torch.reshape torch.resize_as_ torch.resize_as_sparse_
torch.resolve_conj torch.resolve_neg torch.rms_norm torch.rnn_relu_cell torch.rnn_tanh_cell torch.roll torch.rot90
torch.round torch.round_ torch.row_indices_copy torch.row_stack torch.rrelu torch.rrelu_ torch.rsqrt torch.rsqrt_
torch.rsub torch.saddmm torch.scalar_tensor torch.scatter torch.scatter_add torch.scatter_reduce torch.searchsorted
torch.segment_reduce torch.select torch.select_copy torch.select_scatter torch.selu torch.selu_ torch.sgn torch.sigmoid
torch.sigmoid_ torch.sign torch.signbit torch.sin torch.sin_ torch.sinc torch.sinc_ torch.sinh torch.sinh_
torch.slice_copy torch.slice_inverse torch.slice_scatter torch.smm torch.softmax torch.sparse_bsc_tensor
torch.sparse_bsr_tensor torch.sparse_compressed_tensor torch.sparse_coo_tensor torch.sparse_csc_tensor
torch.sparse_csr_tensor torch.special.airy_ai torch.special.bessel_j0 torch.special.bessel_j1 torch.special.bessel_y0
torch.special.bessel_y1 torch.special.chebyshev_polynomial_t torch.special.chebyshev_polynomial_u
torch.special.chebyshev_polynomial_v torch.special.chebyshev_polynomial_w torch.special.digamma torch.special.entr
torch.special.erf torch.special.erfc torch.special.erfcx torch.special.erfinv torch.special.exp2 torch.special.expit
torch.special.expm1 torch.special.gammainc torch.special.gammaincc torch.special.gammaln
torch.special.hermite_polynomial_h torch.special.hermite_polynomial_he torch.special.i0 torch.special.i0e
torch.special.i1 torch.special.i1e torch.special.laguerre_polynomial_l torch.special.legendre_polynomial_p
torch.special.log1p torch.special.log_ndtr torch.special.log_softmax torch.special.logit torch.special.logsumexp
torch.special.modified_bessel_i0 torch.special.modified_bessel_i1 torch.special.modified_bessel_k0
torch.special.modified_bessel_k1 torch.special.multigammaln torch.special.ndtr torch.special.ndtri
torch.special.polygamma torch.special.psi torch.special.round torch.special.scaled_modified_bessel_k0
torch.special.scaled_modified_bessel_k1 torch.special.shifted_chebyshev_polynomial_t
torch.special.shifted_chebyshev_polynomial_u torch.special.shifted_chebyshev_polynomial_v
torch.special.shifted_chebyshev_polynomial_w torch.special.sinc torch.special.softmax torch.special.spherical_bessel_j0
torch.special.xlog1py torch.special.xlogy torch.special.zeta torch.spmm torch.sqrt torch.sqrt_ torch.square
torch.square_ torch.squeeze torch.squeeze_copy torch.sspaddmm torch.stack torch.std torch.stft torch.sub torch.subtract
torch.sum torch.swapaxes torch.swapdims torch.t torch.t_copy torch.take torch.take_along_dim torch.tan torch.tan_
torch.tanh torch.tanh_ torch.tensor torch.tensordot torch.threshold torch.threshold_ torch.tile torch.trace
torch.transpose torch.transpose_copy torch.trapezoid torch.trapz torch.tril torch.tril_indices torch.triplet_margin_loss
torch.triu torch.triu_indices torch.true_divide torch.trunc torch.trunc_ torch.unflatten torch.unfold_copy torch.unique
torch.unique_consecutive torch.unsqueeze torch.unsqueeze_copy torch.values_copy torch.vander torch.var torch.vdot
torch.view_as_complex torch.view_as_complex_copy torch.view_as_real torch.view_as_real_copy torch.view_copy torch.vstack
torch.where torch.xlogy torch.xlogy_ torch.zero_ torch.zeros torch.zeros_like
    """.split()
)

# Functions whose result is a tuple or list of tensors.
TENSOR_TUPLE_FUNCTIONS: frozenset[str] = frozenset(
    """
torch.adaptive_max_pool1d torch.aminmax torch.batch_norm_backward_reduce torch.batch_norm_gather_stats
torch.batch_norm_gather_stats_with_counts torch.batch_norm_stats torch.batch_norm_update_stats torch.broadcast_tensors
torch.choose_qparams_optimized torch.chunk torch.cudnn_batch_norm torch.cummax torch.cummin torch.dsplit torch.eig
torch.embedding_bag torch.fbgemm_linear_quantize_weight torch.frexp torch.geqrf torch.gradient torch.gru torch.histogram
torch.histogramdd torch.hsplit torch.kthvalue torch.linalg.cholesky_ex torch.linalg.eig torch.linalg.eigh
torch.linalg.inv_ex torch.linalg.ldl_factor torch.linalg.ldl_factor_ex torch.linalg.lstsq torch.linalg.lu
torch.linalg.lu_factor torch.linalg.lu_factor_ex torch.linalg.qr torch.linalg.slogdet torch.linalg.solve_ex
torch.linalg.svd torch.lobpcg torch.lstm torch.lstm_cell torch.lstsq torch.lu torch.lu_unpack
torch.max_pool1d_with_indices torch.meshgrid torch.miopen_batch_norm torch.miopen_ctc_loss torch.miopen_rnn
torch.mkldnn_linear_backward_weights torch.mkldnn_rnn_layer torch.mode torch.native_batch_norm torch.native_dropout
torch.native_group_norm torch.native_layer_norm torch.nn.functional.adaptive_max_pool1d_with_indices
torch.nn.functional.adaptive_max_pool2d_with_indices torch.nn.functional.adaptive_max_pool3d_with_indices
torch.nn.functional.fractional_max_pool2d_with_indices torch.nn.functional.fractional_max_pool3d_with_indices
torch.nn.functional.max_pool1d_with_indices torch.nn.functional.max_pool2d_with_indices
torch.nn.functional.max_pool3d_with_indices torch.nn.functional.multi_head_attention_forward torch.pca_lowrank torch.qr
torch.quantized_lstm_cell torch.rnn_relu torch.rnn_tanh torch.slogdet torch.solve torch.sort torch.split
torch.split_copy torch.split_with_sizes torch.split_with_sizes_copy torch.std_mean torch.svd torch.svd_lowrank
torch.symeig torch.tensor_split torch.topk torch.triangular_solve torch.unbind torch.unbind_copy torch.unravel_index
torch.unsafe_chunk torch.unsafe_split torch.unsafe_split_with_sizes torch.var_mean torch.vsplit
    """.split()
)

# Those of TENSOR_FUNCTIONS whose result is a tuple for some arguments.
TENSOR_OR_TUPLE_FUNCTIONS: frozenset[str] = frozenset(
    """
torch.atleast_1d torch.atleast_2d torch.atleast_3d torch.dequantize torch.max torch.median torch.min torch.nanmedian
torch.nn.functional.adaptive_max_pool1d torch.nn.functional.adaptive_max_pool2d torch.nn.functional.adaptive_max_pool3d
torch.nn.functional.fractional_max_pool2d torch.nn.functional.fractional_max_pool3d torch.nn.functional.max_pool1d
torch.nn.functional.max_pool2d torch.nn.functional.max_pool3d torch.nonzero torch.quantize_per_tensor torch.unique
torch.unique_consecutive torch.where
    """.split()
)

# What makes a fresh tensor that is on no graph.
CONSTRUCTORS: frozenset[str] = frozenset(
    """
torch.BFloat16Tensor torch.BoolTensor torch.ByteTensor torch.CharTensor torch.DoubleTensor torch.FloatTensor
torch.HalfTensor torch.IntTensor torch.LongTensor torch.ShortTensor torch.Tensor torch.arange torch.as_tensor
torch.asarray torch.bartlett_window torch.blackman_window torch.empty torch.empty_like torch.empty_permuted
torch.empty_quantized torch.empty_strided torch.eye torch.fft.fftfreq torch.fft.rfftfreq torch.from_dlpack
torch.from_file torch.from_numpy torch.frombuffer torch.full torch.full_like torch.hamming_window torch.hann_window
torch.kaiser_window torch.linspace torch.logspace torch.normal torch.ones torch.ones_like torch.rand torch.rand_like
torch.randint torch.randint_like torch.randn torch.randn_like torch.randperm torch.range torch.scalar_tensor
torch.sparse_bsc_tensor torch.sparse_bsr_tensor torch.sparse_compressed_tensor torch.sparse_coo_tensor
torch.sparse_csc_tensor torch.sparse_csr_tensor torch.tensor torch.tril_indices torch.triu_indices torch.zeros
torch.zeros_like
    """.split()
)

# Those of CONSTRUCTORS that stay on the graph of a tensor given as data.
GRAPH_KEEPING_CONSTRUCTORS: frozenset[str] = frozenset(
    """
torch.BFloat16Tensor torch.BoolTensor torch.ByteTensor torch.CharTensor torch.DoubleTensor torch.FloatTensor
torch.HalfTensor torch.IntTensor torch.LongTensor torch.ShortTensor torch.Tensor torch.as_tensor torch.asarray
torch.normal torch.sparse_bsc_tensor torch.sparse_bsr_tensor torch.sparse_compressed_tensor torch.sparse_coo_tensor
torch.sparse_csc_tensor torch.sparse_csr_tensor
    """.split()
)

# Methods of Tensor that return one tensor and change nothing.
TENSOR_METHODS: frozenset[str] = frozenset(
    """
abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr adjoint all amax amin angle any arccos arccosh
arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort argwhere as_strided as_strided_scatter as_subclass asin
asinh atan atan2 atanh baddbmm bernoulli bfloat16 bincount bitwise_and bitwise_left_shift bitwise_not bitwise_or
bitwise_right_shift bitwise_xor bmm bool broadcast_to byte ccol_indices cdouble ceil cfloat chalf char cholesky
cholesky_inverse cholesky_solve clamp clamp_max clamp_min clip clone coalesce col_indices conj conj_physical contiguous
copysign corrcoef cos cosh count_nonzero cov cpu cross crow_indices cuda cumprod cumsum deg2rad dequantize det detach
diag diag_embed diagflat diagonal diagonal_scatter diff digamma dist div divide dot double eq erf erfc erfinv exp exp2
expand expand_as expm1 fix flatten flip fliplr flipud float float_power floor floor_divide fmax fmin fmod frac gather
gcd ge ger greater greater_equal gt half hardshrink hash_tensor heaviside histc hypot i0 igamma igammac index index_add
index_copy index_fill index_put index_reduce index_select indices inner int int_repr inverse ipu isclose isfinite isinf
isnan isneginf isposinf isreal istft kron lcm ldexp le lerp less less_equal lgamma log log10 log1p log2 log_softmax
logaddexp logaddexp2 logcumsumexp logdet logical_and logical_not logical_or logical_xor logit logsumexp long lt lu_solve
masked_fill masked_scatter masked_select matmul matrix_exp matrix_power max maximum mean median min minimum mm moveaxis
movedim msort mtia mul multinomial multiply mv mvlgamma nan_to_num nanmean nanmedian nanquantile nansum narrow
narrow_copy ne neg negative new new_empty new_empty_strided new_full new_ones new_tensor new_zeros nextafter nonzero
nonzero_static norm not_equal orgqr ormqr outer permute pin_memory pinverse polygamma positive pow prelu prod put
q_per_channel_scales q_per_channel_zero_points quantile rad2deg ravel reciprocal relu remainder renorm repeat
repeat_interleave reshape reshape_as resize resize_as resolve_conj resolve_neg roll rot90 round row_indices rsqrt
scatter scatter_add scatter_reduce select select_scatter sgn short sigmoid sign signbit sin sinc sinh slice_inverse
slice_scatter smm softmax sparse_mask sqrt square squeeze sspaddmm std stft sub subtract sum sum_to_size swapaxes
swapdims t take take_along_dim tan tanh tile to to_dense to_mkldnn to_padded_tensor to_sparse to_sparse_bsc
to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr trace transpose tril triu true_divide trunc type type_as
unflatten unfold unique unique_consecutive unsqueeze values var vdot view view_as where xlogy xpu
    """.split()
)

# Methods of Tensor that return a tuple or list of tensors.
TENSOR_TUPLE_METHODS: frozenset[str] = frozenset(
    """
aminmax chunk cummax cummin dsplit frexp geqrf histogram hsplit kthvalue lu mode qr slogdet sort split split_with_sizes
svd tensor_split topk triangular_solve unbind unsafe_chunk unsafe_split unsafe_split_with_sizes vsplit
    """.split()
)

# Those of TENSOR_METHODS whose result is a tuple for some arguments.
TENSOR_OR_TUPLE_METHODS: frozenset[str] = frozenset(
    """
max median min nanmedian nonzero unique unique_consecutive
    """.split()
)

# Methods of Tensor that change it.
INPLACE_METHODS: frozenset[str] = frozenset(
    """
abs_ absolute_ acos_ acosh_ add_ addbmm_ addcdiv_ addcmul_ addmm_ addmv_ addr_ apply_ arccos_ arccosh_ arcsin_ arcsinh_
arctan2_ arctan_ arctanh_ as_strided_ asin_ asinh_ atan2_ atan_ atanh_ baddbmm_ bernoulli_ bitwise_and_
bitwise_left_shift_ bitwise_not_ bitwise_or_ bitwise_right_shift_ bitwise_xor_ cauchy_ ceil_ clamp_ clamp_max_
clamp_min_ clip_ conj_physical_ copy_ copysign_ cos_ cosh_ cumprod_ cumsum_ deg2rad_ detach_ digamma_ div_ divide_ eq_
erf_ erfc_ erfinv_ exp2_ exp_ expm1_ exponential_ fill_ fill_diagonal_ fix_ float_power_ floor_ floor_divide_ fmod_
frac_ gcd_ ge_ geometric_ greater_ greater_equal_ gt_ heaviside_ hypot_ i0_ igamma_ igammac_ index_add_ index_copy_
index_fill_ index_put_ index_reduce_ lcm_ ldexp_ le_ lerp_ less_ less_equal_ lgamma_ log10_ log1p_ log2_ log_
log_normal_ logical_and_ logical_not_ logical_or_ logical_xor_ logit_ lt_ map2_ map_ masked_fill_ masked_scatter_ mul_
multiply_ mvlgamma_ nan_to_num_ ne_ neg_ negative_ nextafter_ normal_ not_equal_ polygamma_ pow_ put_ rad2deg_ random_
reciprocal_ relu_ remainder_ renorm_ requires_grad_ resize_ resize_as_ resize_as_sparse_ round_ rsqrt_ scatter_
scatter_add_ scatter_reduce_ set_ sgn_ share_memory_ sigmoid_ sign_ sin_ sinc_ sinh_ sparse_resize_
sparse_resize_and_clear_ sqrt_ square_ squeeze_ sub_ subtract_ swapaxes_ swapdims_ t_ tan_ tanh_ transpose_ tril_ triu_
true_divide_ trunc_ uniform_ unsqueeze_ xlogy_ zero_
    """.split()
)

# Those of TENSOR_METHODS with a twin in INPLACE_METHODS: clamp has clamp_.
INPLACE_TWINS: frozenset[str] = frozenset(
    """
abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr arccos arccosh arcsin arcsinh arctan arctan2 arctanh
as_strided asin asinh atan atan2 atanh baddbmm bernoulli bitwise_and bitwise_left_shift bitwise_not bitwise_or
bitwise_right_shift bitwise_xor ceil clamp clamp_max clamp_min clip conj_physical copysign cos cosh cumprod cumsum
deg2rad detach digamma div divide eq erf erfc erfinv exp exp2 expm1 fix float_power floor floor_divide fmod frac gcd ge
greater greater_equal gt heaviside hypot i0 igamma igammac index_add index_copy index_fill index_put index_reduce lcm
ldexp le lerp less less_equal lgamma log log10 log1p log2 logical_and logical_not logical_or logical_xor logit lt
masked_fill masked_scatter mul multiply mvlgamma nan_to_num ne neg negative nextafter not_equal polygamma pow put
rad2deg reciprocal relu remainder renorm resize resize_as round rsqrt scatter scatter_add scatter_reduce sgn sigmoid
sign sin sinc sinh sqrt square squeeze sub subtract swapaxes swapdims t tan tanh transpose tril triu true_divide trunc
unsqueeze xlogy
    """.split()
)

# Methods of Tensor that return no tensor.
TENSOR_PLAIN_METHODS: frozenset[str] = frozenset(
    """
allclose backward const_data_ptr data_ptr dense_dim dim dim_order element_size equal get_device is_coalesced is_complex
is_conj is_contiguous is_distributed is_floating_point is_inference is_neg is_nonzero is_pinned is_same_size is_set_to
is_shared is_signed item ndimension nelement numel numpy q_per_channel_axis q_scale q_zero_point qscheme record_stream
register_hook register_post_accumulate_grad_hook retain_grad size sparse_dim storage storage_offset storage_type stride
tolist untyped_storage
    """.split()
)

# Parameter names in order, keyword-only ones last; without self, *args and **kwargs.
SIGNATURES: dict[str, tuple[str, ...]] = {
    "torch.Tensor.backward": ("gradient", "retain_graph", "create_graph", "inputs"),
    "torch.Tensor.detach": (),
    "torch.Tensor.requires_grad_": ("requires_grad",),
    "torch.Tensor.to": ("device", "dtype", "non_blocking", "copy", "memory_format"),
    "torch.amp.GradScaler": ("device", "init_scale", "growth_factor", "backoff_factor", "growth_interval", "enabled"),
    "torch.amp.GradScaler.get_backoff_factor": (),
    "torch.amp.GradScaler.get_growth_factor": (),
    "torch.amp.GradScaler.get_growth_interval": (),
    "torch.amp.GradScaler.get_scale": (),
    "torch.amp.GradScaler.is_enabled": (),
    "torch.amp.GradScaler.load_state_dict": ("state_dict",),
    "torch.amp.GradScaler.scale": ("outputs",),
    "torch.amp.GradScaler.set_backoff_factor": ("new_factor",),
    "torch.amp.GradScaler.set_growth_factor": ("new_factor",),
    "torch.amp.GradScaler.set_growth_interval": ("new_interval",),
    "torch.amp.GradScaler.state_dict": (),
    "torch.amp.GradScaler.step": ("optimizer",),
    "torch.amp.GradScaler.unscale_": ("optimizer",),
    "torch.amp.GradScaler.update": ("new_scale",),
    "torch.autocast": ("device_type", "dtype", "enabled", "cache_enabled"),
    "torch.autograd.backward": ("tensors", "grad_tensors", "retain_graph", "create_graph", "grad_variables", "inputs"),
    "torch.autograd.detect_anomaly": ("check_nan",),
    "torch.autograd.grad": (
        "outputs",
        "inputs",
        "grad_outputs",
        "retain_graph",
        "create_graph",
        "only_inputs",
        "allow_unused",
        "is_grads_batched",
        "materialize_grads",
    ),
    "torch.autograd.set_detect_anomaly": ("mode", "check_nan"),
    "torch.cpu.amp.GradScaler": ("init_scale", "growth_factor", "backoff_factor", "growth_interval", "enabled"),
    "torch.cpu.amp.GradScaler.get_backoff_factor": (),
    "torch.cpu.amp.GradScaler.get_growth_factor": (),
    "torch.cpu.amp.GradScaler.get_growth_interval": (),
    "torch.cpu.amp.GradScaler.get_scale": (),
    "torch.cpu.amp.GradScaler.is_enabled": (),
    "torch.cpu.amp.GradScaler.load_state_dict": ("state_dict",),
    "torch.cpu.amp.GradScaler.scale": ("outputs",),
    "torch.cpu.amp.GradScaler.set_backoff_factor": ("new_factor",),
    "torch.cpu.amp.GradScaler.set_growth_factor": ("new_factor",),
    "torch.cpu.amp.GradScaler.set_growth_interval": ("new_interval",),
    "torch.cpu.amp.GradScaler.state_dict": (),
    "torch.cpu.amp.GradScaler.step": ("optimizer",),
    "torch.cpu.amp.GradScaler.unscale_": ("optimizer",),
    "torch.cpu.amp.GradScaler.update": ("new_scale",),
    "torch.cpu.amp.autocast": ("enabled", "dtype", "cache_enabled"),
    "torch.cuda.amp.GradScaler": ("init_scale", "growth_factor", "backoff_factor", "growth_interval", "enabled"),
    "torch.cuda.amp.GradScaler.get_backoff_factor": (),
    "torch.cuda.amp.GradScaler.get_growth_factor": (),
    "torch.cuda.amp.GradScaler.get_growth_interval": (),
    "torch.cuda.amp.GradScaler.get_scale": (),
    "torch.cuda.amp.GradScaler.is_enabled": (),
    "torch.cuda.amp.GradScaler.load_state_dict": ("state_dict",),
    "torch.cuda.amp.GradScaler.scale": ("outputs",),
    "torch.cuda.amp.GradScaler.set_backoff_factor": ("new_factor",),
    "torch.cuda.amp.GradScaler.set_growth_factor": ("new_factor",),
    "torch.cuda.amp.GradScaler.set_growth_interval": ("new_interval",),
    "torch.cuda.amp.GradScaler.state_dict": (),
    "torch.cuda.amp.GradScaler.step": ("optimizer",),
    "torch.cuda.amp.GradScaler.unscale_": ("optimizer",),
    "torch.cuda.amp.GradScaler.update": ("new_scale",),
    "torch.cuda.amp.autocast": ("enabled", "dtype", "cache_enabled"),
    "torch.distributed.optim.PostLocalSGDOptimizer": ("optim", "averager"),
    "torch.distributed.optim.ZeroRedundancyOptimizer": (
        "params",
        "optimizer_class",
        "process_group",
        "parameters_as_bucket_view",
        "overlap_with_ddp",
    ),
    "torch.enable_grad": ("orig_func",),
    "torch.inference_mode": ("mode",),
    "torch.load": ("f", "map_location", "pickle_module", "weights_only", "mmap"),
    "torch.nn.Module.eval": (),
    "torch.nn.Module.load_state_dict": ("state_dict", "strict", "assign"),
    "torch.nn.Module.named_parameters": ("prefix", "recurse", "remove_duplicate"),
    "torch.nn.Module.parameters": ("recurse",),
    "torch.nn.Module.requires_grad_": ("requires_grad",),
    "torch.nn.Module.state_dict": ("destination", "prefix", "keep_vars"),
    "torch.nn.Module.to": ("device", "dtype", "non_blocking", "memory_format"),
    "torch.nn.Module.train": ("mode",),
    "torch.nn.Module.zero_grad": ("set_to_none",),
    "torch.nn.utils.clip_grad_norm_": ("parameters", "max_norm", "norm_type", "error_if_nonfinite", "foreach"),
    "torch.nn.utils.clip_grad_value_": ("parameters", "clip_value", "foreach"),
    "torch.no_grad": (),
    "torch.optim.ASGD": (
        "params",
        "lr",
        "lambd",
        "alpha",
        "t0",
        "weight_decay",
        "foreach",
        "maximize",
        "differentiable",
        "capturable",
    ),
    "torch.optim.Adadelta": (
        "params",
        "lr",
        "rho",
        "eps",
        "weight_decay",
        "foreach",
        "capturable",
        "maximize",
        "differentiable",
    ),
    "torch.optim.Adafactor": ("params", "lr", "beta2_decay", "eps", "d", "weight_decay", "foreach", "maximize"),
    "torch.optim.Adagrad": (
        "params",
        "lr",
        "lr_decay",
        "weight_decay",
        "initial_accumulator_value",
        "eps",
        "foreach",
        "maximize",
        "differentiable",
        "fused",
    ),
    "torch.optim.Adam": (
        "params",
        "lr",
        "betas",
        "eps",
        "weight_decay",
        "amsgrad",
        "foreach",
        "maximize",
        "capturable",
        "differentiable",
        "fused",
        "decoupled_weight_decay",
    ),
    "torch.optim.AdamW": (
        "params",
        "lr",
        "betas",
        "eps",
        "weight_decay",
        "amsgrad",
        "maximize",
        "foreach",
        "capturable",
        "differentiable",
        "fused",
    ),
    "torch.optim.Adamax": (
        "params",
        "lr",
        "betas",
        "eps",
        "weight_decay",
        "foreach",
        "maximize",
        "differentiable",
        "capturable",
    ),
    "torch.optim.LBFGS": (
        "params",
        "lr",
        "max_iter",
        "max_eval",
        "tolerance_grad",
        "tolerance_change",
        "history_size",
        "line_search_fn",
    ),
    "torch.optim.Muon": (
        "params",
        "lr",
        "weight_decay",
        "momentum",
        "nesterov",
        "ns_coefficients",
        "eps",
        "ns_steps",
        "adjust_lr_fn",
    ),
    "torch.optim.NAdam": (
        "params",
        "lr",
        "betas",
        "eps",
        "weight_decay",
        "momentum_decay",
        "decoupled_weight_decay",
        "foreach",
        "maximize",
        "capturable",
        "differentiable",
    ),
    "torch.optim.Optimizer": ("params", "defaults"),
    "torch.optim.Optimizer.add_param_group": ("param_group",),
    "torch.optim.Optimizer.load_state_dict": ("state_dict",),
    "torch.optim.Optimizer.state_dict": (),
    "torch.optim.Optimizer.step": ("closure",),
    "torch.optim.Optimizer.zero_grad": ("set_to_none",),
    "torch.optim.RAdam": (
        "params",
        "lr",
        "betas",
        "eps",
        "weight_decay",
        "decoupled_weight_decay",
        "foreach",
        "maximize",
        "capturable",
        "differentiable",
    ),
    "torch.optim.RMSprop": (
        "params",
        "lr",
        "alpha",
        "eps",
        "weight_decay",
        "momentum",
        "centered",
        "capturable",
        "foreach",
        "maximize",
        "differentiable",
    ),
    "torch.optim.Rprop": ("params", "lr", "etas", "step_sizes", "capturable", "foreach", "maximize", "differentiable"),
    "torch.optim.SGD": (
        "params",
        "lr",
        "momentum",
        "dampening",
        "weight_decay",
        "nesterov",
        "maximize",
        "foreach",
        "differentiable",
        "fused",
    ),
    "torch.optim.SparseAdam": ("params", "lr", "betas", "eps", "maximize"),
    "torch.save": (
        "obj",
        "f",
        "pickle_module",
        "pickle_protocol",
        "_use_new_zipfile_serialization",
        "_disable_byteorder_record",
    ),
    "torch.set_grad_enabled": ("mode",),
    "torch.utils.data.DataLoader": (
        "dataset",
        "batch_size",
        "shuffle",
        "sampler",
        "batch_sampler",
        "num_workers",
        "collate_fn",
        "pin_memory",
        "drop_last",
        "timeout",
        "worker_init_fn",
        "multiprocessing_context",
        "generator",
        "prefetch_factor",
        "persistent_workers",
        "pin_memory_device",
        "in_order",
    ),
}

# Functions that build a model.
TORCHVISION_MODELS: frozenset[str] = frozenset(
    """
torchvision.models.alexnet torchvision.models.convnext_base torchvision.models.convnext_large
torchvision.models.convnext_small torchvision.models.convnext_tiny torchvision.models.densenet121
torchvision.models.densenet161 torchvision.models.densenet169 torchvision.models.densenet201
torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn
torchvision.models.detection.fasterrcnn_mobilenet_v3_large_fpn torchvision.models.detection.fasterrcnn_resnet50_fpn
torchvision.models.detection.fasterrcnn_resnet50_fpn_v2 torchvision.models.detection.fcos_resnet50_fpn
torchvision.models.detection.keypointrcnn_resnet50_fpn torchvision.models.detection.maskrcnn_resnet50_fpn
torchvision.models.detection.maskrcnn_resnet50_fpn_v2 torchvision.models.detection.retinanet_resnet50_fpn
torchvision.models.detection.retinanet_resnet50_fpn_v2 torchvision.models.detection.ssd300_vgg16
torchvision.models.detection.ssdlite320_mobilenet_v3_large torchvision.models.efficientnet_b0
torchvision.models.efficientnet_b1 torchvision.models.efficientnet_b2 torchvision.models.efficientnet_b3
torchvision.models.efficientnet_b4 torchvision.models.efficientnet_b5 torchvision.models.efficientnet_b6
torchvision.models.efficientnet_b7 torchvision.models.efficientnet_v2_l torchvision.models.efficientnet_v2_m
torchvision.models.efficientnet_v2_s torchvision.models.googlenet torchvision.models.inception_v3
torchvision.models.maxvit_t torchvision.models.mnasnet0_5 torchvision.models.mnasnet0_75 torchvision.models.mnasnet1_0
torchvision.models.mnasnet1_3 torchvision.models.mobilenet_v2 torchvision.models.mobilenet_v3_large
torchvision.models.mobilenet_v3_small torchvision.models.optical_flow.raft_large
torchvision.models.optical_flow.raft_small torchvision.models.quantization.googlenet
torchvision.models.quantization.inception_v3 torchvision.models.quantization.mobilenet_v2
torchvision.models.quantization.mobilenet_v3_large torchvision.models.quantization.resnet18
torchvision.models.quantization.resnet50 torchvision.models.quantization.resnext101_32x8d
torchvision.models.quantization.resnext101_64x4d torchvision.models.quantization.shufflenet_v2_x0_5
torchvision.models.quantization.shufflenet_v2_x1_0 torchvision.models.quantization.shufflenet_v2_x1_5
torchvision.models.quantization.shufflenet_v2_x2_0 torchvision.models.regnet_x_16gf torchvision.models.regnet_x_1_6gf
torchvision.models.regnet_x_32gf torchvision.models.regnet_x_3_2gf torchvision.models.regnet_x_400mf
torchvision.models.regnet_x_800mf torchvision.models.regnet_x_8gf torchvision.models.regnet_y_128gf
torchvision.models.regnet_y_16gf torchvision.models.regnet_y_1_6gf torchvision.models.regnet_y_32gf
torchvision.models.regnet_y_3_2gf torchvision.models.regnet_y_400mf torchvision.models.regnet_y_800mf
torchvision.models.regnet_y_8gf torchvision.models.resnet101 torchvision.models.resnet152 torchvision.models.resnet18
torchvision.models.resnet34 torchvision.models.resnet50 torchvision.models.resnext101_32x8d
torchvision.models.resnext101_64x4d torchvision.models.resnext50_32x4d
torchvision.models.segmentation.deeplabv3_mobilenet_v3_large torchvision.models.segmentation.deeplabv3_resnet101
torchvision.models.segmentation.deeplabv3_resnet50 torchvision.models.segmentation.fcn_resnet101
torchvision.models.segmentation.fcn_resnet50 torchvision.models.segmentation.lraspp_mobilenet_v3_large
torchvision.models.shufflenet_v2_x0_5 torchvision.models.shufflenet_v2_x1_0 torchvision.models.shufflenet_v2_x1_5
torchvision.models.shufflenet_v2_x2_0 torchvision.models.squeezenet1_0 torchvision.models.squeezenet1_1
torchvision.models.swin_b torchvision.models.swin_s torchvision.models.swin_t torchvision.models.swin_v2_b
torchvision.models.swin_v2_s torchvision.models.swin_v2_t torchvision.models.vgg11 torchvision.models.vgg11_bn
torchvision.models.vgg13 torchvision.models.vgg13_bn torchvision.models.vgg16 torchvision.models.vgg16_bn
torchvision.models.vgg19 torchvision.models.vgg19_bn torchvision.models.video.mc3_18 torchvision.models.video.mvit_v1_b
torchvision.models.video.mvit_v2_s torchvision.models.video.r2plus1d_18 torchvision.models.video.r3d_18
torchvision.models.video.s3d torchvision.models.video.swin3d_b torchvision.models.video.swin3d_s
torchvision.models.video.swin3d_t torchvision.models.vit_b_16 torchvision.models.vit_b_32 torchvision.models.vit_h_14
torchvision.models.vit_l_16 torchvision.models.vit_l_32 torchvision.models.wide_resnet101_2
torchvision.models.wide_resnet50_2
    """.split()
)

# Those whose model holds an unfrozen BatchNorm, with weights and without.
TORCHVISION_BATCH_NORM_MODELS: frozenset[str] = frozenset(
    """
torchvision.models.densenet121 torchvision.models.densenet161 torchvision.models.densenet169
torchvision.models.densenet201 torchvision.models.detection.fasterrcnn_resnet50_fpn_v2
torchvision.models.detection.maskrcnn_resnet50_fpn_v2 torchvision.models.detection.retinanet_resnet50_fpn_v2
torchvision.models.detection.ssdlite320_mobilenet_v3_large torchvision.models.efficientnet_b0
torchvision.models.efficientnet_b1 torchvision.models.efficientnet_b2 torchvision.models.efficientnet_b3
torchvision.models.efficientnet_b4 torchvision.models.efficientnet_b5 torchvision.models.efficientnet_b6
torchvision.models.efficientnet_b7 torchvision.models.efficientnet_v2_l torchvision.models.efficientnet_v2_m
torchvision.models.efficientnet_v2_s torchvision.models.googlenet torchvision.models.inception_v3
torchvision.models.maxvit_t torchvision.models.mnasnet0_5 torchvision.models.mnasnet0_75 torchvision.models.mnasnet1_0
torchvision.models.mnasnet1_3 torchvision.models.mobilenet_v2 torchvision.models.mobilenet_v3_large
torchvision.models.mobilenet_v3_small torchvision.models.optical_flow.raft_large
torchvision.models.quantization.googlenet torchvision.models.quantization.inception_v3
torchvision.models.quantization.mobilenet_v2 torchvision.models.quantization.mobilenet_v3_large
torchvision.models.quantization.resnet18 torchvision.models.quantization.resnet50
torchvision.models.quantization.resnext101_32x8d torchvision.models.quantization.resnext101_64x4d
torchvision.models.quantization.shufflenet_v2_x0_5 torchvision.models.quantization.shufflenet_v2_x1_0
torchvision.models.quantization.shufflenet_v2_x1_5 torchvision.models.quantization.shufflenet_v2_x2_0
torchvision.models.regnet_x_16gf torchvision.models.regnet_x_1_6gf torchvision.models.regnet_x_32gf
torchvision.models.regnet_x_3_2gf torchvision.models.regnet_x_400mf torchvision.models.regnet_x_800mf
torchvision.models.regnet_x_8gf torchvision.models.regnet_y_128gf torchvision.models.regnet_y_16gf
torchvision.models.regnet_y_1_6gf torchvision.models.regnet_y_32gf torchvision.models.regnet_y_3_2gf
torchvision.models.regnet_y_400mf torchvision.models.regnet_y_800mf torchvision.models.regnet_y_8gf
torchvision.models.resnet101 torchvision.models.resnet152 torchvision.models.resnet18 torchvision.models.resnet34
torchvision.models.resnet50 torchvision.models.resnext101_32x8d torchvision.models.resnext101_64x4d
torchvision.models.resnext50_32x4d torchvision.models.segmentation.deeplabv3_mobilenet_v3_large
torchvision.models.segmentation.deeplabv3_resnet101 torchvision.models.segmentation.deeplabv3_resnet50
torchvision.models.segmentation.fcn_resnet101 torchvision.models.segmentation.fcn_resnet50
torchvision.models.segmentation.lraspp_mobilenet_v3_large torchvision.models.shufflenet_v2_x0_5
torchvision.models.shufflenet_v2_x1_0 torchvision.models.shufflenet_v2_x1_5 torchvision.models.shufflenet_v2_x2_0
torchvision.models.vgg11_bn torchvision.models.vgg13_bn torchvision.models.vgg16_bn torchvision.models.vgg19_bn
torchvision.models.video.mc3_18 torchvision.models.video.r2plus1d_18 torchvision.models.video.r3d_18
torchvision.models.video.s3d torchvision.models.wide_resnet101_2 torchvision.models.wide_resnet50_2
    """.split()
)

# Those whose model behaves differently in the two modes, likewise.
TORCHVISION_MODE_DEPENDENT_MODELS: frozenset[str] = frozenset(
    """
torchvision.models.alexnet torchvision.models.convnext_base torchvision.models.convnext_large
torchvision.models.convnext_small torchvision.models.convnext_tiny torchvision.models.densenet121
torchvision.models.densenet161 torchvision.models.densenet169 torchvision.models.densenet201
torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn
torchvision.models.detection.fasterrcnn_mobilenet_v3_large_fpn torchvision.models.detection.fasterrcnn_resnet50_fpn
torchvision.models.detection.fasterrcnn_resnet50_fpn_v2 torchvision.models.detection.fcos_resnet50_fpn
torchvision.models.detection.keypointrcnn_resnet50_fpn torchvision.models.detection.maskrcnn_resnet50_fpn
torchvision.models.detection.maskrcnn_resnet50_fpn_v2 torchvision.models.detection.retinanet_resnet50_fpn
torchvision.models.detection.retinanet_resnet50_fpn_v2 torchvision.models.detection.ssd300_vgg16
torchvision.models.detection.ssdlite320_mobilenet_v3_large torchvision.models.efficientnet_b0
torchvision.models.efficientnet_b1 torchvision.models.efficientnet_b2 torchvision.models.efficientnet_b3
torchvision.models.efficientnet_b4 torchvision.models.efficientnet_b5 torchvision.models.efficientnet_b6
torchvision.models.efficientnet_b7 torchvision.models.efficientnet_v2_l torchvision.models.efficientnet_v2_m
torchvision.models.efficientnet_v2_s torchvision.models.googlenet torchvision.models.inception_v3
torchvision.models.maxvit_t torchvision.models.mnasnet0_5 torchvision.models.mnasnet0_75 torchvision.models.mnasnet1_0
torchvision.models.mnasnet1_3 torchvision.models.mobilenet_v2 torchvision.models.mobilenet_v3_large
torchvision.models.mobilenet_v3_small torchvision.models.optical_flow.raft_large
torchvision.models.quantization.googlenet torchvision.models.quantization.inception_v3
torchvision.models.quantization.mobilenet_v2 torchvision.models.quantization.mobilenet_v3_large
torchvision.models.quantization.resnet18 torchvision.models.quantization.resnet50
torchvision.models.quantization.resnext101_32x8d torchvision.models.quantization.resnext101_64x4d
torchvision.models.quantization.shufflenet_v2_x0_5 torchvision.models.quantization.shufflenet_v2_x1_0
torchvision.models.quantization.shufflenet_v2_x1_5 torchvision.models.quantization.shufflenet_v2_x2_0
torchvision.models.regnet_x_16gf torchvision.models.regnet_x_1_6gf torchvision.models.regnet_x_32gf
torchvision.models.regnet_x_3_2gf torchvision.models.regnet_x_400mf torchvision.models.regnet_x_800mf
torchvision.models.regnet_x_8gf torchvision.models.regnet_y_128gf torchvision.models.regnet_y_16gf
torchvision.models.regnet_y_1_6gf torchvision.models.regnet_y_32gf torchvision.models.regnet_y_3_2gf
torchvision.models.regnet_y_400mf torchvision.models.regnet_y_800mf torchvision.models.regnet_y_8gf
torchvision.models.resnet101 torchvision.models.resnet152 torchvision.models.resnet18 torchvision.models.resnet34
torchvision.models.resnet50 torchvision.models.resnext101_32x8d torchvision.models.resnext101_64x4d
torchvision.models.resnext50_32x4d torchvision.models.segmentation.deeplabv3_mobilenet_v3_large
torchvision.models.segmentation.deeplabv3_resnet101 torchvision.models.segmentation.deeplabv3_resnet50
torchvision.models.segmentation.fcn_resnet101 torchvision.models.segmentation.fcn_resnet50
torchvision.models.segmentation.lraspp_mobilenet_v3_large torchvision.models.shufflenet_v2_x0_5
torchvision.models.shufflenet_v2_x1_0 torchvision.models.shufflenet_v2_x1_5 torchvision.models.shufflenet_v2_x2_0
torchvision.models.squeezenet1_0 torchvision.models.squeezenet1_1 torchvision.models.swin_b torchvision.models.swin_s
torchvision.models.swin_t torchvision.models.swin_v2_b torchvision.models.swin_v2_s torchvision.models.swin_v2_t
torchvision.models.vgg11 torchvision.models.vgg11_bn torchvision.models.vgg13 torchvision.models.vgg13_bn
torchvision.models.vgg16 torchvision.models.vgg16_bn torchvision.models.vgg19 torchvision.models.vgg19_bn
torchvision.models.video.mc3_18 torchvision.models.video.mvit_v1_b torchvision.models.video.mvit_v2_s
torchvision.models.video.r2plus1d_18 torchvision.models.video.r3d_18 torchvision.models.video.s3d
torchvision.models.video.swin3d_b torchvision.models.video.swin3d_s torchvision.models.video.swin3d_t
torchvision.models.wide_resnet101_2 torchvision.models.wide_resnet50_2
    """.split()
)

# Those for which one of these two depends on the weights asked for.
TORCHVISION_VARYING_MODELS: frozenset[str] = frozenset(
    """
torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn
torchvision.models.detection.fasterrcnn_mobilenet_v3_large_fpn torchvision.models.detection.fasterrcnn_resnet50_fpn
torchvision.models.detection.fcos_resnet50_fpn torchvision.models.detection.keypointrcnn_resnet50_fpn
torchvision.models.detection.maskrcnn_resnet50_fpn torchvision.models.detection.retinanet_resnet50_fpn
    """.split()
)
