import LatticeSupport
import Unaries

/// The cost of every pair of labels, added to the energies.
public struct MatrixCompatibility: LabelCompatibility {
  /// L × L costs, row-major; a row has the costs of the label that receives.
  public let values: [Float]
  /// Whether ½(M + Mᵀ) takes the place of M, as in pydensecrf. An energy of pairs has a symmetric
  /// matrix; learned updates (CRF-RNN) need not.
  public let isSymmetrized: Bool

  /// The cost of every pair of labels, row-major.
  public init(_ values: [Float], isSymmetrized: Bool = true) {
    self.values = values
    self.isSymmetrized = isSymmetrized
  }

  /// ½(M + Mᵀ), or M.
  public func factors(labelCount: Int) throws -> CompatibilityFactors {
    guard values.count == labelCount * labelCount else {
      throw InputError(
        .data,
        "a compatibility matrix of \(values.count) values for \(labelCount) labels",
        remedy: "\(labelCount) × \(labelCount) = \(labelCount * labelCount) values are needed")
    }
    guard isSymmetrized else { return .matrix(values) }
    var symmetric = values
    for row in 0..<labelCount {
      for column in 0..<labelCount {
        symmetric[row * labelCount + column] =
          0.5 * (values[row * labelCount + column] + values[column * labelCount + row])
      }
    }
    return .matrix(symmetric)
  }
}

extension LabelCompatibility where Self == MatrixCompatibility {
  /// The cost of every pair of labels, row-major.
  public static func matrix(_ values: [Float]) -> Self { Self(values) }
}

extension CompatibilityKind {
  /// The cost of every pair of labels.
  public static let matrix = CompatibilityKind(
    name: "matrix", summary: "the cost of every pair of labels",
    settings: [
      .weight(isRequired: false), Setting("costs", .array, "L × L costs, added to the energies"),
      Setting(
        "symmetric", .flag,
        "whether ½(M + Mᵀ) takes the place of M; without, a row has the costs of the label that "
          + "receives",
        default: .flag(true)),
    ], example: "gaussian:spatial=3,compatibility=matrix,costs=mu.npy"
  ) { settings, context in
    MatrixCompatibility(
      try costs(settings, context, rank: 2), isSymmetrized: settings.flag("symmetric"))
  }
}
