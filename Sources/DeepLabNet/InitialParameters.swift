import Support

/// Values to begin a training with, or to measure time by: weights from He et al. (2015), arXiv:1502.01852,
/// eq. 12 (variance 2 / fan-in, here of uniform values), no biases, normalisations that change nothing.
public struct InitialParameters: ParameterSource {
  private let specifications: [String: ParameterSpecification]
  private let seed: UInt64

  /// - Parameters:
  ///   - network: the network whose parameters are asked for.
  ///   - seed: the same seed gives the same values, whatever the order in which they are asked for.
  public init(for network: Network, seed: UInt64 = 0) {
    specifications = Dictionary(
      network.parameters.map { ($0.name, $0.specification) },
      uniquingKeysWith: { first, _ in first }
    )
    self.seed = seed
  }

  /// The values of one parameter. O(values).
  public func values(of name: String) throws -> ParameterValues {
    guard let specification = specifications[name] else {
      throw InputError(.data, "the network has no parameter called \(name)")
    }
    let values = AlignedBuffer<Float>(
      repeating: constant(specification.role), count: specification.count)
    guard specification.role == .weight else {
      return ParameterValues(shape: specification.shape, storage: values)
    }
    var generator = SeededGenerator(
      seed: name.utf8.reduce(seed) { $0 &* 0x100_0000_01B3 ^ UInt64($1) })
    let fanIn = specification.shape.dropFirst().reduce(1, *)
    let limit = (6 / Float(fanIn)).squareRoot()
    for index in 0..<values.count { values.base[index] = (2 * generator.uniform() - 1) * limit }
    return ParameterValues(shape: specification.shape, storage: values)
  }

  private func constant(_ role: ParameterSpecification.Role) -> Float {
    switch role {
    case .normalizationScale, .runningVariance: 1
    case .weight, .bias, .normalizationShift, .runningMean, .frozenWeight: 0
    }
  }
}
