import Formats
import LatticeSupport
import Unaries

/// What `torch.save` wrote before version 1.6: five pickles, and then the storages one after
/// another.
struct LegacyPyTorchFile: PyTorchStorages {
  let root: PickleValue
  let heap: PickleHeap
  let isBigEndian: Bool
  private var ranges: [String: Range<Int>] = [:]

  /// 0x1950a86a20f9469cfc6c, little endian.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  private static let version = 1001

  init(_ bytes: StoredBytes) throws {
    var machine = PickleMachine(bytes, 0..<bytes.count)
    guard try bytes.prefix(1) == [0x80] else {
      let kind = FileKind(prefix: try bytes.prefix(FileKind.prefixLength))
      throw InputError(
        .data, "is not a checkpoint of PyTorch but seems to be \(kind.words)",
        remedy: "save model.state_dict() with torch.save")
    }
    guard case .longInteger(Self.magic) = try machine.run(),
      case .integer(Self.version) = try machine.run()
    else { throw PickleMachine.malformed("another beginning than torch.save gives it") }
    let system = try machine.run()
    isBigEndian = Self.isBigEndian(system, machine.heap)
    root = try machine.run()
    let keys = try machine.run()
    heap = machine.heap
    try readRanges(keys: keys, &machine.cursor)
  }

  private static func isBigEndian(_ system: PickleValue, _ heap: PickleHeap) -> Bool {
    guard case .dictionary(let index) = system else { return false }
    return heap.dictionaries[index].contains {
      if case (.string("little_endian"), .bool(false)) = $0 { true } else { false }
    }
  }

  /// Each storage is its number of elements and then its bytes, in the order of `keys`.
  private mutating func readRanges(keys: PickleValue, _ cursor: inout ByteCursor) throws {
    let known = Dictionary(heap.storages.map { ($0.key, $0) }) { first, _ in first }
    guard let keys = heap.items(of: keys), keys.count == known.count else {
      throw PickleMachine.malformed("another number of storages than its tensors have")
    }
    for key in keys {
      guard case .string(let key) = key, let storage = known[key], ranges[key] == nil else {
        throw PickleMachine.malformed("a storage that no tensor names, or the same one twice")
      }
      let count = try cursor.integer(Int64.self)
      guard count == storage.count else {
        throw PickleMachine.malformed(
          "a storage of \(storage.count) elements, of which \(count) are there")
      }
      let size = storage.byteCount ?? .max
      try cursor.check(size)
      ranges[key] = cursor.position..<cursor.position + size
      try cursor.skip(size)
    }
    guard cursor.remaining == 0 else {
      throw PickleMachine.malformed("\(cursor.remaining) bytes behind its last storage")
    }
  }

  func range(of storage: PickledStorage) throws -> Range<Int> {
    guard let range = ranges[storage.key], range.count == storage.byteCount else {
      throw PickleMachine.malformed("one storage with elements of two types")
    }
    return range
  }
}
