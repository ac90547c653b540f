import LatticeSupport

/// A way to compute a convolution. All give the same results but for rounding.
public enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// Products at the taps where they lie: the sparse sampling of Chen et al. (2017), §3.1.
  case direct
  /// Winograd's F(4 × 4, 3 × 3) for 3 × 3 windows of stride 1 (Lavin & Gray 2015,
  /// arXiv:1509.09308): a quarter of the products. With a rate above 1, on patches whose members
  /// lie that far apart.
  case winograd
  /// De-interleaving into rate² phase images, each convolved at rate 1 (Chen et al. 2017, §3.1).
  case phases

  /// Whether the algorithm can compute the layer.
  public func applies(to layer: Convolution) -> Bool {
    switch self {
    case .direct: true
    case .winograd: WinogradConvolution.applies(to: layer)
    case .phases: PhaseConvolution.applies(to: layer)
    }
  }

  func prepare(
    _ layer: Convolution, weight: ParameterValues, bias: ParameterValues?,
    parallelism: Parallelism
  ) -> any ConvolutionExecution {
    precondition(applies(to: layer), "\(rawValue) does not apply to this convolution")
    return switch self {
    case .direct where DepthwiseConvolution.applies(to: layer):
      DepthwiseConvolution(layer, weight: weight, bias: bias)
    case .direct:
      DirectConvolution(layer, weight: weight, bias: bias, parallelism: parallelism)
    case .winograd:
      WinogradConvolution(layer, weight: weight, bias: bias, parallelism: parallelism)
    case .phases:
      PhaseConvolution(layer, weight: weight, bias: bias, parallelism: parallelism)
    }
  }
}

extension ConvolutionAlgorithm {
  /// What transforms cost a product of Winograd's, next to one of direct ones.
  private static let transformFactor = 1.4

  /// The one that needs the least work for an input of the given shape.
  public static func fastest(for layer: Convolution, input: TensorShape) -> ConvolutionAlgorithm {
    guard
      winograd.applies(to: layer), min(layer.inputChannels, layer.outputChannels) >= 32,
      let output = layer.geometry.outputSize(height: input.height, width: input.width)
    else { return .direct }
    let patches = WinogradPatches(layer.geometry, height: output.rows, width: output.columns)
    let taps = layer.geometry.usefulTaps(height: input.height, width: input.width)
    return Double(patches.count * WinogradPatches.products) * transformFactor < Double(taps)
      ? .winograd : .direct
  }
}

extension ConvolutionGeometry {
  /// Taps at all output positions of an input of the given size that do not lie in the padding.
  func usefulTaps(height: Int, width: Int) -> Int {
    guard let output = outputSize(height: height, width: width) else { return 0 }
    func taps(_ axis: KeyPath<Extent, Int>, _ size: Int, _ positions: Int) -> Int {
      (0..<kernelSize[keyPath: axis]).reduce(0) { sum, tap in
        sum
          + (0..<positions).count { position in
            let place =
              position * stride[keyPath: axis] - padding[keyPath: axis] + tap * rate[keyPath: axis]
            return place >= 0 && place < size
          }
      }
    }
    return taps(\.rows, height, output.rows) * taps(\.columns, width, output.columns)
  }
}
