import DeepLabNet

extension ONNXCase {
  /// Every kind of layer, with what its operators in ONNX have attributes for.
  static let all =
    convolutions + transposedConvolutions + pools + unpoolings + averages + values + sizes

  private static let convolutions = [
    ONNXCase("convolution", Convolution(from: 4, to: 6, kernelSize: 3, padding: 1)),
    ONNXCase(
      "convolution-uneven",
      Convolution(
        from: 4, to: 6, kernelSize: .init(rows: 3, columns: 2),
        stride: .init(rows: 1, columns: 2), padding: .init(rows: 2, columns: 1),
        rate: .init(rows: 2, columns: 3), groups: 2, hasBias: false)),
    ONNXCase("normalization", BatchNormalization(channels: 4, epsilon: 0.01)),
    ONNXCase("affine", BatchNormalization(channels: 4, hasStatistics: false)),
  ]

  private static let transposedConvolutions = [
    ONNXCase(
      "transposed",
      TransposedConvolution(
        from: 4, to: 3, ConvolutionGeometry(kernelSize: 4, stride: 2, padding: 1))),
    ONNXCase(
      "transposed-uneven",
      TransposedConvolution(
        from: 4, to: 6,
        ConvolutionGeometry(
          kernelSize: .init(rows: 3, columns: 2), stride: .init(rows: 2, columns: 3),
          padding: .init(rows: 1, columns: 0), rate: .init(rows: 2, columns: 1)),
        outputPadding: .init(rows: 1, columns: 2), groups: 2, hasBias: false)),
  ]

  /// Windows whose last place differs by the rule for it, on maps of several lengths.
  private static let geometries: [(String, PoolingGeometry)] = [
    ("2-2-0", PoolingGeometry(kernelSize: 2, stride: 2)),
    ("2-2-1", PoolingGeometry(kernelSize: 2, stride: 2, padding: 1)),
    ("3-2-1", PoolingGeometry(kernelSize: 3, stride: 2, padding: 1)),
    ("3-1-1", PoolingGeometry(kernelSize: 3, stride: 1, padding: 1)),
    ("3-2-0", PoolingGeometry(kernelSize: 3, stride: 2)),
    ("2-3-1", PoolingGeometry(kernelSize: 2, stride: 3, padding: 1)),
    ("5-3-2", PoolingGeometry(kernelSize: 5, stride: 3, padding: 2)),
    ("3-2-1-floor", PoolingGeometry(kernelSize: 3, stride: 2, padding: 1, rounding: .floor)),
    (
      "uneven",
      PoolingGeometry(
        kernelSize: .init(rows: 3, columns: 2), stride: .init(rows: 1, columns: 2),
        padding: .init(rows: 1, columns: 0))
    ),
  ]

  private static func forGeometries(
    _ name: String, _ build: (PoolingGeometry, inout NetworkBuilder) -> Network.Source
  ) -> [ONNXCase] {
    geometries.flatMap { suffix, geometry in
      [(7, 8), (9, 10), (11, 12)].map { height, width in
        ONNXCase("\(name)-\(suffix)-\(height)", height: height, width: width) {
          build(geometry, &$0)
        }
      }
    }
  }

  private static let pools =
    forGeometries("maxima") { $1.add(MaxPool($0), to: .image, named: "pool") }
    + forGeometries("unpool") { geometry, builder in
      let pooled = builder.add(MaxPool(geometry), to: .image, named: "pool")
      let switches = builder.add(MaxPoolSwitches(geometry), to: .image, named: "switches")
      return builder.add(
        MaxUnpool(to: .ofLastInput), to: pooled, switches, .image, named: "unpool")
    }

  private static let unpoolings = [
    ONNXCase("unpool-by-2", height: 8) { builder in
      let geometry = PoolingGeometry(kernelSize: 2, stride: 2)
      let pooled = builder.add(MaxPool(geometry), to: .image, named: "pool")
      let switches = builder.add(MaxPoolSwitches(geometry), to: .image, named: "switches")
      return builder.add(
        MaxUnpool(to: .scaled(by: 2)), to: pooled, switches, named: "unpool")
    }
  ]

  private static let averages =
    forGeometries("average") { $1.add(AveragePool($0), to: .image, named: "pool") }
    + forGeometries("average-of-map") {
      $1.add(AveragePool($0, countsPadding: false), to: .image, named: "pool")
    }
    + [ONNXCase("average-of-all", GlobalAveragePool())]

  private static let values =
    [
      ("relu", Activation.relu), ("relu6", .relu6), ("hard-sigmoid", .hardSigmoid),
      ("hard-swish", .hardSwish),
    ].map { ONNXCase($0, $1) } + [
      ONNXCase("scale", Scale(by: 0.01)),
      ONNXCase("channel-scale") { builder in
        let means = builder.add(GlobalAveragePool(), to: .image, named: "means")
        return builder.add(ChannelScale(), to: .image, means, named: "layer")
      },
      ONNXCase("softmax", Softmax()),
      ONNXCase("dropout", Dropout()),
      joined("concatenation", Concatenation()),
      joined("sum", Sum()),
      joined("sum-of-three", Sum(), count: 3),
      joined("maximum", ElementwiseMax(), count: 3),
    ]

  /// A layer that takes an image and what activations make of it.
  private static func joined(_ name: String, _ layer: some Layer, count: Int = 2) -> ONNXCase {
    ONNXCase(name) { builder in
      let others = [Activation.hardSwish, .relu6].prefix(count - 1).map {
        builder.add($0, to: .image, named: $0.kind)
      }
      return builder.add(layer, to: [.image] + others, named: "layer")
    }
  }

  private static let sizes =
    [("aligned", BilinearResize.Corners.aligned), ("half-pixel", .halfPixel)].flatMap {
      name, corners in
      [
        ("larger", TargetSize.fixed(.init(rows: 20, columns: 31))),
        ("smaller", .fixed(.init(rows: 4, columns: 5))), ("by-1.7", .scaled(by: 1.7)),
        ("by-half", .scaled(by: 0.5)),
      ].map { ONNXCase("resize-\(name)-\($0)", BilinearResize(to: $1, corners: corners)) }
    } + [
      ONNXCase("resize-back") { builder in
        let mean = builder.add(GlobalAveragePool(), to: .image, named: "mean")
        return builder.add(
          BilinearResize(to: .ofLastInput, corners: .halfPixel), to: mean, .image, named: "back")
      },
      ONNXCase(
        "crop", Crop(from: .init(rows: 2, columns: 3), to: .fixed(.init(rows: 5, columns: 4)))),
      ONNXCase("crop-to-other") { builder in
        let small = builder.add(
          Convolution(from: 4, to: 2, kernelSize: 3), to: .image, named: "small")
        return builder.add(
          Crop(from: 1, to: .ofLastInput), to: .image, small, named: "crop")
      },
    ]
}
