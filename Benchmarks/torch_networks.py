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


def deconvnet():
    """DeconvNet: VGG-16 with batch normalisation down to one position, and its mirror image."""
    import torch
    from torch.nn import BatchNorm2d, Conv2d, ConvTranspose2d, MaxPool2d, MaxUnpool2d, ReLU, Sequential

    def units(channels, widths, kind=Conv2d, size=3, padding=1):
        layers = []
        for width in widths:
            layers += [kind(channels, width, size, padding=padding), BatchNorm2d(width), ReLU(inplace=True)]
            channels = width
        return Sequential(*layers)

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            down = [(3, [64] * 2), (64, [128] * 2), (128, [256] * 3), (256, [512] * 3), (512, [512] * 3)]
            up = [(512, [512] * 3), (512, [512, 512, 256]), (256, [256, 256, 128]), (128, [128, 64]),
                  (64, [64, 64])]
            self.down = torch.nn.ModuleList(units(*stage) for stage in down)
            self.middle = Sequential(
                units(512, [4096], size=7, padding=0), units(4096, [4096], size=1, padding=0),
                units(4096, [512], ConvTranspose2d, 7, 0))
            self.up = torch.nn.ModuleList(units(*stage, kind=ConvTranspose2d) for stage in up)
            self.scores = Conv2d(64, 21, 1)
            self.pool, self.unpool = MaxPool2d(2, return_indices=True), MaxUnpool2d(2)

        def forward(self, x):
            switches = []
            for stage in self.down:
                x, places = self.pool(stage(x))
                switches.append(places)
            x = self.middle(x)
            for stage in self.up:
                x = stage(self.unpool(x, switches.pop()))
            return self.scores(x)

    return Network()


def xception65():
    """DeepLab v3+ on Xception-65 at output stride 16, as in jfzhang95/pytorch-deeplab-xception."""
    import torch
    from torch.nn import BatchNorm2d, Conv2d, ReLU, Sequential
    from torch.nn.functional import interpolate

    def unit(channels, width, size=1, stride=1, rate=1):
        padding = rate * (size // 2)
        return [Conv2d(channels, width, size, stride, padding, rate, bias=False), BatchNorm2d(width)]

    def separable(channels, width, stride=1, rate=1):
        depthwise = Conv2d(channels, channels, 3, stride, rate, rate, groups=channels, bias=False)
        return [depthwise, BatchNorm2d(channels)] + unit(channels, width)

    class Block(torch.nn.Module):
        def __init__(self, channels, widths, stride=1, rates=(1, 1, 1), rectifies=True):
            super().__init__()
            self.start = ReLU() if rectifies else torch.nn.Identity()
            self.skip = torch.nn.Identity()
            if channels != widths[-1] or stride != 1:
                self.skip = Sequential(*unit(channels, widths[-1], 1, stride))
            layers = []
            for number, (width, rate) in enumerate(zip(widths, rates)):
                last = number + 1 == len(widths)
                layers += separable(channels, width, stride if last else 1, rate)
                layers += [] if last else [ReLU(inplace=True)]
                channels = width
            self.path = Sequential(*layers)

        def forward(self, x):
            x = self.start(x)
            return self.path(x) + self.skip(x)

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            relu = ReLU(inplace=True)
            self.stem = Sequential(
                *unit(3, 32, 3, 2), relu, *unit(32, 64, 3), relu,
                Block(64, [128] * 3, 2, rectifies=False), ReLU())
            self.body = Sequential(
                Block(128, [256] * 3, 2, rectifies=False), Block(256, [728] * 3, 2),
                *(Block(728, [728] * 3) for _ in range(16)), Block(728, [728, 1024, 1024]), relu,
                *separable(1024, 1536, 1, 2), relu, *separable(1536, 1536, 1, 2), relu,
                *separable(1536, 2048, 1, 2), relu)
            branches = [unit(2048, 256)] + [unit(2048, 256, 3, 1, rate) for rate in (6, 12, 18)]
            self.branches = torch.nn.ModuleList(Sequential(*branch, relu) for branch in branches)
            self.pooled = Sequential(torch.nn.AdaptiveAvgPool2d(1), *unit(2048, 256), relu)
            self.project = Sequential(*unit(5 * 256, 256), relu)
            self.low = Sequential(*unit(128, 48), relu)
            self.decoder = Sequential(
                *unit(304, 256, 3), relu, *unit(256, 256, 3), relu, Conv2d(256, 21, 1))

        def forward(self, x):
            low = self.stem(x)
            x = self.body(low)
            mean = self.pooled(x).expand(-1, -1, *x.shape[2:])
            x = self.project(torch.cat([branch(x) for branch in self.branches] + [mean], 1))
            low = self.low(low)
            x = interpolate(x, size=low.shape[2:], mode="bilinear", align_corners=True)
            return self.decoder(torch.cat([x, low], 1))

    return Network()


NETWORKS = {
    "deeplab-small": lambda: small((3, 6, 9, 12)),
    "deeplab-small-largefov": lambda: small((12,)),
    "deeplab-v2-resnet101": resnet101_aspp,
    "deeplab-v1-largefov": vgg_largefov,
    "deeplab-v3-resnet101": lambda: torchvision_v3("deeplabv3_resnet101"),
    "deeplab-v3-mobilenet-v3-large": lambda: torchvision_v3("deeplabv3_mobilenet_v3_large"),
    "deeplab-v3plus-xception65": xception65,
    "deconvnet": deconvnet,
}
