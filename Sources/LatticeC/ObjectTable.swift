import LatticeCHeader
import LatticeSupport
import Synchronization

/// Objects by the numbers that callers know them by.
///
/// A caller's number is looked up and never followed, so a wrong one is an error, not a crash.
/// Numbers are not used twice, in no table.
final class ObjectTable<Object: Sendable>: Sendable {
  private let objects = ForkSafe<[UInt64: Object]>([:])
  private let kind: String

  /// - Parameter kind: what the objects are, for messages.
  init(of kind: String) {
    self.kind = kind
  }

  func add(_ object: Object) -> UInt64 {
    let number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
    objects.withLock { $0[number] = object }
    return number
  }

  func object(_ number: UInt64) throws -> Object {
    guard let object = objects.withLock({ $0[number] }) else { throw unknown(number) }
    return object
  }

  func remove(_ number: UInt64) throws {
    // The object may be large: it is freed after the lock.
    let removed = objects.withLock { $0.removeValue(forKey: number) }
    guard removed != nil else { throw unknown(number) }
  }

  private func unknown(_ number: UInt64) -> CallError {
    let reason =
      number == 0 || number > lastNumber.load(ordering: .relaxed)
      ? "it was never given out" : "it was destroyed, or is something else"
    return CallError(LATTICECRF_INVALID_HANDLE, "there is no \(kind) number \(number): \(reason)")
  }
}

/// Counts the objects of all tables, so that a filter is not taken for a CRF.
private let lastNumber = Atomic<UInt64>(0)
