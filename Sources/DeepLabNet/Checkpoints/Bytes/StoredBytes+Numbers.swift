import Formats
import LatticeSupport
import Unaries

extension StoredBytes {
  /// The values of a tensor, as float32 in the order of its shape.
  ///
  /// - Throws: `InputError` where they are more than this machine's memory, cannot be read, or a
  ///   float64 is too large for float32.
  /// - Complexity: O(count); a block of 1 MiB besides the result, or where a tensor is a view with
  ///   gaps, the part of the storage that it spans.
  func values(_ layout: TensorLayout) throws -> ParameterValues {
    let result = try Self.room(for: layout.count)
    if let strides = layout.strides {
      let steps = zip(layout.shape, strides).map { ($0 - 1) * $1 }
      let span = layout.count == 0 ? 0 : steps.reduce(1, +)
      let stored = try Self.room(for: span)
      try read(
        layout.number, isBigEndian: layout.isBigEndian, count: span, at: layout.start,
        into: stored.base)
      gather(stored.base, shape: layout.shape, strides: strides, into: result.base)
    } else {
      try read(
        layout.number, isBigEndian: layout.isBigEndian, count: layout.count, at: layout.start,
        into: result.base)
    }
    return ParameterValues(shape: layout.shape, storage: result)
  }

  /// - Throws: `InputError` where the machine cannot hold that many values.
  static func room(for count: Int) throws -> AlignedBuffer<Float> {
    guard count <= memoryLimit() / MemoryLayout<Float>.size else {
      throw InputError(
        .data, "holds \(count) numbers, more than there is memory for",
        remedy: "use a machine with more memory")
    }
    return AlignedBuffer(uninitialized: count)
  }

  /// Reads `count` numbers from byte `offset` on.
  func read(
    _ number: StoredNumber, isBigEndian: Bool = false, count: Int, at offset: Int,
    into output: UnsafeMutablePointer<Float>
  ) throws {
    if number == .float32, isBigEndian == StoredNumber.isHostBigEndian {
      // Native floats need no detour.
      return try read(
        at: offset, into: UnsafeMutableRawBufferPointer(start: output, count: count * number.size))
    }
    let perBlock = min(count, transferBlockSize / number.size)
    let block = AlignedBuffer<UInt8>(uninitialized: perBlock * number.size)
    var first = 0
    while first < count {
      let part = min(perBlock, count - first)
      try read(
        at: offset + first * number.size,
        into: UnsafeMutableRawBufferPointer(start: block.base, count: part * number.size))
      let overflow = number.decode(
        UnsafeRawPointer(block.base), count: part, isBigEndian: isBigEndian, into: output + first)
      if let overflow {
        throw InputError(
          .data,
          "the number \(overflow.value) at \(first + overflow.index) is too large for float32",
          remedy: "scale or clip the numbers to ±3.4e38 before saving")
      }
      first += part
    }
  }
}

/// Puts the elements of a view into their order. There is at least one axis.
private func gather(
  _ stored: UnsafePointer<Float>, shape: [Int], strides: [Int],
  into output: UnsafeMutablePointer<Float>
) {
  guard !shape.contains(0), let length = shape.last, let step = strides.last else { return }
  var coordinates = [Int](repeating: 0, count: shape.count - 1)
  var (source, target) = (stored, output)
  while true {
    for index in 0..<length { target[index] = source[index * step] }
    target += length
    var axis = coordinates.count - 1
    while axis >= 0 {
      coordinates[axis] += 1
      source += strides[axis]
      if coordinates[axis] < shape[axis] { break }
      source -= shape[axis] * strides[axis]
      coordinates[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}
