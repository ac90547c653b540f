import LatticeCHeader
import LatticeSupport
import MeanField
import Unaries

/// A differentiable CRF of either precision, as callers' arrays see it.
protocol Learner: Sendable {
  var terms: [LearnedTerm] { get }
  /// Bytes of a number in callers' arrays.
  var numberSize: Int { get }

  /// A learner of one term alone.
  func learner(of term: LearnedTerm) throws -> any Learner

  /// The same with the terms of another of its kind.
  func joined(with other: any Learner) -> any Learner

  /// - Parameter energies: L × N.
  func run(
    _ energies: UnsafeRawPointer, _ options: UpdateOptions, parallelism: Parallelism
  ) throws -> any LearnerRecord

  /// K'·values, channels × N.
  func filter(
    _ values: UnsafeRawPointer, channels: Int, term: Int, transposed: Bool,
    into output: UnsafeMutableRawPointer, parallelism: Parallelism) throws

  func featureGradient(
    _ a: UnsafeRawPointer, _ q: UnsafeRawPointer, channels: Int, term: Int,
    parallelism: Parallelism
  ) throws -> TermGradient
}

/// Updates that were made.
protocol LearnerRecord: Sendable {
  var terms: [LearnedTerm] { get }
  var labelCount: Int { get }
  var points: Int { get }
  var numberSize: Int { get }

  func writeMarginals(to target: UnsafeMutableRawPointer, parallelism: Parallelism)
  func writeLogits(to target: UnsafeMutableRawPointer, parallelism: Parallelism) throws

  /// - Parameter unary: where the gradient by energies goes, where it is wanted.
  /// - Returns: those by the terms.
  func gradient(
    of upstream: UnsafeRawPointer, isOfLogits: Bool, wanted: GradientSet,
    unary: UnsafeMutableRawPointer?, parallelism: Parallelism
  ) throws -> [TermGradient]
}

/// The gradients by one term.
struct TermGradient {
  var compatibility: [Double]?
  var weights: [Double]?
  var bandwidths: [Double]?
  var transform: [Double]?
  /// N × d.
  var rawFeatures: [Double]?

  init<Field>(_ term: CRFGradient<Field>.Term) {
    compatibility = term.compatibility
    weights = term.weights
    bandwidths = term.bandwidths
    transform = term.transform
    rawFeatures = term.rawFeatures
  }
}

/// A field that callers' planes are copied to and from.
protocol CallerField: LearningField {
  /// - Parameter asEnergies: whether what is beside the values is to be as with energies.
  static func read(
    _ planes: UnsafeRawPointer, points: Int, channels: Int, _ name: String, asEnergies: Bool,
    parallelism: Parallelism
  ) throws -> Self
  /// - Parameter isNegated: whether the values' negatives are written.
  func write(to planes: UnsafeMutableRawPointer, isNegated: Bool, parallelism: Parallelism)
}

extension ChannelField: CallerField {
  static func read(
    _ planes: UnsafeRawPointer, points: Int, channels: Int, _ name: String, asEnergies: Bool,
    parallelism: Parallelism
  ) throws -> ChannelField {
    let values = planes.assumingMemoryBound(to: Float.self)
    let layout = ChannelLayout.channelsFirst
    try layout.check(
      values, points: points, channels: channels, magnitude: Arguments.largestEnergy, name,
      channelName: "label or channel", parallelism: parallelism)
    return layout.field(
      values, points: points, channels: channels,
      padding: asEnergies ? EnergyField.paddingEnergy : 0, parallelism: parallelism)
  }

  func write(to planes: UnsafeMutableRawPointer, isNegated: Bool, parallelism: Parallelism) {
    writePlanes(
      to: planes.assumingMemoryBound(to: Float.self), times: isNegated ? -1 : 1,
      parallelism: parallelism)
  }
}

