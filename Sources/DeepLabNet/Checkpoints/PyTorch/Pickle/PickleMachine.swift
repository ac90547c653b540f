import LatticeSupport
import Unaries

/// Reads a pickle without running anything in it.
///
/// Knows the operations of protocols 2 to 5 that state dictionaries are written with. Objects are
/// not made: what a pickle would call is looked up in `PickleGlobal`, which says what to note
/// instead.
struct PickleMachine {
  private(set) var heap = PickleHeap()
  var cursor: ByteCursor
  private var stack: [PickleValue] = []
  /// The heights of the stack at the marks that are open.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  /// A checkpoint of a thousand tensors takes some ten thousand steps; lists of losses may take
  /// more.
  private static let mostSteps = 4 << 20

  init(_ bytes: StoredBytes, _ range: Range<Int>) {
    cursor = ByteCursor(bytes, range, part: "its pickle")
  }

  /// Reads one pickle, up to its end; several may follow one another.
  mutating func run() throws -> PickleValue {
    (stack, marks, memo) = ([], [], [:])
    for _ in 0..<Self.mostSteps {
      let operation = try cursor.byte()
      if operation == UInt8(ascii: ".") {
        guard stack.count == 1, marks.isEmpty else {
          throw Self.malformed("\(stack.count) values and \(marks.count) open marks at its end")
        }
        return stack[0]
      }
      try step(operation)
    }
    throw Self.malformed("more than \(Self.mostSteps) steps")
  }

  static func malformed(_ found: String) -> InputError {
    InputError(
      .data, "its pickle has \(found)",
      remedy: "the file is damaged, or is not a checkpoint: save model.state_dict() with torch.save"
    )
  }

  // MARK: Operations

  /// One operation; `PickleMachine+Literals` knows those that only make a value.
  private mutating func step(_ operation: UInt8) throws {
    if let value = try literal(operation) { return stack.append(value) }
    switch Unicode.Scalar(operation) {
    case "\u{80}": try checkProtocol(try cursor.byte())
    // Frames help those that read from a pipe.
    case "\u{95}": try cursor.skip(8)
    case "(": marks.append(stack.count)
    case "0": _ = try pop()
    case "1": _ = try popToMark()
    case "2": stack.append(try top())
    case "}": stack.append(heap.dictionary())
    case "]": stack.append(heap.list())
    case ")": stack.append(heap.tuple([]))
    case "t": stack.append(heap.tuple(try popToMark()))
    case "\u{85}": try makeTuple(1)
    case "\u{86}": try makeTuple(2)
    case "\u{87}": try makeTuple(3)
    case "\u{91}":
      _ = try popToMark()
      stack.append(.inert)
    case "a": try append([try pop()])
    case "e", "\u{90}": try append(try popToMark())
    case "s":
      let value = try pop()
      try setItems([try pop(), value])
    case "u": try setItems(try popToMark())
    case "q": memo[Int(try cursor.byte())] = try top()
    case "r": memo[Int(try cursor.integer(UInt32.self))] = try top()
    case "\u{94}": memo[memo.count] = try top()
    case "h": try recall(Int(try cursor.byte()))
    case "j": try recall(Int(try cursor.integer(UInt32.self)))
    case "\u{93}": try stackGlobal()
    case "Q": stack.append(try heap.storage(persistentID: try pop()))
    case "R", "\u{81}":
      let arguments = try pop()
      stack.append(try heap.build(try pop(), arguments))
    case "b": try setState()
    default: throw Self.malformed("the operation \(operation), which no state dictionary needs")
    }
  }

  private func checkProtocol(_ version: UInt8) throws {
    guard (2...5).contains(version) else {
      throw Self.malformed("the protocol \(version); 2 to 5 are read")
    }
  }

  private func top() throws -> PickleValue {
    guard let value = stack.last, stack.count > marks.last ?? 0 else {
      throw Self.malformed("an operation on nothing")
    }
    return value
  }

  private mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw Self.malformed("an operation without a mark") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }

  private mutating func makeTuple(_ count: Int) throws {
    var items: [PickleValue] = []
    for _ in 0..<count { items.append(try pop()) }
    stack.append(heap.tuple(items.reversed()))
  }

  private mutating func append(_ items: [PickleValue]) throws {
    switch try top() {
    case .list(let index): heap.lists[index] += items
    case .inert: break
    case let other: throw Self.malformed("items for \(other.words)")
    }
  }

  private mutating func setItems(_ items: [PickleValue]) throws {
    guard items.count.isMultiple(of: 2) else { throw Self.malformed("a key without a value") }
    switch try top() {
    case .dictionary(let index):
      for first in stride(from: 0, to: items.count, by: 2) {
        heap.dictionaries[index].append((items[first], items[first + 1]))
      }
    case .inert: break
    case let other: throw Self.malformed("keys for \(other.words)")
    }
  }

  private mutating func recall(_ index: Int) throws {
    guard let value = memo[index] else {
      throw Self.malformed("a reference to what it has not remembered")
    }
    stack.append(value)
  }

  private mutating func stackGlobal() throws {
    guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
      throw Self.malformed("a class without a name")
    }
    stack.append(.global(try PickleGlobal(module: module, name: name)))
  }

  /// State of a dictionary is what PyTorch notes about versions of layers; that of others is of no
  /// use.
  private mutating func setState() throws {
    _ = try pop()
    switch try top() {
    case .dictionary, .inert: break
    case let other: throw Self.malformed("a state for \(other.words)")
    }
  }
}
