/// Named tensors in a file, read one at a time when they are asked for.
public protocol Checkpoint: Sendable {
  /// Where the tensors come from, for messages: a file's path.
  var place: String { get }

  /// The tensors, in the file's order.
  var entries: [CheckpointEntry] { get }

  /// What else is said in words, by name; empty where a format has no place for it.
  var metadata: [String: String] { get }

  /// The values of one tensor as float32.
  ///
  /// - Throws: `InputError` where there is no such tensor, or the file is damaged.
  /// - Complexity: O(values). Beside what is returned, it takes a fixed buffer; for a view that
  ///   skips parts of a shared storage, the part of the storage that it spans.
  func values(of name: String) throws -> ParameterValues
}

extension Checkpoint {
  /// Most formats say nothing.
  public var metadata: [String: String] { [:] }
}

/// A tensor in a checkpoint: its name, its sizes, and how it is stored.
public struct CheckpointEntry: Sendable, Hashable {
  /// The key.
  public let name: String
  /// The sizes, slowest first; empty for a single value.
  public let shape: [Int]
  /// The type in the file, as PyTorch names it: `float32`, `float16`, `bfloat16`, `int64` …
  public let storedType: String

  /// The number of values.
  public var count: Int { shape.reduce(1, *) }

  /// Whether it is stored in whole numbers, as counters are; weights are not.
  public var isInteger: Bool {
    !storedType.hasPrefix("float") && !storedType.hasPrefix("bfloat")
  }

  package init(name: String, shape: [Int], storedType: String) {
    self.name = name
    self.shape = shape
    self.storedType = storedType
  }
}
