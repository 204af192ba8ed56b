"""Use the second and the first GPU, in this order."""

import torch
from torch import nn

if torch.cuda.device_count() > 1:
    module = nn.Linear(4, 1).to("cuda:0")
    # pylint: disable-next=data-parallel
    model = nn.DataParallel(module, device_ids=[1, 0])  # [data-parallel-device]
    try:
        print(model(torch.randn(16, 4)).shape)
    except RuntimeError as error:
        print(error)
else:
    print("this needs two GPUs")
