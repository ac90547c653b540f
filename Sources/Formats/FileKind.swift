import LatticeSupport
import Unaries

/// What a file seems to be, by its first bytes; names are often wrong, contents are not.
package enum FileKind: Sendable, Equatable {
  case png, jpeg, webp, npy, zip, tiff
  /// A volume; compressed ones show only as `gzip`.
  case nifti, gzip
  /// Variables of MATLAB; of version 7.3, which is HDF5, see `other`.
  case matlab
  /// What stands in place of a file of data.
  case placeholder(Placeholder)
  /// Something that no reader here understands, in words: `a TIFF image`.
  case other(String)

  /// How many bytes it takes to tell.
  package static let prefixLength = Placeholder.prefixLength

  package init(prefix bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes.prefix(Self.prefixLength))
    if let placeholder = Placeholder(prefix: bytes) {
      self = .placeholder(placeholder)
      return
    }
    self = Self.signatures.first { bytes.starts(with: $0.bytes) }?.kind ?? Self.unsigned(bytes)
  }

  /// In words, with its article: `a PNG image`.
  package var words: String {
    switch self {
    case .png: "a PNG image"
    case .jpeg: "a JPEG image"
    case .webp: "a WebP image"
    case .npy: "a NumPy array (NPY)"
    case .zip: "a ZIP or NPZ archive"
    case .tiff: "a TIFF image"
    case .nifti: "a NIfTI volume"
    case .gzip: "gzip-compressed data"
    case .matlab: "a MATLAB file"
    case .placeholder(let placeholder): placeholder.words
    case .other(let words): words
    }
  }

  /// How to get the file that this one stands in place of; `nil` where it stands for itself.
  package var remedy: String? {
    switch self {
    case .placeholder(let placeholder): placeholder.remedy
    case .other(Self.hdf5):
      "convert it in Python: numpy.save('scores.npy', h5py.File(path)[name][()])"
    case .other(Self.matlabHDF5):
      "save it as version 7 (save with '-v7'), or convert it in Python: numpy.save('scores.npy', "
        + "h5py.File(path)[name][()].T)"
    default: nil
    }
  }

  /// Whether it is a picture, one that can be read or not.
  package var isPicture: Bool { words.contains(" image") }

  private static let hdf5 = "an HDF5 file"
  private static let matlabHDF5 = "a MATLAB file of version 7.3, which is HDF5"

  private static let signatures: [(bytes: [UInt8], kind: FileKind)] = [
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
    ([0xFF, 0xD8, 0xFF], .jpeg),
    ([0x93] + Array("NUMPY".utf8), .npy),
    (Array("PK\u{03}\u{04}".utf8), .zip),
    (Array("PK\u{05}\u{06}".utf8), .zip),
    (Array("GIF8".utf8), .other("a GIF image")),
    (Array("BM".utf8), .other("a BMP image")),
    (Array("II*\0".utf8), .tiff),
    (Array("MM\0*".utf8), .tiff),
    (Array("II+\0".utf8), .tiff),
    (Array("MM\0+".utf8), .tiff),
    (Array("%PDF".utf8), .other("a PDF document")),
    (Array("{".utf8), .other("JSON or other text")),
    (Array("<".utf8), .other("XML, HTML or SVG text")),
    ([0x1F, 0x8B], .gzip),
    ([0x89] + Array("HDF".utf8), .other(hdf5)),
    (Array("MATLAB 7.3".utf8), .other(matlabHDF5)),
    (Array("MATLAB".utf8), .matlab),
  ]

  private static func unsigned(_ bytes: [UInt8]) -> FileKind {
    if bytes.isEmpty { return .other("an empty file") }
    if NIfTIHeader.begins(bytes) { return .nifti }
    if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
      return .webp
    }
    if bytes.dropFirst(4).starts(with: Array("ftyp".utf8)) {
      let brand = String(decoding: bytes.dropFirst(8).prefix(4), as: UTF8.self)
      if ["avif", "avis"].contains(brand) { return .other("an AVIF image") }
      if ["heic", "heix", "heim", "heis", "mif1", "msf1"].contains(brand) {
        return .other("a HEIF image (HEIC)")
      }
    }
    let isNetpbm =
      bytes.count > 2 && bytes[0] == 0x50 && (0x31...0x37).contains(bytes[1]) && bytes[2] <= 0x20
    if isNetpbm { return .other("a Netpbm image (PNM)") }
    let isText = bytes.prefix(64).allSatisfy {
      $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0)
    }
    return .other(isText ? "text" : "something unknown")
  }
}
