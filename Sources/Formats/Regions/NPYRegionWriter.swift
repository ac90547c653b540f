import LatticeSupport
import Unaries

/// An NPY file that is written a box at a time; it appears with `commit()` or not at all.
package final class NPYRegionWriter {
  private let output: AtomicOutput
  private let shape: [Int]
  private let type: NPY.ElementType
  /// Bytes before the data.
  private let offset: Int

  /// An array in C order, little endian, as format version 1.0.
  ///
  /// - Throws: `InputError` where the file cannot be created, or is a pipe or a device.
  package init(_ path: String, shape: [Int], type: NPY.ElementType) throws {
    output = try AtomicOutput(path)
    try output.checkIsFile()
    self.shape = shape
    self.type = type
    let header = NPY.headerBytes(shape: shape, type: type)
    offset = header.count
    try output.write(header)
  }

  /// Writes the numbers of `box`, which has a range for each axis. All boxes together must cover
  /// the array.
  ///
  /// - Parameter fill: puts the numbers of a stretch of the box into the buffer, last axis fastest;
  ///   gets the number of the stretch's first one among those of the box.
  /// - Throws: `InputError` where they cannot be written, or do not fit the type.
  package func write(
    _ box: [Range<Int>], fill: (Int, UnsafeMutableBufferPointer<Float>) -> Void
  ) throws {
    let runs = BoxRuns(box, in: shape)
    let perBlock = min(runs.length, transferBlockSize / MemoryLayout<Float>.size)
    let block = AlignedBuffer<Float>(uninitialized: perBlock)
    let encoded = AlignedBuffer<UInt8>(uninitialized: perBlock * type.size)
    var done = 0
    try runs.forEach { start in
      for first in stride(from: start, to: start + runs.length, by: perBlock) {
        let count = min(perBlock, start + runs.length - first)
        fill(done, UnsafeMutableBufferPointer(start: block.base, count: count))
        if let index = type.encode(block.base, count: count, into: encoded.base) {
          throw InputError(
            .data, at: output.path,
            "the number \(block[index]) at \(NPY.coordinates(of: first + index, shape: shape)) does "
              + "not fit \(type)", remedy: "write float32")
        }
        try output.write(
          UnsafeRawBufferPointer(start: encoded.base, count: count * type.size),
          at: offset + first * type.size)
        done += count
      }
    }
  }

  /// Writes the channels of a region, (C, H, W) as in the file, from a field over a larger one.
  package func write(_ region: GridRegion, of field: ChannelField, over whole: GridRegion) throws {
    let (base, stride, points) = (field.base, field.stride, region.grid.count)
    let (rows, columns) = (region.rows, region.columns)
    try write([0..<field.channels, rows, columns]) { first, block in
      var (channel, point) = first.quotientAndRemainder(dividingBy: points)
      var place = 0
      // The rest of a row at a time.
      while place < block.count {
        let (row, column) = point.quotientAndRemainder(dividingBy: columns.count)
        let count = min(columns.count - column, block.count - place)
        let source = whole.point(
          row: rows.lowerBound + row, column: columns.lowerBound + column)
        for index in 0..<count { block[place + index] = base[(source + index) * stride + channel] }
        place += count
        point += count
        if point == points { (channel, point) = (channel + 1, 0) }
      }
    }
  }

  /// Puts the file in its place.
  package func commit() throws { try output.commit() }
}

extension AtomicOutput {
  /// - Throws: `InputError` where the output is a pipe or a device, whose bytes would be on their
  ///   way before all has succeeded.
  func checkIsFile() throws {
    guard isDirect else { return }
    throw InputError(
      .usage, at: path, "is not an ordinary file, and tiles are written one by one",
      remedy: "name a file, or leave \(name: .tiles) out")
  }
}
