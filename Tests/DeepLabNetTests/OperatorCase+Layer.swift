import DeepLabNet
import TestSupport
import Testing

/// The layer that a case of the operator fixtures describes.
extension OperatorCase {
  func layer() throws -> any Layer {
    switch operation {
    case "conv2d": return try convolution()
    case "conv_transpose2d": return try transposedConvolution()
    case "max_pool": return MaxPool(try pooling())
    case "max_unpool": return MaxUnpool(to: .fixed(try extent("output_size")))
    case "avg_pool": return AveragePool(try pooling(), countsPadding: flag("count_include_pad"))
    case "global_avg_pool": return GlobalAveragePool()
    case "resize_bilinear":
      return BilinearResize(to: .fixed(try extent("size")), corners: corners)
    case "resize_bilinear_factor":
      let factor = try #require(attributes["scale_factor"].number)
      return BilinearResize(to: .scaled(by: factor), corners: corners)
    case "batch_norm_inference":
      let epsilon = try #require(attributes["eps"].number)
      let channels = try #require(try array("x")).shape[1]
      return BatchNormalization(channels: channels, epsilon: Float(epsilon))
    case "softmax": return Softmax()
    case "relu": return Activation.relu
    case "relu6": return Activation.relu6
    case "hardswish": return Activation.hardSwish
    case "hardsigmoid": return Activation.hardSigmoid
    case "concat_channels": return Concatenation()
    case "elementwise_max": return ElementwiseMax()
    default: throw UnknownOperator(name: operation)
    }
  }

  private struct UnknownOperator: Error { let name: String }

  /// The inputs that are tensors, channels-last.
  func inputs() throws -> [Tensor] {
    let names = operation == "max_unpool" ? ["x", "indices"] : ["x", "z", "t"]
    return try names.compactMap { try array($0).map { try Tensor(channelsFirst: $0) } }
  }

  /// The layer's parameters in its order.
  func parameters() throws -> [ParameterValues] {
    try ["w", "b", "weight", "bias", "mean", "var"].compactMap { name in
      try array(name).map { ParameterValues(shape: $0.shape, values: $0.values) }
    }
  }

  func pooling() throws -> PoolingGeometry {
    PoolingGeometry(
      kernelSize: try extent("kernel"), stride: try extent("stride"),
      padding: try extent("padding"), rounding: flag("ceil") ? .ceiling : .floor)
  }

  private func convolution() throws -> Convolution {
    let weight = try #require(try array("w")).shape
    let groups = Int(try #require(attributes["groups"].number))
    return Convolution(
      from: weight[1] * groups, to: weight[0], kernelSize: try extent("kernel"),
      stride: try extent("stride"), padding: try extent("padding"), rate: try extent("dilation"),
      groups: groups, hasBias: try array("b") != nil)
  }

  private func transposedConvolution() throws -> TransposedConvolution {
    let weight = try #require(try array("w")).shape
    let groups = Int(try #require(attributes["groups"].number))
    let geometry = ConvolutionGeometry(
      kernelSize: try extent("kernel"), stride: try extent("stride"),
      padding: try extent("padding"), rate: try extent("dilation"))
    return TransposedConvolution(
      from: weight[0], to: weight[1] * groups, geometry,
      outputPadding: try extent("output_padding"), groups: groups, hasBias: try array("b") != nil)
  }

  private func extent(_ attribute: String) throws -> ConvolutionGeometry.Extent {
    let pair = try pair(attribute)
    return .init(rows: pair.rows, columns: pair.columns)
  }

  private var corners: BilinearResize.Corners { flag("align_corners") ? .aligned : .halfPixel }
}
