/// MobileNetV3-Large, rewritten for an output stride.
///
/// Howard et al. (2019), arXiv:1905.02244, table 1. Layers have the names that PyTorch's model
/// library gives them: `backbone.0.0`, `backbone.4.block.1.0` ….
struct MobileNetV3: Backbone {
  /// How coarse the maps become.
  let outputStride: OutputStride

  /// A row of the table.
  private struct Row {
    let kernelSize: Int
    let expanded: Int
    let output: Int
    let isSqueezed: Bool
    let activation: Activation
    let stride: Int

    init(
      _ kernelSize: Int, _ expanded: Int, _ output: Int, squeezed: Bool = false,
      _ activation: Activation, stride: Int = 1
    ) {
      self.kernelSize = kernelSize
      self.expanded = expanded
      self.output = output
      isSqueezed = squeezed
      self.activation = activation
      self.stride = stride
    }
  }

  private static let rows = [
    Row(3, 16, 16, .relu), Row(3, 64, 24, .relu, stride: 2), Row(3, 72, 24, .relu),
    Row(5, 72, 40, squeezed: true, .relu, stride: 2), Row(5, 120, 40, squeezed: true, .relu),
    Row(5, 120, 40, squeezed: true, .relu), Row(3, 240, 80, .hardSwish, stride: 2),
    Row(3, 200, 80, .hardSwish), Row(3, 184, 80, .hardSwish), Row(3, 184, 80, .hardSwish),
    Row(3, 480, 112, squeezed: true, .hardSwish), Row(3, 672, 112, squeezed: true, .hardSwish),
    Row(5, 672, 160, squeezed: true, .hardSwish, stride: 2),
    Row(5, 960, 160, squeezed: true, .hardSwish), Row(5, 960, 160, squeezed: true, .hardSwish),
  ]

  /// ε of the batch normalisations.
  private static let epsilon: Float = 1e-3
  private static let (stemChannels, lastChannels) = (16, 960)
  /// The rows, counted from 1, whose outputs decoders and classifiers half way take.
  private static let (lowRow, middleRow) = (3, 4)

  func add(to builder: inout NetworkBuilder) -> BackboneFeatures {
    let steps = outputStride.stages(of: [2] + Self.rows.map(\.stride))
    let stem = Convolution(
      from: 3, to: Self.stemChannels, kernelSize: 3, stride: .init(steps[0].stride), padding: 1,
      hasBias: false)
    var map = BackboneFeatures.Map(
      source: addUnit(stem, to: .image, named: "backbone.0", in: &builder),
      channels: Self.stemChannels)
    var maps = [map]
    for (index, row) in Self.rows.enumerated() {
      // A block that would have made the step has its stage's rate, unlike a residual network's:
      // its window is spread over the map that the step left alone.
      let step = steps[index + 1]
      let block = InvertedResidual(
        inputChannels: map.channels, expandedChannels: row.expanded, outputChannels: row.output,
        kernelSize: row.kernelSize, stride: step.stride, rate: step.rate,
        activation: row.activation, isSqueezed: row.isSqueezed, epsilon: Self.epsilon)
      map = .init(
        source: block.add(to: &builder, map.source, prefix: "backbone.\(index + 1).block."),
        channels: row.output)
      maps.append(map)
    }
    let last = Convolution(
      from: map.channels, to: Self.lastChannels, kernelSize: 1, hasBias: false)
    let source = addUnit(
      last, to: map.source, named: "backbone.\(Self.rows.count + 1)", in: &builder)
    return BackboneFeatures(
      last: .init(source: source, channels: Self.lastChannels), low: maps[Self.lowRow],
      middle: maps[Self.middleRow])
  }

  private func addUnit(
    _ convolution: Convolution, to input: Network.Source, named name: String,
    in builder: inout NetworkBuilder
  ) -> Network.Source {
    let source = builder.addNormalized(
      convolution, to: input, named: name + ".0", normalization: name + ".1",
      epsilon: Self.epsilon)
    return builder.add(Activation.hardSwish, to: source, named: name + ".2")
  }
}
