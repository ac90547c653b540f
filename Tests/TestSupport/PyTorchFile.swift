/// A file as `torch.save` wrote it before version 1.6, of dictionaries and float32 tensors.
package struct PyTorchFile {
  /// What can be saved.
  package indirect enum Value {
    case tensor(shape: [Int], values: [Float])
    case dictionary([(name: String, value: Value)])
    case integer(UInt8)

    /// A tensor all of whose values are the same.
    package static func tensor(_ shape: [Int] = [1], of value: Float) -> Value {
      .tensor(shape: shape, values: [Float](repeating: value, count: shape.reduce(1, *)))
    }
  }

  package private(set) var bytes: [UInt8] = []
  private var storages: [[Float]] = []

  package init(_ root: Value) {
    let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    bytes = [0x80, 2, 0x8A, 10] + magic + Self.end
    bytes += [0x80, 2] + [0x4D, 0xE9, 0x03] + Self.end
    bytes += [0x80, 2] + Array("}".utf8) + Self.end
    bytes += [0x80, 2]
    add(root)
    bytes += Self.end
    bytes += [0x80, 2] + Array("](".utf8)
    for index in storages.indices { add("\(index)") }
    bytes += Array("e".utf8) + Self.end
    for storage in storages {
      bytes += Self.littleEndian(UInt64(storage.count))
      for value in storage { bytes += Self.littleEndian(value.bitPattern) }
    }
  }

  private static let end = Array(".".utf8)

  private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private mutating func add(_ value: Value) {
    switch value {
    case .integer(let number): bytes += [0x4B, number]
    case .dictionary(let members):
      bytes += Array("}(".utf8)
      for (name, value) in members {
        add(name)
        add(value)
      }
      bytes += Array("u".utf8)
    case .tensor(let shape, let values):
      bytes += Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8)
      add("storage")
      bytes += Array("ctorch\nFloatStorage\n".utf8)
      add("\(storages.count)")
      add("cpu")
      addLong(values.count)
      bytes += Array("tQK".utf8) + [0]
      addTuple(shape)
      addTuple(shape.indices.map { shape[($0 + 1)...].reduce(1, *) })
      bytes += [0x89] + Array("ccollections\nOrderedDict\n)RtR".utf8)
      storages.append(values)
    }
  }

  private mutating func add(_ text: String) {
    bytes += Array("X".utf8) + Self.littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  private mutating func addLong(_ number: Int) {
    bytes += Array("J".utf8) + Self.littleEndian(Int32(number))
  }

  private mutating func addTuple(_ numbers: [Int]) {
    bytes += Array("(".utf8)
    for number in numbers { addLong(number) }
    bytes += Array("t".utf8)
  }
}
