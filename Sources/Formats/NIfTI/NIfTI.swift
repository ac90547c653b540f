import LatticeSupport
import Unaries

/// A volume, or several on the same grid, with its place in space.
public struct NIfTIVolume: Sendable {
  /// (z,y,x), or (labels or channels,z,y,x).
  public let array: NumericArray
  /// Where the voxels lie.
  public let geometry: VolumeGeometry
}

/// Volumes of medical imaging: NIfTI-1 and NIfTI-2, in one file or two, compressed or not.
///
/// The order of the numbers in the file, x fastest, is that of an array (z,y,x) in C order. Nothing
/// is turned.
public enum NIfTI {
  /// Endings of such files; labels and scores are looked for under the first two.
  static let endings = ["nii", "nii.gz", "hdr", "hdr.gz", "img", "img.gz"]

  /// Whether the name of a file says that it holds a volume.
  package static func isNamed(_ path: String) -> Bool {
    let name = path.lowercased()
    return endings.contains { name.hasSuffix("." + $0) }
  }

  /// Whether a file seems to hold a volume, by its first bytes or, where they do not tell, its
  /// name.
  static func isVolume(_ source: FileSource) -> Bool {
    switch source.kind {
    case .nifti: true
    case .gzip: true
    case .other: isNamed(source.name)
    default: false
    }
  }

  /// Reads a volume; either file of a pair will do.
  ///
  /// - Throws: `InputError` where the file cannot be read, is something else, is damaged, or holds
  ///   a kind of numbers that cannot be used.
  /// - Complexity: O(N) time; the result and one block in memory.
  public static func read(_ path: String) throws -> NIfTIVolume {
    let file = try NIfTIFile(path)
    return NIfTIVolume(array: try file.array(), geometry: file.header.geometry)
  }
}

/// A file of voxels whose header has been read.
struct NIfTIFile {
  let header: NIfTIHeader
  private let path: String
  /// The file of the voxels.
  private let dataPath: String

  init(_ path: String) throws {
    self.path = path
    let headerPath = Self.partner(of: path, ending: "img", becomes: "hdr") ?? path
    do {
      let (source, _) = try Self.open(headerPath)
      header = try NIfTIHeader(source.bytes(upTo: NIfTIHeader.prefixLength), name: headerPath)
    } catch let error as InputError {
      throw error.at(headerPath)
    }
    guard header.isPair else {
      dataPath = headerPath
      return
    }
    guard let data = Self.partner(of: headerPath, ending: "hdr", becomes: "img") else {
      throw InputError(
        .data, at: path, "is the header of a pair of NIfTI files, but is not named .hdr",
        remedy: "name the pair .hdr and .img, or save it as .nii.gz")
    }
    dataPath = data
  }

  /// The bytes of a file, inflated where they are compressed.
  private static func open(_ path: String) throws -> (any ByteSource, GzipSource?) {
    let source = try FileSource(path)
    guard source.kind == .gzip else { return (source, nil) }
    let gzip = try GzipSource(source)
    return (gzip, gzip)
  }

  /// The other file of a pair, by its name; `nil` where `path` is not named so. That it is
  /// compressed may be said of one file alone.
  private static func partner(
    of path: String, ending: String, becomes other: String
  ) -> String? {
    let name = path.lowercased()
    for (suffix, zipped) in [("." + ending, ""), ("." + ending + ".gz", ".gz")]
    where name.hasSuffix(suffix) {
      let stem = path.dropLast(suffix.count)
      let candidates = ["\(stem).\(other)\(zipped)", "\(stem).\(other)", "\(stem).\(other).gz"]
      return candidates.first(where: FolderListing.exists) ?? candidates[0]
    }
    return nil
  }

  func array() throws -> NumericArray {
    do {
      return try NumericArray(shape: header.shape, values: values())
    } catch let error as InputError {
      throw error.at(dataPath)
    }
  }

  private func values() throws -> [Float] {
    let (source, gzip) = try Self.open(dataPath)
    if let available = source.remaining, available - header.dataOffset < header.byteCount {
      throw tooShort("\(max(0, available - header.dataOffset))")
    }
    guard header.count <= memoryLimit() / MemoryLayout<Float>.size else {
      throw InputError(
        .data, "holds \(header.count) voxels, more than there is memory for",
        remedy: "cut the volume into parts")
    }
    try skip(header.dataOffset, in: source)
    let values = try decoded(source)
    try gzip?.checkEnd()
    return values
  }

