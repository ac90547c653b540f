import LatticeSupport

/// One of several equal shares of a list of files, for jobs that run beside each other.
///
/// Files are dealt out in turn by their place in the sorted list: shares differ by a file at most,
/// and all jobs that see the same folder cut it alike.
public struct Shard: Sendable, Hashable {
  /// Which share, 1…`count`.
  public let number: Int
  /// How many shares there are.
  public let count: Int

  /// `nil` unless 1 ≤ `number` ≤ `count`.
  public init?(_ number: Int, of count: Int) {
    guard count >= 1, (1...count).contains(number) else { return nil }
    self.number = number
    self.count = count
  }

  /// Of the form `3/16`; `nil` for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]) else {
      return nil
    }
    self.init(number, of: count)
  }

  /// Those of a sorted list that are this share's, in their order.
  public func share<Element>(of list: [Element]) -> [Element] {
    stride(from: number - 1, to: list.count, by: count).map { list[$0] }
  }
}

extension Shard: CustomStringConvertible {
  /// `shard 3 of 16`.
  public var description: String { "shard \(number) of \(count)" }
}
