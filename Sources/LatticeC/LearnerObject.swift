import Lattice
import LatticeCHeader
import LatticeSupport
import MeanField
import Unaries

/// A learner that is put together call by call.
final class LearnerObject: Sendable {
  static let all = ObjectTable<LearnerObject>(of: "learner")

  let grid: GridShape
  let labelCount: Int
  let parallelism: Parallelism
  /// Used under the lock alone.
  nonisolated(unsafe) private var current: any Learner

  /// One lock for all, since a fork has to hold it; it is never held for long.
  private static let lock = ForkSafe(())

  init(grid: GridShape, labelCount: Int, options: latticecrf_learning) throws {
    self.grid = grid
    self.labelCount = labelCount
    let parallelism = try Arguments.parallelism(threads: options.threads)
      .suited(to: grid.count * labelCount)
    self.parallelism = parallelism
    try Arguments.memory(labels: labelCount, on: grid)
    let recipe = try Enumerations.recipes.entry(options.recipe)
    switch try Enumerations.precisions.entry(options.precision) {
    case .single:
      current = try DifferentiableCRF(
        points: grid.count, labelCount: labelCount, terms: [],
        arithmetic: FilteredArithmetic(
          backend: TermArguments.backend(options.filter), recipe: recipe,
          parallelism: parallelism))
    case .double:
      current = try DifferentiableCRF(
        points: grid.count, labelCount: labelCount, terms: [],
        arithmetic: AllPairsArithmetic(parallelism: parallelism))
    }
  }

  /// What has been put together so far.
  var learner: any Learner { Self.lock.withLock { _ in current } }

  func add(_ term: LearnedTerm) throws {
    // The filter is built without the lock.
    let added = try learner.learner(of: term)
    try Cancellation.check()
    Self.lock.withLock { _ in current = current.joined(with: added) }
  }
}

/// A record with the threads that it uses.
struct RecordObject: Sendable {
  static let all = ObjectTable<RecordObject>(of: "record")

  let record: any LearnerRecord
  let parallelism: Parallelism
}

/// A `latticecrf_learned_term`, checked.
extension LearnedTerm {
  init(_ term: latticecrf_learned_term, for object: LearnerObject) throws {
    let (grid, labels) = (object.grid, object.labelCount)
    let channels = try Arguments.integer(
      term.channels, in: 0...ImageArguments.mostChannels, "the number of channels")
    let dimensions = channels + (term.has_positions == 0 ? 0 : grid.rank)
    guard dimensions > 0 else {
      throw CallError.argument("the term compares neither positions nor features")
    }
    try checkFeatures(grid.count, dimensions: 2 * dimensions)
    try Arguments.count(term.feature_count, channels, grid.count, "the array of features")
    let values = try Self.numbers(term.features, channels * grid.count, "the features")
    let rows = [Double](count: values.count) { rows in
      for channel in 0..<channels {
        for point in 0..<grid.count {
          rows[point * channels + channel] = values[channel * grid.count + point]
        }
      }
    }
    guard [1, Int64(dimensions)].contains(term.bandwidth_count) else {
      throw CallError.argument(
        "\(term.bandwidth_count) bandwidths for \(dimensions) features: give one value, or one for "
          + "each")
    }
    let bandwidths = try Self.numbers(
      term.bandwidths, Int(term.bandwidth_count), "the bandwidths")
    var transform: [Double]?
    if term.transform != nil {
      try Arguments.count(term.transform_count, dimensions, dimensions, "the transform")
      transform = try Self.numbers(term.transform, dimensions * dimensions, "the transform")
    }
    let features: LearnedFeatures
    switch (term.has_positions != 0, channels) {
    case (true, 0):
      features = try .positions(on: grid, bandwidths: bandwidths, transform: transform)
    case (true, _):
      features = try .bilateral(
        on: grid, image: rows, channels: channels, bandwidths: bandwidths, transform: transform)
    case (false, _):
      features = try LearnedFeatures(
        rows: rows, dimensions: dimensions, bandwidths: bandwidths, transform: transform,
        imageChannels: 0..<channels)
    }
    self.init(
      features, compatibility: try Self.compatibility(term, labels: labels),
      normalization: try Enumerations.normalizations.entry(term.normalization),
      selfTerm: try Enumerations.selfTerms.entry(term.self_term))
  }

  private static func compatibility(
    _ term: latticecrf_learned_term, labels: Int
  ) throws -> LearnedCompatibility {
    let count = Int(term.compatibility_count)
    guard [1, labels, labels * labels].contains(count) else {
      throw CallError.argument(
        "the compatibility has \(count) numbers, but for \(labels) labels it is 1 number, "
          + "\(labels) numbers, or \(labels) × \(labels)")
    }
    let values = try numbers(term.compatibility, count, "the compatibility")
    switch count {
    case 1: return .potts(values[0])
    case labels: return .diagonal(values)
    default: return term.is_unsymmetric == 0 ? .matrix(values) : .unsymmetric(values)
    }
  }

  private static func numbers(
    _ values: UnsafePointer<Double>?, _ count: Int, _ name: String
  ) throws -> [Double] {
    guard count > 0 else { return [] }
    let values = try Arguments.pointer(values, name, alignment: 8)
    let numbers = Array(UnsafeBufferPointer(start: values, count: count))
    let largest = Double(Arguments.largestFeature)
    if let index = numbers.firstIndex(where: { !($0.magnitude <= largest) }) {
      throw CallError.data(
        "number \(index) of \(name) is \(numbers[index]), but must be finite and at most "
          + "\(largest) in magnitude")
    }
    return numbers
  }
}
