/// A named configuration: what a paper says about its training.
public struct Recipe: Sendable {
  /// What it is called.
  public let name: String
  /// In a line, for lists.
  public let summary: String
  /// The values that differ from the defaults, as JSON.
  public let text: String

  /// All recipes.
  public static let all = [
    Recipe(
      name: "deeplab-v1", summary: "DeepLab v1 LargeFOV: step policy, 6000 steps of 20 crops",
      text: """
        {"model": "deeplab-v1-largefov", "batch": 20, "steps": 6000, "crop": [321, 321],
         "schedule": {"policy": "step", "every": 2000}}
        """),
    Recipe(
      name: "deeplab-v2-vgg",
      summary: "DeepLab v2 on VGG-16, ASPP-L: poly, 20000 steps of 10 crops",
      text: """
        {"model": "deeplab-v2-vgg16-aspp-l", "steps": 20000, "imageScaleRange": [0.5, 1.5],
         "schedule": {"policy": "poly"}}
        """),
    Recipe(
      name: "deeplab-v2-resnet101",
      summary: "DeepLab v2 on ResNet-101: poly, 10 × 1 crops, MSC losses, frozen normalisations",
      text: """
        {"model": "deeplab-v2-resnet101", "batch": 1, "accumulation": 10, "steps": 20000,
         "imageScales": [0.5, 0.75, 1, 1.25, 1.5], "lossScales": [1, 0.75, 0.5],
         "normalization": "frozen", "optimizer": {"rule": "sgd", "biasRate": 1},
         "schedule": {"policy": "poly", "base": 2.5e-4}}
        """),
    Recipe(
      name: "deeplab-v3", summary: "DeepLab v3 at stride 16: poly .007, 30000 steps of 16 crops",
      text: deepLabV3("deeplab-v3-resnet101-multigrid")),
    Recipe(
      name: "deeplab-v3-fine",
      summary: "DeepLab v3, second stage at stride 8: frozen normalisations, .001",
      text: deepLabV3(
        "deeplab-v3-resnet101-multigrid", stride: 8, base: 0.001,
        normalization: #""normalization": "frozen""#)),
    Recipe(
      name: "deeplab-v3plus", summary: "DeepLab v3+ on ResNet-101 at stride 16, as DeepLab v3",
      text: deepLabV3("deeplab-v3plus-resnet101")),
    Recipe(
      name: "fcn32s", summary: "FCN-32s: one whole image a step, momentum .99, summed loss",
      text: fcn("fcn32s", rate: "1e-10")),
    Recipe(
      name: "fcn16s", summary: "FCN-16s, begun from the weights of FCN-32s",
      text: fcn("fcn16s", rate: "1e-12")),
    Recipe(
      name: "fcn8s", summary: "FCN-8s, begun from the weights of FCN-16s",
      text: fcn("fcn8s", rate: "1e-14")),
    Recipe(
      name: "deconvnet",
      summary: "DeconvNet, first stage: on objects, SGD .01, 20000 steps of 64",
      text: deconvNet(examples: "objects", steps: 20000)),
    Recipe(
      name: "deconvnet-proposals",
      summary: "DeconvNet, second stage: on proposals, begun from the weights of the first",
      text: deconvNet(examples: "proposals", steps: 40000)),
    Recipe(
      name: "small",
      summary: "AdamW and poly for small networks: 14 epochs of 8 crops of 240 × 320",
      text: """
        {"model": "deeplab-small", "batch": 8, "epochs": 14, "crop": [240, 320], "normalization": "batch",
         "optimizer": {"rule": "adamw", "weightDecay": 0.01, "biasRate": 1, "biasDecay": 1,
                       "lastRate": 1, "lastBiasRate": 1},
         "schedule": {"policy": "poly", "base": 0.002}}
        """),
  ]

  /// Chen et al. (2017), arXiv:1706.05587, §4.1.
  private static func deepLabV3(
    _ model: String, stride: Int = 16, base: Double = 0.007,
    normalization: String = #""normalizationShare": 0.0003"#
  ) -> String {
    """
    {"model": "\(model)", "outputStride": \(stride), "batch": 16, "steps": 30000,
     "crop": [513, 513], "imageScaleRange": [0.5, 2], "loss": {"grid": "pixels"},
     \(normalization), "schedule": {"policy": "poly", "base": \(base)},
     "optimizer": {"rule": "sgd", "weightDecay": 1e-4, "biasRate": 1, "biasDecay": 1,
                   "lastRate": 1, "lastBiasRate": 1}}
    """
  }

  /// Long et al. (2015), §4.3: losses are summed over all pixels of one image, hence the small
  /// rates.
  private static func fcn(_ model: String, rate: String) -> String {
    """
    {"model": "\(model)", "batch": 1, "crop": [], "steps": 100000, "mirrors": false,
     "loss": {"grid": "pixels", "reduction": "sum"},
     "optimizer": {"momentum": 0.99, "lastRate": 1, "lastBiasRate": 2},
     "schedule": {"policy": "constant", "base": \(rate)}}
    """
  }

  /// Noh et al. (2015), arXiv:1505.04366, §6.1. The rate falls where the paper's did by the
  /// validation accuracy: here once, at half time.
  private static func deconvNet(examples: String, steps: Int) -> String {
    """
    {"model": "deconvnet", "batch": 64, "steps": \(steps), "crop": [224, 224],
     "examples": "\(examples)", "boxes": {"balancesClasses": true},
     "optimizer": {"biasRate": 1, "biasDecay": 1, "lastRate": 1, "lastBiasRate": 1},
     "loss": {"grid": "pixels"},
     "schedule": {"policy": "step", "base": 0.01, "every": \(steps / 2)}}
    """
  }

  /// The names of all, for messages.
  public static var names: String { all.map(\.name).joined(separator: ", ") }
}
