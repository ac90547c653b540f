/// Writes models as Caffe does: a `NetParameter` with layers of either style; see `caffe.proto`.
struct CaffeModelWriter {
  enum Style: CaseIterable {
    /// `LayerParameter`: types by name, shapes of any number of axes.
    case current
    /// `V1LayerParameter`, before 2015: types by number, four axes for every blob.
    case old
  }

  enum LayerType: String {
    case convolution = "Convolution"
    case innerProduct = "InnerProduct"
    case batchNormalization = "BatchNorm"
    case scale = "Scale"
    /// DeconvNet's own: a scale and a shift.
    case foldedNormalization = "BN"
    case transposedConvolution = "Deconvolution"
    case rectifier = "ReLU"

    /// In the enumeration of the old style, which knows no normalisation.
    var oldNumber: Int? {
      switch self {
      case .convolution: 4
      case .innerProduct: 14
      case .rectifier: 18
      case .transposedConvolution: 39
      case .batchNormalization, .scale, .foldedNormalization: nil
      }
    }
  }

  typealias Blob = (shape: [Int], values: [Float])

  private let style: Style
  /// The file so far.
  private(set) var bytes = Self.field(1, Array("net".utf8))

  init(style: Style) {
    self.style = style
  }

  /// Adds a layer with what it has learned.
  mutating func add(_ name: String, _ type: LayerType, _ blobs: [Blob] = []) {
    switch style {
    case .current:
      let header = Self.field(1, Array(name.utf8)) + Self.field(2, Array(type.rawValue.utf8))
      bytes += Self.field(100, blobs.reduce(header) { $0 + Self.field(7, blob($1)) })
    case .old:
      guard let number = type.oldNumber else { preconditionFailure("no old layer \(type)") }
      let header = Self.field(4, Array(name.utf8)) + Self.field(5, number)
      bytes += Self.field(2, blobs.reduce(header) { $0 + Self.field(6, blob($1)) })
    }
  }

  private func blob(_ blob: Blob) -> [UInt8] {
    let shape: [UInt8] =
      switch style {
      case .current: Self.field(7, Self.field(1, blob.shape.flatMap(Self.varint)))
      case .old:
        ([Int](repeating: 1, count: 4 - blob.shape.count) + blob.shape).enumerated()
          .flatMap { Self.field($0 + 1, $1) }
      }
    let values = blob.values.flatMap { value in
      withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
    }
    return shape + Self.field(5, values)
  }

  /// Seven bits a byte, the lowest first; all but the last are marked.
  private static func varint(_ value: Int) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F | 0x80)] + varint(value >> 7)
  }

  private static func field(_ number: Int, _ value: Int) -> [UInt8] {
    varint(number << 3) + varint(value)
  }

  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(bytes.count) + bytes
  }
}
