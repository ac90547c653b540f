import Formats
import Unaries

/// What a pickle describes, as far as a state dictionary needs it.
///
/// Containers stand in a `PickleHeap` and are named by number: neither deep nesting nor circles are
/// a problem for what has no references.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  /// A whole number of more than 64 bits, little endian.
  case longInteger([UInt8])
  case string(String)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(Int)
  case tensor(Int)
  /// Data that nothing is wanted from: a real number, bytes, a set, a NumPy scalar.
  case inert

  /// In words, for messages.
  var words: String {
    switch self {
    case .none: "None"
    case .bool: "a truth value"
    case .integer, .longInteger: "a whole number"
    case .string: "a string"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .global: "a class"
    case .storage: "a storage without a tensor"
    case .tensor: "a tensor without a name"
    case .inert: "something other than tensors"
    }
  }
}

/// The containers and tensors of a pickle.
struct PickleHeap {
  var tuples: [[PickleValue]] = []
  var lists: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var storages: [PickledStorage] = []
  var tensors: [PickledTensor] = []
  /// Pairs that may still be copied: a small pickle could ask for the same ones any number of
  /// times.
  var copiesLeft = 1 << 20

  mutating func tuple(_ items: [PickleValue]) -> PickleValue {
    tuples.append(items)
    return .tuple(tuples.count - 1)
  }

  mutating func list() -> PickleValue {
    lists.append([])
    return .list(lists.count - 1)
  }

  mutating func dictionary() -> PickleValue {
    dictionaries.append([])
    return .dictionary(dictionaries.count - 1)
  }

  /// The items of a tuple or list.
  func items(of value: PickleValue) -> [PickleValue]? {
    switch value {
    case .tuple(let index): tuples[index]
    case .list(let index): lists[index]
    default: nil
    }
  }

  /// The whole numbers in a tuple or list; `nil` where it is none, or holds anything else.
  func integers(of value: PickleValue) -> [Int]? {
    guard let items = items(of: value) else { return nil }
    var numbers: [Int] = []
    for item in items {
      guard case .integer(let number) = item else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}

/// Numbers that a pickle refers to; they lie elsewhere in the file.
struct PickledStorage {
  var number: StoredNumber
  var key: String
  /// Elements of the whole.
  var count: Int
  /// The elements that this storage takes of the whole.
  var part: Range<Int>

  /// Bytes of the whole; `nil` where no number is so large.
  var byteCount: Int? {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: number.size)
    return overflow ? nil : bytes
  }
}

/// A tensor over a part of a storage.
struct PickledTensor {
  var storage: Int
  /// Elements before the first one.
  var offset: Int
  var shape: [Int]
  var strides: [Int]
}
