import Lattice
import LatticeCHeader
import LatticeSupport
import MeanField
import Unaries

/// A `latticecrf_term`, checked.
struct TermArguments {
  private let compatibility: any LabelCompatibility
  private let normalization: Normalization
  private let selfTerm: SelfTerm
  private let backend: any FilterBackend

  init(_ term: UnsafePointer<latticecrf_term>?, labelCount: Int) throws {
    let term = try Arguments.structure(term, "term", defaults: latticecrf_term())
    compatibility = try Self.compatibility(term, labelCount: labelCount)
    normalization = try Enumerations.normalizations.entry(term.normalization)
    selfTerm = try Enumerations.selfTerms.entry(term.self_term)
    backend = try Self.backend(term.filter)
  }

  /// Adds the term of `kernel` to a CRF.
  func add(_ kernel: any PairwiseKernel, image: Image? = nil, to object: CRFObject) throws {
    let term = PairwiseTerm(
      kernel, compatibility: compatibility, normalization: normalization, selfTerm: selfTerm)
    do {
      object.add(
        try PreparedTerm(
          term, scene: Scene(grid: object.grid, image: image), labelCount: object.labelCount,
          backend: backend, parallelism: object.parallelism))
    } catch {
      throw CallError(error).at(kernel.name)
    }
  }

  static func backend(_ kind: latticecrf_filter_kind) throws -> any FilterBackend {
    let kind = try Enumerations.filters.entry(kind)
    return try kind.make(Settings(kind.settings))
  }

  private static func compatibility(
    _ term: latticecrf_term, labelCount: Int
  ) throws -> any LabelCompatibility {
    let count = Int(term.compatibility_count)
    guard [1, labelCount, labelCount * labelCount].contains(count) else {
      throw CallError.argument(
        "the compatibility has \(count) numbers, but for \(labelCount) labels it is 1 number, "
          + "\(labelCount) numbers, or \(labelCount) × \(labelCount)")
    }
    let values = try Arguments.numbers(
      term.compatibility, count: count, "the compatibility", magnitude: Arguments.largestWeight)
    switch count {
    case 1: return .potts(values[0])
    case labelCount: return .diagonal(values)
    default: return .matrix(values)
    }
  }
}
