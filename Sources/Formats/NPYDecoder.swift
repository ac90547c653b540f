import LatticeSupport
import Unaries

/// Turns the data behind an NPY header into floats, a block at a time.
struct NPYDecoder {
  let header: NPYHeader

  private static let blockSize = transferBlockSize

  /// Reads all of the data, which must be exactly as long as the header says.
  ///
  /// Memory: the result and one block.
  func values(from source: some ByteSource) throws -> [Float] {
    guard let available = source.remaining else {
      // A pipe: what a claim is worth shows only when the bytes are there.
      let bytes = try source.bytes(upTo: header.byteCount + 1)
      return try bytes.withUnsafeBytes {
        try values(from: MemorySource($0, name: source.name))
      }
    }
    try checkLength(available)
    guard header.count <= memoryLimit() / MemoryLayout<Float>.size else {
      throw InputError(
        .data, "holds \(header.count) numbers, more than there is memory for",
        remedy: "split the array")
    }
    return try [Float](unsafeUninitializedCapacity: header.count) { output, count in
      LargeBlocks.preferHugePages(for: UnsafeMutableRawBufferPointer(output))
      try read(source, into: output)
      count = header.count
    }
  }

  /// Reads all of the data into room for `header.count` numbers. `checkLength` has been called.
  func read(_ source: some ByteSource, into output: UnsafeMutableBufferPointer<Float>) throws {
    guard header.count > 0 else { return }
    // Native floats in C order need no detour.
    let isNative = header.isBigEndian == StoredNumber.isHostBigEndian
    if header.number == .float32, isNative, !header.isFortranOrder {
      try read(source, into: UnsafeMutableRawBufferPointer(output))
    } else {
      try convert(source, into: output)
    }
  }

  /// - Throws: `InputError` unless the data are `available` bytes long.
  func checkLength(_ available: Int) throws {
    guard available != header.byteCount else { return }
    throw InputError(
      .data,
      "its shape \(NPY.text(header.shape)) needs \(header.byteCount) bytes of data, but "
        + (available > header.byteCount ? "more are there" : "\(available) are there"),
      remedy: available > header.byteCount
        ? "the file is damaged, or several arrays are in it: save one array a file"
        : "the file was cut short: save or copy it again")
  }

  private func read(
    _ source: some ByteSource, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    guard try source.fill(buffer) == buffer.count else { throw FileSource.becameShorter }
  }

  private func convert(
    _ source: some ByteSource, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    let perBlock = Self.blockSize / header.number.size
    let block = AlignedBuffer<UInt8>(uninitialized: min(header.byteCount, Self.blockSize))
    let staged = AlignedBuffer<Float>(
      uninitialized: header.isFortranOrder ? min(perBlock, header.count) : 0)
    var scatter = FortranScatter(shape: header.shape)
    var first = 0
    while first < header.count {
      let count = min(perBlock, header.count - first)
      let bytes = UnsafeMutableRawBufferPointer(
        start: block.base, count: count * header.number.size)
      try read(source, into: bytes)
      let target = header.isFortranOrder ? staged.base : output.baseAddress! + first
      try decode(UnsafeRawPointer(block.base), stored: first, count: count, into: target)
      if header.isFortranOrder { scatter.put(staged.base, count: count, into: output) }
      first += count
    }
  }

  /// Converts `count` numbers, the first of which is the `stored`-th of the file.
  ///
  /// - Throws: `InputError` where a number is too large for float32.
  func decode(
    _ bytes: UnsafeRawPointer, stored first: Int, count: Int,
    into output: UnsafeMutablePointer<Float>
  ) throws {
    let found = header.number.decode(
      bytes, count: count, isBigEndian: header.isBigEndian, into: output)
    guard let overflow = found else { return }
    let place = coordinates(ofStored: first + overflow.index)
    throw InputError(
      .data, "the number \(overflow.value) at \(place) is too large for float32",
      remedy: "scale or clip the numbers to ±3.4e38 before saving")
  }

  /// Where in the array, slowest axis first, the `index`-th number of the file stands.
  private func coordinates(ofStored index: Int) -> String {
    var rest = index
    let order = header.isFortranOrder ? header.shape : header.shape.reversed()
    let coordinates = order.map { extent in
      let coordinate = rest % extent
      rest /= extent
      return coordinate
    }
    return NPY.text(header.isFortranOrder ? coordinates : coordinates.reversed())
  }
}

/// Puts numbers that come first axis fastest in their places of an array with the last axis
/// fastest.
struct FortranScatter {
  private let shape: [Int]
  /// How far apart neighbours along each axis are in the result.
  private let strides: [Int]
  private var coordinates: [Int]
  private var position = 0

  init(shape: [Int]) {
    // A single number is an array of one axis of length 1.
    self.shape = shape.isEmpty ? [1] : shape
    var strides = [Int](repeating: 1, count: self.shape.count)
    for axis in self.shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * self.shape[axis + 1]
    }
    self.strides = strides
    coordinates = [Int](repeating: 0, count: self.shape.count)
  }

  mutating func put(
    _ values: UnsafePointer<Float>, count: Int, into output: UnsafeMutableBufferPointer<Float>
  ) {
    var next = 0
    while next < count {
      let run = min(count - next, shape[0] - coordinates[0])
      for index in 0..<run { output[position + index * strides[0]] = values[next + index] }
      next += run
      advance(by: run)
    }
  }

  /// Moves along the first axis by `run`, at most to its end, and carries over to the others.
  private mutating func advance(by run: Int) {
    coordinates[0] += run
    position += run * strides[0]
    var axis = 0
    while coordinates[axis] == shape[axis], axis + 1 < shape.count {
      position += strides[axis + 1] - shape[axis] * strides[axis]
      coordinates[axis] = 0
      axis += 1
      coordinates[axis] += 1
    }
  }
}