  private func tooShort(_ found: String) -> InputError {
    InputError(
      .data,
      "its \(header.extents.map(String.init).joined(separator: "×")) voxels need "
        + "\(header.byteCount) bytes, but \(found) are there",
      remedy: "the file was cut short: save or copy it again")
  }

  private func skip(_ count: Int, in source: any ByteSource) throws {
    var left = count
    while left > 0 {
      let skipped = try source.bytes(upTo: min(left, transferBlockSize)).count
      guard skipped > 0 else { throw tooShort("0") }
      left -= skipped
    }
  }

  /// Memory grows with what arrives: a compressed file may claim anything.
  private func decoded(_ source: any ByteSource) throws -> [Float] {
    let perBlock = transferBlockSize / header.number.size
    let block = AlignedBuffer<UInt8>(uninitialized: perBlock * header.number.size)
    var values: [Float] = []
    if source.remaining != nil { values.reserveCapacity(header.count) }
    while values.count < header.count {
      let count = min(perBlock, header.count - values.count)
      let wanted = count * header.number.size
      let found = try source.fill(UnsafeMutableRawBufferPointer(start: block.base, count: wanted))
      guard found == wanted else {
        throw tooShort("\(values.count * header.number.size + found)")
      }
      values += try [Float](unsafeUninitializedCapacity: count) { output, filled in
        try decode(block.base, count: count, first: values.count, into: output.baseAddress!)
        filled = count
      }
    }
    return values
  }

  private func decode(
    _ bytes: UnsafePointer<UInt8>, count: Int, first: Int, into output: UnsafeMutablePointer<Float>
  ) throws {
    guard let (slope, intercept) = header.scale else {
      let overflow = header.number.decode(
        bytes, count: count, isBigEndian: header.isBigEndian, into: output)
      guard let overflow else { return }
      throw InputError(
        .data,
        "the number \(overflow.value) of voxel \(first + overflow.index) is too large for "
          + "float32", remedy: "scale or clip the numbers to ±3.4e38 before saving")
    }
    header.number.scale(
      bytes, count: count, isBigEndian: header.isBigEndian, by: slope, plus: intercept,
      into: output)
  }
}

extension StoredNumber {
  /// Converts `count` numbers to stored · `slope` + `intercept`, in float64 up to the last
  /// rounding.
  fileprivate func scale(
    _ bytes: UnsafeRawPointer, count: Int, isBigEndian: Bool, by slope: Double,
    plus intercept: Double, into output: UnsafeMutablePointer<Float>
  ) {
    let isSwapped = isBigEndian != Self.isHostBigEndian
    func each<Bits: FixedWidthInteger & BitwiseCopyable>(_ value: (Bits) -> Double) {
      for index in 0..<count {
        let bits = bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        output[index] = Float(value(isSwapped ? bits.byteSwapped : bits) * slope + intercept)
      }
    }
    switch self {
    case .float16: each { (bits: UInt16) in Double(Float.half(bits: bits)) }
    case .bfloat16: each { (bits: UInt16) in Double(Float(bitPattern: UInt32(bits) << 16)) }
    case .float32: each { (bits: UInt32) in Double(Float(bitPattern: bits)) }
    case .float64: each { (bits: UInt64) in Double(bitPattern: bits) }
    case .int8: each { (value: Int8) in Double(value) }
    case .int16: each { (value: Int16) in Double(value) }
    case .int32: each { (value: Int32) in Double(value) }
    case .int64: each { (value: Int64) in Double(value) }
    case .uint8, .bool: each { (value: UInt8) in Double(value) }
    case .uint16: each { (value: UInt16) in Double(value) }
    case .uint32: each { (value: UInt32) in Double(value) }
    case .uint64: each { (value: UInt64) in Double(value) }
    }
  }
}

/// A volume as an array that is read a box at a time; it is held whole from the first on.
package final class NIfTIBoxes: BoxSource {
  package let shape: [Int]
  private let file: NIfTIFile
  private lazy var array = Result { try file.array() }

  init(_ path: String) throws {
    file = try NIfTIFile(path)
    shape = file.header.shape
  }

  package func read(_ box: [Range<Int>]) throws -> NumericArray { try array.get().read(box) }
}
