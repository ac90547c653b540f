import LatticeSupport

/// A transposed convolution of stride 1 is a convolution: it visits the same taps in the opposite
/// order.
///
/// Output position o takes w[k] from input position o + padding − k·rate; with the taps flipped, k'
/// = size − 1 − k, that is position o − padding' + k'·rate for a padding' of rate·(size − 1) −
/// padding.
extension TransposedConvolution {
  /// The convolution; `nil` where there is none.
  var equivalent: Convolution? {
    func flipped(_ axis: KeyPath<ConvolutionGeometry.Extent, Int>) -> Int {
      geometry.rate[keyPath: axis] * (geometry.kernelSize[keyPath: axis] - 1)
        - geometry.padding[keyPath: axis]
    }
    let (rows, columns) = (flipped(\.rows), flipped(\.columns))
    guard geometry.stride == 1, outputPadding == 0, rows >= 0, columns >= 0 else { return nil }
    return Convolution(
      from: inputChannels, to: outputChannels, kernelSize: geometry.kernelSize,
      padding: .init(rows: rows, columns: columns), rate: geometry.rate, groups: groups,
      hasBias: hasBias)
  }

  /// The weight of `equivalent`: (in, out / groups, taps) as (out, in / groups, taps in the
  /// opposite order).
  func equivalentWeight(
    _ weight: ParameterValues, parallelism: Parallelism = .automatic
  ) -> ParameterValues {
    let (ins, outs) = (inputChannels / groups, outputChannels / groups)
    let taps = geometry.kernelSize.rows * geometry.kernelSize.columns
    let result = AlignedBuffer<Float>(uninitialized: weight.count)
    parallelism.forEachChunk(of: outputChannels, grain: 16) { outputs in
      for output in outputs {
        let firstInput = output / outs * ins
        for input in 0..<ins {
          let from = weight.storage.base + ((firstInput + input) * outs + output % outs) * taps
          let to = result.base + (output * ins + input) * taps
          for tap in 0..<taps { to[tap] = from[taps - 1 - tap] }
        }
      }
    }
    let size = geometry.kernelSize
    return ParameterValues(
      shape: [outputChannels, ins, size.rows, size.columns], storage: result)
  }
}

extension Layer {
  /// The convolution that the layer is, or is as good as.
  var asConvolution: Convolution? {
    self as? Convolution ?? (self as? TransposedConvolution)?.equivalent
  }
}
