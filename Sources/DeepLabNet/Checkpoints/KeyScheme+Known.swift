extension KeyScheme {
  /// The schemes that are known; a new one is an entry here.
  public static let all = [
    own, port, caffe, torchvision, torchvisionSegmentation, vainf, jfzhang, firstPort,
    adaptationPort,
  ]

  /// The names that networks here have: PyTorch's for residual networks, Caffe's layers for VGG-16.
  static let own = KeyScheme("the network's own names", rules: [KeyRule("<rest>", "<rest>")])

  /// DeepLab v2's port to PyTorch, kazuto1011/deeplab-pytorch.
  static let port = KeyScheme(
    "kazuto1011/deeplab-pytorch", block: .fromOne,
    rules: [
      KeyRule("backbone.conv1.<p>", "layer1.conv1.conv.<p>"),
      KeyRule("backbone.bn1.<p>", "layer1.conv1.bn.<p>"),
      KeyRule("backbone.<block>.conv1.<p>", "<block>.reduce.conv.<p>"),
      KeyRule("backbone.<block>.bn1.<p>", "<block>.reduce.bn.<p>"),
      KeyRule("backbone.<block>.conv2.<p>", "<block>.conv3x3.conv.<p>"),
      KeyRule("backbone.<block>.bn2.<p>", "<block>.conv3x3.bn.<p>"),
      KeyRule("backbone.<block>.conv3.<p>", "<block>.increase.conv.<p>"),
      KeyRule("backbone.<block>.bn3.<p>", "<block>.increase.bn.<p>"),
      KeyRule("backbone.<block>.downsample.0.<p>", "<block>.shortcut.conv.<p>"),
      KeyRule("backbone.<block>.downsample.1.<p>", "<block>.shortcut.bn.<p>"),
      KeyRule("aspp.<n>.<p>", "aspp.c<n>.<p>"),
    ])

  /// Caffe's models, in the names that `CaffeCheckpoint` gives to blobs. A batch normalisation is
  /// two layers there: one for the statistics, one that scales. VGG-16's layers are called alike
  /// here and there.
  static let caffe = KeyScheme(
    "Caffe", block: .caffe,
    rules: [
      KeyRule("backbone.conv1.<p>", "conv1.<p>"),
      KeyRule("backbone.bn1.running_<p>", "bn_conv1.running_<p>"),
      KeyRule("backbone.bn1.<p>", "scale_conv1.<p>"),
      KeyRule("backbone.<block>.conv<n>.<p>", "res<block>_branch2<n:letter>.<p>"),
      KeyRule(
        "backbone.<block>.bn<n>.running_<p>", "bn<block>_branch2<n:letter>.running_<p>"),
      KeyRule("backbone.<block>.bn<n>.<p>", "scale<block>_branch2<n:letter>.<p>"),
      KeyRule("backbone.<block>.downsample.0.<p>", "res<block>_branch1.<p>"),
      KeyRule("backbone.<block>.downsample.1.running_<p>", "bn<block>_branch1.running_<p>"),
      KeyRule("backbone.<block>.downsample.1.<p>", "scale<block>_branch1.<p>"),
      KeyRule("aspp.<n>.<p>", "fc1_voc12_c<n>.<p>"),
      KeyRule("<rest>", "<rest>"),
    ])

  /// PyTorch's segmentation networks: FCN and DeepLab v3, with and without the auxiliary head.
  static let torchvisionSegmentation = KeyScheme(
    "torchvision, segmentation",
    rules: [KeyRule("backbone.<rest>", "backbone.<rest>")]
      + pyramid(behind: "classifier.0.") + [
        KeyRule("decoder.conv1.<p>", "classifier.1.<p>"),
        KeyRule("decoder.bn1.<p>", "classifier.2.<p>"),
        KeyRule("decoder.scores.<p>", "classifier.4.<p>"),
        KeyRule("head.conv.<p>", "classifier.0.<p>"),
        KeyRule("head.bn.<p>", "classifier.1.<p>"),
        KeyRule("head.scores.<p>", "classifier.4.<p>"),
        KeyRule("auxiliary.conv.<p>", "aux_classifier.0.<p>"),
        KeyRule("auxiliary.bn.<p>", "aux_classifier.1.<p>"),
        KeyRule("auxiliary.scores.<p>", "aux_classifier.4.<p>"),
      ])

  /// DeepLab v3+'s port to PyTorch by VainF, whose MobileNetV2 is cut in two behind its fourth
  /// part.
  static let vainf = KeyScheme(
    "VainF/DeepLabV3Plus-Pytorch",
    rules: ["conv1", "bn1", "<block>"].map {
      KeyRule("backbone.\($0).<rest>", "backbone.\($0).<rest>")
    }
      + (0..<4).map {
        KeyRule("backbone.\($0).<rest>", "backbone.low_level_features.\($0).<rest>")
      } + [KeyRule("backbone.<n>.<rest>", "backbone.high_level_features.<n>.<rest>")]
      + pyramid(behind: "classifier.aspp.") + [
        KeyRule("decoder.low.conv.<p>", "classifier.project.0.<p>"),
        KeyRule("decoder.low.bn.<p>", "classifier.project.1.<p>"),
        KeyRule("decoder.conv1.<p>", "classifier.classifier.0.<p>"),
        KeyRule("decoder.bn1.<p>", "classifier.classifier.1.<p>"),
        KeyRule("decoder.scores.<p>", "classifier.classifier.3.<p>"),
      ])

  /// DeepLab v3+'s port to PyTorch by jfzhang95.
  static let jfzhang = KeyScheme(
    "jfzhang95/pytorch-deeplab-xception",
    rules: [
      KeyRule("backbone.<rest>", "backbone.<rest>"),
      KeyRule("aspp.pooling.conv.<p>", "aspp.global_avg_pool.1.<p>"),
      KeyRule("aspp.pooling.bn.<p>", "aspp.global_avg_pool.2.<p>"),
      KeyRule("aspp.project.conv.<p>", "aspp.conv1.<p>"),
      KeyRule("aspp.project.bn.<p>", "aspp.bn1.<p>"),
    ]
      + (0..<4).flatMap {
        [
          KeyRule("aspp.\($0).conv.<p>", "aspp.aspp\($0 + 1).atrous_conv.<p>"),
          KeyRule("aspp.\($0).bn.<p>", "aspp.aspp\($0 + 1).bn.<p>"),
        ]
      } + [
        KeyRule("decoder.low.conv.<p>", "decoder.conv1.<p>"),
        KeyRule("decoder.low.bn.<p>", "decoder.bn1.<p>"),
        KeyRule("decoder.conv1.<p>", "decoder.last_conv.0.<p>"),
        KeyRule("decoder.bn1.<p>", "decoder.last_conv.1.<p>"),
        KeyRule("decoder.conv2.<p>", "decoder.last_conv.4.<p>"),
        KeyRule("decoder.bn2.<p>", "decoder.last_conv.5.<p>"),
        KeyRule("decoder.scores.<p>", "decoder.last_conv.8.<p>"),
      ])

  /// PyTorch's pyramid with batch normalisation, which others have taken over.
  private static func pyramid(behind prefix: String) -> [KeyRule] {
    [
      KeyRule("aspp.pooling.conv.<p>", prefix + "convs.4.1.<p>"),
      KeyRule("aspp.pooling.bn.<p>", prefix + "convs.4.2.<p>"),
      KeyRule("aspp.project.conv.<p>", prefix + "project.0.<p>"),
      KeyRule("aspp.project.bn.<p>", prefix + "project.1.<p>"),
      KeyRule("aspp.<n>.conv.<p>", prefix + "convs.<n>.0.<p>"),
      KeyRule("aspp.<n>.bn.<p>", prefix + "convs.<n>.1.<p>"),
    ]
  }

  /// PyTorch's classification networks: the backbone's names without the prefix, and VGG-16's
  /// layers by their place among all.
  static let torchvision = KeyScheme(
    "torchvision, classification",
    rules: [KeyRule("backbone.<rest>", "<rest>")]
      + [
        ("1_1", 0), ("1_2", 2), ("2_1", 5), ("2_2", 7), ("3_1", 10), ("3_2", 12), ("3_3", 14),
        ("4_1", 17), ("4_2", 19), ("4_3", 21), ("5_1", 24), ("5_2", 26), ("5_3", 28),
      ].map { KeyRule("conv\($0).<p>", "features.\($1).<p>") }
      + [("6", 0), ("7", 3)].map { KeyRule("fc\($0).<p>", "classifier.\($1).<p>") })

  /// The earliest port of DeepLab v2 to PyTorch and the many programs that have taken over its
  /// names: torchvision's, with the four branches as a fifth layer. The port itself puts `Scale.`
  /// before all of them.
  static let firstPort = KeyScheme(
    "isht7/pytorch-deeplab-resnet", rules: branches(behind: "layer5."))

  /// The same in programs for adaptation to other domains, where the fifth layer is a classifier
  /// half way and the sixth the four branches.
  static let adaptationPort = KeyScheme(
    "wasidennis/AdaptSegNet", rules: branches(behind: "layer6."))

  private static func branches(behind prefix: String) -> [KeyRule] {
    [
      KeyRule("aspp.<n>.<p>", prefix + "conv2d_list.<n>.<p>"),
      KeyRule("backbone.<rest>", "<rest>"),
    ]
  }
}
