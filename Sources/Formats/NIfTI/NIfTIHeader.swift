import LatticeSupport
import Unaries

/// What the header of a NIfTI-1 or NIfTI-2 file says, checked.
///
/// The layout is that of `nifti1.h` and `nifti2.h` (NIfTI Data Format Working Group, 2003 and
/// 2011).
struct NIfTIHeader {
  /// The extents of x, y and z, time, and the components of a voxel.
  let extents: [Int]
  let number: StoredNumber
  let isBigEndian: Bool
  /// Bytes from the start of the data's file to the first voxel.
  let dataOffset: Int
  /// value = stored · slope + intercept; `nil` where values are as they are stored.
  let scale: (slope: Double, intercept: Double)?
  /// Where the voxels are in another file.
  let isPair: Bool
  let geometry: VolumeGeometry

  static let size1 = 348
  static let size2 = 540
  /// Bytes of a header, and of the four that say whether extensions follow.
  static let prefixLength = size2 + 4

  /// Whether these are the first bytes of such a header, in either byte order.
  static func begins(_ bytes: some Collection<UInt8>) -> Bool {
    let first = Array(bytes.prefix(4))
    return [[0x5C, 1, 0, 0], [0, 0, 1, 0x5C], [0x1C, 2, 0, 0], [0, 0, 2, 0x1C]].contains(first)
  }

  /// - Parameter bytes: the first of the file, `prefixLength` or all that there are.
  /// - Parameter name: the file, for warnings.
  /// - Throws: `InputError` where they are no header, or one of what cannot be read.
  init(_ bytes: [UInt8], name: String) throws {
    guard Self.begins(bytes) else {
      throw InputError(
        .data, "is not a NIfTI volume: its header does not begin with its length, 348 or 540",
        remedy: "convert it, as with nibabel or dcm2niix")
    }
    isBigEndian = bytes[0] == 0
    let isVersion2 = (isBigEndian ? bytes[3] : bytes[0]) == 0x1C
    let size = isVersion2 ? Self.size2 : Self.size1
    guard bytes.count >= size else {
      throw InputError(
        .data, "ends inside its NIfTI header: it has \(bytes.count) bytes of \(size)",
        remedy: "the file was cut short: save or copy it again")
    }
    let fields = NIfTIFields(bytes: bytes, isBigEndian: isBigEndian, isVersion2: isVersion2)
    isPair = try fields.isPair()
    extents = try fields.extents()
    number = try fields.number()
    dataOffset = try fields.dataOffset(isPair: isPair)
    scale = try fields.scale()
    geometry = fields.geometry(Array(extents[..<3]), name: name)
    guard extents[3] == 1 || extents[4] == 1 else {
      throw InputError(
        .data,
        "has \(extents[3]) points in time with \(extents[4]) components each, and nothing says "
          + "which are channels or labels",
        remedy: "save one of them, as with nibabel: image.slicer[..., 0, :]")
    }
    let bits = Int.bitWidth - 8
    let count = extents.reduce((1, false)) {
      let (product, overflow) = $0.0.multipliedReportingOverflow(by: $1)
      return (product, $0.1 || overflow)
    }
    guard !count.1, count.0 <= 1 << bits else {
      throw InputError(
        .data, "claims \(extents.map(String.init).joined(separator: "×")) voxels",
        remedy: "its header is damaged: save or copy it again")
    }
  }

  /// The shape of the numbers in C order: (z,y,x), or (labels or channels,z,y,x).
  var shape: [Int] {
    let volumes = max(extents[3], extents[4])
    return (volumes > 1 ? [volumes] : []) + extents[..<3].reversed()
  }

  var count: Int { extents.reduce(1, *) }
  var byteCount: Int { count * number.size }
}

/// The fields of a header, as they are.
private struct NIfTIFields {
  let bytes: [UInt8]
  let isBigEndian: Bool
  let isVersion2: Bool

