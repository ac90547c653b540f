import Lattice
import LatticeCHeader
import MeanField
import Unaries

/// A `latticecrf_term`, checked.
struct TermArguments {
  private let compatibility: any LabelCompatibility
  private let normalization: Normalization
  private let selfTerm: SelfTerm
  private let backend: any FilterBackend

  init(_ term: UnsafePointer<latticecrf_term>?, labelCount: Int) throws {
    let term = try Arguments.pointer(term, "term", alignment: 8).pointee
    compatibility = try Self.compatibility(term, labelCount: labelCount)
    normalization = try Self.entry(
      of: Self.normalizations, term.normalization, "normalisation")
    selfTerm = try Self.entry(
      of: [.included, .excluded, .excludedBeforeNormalization], term.self_term, "self term")
    backend = try Self.backend(term.method)
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

  static func backend(_ method: latticecrf_method) throws -> any FilterBackend {
    try entry(
      of: [.permutohedral(.compatible), .permutohedral(.accurate), .exact]
        as [any FilterBackend], method, "method")
  }

  /// In the order of the header's numbers.
  private static let normalizations: [Normalization] = [.none, .before, .after, .symmetric]

  static func number(of normalization: Normalization) -> latticecrf_normalization {
    Int32(normalizations.firstIndex(of: normalization) ?? 0)
  }

  static func entry<Entry>(of entries: [Entry], _ number: Int32, _ what: String) throws -> Entry {
    guard let index = Int(exactly: number), entries.indices.contains(index) else {
      throw CallError.argument(
        "there is no \(what) number \(number), but 0 to \(entries.count - 1)")
    }
    return entries[index]
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
