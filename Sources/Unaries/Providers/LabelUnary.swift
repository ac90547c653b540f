import LatticeSupport

/// Which label of a map marks unlabelled points.
public enum UnknownLabel: Sendable, Hashable {
  /// None: every point is labelled.
  case none
  /// The label of this number, such as 255; it may also be one of 0..<L.
  case label(UInt16)
  /// Label 0, and l + 1 stands for label l: pydensecrf's `zero_unsure`.
  case zeroUnsure

  /// The number that marks unknown points, where there is one.
  var number: UInt16? {
    switch self {
    case .none: nil
    case .label(let number): number
    case .zeroUnsure: 0
    }
  }
}

/// Energies from labels that are right with a given probability: annotations, scribbles, the output
/// of another program.
///
/// With confidence c a point's label has the energy −log c, every other label −log((1 − c)/(L −
/// 1)); unknown points have −log(1/L) throughout. This is pydensecrf's `unary_from_labels`, but
/// labels out of range are refused, and label 0 is unknown only where that is asked for.
public struct LabelUnary: Unary {
  /// L.
  public let labelCount: Int

  private let labels: LabelMap
  private let energies: LabelEnergies
  private let unknown: UnknownLabel
  private let parallelism: Parallelism

  /// - Parameters:
  ///   - labels: one label per point.
  ///   - labelCount: L, at least 1. A single label is certain: its energy is 0.
  ///   - confidence: the probability that a given label is right, in (0, 1).
  ///   - unknown: the label that means no label.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a parameter is out of range, or a label is, naming it and its
  ///   position.
  /// - Complexity: O(N).
  public init(
    _ labels: LabelMap, labelCount: Int, confidence: Float, unknown: UnknownLabel = .none,
    parallelism: Parallelism = .automatic
  ) throws {
    guard labelCount >= 1 else {
      throw InputError(.usage, "\(labelCount) labels are asked for, but at least 1 is needed")
    }
    guard confidence > 0, confidence < 1 else {
      throw InputError(
        .usage, "the confidence in the labels is \(confidence), but must lie between 0 and 1",
        remedy: "0.5 to 0.9 is usual")
    }
    self.labelCount = labelCount
    self.labels = labels
    self.unknown = unknown
    self.parallelism = parallelism
    energies = LabelEnergies(labelCount: labelCount, confidence: Double(confidence))
    if let point = labels.labels.firstIndex(where: { meaning(of: $0) >= labelCount }) {
      throw Self.rangeError(labels, point: point, labelCount: labelCount, unknown: unknown)
    }
  }

  /// The energies over `scene.grid`; the scene's image is not looked at.
  ///
  /// - Throws: `InputError` where the scene has another size than the labels.
  /// - Complexity: O(N·L).
  public func energies(for scene: Scene) throws -> EnergyField {
    try Self.check(labels.grid, fits: scene.grid)
    let width = scene.grid.width
    return EnergyField(grid: scene.grid, labelCount: labelCount, parallelism: parallelism) {
      lines, rows in
      let first = lines.lowerBound * width
      for point in 0..<rows.points {
        let label = meaning(of: labels.labels[first + point])
        let row = rows.row(point)
        row.update(
          repeating: label == Self.noLabel ? energies.unknown : energies.other, count: labelCount)
        if label != Self.noLabel { row[label] = energies.match }
      }
    }
  }

  /// - Throws: `InputError` unless labels of `grid` are those of a scene of `scene`.
  package static func check(_ grid: GridShape, fits scene: GridShape) throws {
    guard grid != scene else { return }
    throw InputError(
      .data, "labels of \(grid) do not fit a scene of \(scene)",
      remedy: scene.extents == grid.extents.reversed()
        ? "width and height look swapped: transpose the labels"
        : "labels must have the size of the scene")
  }

  /// What `meaning(of:)` gives for a point without a label.
  private static let noLabel = -1

  /// The label in 0..<L that a number of the map stands for; L or more where it stands for none.
  private func meaning(of number: UInt16) -> Int {
    switch unknown {
    case .none: Int(number)
    case .label(let unknown): number == unknown ? Self.noLabel : Int(number)
    case .zeroUnsure: Int(number) - 1
    }
  }

  private static func rangeError(
    _ labels: LabelMap, point: Int, labelCount: Int, unknown: UnknownLabel
  ) -> InputError {
    let number = labels.labels[point]
    let expected =
      switch unknown {
      case .none: "0…\(labelCount - 1)"
      case .label(let unknown): "0…\(labelCount - 1), or \(unknown) for unknown"
      case .zeroUnsure: "1…\(labelCount), or 0 for unknown"
      }
    return InputError(
      .data,
      "label \(number) at \(labels.grid.position(of: point)) is out of range for \(labelCount) "
        + "labels: expected \(expected)",
      remedy: labels.rangeRemedy(of: number, classes: labelCount, ignoring: unknown.number)
        ?? "if \(number) marks points without a label, name it as the unknown label")
  }
}

/// The three energies of a label unary.
private struct LabelEnergies {
  let match: Float
  let other: Float
  let unknown: Float

  init(labelCount: Int, confidence: Double) {
    let others = Double(labelCount - 1)
    match = labelCount == 1 ? 0 : Float(-logarithm(confidence))
    other = labelCount == 1 ? 0 : Float(-logarithm((1 - confidence) / others))
    unknown = Float(logarithm(Double(labelCount)))
  }
}
