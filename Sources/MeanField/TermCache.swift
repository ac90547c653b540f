import Lattice
import LatticeSupport
import Synchronization
import Unaries

/// Terms that were prepared over one scene, for models that differ in what filters do not depend
/// on.
///
/// The filter of a term and its normalisation depend on its kernel, not on its compatibility: where
/// weights or updates alone change, no filter is built again. Marginals are those that models come
/// to without it.
package final class TermCache: Sendable {
  private struct Entry {
    let key: String
    let term: PreparedTerm
  }

  /// The term that was used last stands last.
  private let entries = Mutex<[Entry]>([])
  private let capacity: Int

  /// - Parameter capacity: how many terms are kept; those that were used last.
  package init(capacity: Int) { self.capacity = capacity }

  /// How many terms are kept now.
  package var count: Int { entries.withLock { $0.count } }

  /// A term of a model: as it is kept, with the compatibility that is asked for; else as `make`
  /// prepares it.
  func term(
    _ description: CRFModel.Term, by filter: Description<FilterKind>, _ term: PairwiseTerm,
    labelCount: Int, make: () throws -> PreparedTerm
  ) throws -> PreparedTerm {
    let key = Self.key(description, filter)
    if let kept = take(key) { return try kept.with(term.compatibility, labelCount: labelCount) }
    let made = try make()
    entries.withLock { entries in
      if entries.count >= capacity { entries.removeFirst(entries.count - capacity + 1) }
      entries.append(Entry(key: key, term: made))
    }
    return made
  }

  private func take(_ key: String) -> PreparedTerm? {
    entries.withLock { entries in
      guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
      let entry = entries.remove(at: index)
      entries.append(entry)
      return entry.term
    }
  }

  private static func key(_ term: CRFModel.Term, _ filter: Description<FilterKind>) -> String {
    JSONValue.list([
      term.kernel.json, .text(term.normalization.rawValue), .text(term.selfTerm.rawValue),
      filter.json,
    ]).compactText
  }
}
