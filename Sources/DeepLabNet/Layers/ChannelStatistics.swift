/// What a batch normalisation makes of every channel before it scales and shifts it.
struct ChannelStatistics {
  /// Of each channel.
  let mean: [Double]
  /// 1 / √(variance + ε).
  let precision: [Double]

  /// - Parameters:
  ///   - mean: of each channel.
  ///   - variance: of each channel.
  ///   - epsilon: what keeps the division away from 0.
  init(mean: [Double], variance: [Double], epsilon: Double) {
    self.mean = mean
    precision = variance.map { 1 / ($0 + epsilon).squareRoot() }
  }

  /// Those that leave every channel as it is.
  init(ofChannels count: Int) {
    mean = [Double](repeating: 0, count: count)
    precision = [Double](repeating: 1, count: count)
  }

  /// The normalisation as one multiplication and one addition a channel.
  ///
  /// - Parameter parameters: weight and bias first.
  func affine(_ parameters: [ParameterValues]) -> (scale: [Float], shift: [Float]) {
    let (weight, bias) = (parameters[0].values(), parameters[1].values())
    // In float64: the difference of shift and scaled mean may cancel.
    let factors = precision.indices.map { Double(weight[$0]) * precision[$0] }
    let shift = factors.indices.map { Float(Double(bias[$0]) - mean[$0] * factors[$0]) }
    return (factors.map { Float($0) }, shift)
  }
}