extension DoubleField: CallerField {
  static func read(
    _ planes: UnsafeRawPointer, points: Int, channels: Int, _ name: String, asEnergies: Bool,
    parallelism: Parallelism
  ) throws -> DoubleField {
    let values = UnsafeBufferPointer(
      start: planes.assumingMemoryBound(to: Double.self), count: points * channels)
    let largest = Double(Arguments.largestEnergy)
    if let index = values.firstIndex(where: { !($0.magnitude <= largest) }) {
      throw CallError.data(
        "\(name) of label or channel \(index / points) at point \(index % points) is "
          + "\(values[index]), but must be finite and at most \(largest) in magnitude")
    }
    return DoubleField(points: points, channels: channels, planes: Array(values))
  }

  func write(to planes: UnsafeMutableRawPointer, isNegated: Bool, parallelism: Parallelism) {
    let target = planes.assumingMemoryBound(to: Double.self)
    let factor: Double = isNegated ? -1 : 1
    for (index, value) in self.planes().enumerated() { target[index] = factor * value }
  }
}

extension DifferentiableCRF: Learner where Arithmetic.Field: CallerField {
  var numberSize: Int { MemoryLayout<Field.Scalar>.size }

  func learner(of term: LearnedTerm) throws -> any Learner {
    try DifferentiableCRF(
      points: points, labelCount: labelCount, terms: [term], arithmetic: arithmetic)
  }

  func joined(with other: any Learner) -> any Learner {
    guard let other = other as? DifferentiableCRF else {
      preconditionFailure("a learner of another precision")
    }
    return joined(with: other) as DifferentiableCRF
  }

  func run(
    _ energies: UnsafeRawPointer, _ options: UpdateOptions, parallelism: Parallelism
  ) throws -> any LearnerRecord {
    let field = try Field.read(
      energies, points: points, channels: labelCount, "the energy", asEnergies: true,
      parallelism: parallelism)
    let record = forward(field, options)
    try Cancellation.check()
    return record
  }

  func filter(
    _ values: UnsafeRawPointer, channels: Int, term: Int, transposed: Bool,
    into output: UnsafeMutableRawPointer, parallelism: Parallelism
  ) throws {
    let field = try Field.read(
      values, points: points, channels: channels, "the value", asEnergies: false,
      parallelism: parallelism)
    let sums = filtered(field, by: term, transposed: transposed)
    try Cancellation.check()
    sums.write(to: output, isNegated: false, parallelism: parallelism)
  }

  func featureGradient(
    _ a: UnsafeRawPointer, _ q: UnsafeRawPointer, channels: Int, term: Int,
    parallelism: Parallelism
  ) throws -> TermGradient {
    func field(_ values: UnsafeRawPointer) throws -> Field {
      try Field.read(
        values, points: points, channels: channels, "the value", asEnergies: false,
        parallelism: parallelism)
    }
    let gradient = TermGradient(
      featureGradient(of: try field(a), filtering: try field(q), by: term))
    try Cancellation.check()
    return gradient
  }
}

extension RecordedInference: LearnerRecord where Arithmetic.Field: CallerField {
  var terms: [LearnedTerm] { crf.terms }
  var labelCount: Int { crf.labelCount }
  var points: Int { crf.points }
  var numberSize: Int { crf.numberSize }

  func writeMarginals(to target: UnsafeMutableRawPointer, parallelism: Parallelism) {
    marginals.write(to: target, isNegated: false, parallelism: parallelism)
  }

  func writeLogits(to target: UnsafeMutableRawPointer, parallelism: Parallelism) throws {
    let energies = finalEnergies()
    try Cancellation.check()
    energies.write(to: target, isNegated: true, parallelism: parallelism)
  }

  func gradient(
    of upstream: UnsafeRawPointer, isOfLogits: Bool, wanted: GradientSet,
    unary: UnsafeMutableRawPointer?, parallelism: Parallelism
  ) throws -> [TermGradient] {
    let field = try Field.read(
      upstream, points: points, channels: labelCount, "the gradient", asEnergies: false,
      parallelism: parallelism)
    let result =
      isOfLogits
      ? gradient(ofLogits: field, wanted: wanted) : gradient(of: field, wanted: wanted)
    try Cancellation.check()
    if let unary { result.unary?.write(to: unary, isNegated: false, parallelism: parallelism) }
    return result.terms.map { TermGradient($0) }
  }
}
