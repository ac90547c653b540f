"""The networks of the catalogue that the benchmarks compare, in PyTorch: up to the scores at their own stride."""


def resnet101_aspp():
    """DeepLab v2: stride 8, strides on the first 1x1, four summed 3x3 of rates 6, 12, 18, 24."""
    import torch
    from torchvision.models import resnet101

    body = resnet101(weights=None, replace_stride_with_dilation=[False, True, True])
    body.maxpool.ceil_mode = True
    for layer, rate in ((body.layer2, 1), (body.layer3, 2), (body.layer4, 4)):
        first = layer[0]
        first.conv1.stride, first.conv2.stride = first.conv2.stride, (1, 1)
        for block in layer:
            block.conv2.dilation = block.conv2.padding = (rate, rate)

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            body.fc = body.avgpool = torch.nn.Identity()
            self.body = body
            self.branches = torch.nn.ModuleList(
                torch.nn.Conv2d(2048, 21, 3, padding=r, dilation=r) for r in (6, 12, 18, 24))

        def forward(self, x):
            b = self.body
            x = b.maxpool(b.relu(b.bn1(b.conv1(x))))
            x = b.layer4(b.layer3(b.layer2(b.layer1(x))))
            return sum(branch(x) for branch in self.branches)

    return Network()


def vgg_largefov():
    """DeepLab v1 LargeFOV: VGG-16 whose last two pools keep the stride, then 3x3 of rate 12."""
    from torch.nn import AvgPool2d, Conv2d, MaxPool2d, ReLU, Sequential

    layers, channels = [], 3
    stages = [(64, 2, 2, 1), (128, 2, 2, 1), (256, 3, 2, 1), (512, 3, 1, 1), (512, 3, 1, 2)]
    for width, count, stride, rate in stages:
        for _ in range(count):
            layers += [Conv2d(channels, width, 3, padding=rate, dilation=rate), ReLU(inplace=True)]
            channels = width
        layers.append(MaxPool2d(3, stride, 1, ceil_mode=True))
    layers += [AvgPool2d(3, 1, 1), Conv2d(512, 1024, 3, padding=12, dilation=12), ReLU(inplace=True)]
    layers += [Conv2d(1024, 1024, 1), ReLU(inplace=True), Conv2d(1024, 21, 1)]
    return Sequential(*layers)


def torchvision_v3(name):
    """torchvision's DeepLab v3, up to the scores at its own stride."""
    import torch
    from torchvision.models import segmentation

    whole = getattr(segmentation, name)(
        weights=None, weights_backbone=None, aux_loss=False, num_classes=21)

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone, self.classifier = whole.backbone, whole.classifier

        def forward(self, x):
            return self.classifier(self.backbone(x)["out"])

    return Network()


def small(rates, classes=21):
    """DeepLab small: basic blocks of 64, 128 and 192 channels, stride 8, a summed pyramid."""
    import torch
    from torch.nn import BatchNorm2d, Conv2d, ReLU, Sequential

    def unit(channels, width, stride=1, rate=1):
        return [Conv2d(channels, width, 3, stride, rate, rate, bias=False), BatchNorm2d(width)]

    class Block(torch.nn.Module):
        def __init__(self, channels, width, stride, rate):
            super().__init__()
            self.path = Sequential(
                *unit(channels, width, stride, rate), ReLU(inplace=True), *unit(width, width, 1, rate))
            self.shortcut = torch.nn.Identity()
            if stride != 1 or channels != width:
                self.shortcut = Sequential(
                    Conv2d(channels, width, 1, stride, bias=False), BatchNorm2d(width))
            self.relu = ReLU(inplace=True)

        def forward(self, x):
            return self.relu(self.path(x) + self.shortcut(x))

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = Sequential(
                *unit(3, 32, 2), ReLU(inplace=True), *unit(32, 64, 2), ReLU(inplace=True),
                Block(64, 64, 1, 1), Block(64, 64, 1, 1), Block(64, 128, 2, 1),
                Block(128, 128, 1, 1), Block(128, 192, 1, 2), Block(192, 192, 1, 4))
            self.branches = torch.nn.ModuleList(
                Conv2d(192, classes, 3, padding=rate, dilation=rate) for rate in rates)

        def forward(self, x):
            x = self.body(x)
            return sum(branch(x) for branch in self.branches)

    return Network()


NETWORKS = {
    "deeplab-small": lambda: small((3, 6, 9, 12)),
    "deeplab-small-largefov": lambda: small((12,)),
    "deeplab-v2-resnet101": resnet101_aspp,
    "deeplab-v1-largefov": vgg_largefov,
    "deeplab-v3-resnet101": lambda: torchvision_v3("deeplabv3_resnet101"),
    "deeplab-v3-mobilenet-v3-large": lambda: torchvision_v3("deeplabv3_mobilenet_v3_large"),
}
