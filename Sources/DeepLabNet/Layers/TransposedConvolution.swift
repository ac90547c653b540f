import CKernels
import LatticeSupport

/// What a convolution of the same geometry makes of its output, reversed: "deconvolution".
///
/// Input position i adds w[k] to output position i·stride − padding + k·rate. The networks of Long
/// et al. (2015), doi:10.1109/CVPR.2015.7298965, §3.3, and Noh et al. (2015),
/// doi:10.1109/ICCV.2015.178, §3.2, use it to go back to finer grids.
public struct TransposedConvolution: Layer {
  /// Channels that come in; a multiple of `groups`.
  public let inputChannels: Int
  /// Channels that go out; a multiple of `groups`.
  public let outputChannels: Int
  /// The geometry of the convolution that is reversed.
  public let geometry: ConvolutionGeometry
  /// Rows and columns that are added at the end: which of the sizes that the convolution maps to
  /// the input's is meant.
  public let outputPadding: ConvolutionGeometry.Extent
  /// Groups of channels that do not see one another.
  public let groups: Int
  /// Whether a bias is added.
  public let hasBias: Bool
  /// Whether the weight stays as it is in training: interpolation.
  public let isFrozen: Bool

  /// - Parameters:
  ///   - inputChannels: a multiple of `groups`.
  ///   - outputChannels: a multiple of `groups`.
  ///   - geometry: that of the convolution that is reversed.
  ///   - outputPadding: rows and columns that are added at the end.
  ///   - groups: groups of channels that do not see one another.
  ///   - hasBias: whether a bias is added.
  ///   - isFrozen: whether the weight stays as it is in training.
  public init(
    from inputChannels: Int, to outputChannels: Int, _ geometry: ConvolutionGeometry,
    outputPadding: ConvolutionGeometry.Extent = 0, groups: Int = 1, hasBias: Bool = true,
    isFrozen: Bool = false
  ) {
    precondition(
      groups >= 1 && inputChannels >= 1 && outputChannels >= 1 && inputChannels % groups == 0
        && outputChannels % groups == 0,
      "\(inputChannels) and \(outputChannels) channels in \(groups) groups")
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.geometry = geometry
    self.outputPadding = outputPadding
    self.groups = groups
    self.hasBias = hasBias
    self.isFrozen = isFrozen
  }

  /// What kind of layer it is.
  public var kind: String { "transposed convolution" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// What `forward` takes beside its inputs, in this order.
  public var parameters: [ParameterSpecification] {
    let weight = ParameterSpecification(
      "weight",
      shape: [
        inputChannels, outputChannels / groups, geometry.kernelSize.rows,
        geometry.kernelSize.columns,
      ], role: isFrozen ? .frozenWeight : .weight)
    let bias = ParameterSpecification("bias", shape: [outputChannels], role: .bias)
    return hasBias ? [weight, bias] : [weight]
  }

  /// (n − 1)·stride − 2·padding + rate·(kernel size − 1) + 1 + output padding along each axis.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    let input = only(inputs)
    try check(input, has: inputChannels)
    func size(_ length: Int, _ axis: KeyPath<ConvolutionGeometry.Extent, Int>) -> Int {
      (length - 1) * geometry.stride[keyPath: axis] - 2 * geometry.padding[keyPath: axis]
        + geometry.rate[keyPath: axis] * (geometry.kernelSize[keyPath: axis] - 1) + 1
        + outputPadding[keyPath: axis]
    }
    let (height, width) = (size(input.height, \.rows), size(input.width, \.columns))
    guard height >= 1, width >= 1 else {
      throw InputError(
        .data, "its padding leaves nothing of an input of \(input.height) × \(input.width)",
        remedy: "use a larger image")
    }
    return TensorShape(
      batch: input.batch, height: height, width: width, channels: outputChannels)
  }

  /// Every input value meets every weight of its channel.
  public func multiplyAdds(for inputs: [TensorShape]) throws -> Int {
    only(inputs).positions * parameters[0].count
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let input = inputs[0]
    let weights = panels(parameters[0])
    let bias = hasBias ? parameters[1].storage.base : nil
    let zeros = [Float](repeating: 0, count: inputChannels)
    let window = ck_window(
      rows: geometry.kernelSize.rows, columns: geometry.kernelSize.columns,
      row_stride: geometry.stride.rows, column_stride: geometry.stride.columns,
      row_padding: geometry.padding.rows, column_padding: geometry.padding.columns)
    let layer = ck_transposed(
      input: ck_map(input.shape), window: window, row_rate: geometry.rate.rows,
      column_rate: geometry.rate.columns, outputs: outputChannels, groups: groups)
    parallelism.forEachRow(of: output.shape) { image, row in
      withUnsafePointer(to: layer) { layer in
        ck_transposed_row(
          input.row(image, 0), layer, weights.base, bias, zeros, row, output.shape.width,
          output.row(image, row))
      }
    }
  }

  /// The weight (in, out / groups, taps) as groups × panels × taps × (in / groups) × outputs of a
  /// panel.
  private func panels(_ weight: ParameterValues) -> AlignedBuffer<Float> {
    let (ins, outs) = (inputChannels / groups, outputChannels / groups)
    let taps = geometry.kernelSize.rows * geometry.kernelSize.columns
    let lanes = CK_TRANSPOSED_PANEL
    let panelCount = (outs + lanes - 1) / lanes
    let result = AlignedBuffer<Float>(zeros: groups * panelCount * taps * ins * lanes)
    for input in 0..<inputChannels {
      for out in 0..<outs {
        let panel = input / ins * panelCount + out / lanes
        let from = weight.storage.base + (input * outs + out) * taps
        for tap in 0..<taps {
          let row = (panel * taps + tap) * ins + input % ins
          result.base[row * lanes + out % lanes] = from[tap]
        }
      }
    }
    return result
  }
}
