extension KeyScheme {
  /// The schemes that are known; a new one is an entry here.
  public static let all = [own, port, caffe, torchvision]

  /// What may stand before all keys: nothing, the name of the part of a multi-scale network, and what
  /// PyTorch's DataParallel adds.
  static let prefixes = ["", "base.", "module.", "module.base."]

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

  /// Caffe's models: layer and number of the blob. A batch normalisation is two layers there, and its
  /// statistics are sums, to be divided by a factor.
  static let caffe = KeyScheme(
    "Caffe", block: .caffe,
    rules: [
      KeyRule("backbone.conv1.weight", "conv1/0"),
      KeyRule("backbone.bn1.weight", "scale_conv1/0"),
      KeyRule("backbone.bn1.bias", "scale_conv1/1"),
      KeyRule("backbone.bn1.running_mean", "bn_conv1/0", dividedBy: "bn_conv1/2"),
      KeyRule("backbone.bn1.running_var", "bn_conv1/1", dividedBy: "bn_conv1/2"),
      KeyRule("backbone.<block>.conv<n>.weight", "res<block>_branch2<n:letter>/0"),
      KeyRule("backbone.<block>.bn<n>.weight", "scale<block>_branch2<n:letter>/0"),
      KeyRule("backbone.<block>.bn<n>.bias", "scale<block>_branch2<n:letter>/1"),
      KeyRule(
        "backbone.<block>.bn<n>.running_mean", "bn<block>_branch2<n:letter>/0",
        dividedBy: "bn<block>_branch2<n:letter>/2"),
      KeyRule(
        "backbone.<block>.bn<n>.running_var", "bn<block>_branch2<n:letter>/1",
        dividedBy: "bn<block>_branch2<n:letter>/2"),
      KeyRule("backbone.<block>.downsample.0.weight", "res<block>_branch1/0"),
      KeyRule("backbone.<block>.downsample.1.weight", "scale<block>_branch1/0"),
      KeyRule("backbone.<block>.downsample.1.bias", "scale<block>_branch1/1"),
      KeyRule(
        "backbone.<block>.downsample.1.running_mean", "bn<block>_branch1/0",
        dividedBy: "bn<block>_branch1/2"),
      KeyRule(
        "backbone.<block>.downsample.1.running_var", "bn<block>_branch1/1",
        dividedBy: "bn<block>_branch1/2"),
      KeyRule("aspp.<n>.weight", "fc1_voc12_c<n>/0"),
      KeyRule("aspp.<n>.bias", "fc1_voc12_c<n>/1"),
      KeyRule("<layer>.weight", "<layer>/0"),
      KeyRule("<layer>.bias", "<layer>/1"),
    ])

  /// PyTorch's classification networks: the backbone's names without the prefix, and VGG-16's
  /// convolutions by their place among all layers.
  static let torchvision = KeyScheme(
    "torchvision, classification",
    rules: [KeyRule("backbone.<rest>", "<rest>")]
      + [
        ("1_1", 0), ("1_2", 2), ("2_1", 5), ("2_2", 7), ("3_1", 10), ("3_2", 12), ("3_3", 14),
        ("4_1", 17), ("4_2", 19), ("4_3", 21), ("5_1", 24), ("5_2", 26), ("5_3", 28),
      ].map { KeyRule("conv\($0).<p>", "features.\($1).<p>") })
}