  private func integer<Bits: FixedWidthInteger>(_ offset: Int, _: Bits.Type) -> Bits {
    let bits = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Bits.self) }
    return isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)
  }

  private func float(_ offset: Int) -> Double {
    Double(Float(bitPattern: integer(offset, UInt32.self)))
  }

  private func double(_ offset: Int) -> Double {
    Double(bitPattern: integer(offset, UInt64.self))
  }

  /// A number that NIfTI-1 has in 32 bits and NIfTI-2 in 64.
  private func real(_ offset1: Int, _ offset2: Int) -> Double {
    isVersion2 ? double(offset2) : float(offset1)
  }

  private func reals(_ offset1: Int, _ offset2: Int, count: Int) -> [Double] {
    (0..<count).map { real(offset1 + 4 * $0, offset2 + 8 * $0) }
  }

  /// A number that NIfTI-1 has in 16 bits and NIfTI-2 in 32.
  private func code(_ offset1: Int, _ offset2: Int) -> Int {
    isVersion2 ? Int(integer(offset2, Int32.self)) : Int(integer(offset1, Int16.self))
  }

  func isPair() throws -> Bool {
    let start = isVersion2 ? 4 : 344
    let magic = Array(bytes[start..<start + 4])
    let version = UInt8(ascii: isVersion2 ? "2" : "1")
    // The characters behind it show whether line ends were converted on the way.
    let isWhole =
      !isVersion2 || Array(bytes[start + 4..<start + 8]) == [0x0D, 0x0A, 0x1A, 0x0A]
    switch magic {
    case [0x6E, 0x2B, version, 0] where isWhole: return false
    case [0x6E, 0x69, version, 0] where isWhole: return true
    default:
      let isAnalyze = !isVersion2 && magic == [0, 0, 0, 0]
      throw InputError(
        .data,
        isAnalyze
          ? "is in the ANALYZE 7.5 format, which does not say where its voxels lie"
          : !isWhole
            ? "is damaged: the end of its magic number shows that line ends were converted"
            : "has no NIfTI magic number",
        remedy: isAnalyze
          ? "convert it to NIfTI, as with nibabel or FSL" : "copy it again, as binary data")
    }
  }

  func extents() throws -> [Int] {
    let dimensions = (0..<8).map {
      isVersion2
        ? Int(integer(16 + 8 * $0, Int64.self)) : Int(integer(40 + 2 * $0, Int16.self))
    }
    guard (1...7).contains(dimensions[0]) else {
      throw InputError(
        .data, "has \(dimensions[0]) axes, but NIfTI volumes have 1 to 7",
        remedy: "its header is damaged: save or copy it again")
    }
    var extents = Array(dimensions[1...dimensions[0]])
    if let wrong = extents.first(where: { $0 < 1 }) {
      throw InputError(
        .data, "has an axis of \(wrong) voxels",
        remedy: "its header is damaged: save or copy it again")
    }
    extents += [Int](repeating: 1, count: 7 - extents.count)
    guard extents[5] == 1, extents[6] == 1 else {
      throw InputError(
        .data, "has \(dimensions[0]) axes, of which the last are not of length 1",
        remedy: "save a part of at most five axes")
    }
    return Array(extents[..<5])
  }

  func number() throws -> StoredNumber {
    let type = Int(integer(isVersion2 ? 12 : 70, Int16.self))
    let known: [Int: StoredNumber] = [
      2: .uint8, 4: .int16, 8: .int32, 16: .float32, 64: .float64, 256: .int8, 512: .uint16,
      768: .uint32, 1024: .int64, 1280: .uint64,
    ]
    if let number = known[type] { return number }
    let others = [
      1: "single bits", 32: "complex numbers", 128: "RGB colours", 1536: "float128",
      1792: "complex numbers", 2048: "complex numbers", 2304: "RGBA colours",
    ]
    throw InputError(
      .data, "holds \(others[type] ?? "numbers of the unknown type \(type)"), which cannot be read",
      remedy: "save it as float32, as with nibabel")
  }

  func dataOffset(isPair: Bool) throws -> Int {
    let found = isVersion2 ? Double(integer(168, Int64.self)) : float(108)
    let least = isPair ? 0 : (isVersion2 ? NIfTIHeader.size2 : NIfTIHeader.size1) + 4
    guard found.isFinite, found >= Double(least), found < Double(1 << 52), found == found.rounded()
    else {
      throw InputError(
        .data, "says that its voxels begin at byte \(found), but they cannot before \(least)",
        remedy: "its header is damaged: save it again, as with nibabel")
    }
    return Int(found)
  }

  func scale() throws -> (slope: Double, intercept: Double)? {
    let (slope, intercept) = (real(112, 176), real(116, 184))
    guard slope != 0, !slope.isNaN else { return nil }
    guard slope.isFinite, intercept.isFinite else {
      throw InputError(
        .data, "has the scale \(slope) with the intercept \(intercept)",
        remedy: "save it again with finite numbers")
    }
    return slope == 1 && intercept == 0 ? nil : (slope, intercept)
  }

  func geometry(_ extents: [Int], name: String) -> VolumeGeometry {
    var geometry = VolumeGeometry(extents: extents)
    geometry.pixdim = reals(76, 104, count: 4)
    geometry.units =
      (isVersion2 ? Int(integer(500, Int32.self)) : Int(bytes[123])) & VolumeGeometry.spatialUnits
    geometry.qformCode = code(252, 344)
    geometry.sformCode = code(254, 348)
    geometry.quaternion = reals(256, 352, count: 3)
    geometry.offset = reals(268, 376, count: 3)
    geometry.rows = reals(280, 400, count: 12)
    if let form = geometry.dropFormsThatAreNotFinite() {
      InputWarning(
        at: name, "has a place in space that is not a number (its \(form)), which is left out",
        remedy: "save it with a finite affine"
      ).report()
    }
    return geometry
  }
}
