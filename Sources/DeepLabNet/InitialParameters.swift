import LatticeSupport

/// Values to begin a training with, or to measure time by: weights from He et al. (2015),
/// arXiv:1502.01852, eq. 12 (variance 2 / fan-in, here of uniform values), no biases,
/// normalisations that change nothing, frozen weights that interpolate; what a layer says itself.
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
    if let initial = specification.initial {
      return ParameterValues(shape: specification.shape, values: initial)
    }
    let values = AlignedBuffer<Float>(
      repeating: constant(specification.role), count: specification.count)
    if specification.role == .frozenWeight { Self.fillBilinear(values, specification.shape) }
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

  /// Bilinear interpolation of every channel by itself, Long et al. (2015),
  /// doi:10.1109/CVPR.2015.7298965, §3.3: a tent around the middle of the window.
  private static func fillBilinear(_ values: AlignedBuffer<Float>, _ shape: [Int]) {
    precondition(shape.count == 4, "a frozen weight of shape \(shape) is not a convolution's")
    func tent(_ size: Int) -> [Float] {
      let reach = Float((size + 1) / 2)
      let middle = size % 2 == 1 ? reach - 1 : reach - 0.5
      return (0..<size).map { 1 - abs(Float($0) - middle) / reach }
    }
    let (rows, columns) = (tent(shape[2]), tent(shape[3]))
    for channel in 0..<min(shape[0], shape[1]) {
      let plane = values.base + (channel * shape[1] + channel) * rows.count * columns.count
      for index in 0..<rows.count * columns.count {
        plane[index] = rows[index / columns.count] * columns[index % columns.count]
      }
    }
  }

  private func constant(_ role: ParameterSpecification.Role) -> Float {
    switch role {
    case .normalizationScale, .runningVariance: 1
    case .weight, .bias, .normalizationShift, .runningMean, .frozenWeight, .refinement: 0
    }
  }
}
