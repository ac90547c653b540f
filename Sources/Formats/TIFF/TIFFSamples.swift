import LatticeSupport
import Unaries

/// The samples of one page by regions, and which pixels count.
final class TIFFSamples {
  let page: TIFFPage
  private let name: String
  private let window: RowWindow<UInt8>
  private let maskWindow: RowWindow<UInt8>?

  init(_ path: String, _ page: TIFFPage, mask: TIFFPage? = nil) throws {
    name = path
    self.page = page
    let rows = try TIFFRows(path, page)
    window = RowWindow(width: page.width, channels: page.bands * page.sampleSize, next: rows.next)
    maskWindow = try mask.map { mask in
      guard mask.bands == 1, mask.sampleSize == 1 else {
        throw TIFFBytes.damaged("its mask has \(mask.bands) bands").at(path)
      }
      let rows = try TIFFRows(path, mask)
      return RowWindow(width: mask.width, channels: 1, next: rows.next)
    }
  }

  /// The samples of `region`, bands next to each other, in the machine's byte order.
  func bytes(_ region: GridRegion) throws -> [UInt8] { try window.read(region) }

  var hasMaskPage: Bool { maskWindow != nil }

  /// Whether the mask page lets each pixel of `region` count; `nil` where there is none.
  func maskPage(_ region: GridRegion) throws -> [Bool]? {
    try maskWindow?.read(region).map { $0 != 0 }
  }

  /// The samples as numbers.
  func floats(_ bytes: [UInt8]) -> [Float] {
    let count = bytes.count / page.sampleSize
    return [Float](unsafeUninitializedCapacity: count) { output, filled in
      bytes.withUnsafeBytes { bytes in
        // A number that float32 has no room for becomes infinite, and is refused as such if it
        // counts.
        _ = page.number.decode(
          bytes.baseAddress!, count: count, isBigEndian: StoredNumber.isHostBigEndian,
          into: output.baseAddress!)
      }
      filled = count
    }
  }

  /// Whether each sample is the nodata value; `nil` where none can be.
  func isNoData(_ bytes: [UInt8]) -> [Bool]? {
    guard let value = page.storedNoData else { return nil }
    let size = page.sampleSize
    func each<Bits: BitwiseCopyable>(_ test: (Bits) -> Bool) -> [Bool] {
      bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / size).map {
          test(bytes.loadUnaligned(fromByteOffset: $0 * size, as: Bits.self))
        }
      }
    }
    let isNaN = value.isNaN
    return switch page.number {
    case .uint8, .bool: each { (sample: UInt8) in Double(sample) == value }
    case .int8: each { (sample: Int8) in Double(sample) == value }
    case .uint16: each { (sample: UInt16) in Double(sample) == value }
    case .int16: each { (sample: Int16) in Double(sample) == value }
    case .uint32: each { (sample: UInt32) in Double(sample) == value }
    case .int32: each { (sample: Int32) in Double(sample) == value }
    case .float32: each { (sample: Float) in Double(sample) == value || isNaN && sample.isNaN }
    case .float64: each { (sample: Double) in sample == value || isNaN && sample.isNaN }
    default:
      each { (bits: UInt16) in
        let sample = Float.half(bits: bits)
        return Double(sample) == value || isNaN && sample.isNaN
      }
    }
  }

  /// What is said of a number that is not finite and counts.
  func notFinite(_ value: Float, row: Int, column: Int, band: Int) -> InputError {
    InputError(
      .data, at: name,
      "has the number \(value) in band \(band + 1) at row \(row), column \(column)",
      remedy: "if it stands for what was not measured, declare it, as with "
        + "gdal_edit.py -a_nodata nan")
  }
}
