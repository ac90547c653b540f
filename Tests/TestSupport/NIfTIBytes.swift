/// The bytes of small NIfTI-1 files.
package struct NIfTIBytes {
  /// Along x, y, z and further axes.
  package var extents: [Int]
  /// NIfTI's code of the numbers, and the bytes of one.
  package var type: (code: Int, size: Int) = (16, 4)
  package var spacing: [Float] = [1, 1, 1]
  package var slope: Float = 0
  package var intercept: Float = 0
  /// The sform, 3 × 4; `nil` for none.
  package var rows: [Float]?
  package var isBigEndian = false
  /// Of voxels, as they stand in the file.
  package var voxels: [UInt8] = []

  package init(extents: [Int], floats: [Float]) {
    self.extents = extents
    for value in floats { append(value.bitPattern, to: &voxels) }
  }

  package init(extents: [Int], type: (code: Int, size: Int), voxels: [UInt8]) {
    self.extents = extents
    self.type = type
    self.voxels = voxels
  }

  private func append<Value: FixedWidthInteger>(_ value: Value, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 }
  }

  private func put<Value: FixedWidthInteger>(
    _ value: Value, at offset: Int, in bytes: inout [UInt8]
  ) {
    var part: [UInt8] = []
    append(value, to: &part)
    bytes.replaceSubrange(offset..<offset + part.count, with: part)
  }

  package var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 352)
    put(Int32(348), at: 0, in: &bytes)
    put(Int16(extents.count), at: 40, in: &bytes)
    for axis in 0..<7 {
      put(Int16(axis < extents.count ? extents[axis] : 1), at: 42 + 2 * axis, in: &bytes)
    }
    put(Int16(type.code), at: 70, in: &bytes)
    put(Int16(8 * type.size), at: 72, in: &bytes)
    for (axis, step) in ([1] + spacing).enumerated() {
      put(step.bitPattern, at: 76 + 4 * axis, in: &bytes)
    }
    put(Float(352).bitPattern, at: 108, in: &bytes)
    put(slope.bitPattern, at: 112, in: &bytes)
    put(intercept.bitPattern, at: 116, in: &bytes)
    // Millimetres.
    bytes[123] = 2
    if let rows {
      put(Int16(1), at: 254, in: &bytes)
      for (index, value) in rows.enumerated() {
        put(value.bitPattern, at: 280 + 4 * index, in: &bytes)
      }
    }
    bytes.replaceSubrange(344..<348, with: Array("n+1\0".utf8))
    return bytes + voxels
  }
}
