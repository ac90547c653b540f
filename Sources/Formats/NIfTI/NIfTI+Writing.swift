import LatticeSupport
import Unaries

extension NIfTI {
  /// Writes labels as a volume of bytes, or of 16 bits where a label needs them; compressed where
  /// `path` ends in `.gz`.
  ///
  /// - Parameters:
  ///   - map: on a grid of two or three axes; two make a single slice.
  ///   - geometry: where the voxels lie; `nil` where nobody knows.
  ///   - path: the file, which appears whole or not at all.
  /// - Throws: `InputError` where the grid does not fit, or the file cannot be written.
  public static func write(
    _ map: LabelMap, at geometry: VolumeGeometry?, to path: String
  ) throws {
    let isWide = map.labels.contains { $0 > UInt8.max }
    let header = try NIfTIOutputHeader(
      map.grid, volumes: nil, type: isWide ? .uint16 : .uint8, isLabels: true, at: geometry, path)
    try write(header.bytes, to: path) { write in
      if isWide {
        try map.labels.map(\.littleEndian).withUnsafeBytes(write)
      } else {
        try map.labels.map { UInt8(truncatingIfNeeded: $0) }.withUnsafeBytes(write)
      }
    }
  }

  /// Writes a field as volumes of float32, one for each channel.
  ///
  /// - Parameters:
  ///   - field: N × C.
  ///   - grid: N points on two or three axes.
  ///   - geometry: where they lie; `nil` where nobody knows.
  ///   - mask: which points count; the others are NaN.
  ///   - path: the file, which appears whole or not at all.
  /// - Throws: `InputError` where the grid does not fit, or the file cannot be written.
  public static func write(
    _ field: ChannelField, over grid: GridShape, at geometry: VolumeGeometry?,
    mask: PointMask? = nil, to path: String
  ) throws {
    let header = try NIfTIOutputHeader(
      grid, volumes: field.channels, type: .float32, isLabels: false, at: geometry, path)
    try write(header.bytes, to: path) { write in
      for channel in 0..<field.channels {
        let plane = (0..<grid.count).map { point in
          let isCounted = mask?.isCounted[point] ?? true
          let value = isCounted ? field.base[point * field.stride + channel] : .nan
          return value.bitPattern.littleEndian
        }
        try plane.withUnsafeBytes(write)
      }
    }
  }

  private static func write(
    _ header: [UInt8], to path: String,
    _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    try AtomicOutput.write(to: path) { output in
      guard path.lowercased().hasSuffix(".gz") else {
        try output.write(header)
        return try body { try output.write($0) }
      }
      let writer = try GzipWriter(output)
      try header.withUnsafeBytes { try writer.write($0) }
      try body { try writer.write($0) }
      try writer.finish()
    }
  }
}

/// The bytes before the voxels: a header of version 1 or, where an axis is too long for that, 2,
/// and four zeros that say that no extension follows. Little endian.
private struct NIfTIOutputHeader {
  private(set) var bytes: [UInt8]
  private let isVersion2: Bool

  enum Number: Int {
    case uint8 = 2
    case float32 = 16
    case uint16 = 512

    var bits: Int {
      switch self {
      case .uint8: 8
      case .uint16: 16
      case .float32: 32
      }
    }
  }

  /// NIfTI's code of values that are labels.
  private static let labelIntent = 1002

  init(
    _ grid: GridShape, volumes: Int?, type: Number, isLabels: Bool, at geometry: VolumeGeometry?,
    _ path: String
  ) throws {
    guard grid.rank <= 3 else {
      throw InputError(
        .data, at: path, "a grid of \(grid) does not fit a NIfTI volume",
        remedy: "write an NPY file")
    }
    let axes = Array(grid.extents.reversed()) + [Int](repeating: 1, count: 3 - grid.rank)
    let extents = axes + (volumes.map { [$0] } ?? [])
    // Coordinates of another grid place nothing here.
    let geometry =
      geometry.flatMap { $0.extents == axes ? $0 : nil } ?? VolumeGeometry(extents: axes)
    isVersion2 = extents.contains { $0 > Int(Int16.max) }
    let size = isVersion2 ? NIfTIHeader.size2 : NIfTIHeader.size1
    bytes = [UInt8](repeating: 0, count: size + 4)
    put(Int32(size), at: 0)
    let magic: [UInt8] =
      isVersion2
      ? [0x6E, 0x2B, 0x32, 0, 0x0D, 0x0A, 0x1A, 0x0A] : [0x6E, 0x2B, 0x31, 0]
    bytes.replaceSubrange(
      (isVersion2 ? 4 : 344)..<(isVersion2 ? 4 : 344) + magic.count, with: magic)
    for (axis, extent) in ([extents.count] + extents + [1, 1, 1, 1]).prefix(8).enumerated() {
      isVersion2 ? put(Int64(extent), at: 16 + 8 * axis) : put(Int16(extent), at: 40 + 2 * axis)
    }
    code(type.rawValue, 70, 12)
    code(type.bits, 72, 14)
    for (index, step) in geometry.pixdim.enumerated() {
      real(step, 76 + 4 * index, 104 + 8 * index)
    }
    isVersion2 ? put(Int64(size + 4), at: 168) : put(Float(size + 4).bitPattern, at: 108)
    real(1, 112, 176)
    if isLabels { code(Self.labelIntent, 68, 504, is32: true) }
    isVersion2 ? put(Int32(geometry.units), at: 500) : put(UInt8(geometry.units), at: 123)
    code(geometry.qformCode, 252, 344, is32: true)
    code(geometry.sformCode, 254, 348, is32: true)
    for index in 0..<3 {
      real(geometry.quaternion[index], 256 + 4 * index, 352 + 8 * index)
      real(geometry.offset[index], 268 + 4 * index, 376 + 8 * index)
    }
    for index in 0..<12 { real(geometry.rows[index], 280 + 4 * index, 400 + 8 * index) }
  }

  private mutating func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
    withUnsafeBytes(of: value.littleEndian) {
      bytes.replaceSubrange(offset..<offset + $0.count, with: $0)
    }
  }

  /// A number of 16 bits in version 1; in version 2 of 16 or 32.
  private mutating func code(_ value: Int, _ offset1: Int, _ offset2: Int, is32: Bool = false) {
    guard isVersion2 else { return put(Int16(truncatingIfNeeded: value), at: offset1) }
    is32 ? put(Int32(truncatingIfNeeded: value), at: offset2) : put(Int16(value), at: offset2)
  }

  /// A number of 32 bits in version 1, of 64 in version 2.
  private mutating func real(_ value: Double, _ offset1: Int, _ offset2: Int) {
    isVersion2
      ? put(value.bitPattern, at: offset2) : put(Float(value).bitPattern, at: offset1)
  }
}
