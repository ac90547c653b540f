import Formats
import LatticeSupport
import Unaries

/// A layer of a Caffe model with the numbers that it has learned.
struct CaffeLayer {
  var name = ""
  var type = CaffeLayerType.other
  var blobs: [CaffeBlob] = []
}

/// The types of layers whose blobs have meanings of their own.
enum CaffeLayerType {
  case innerProduct, batchNormalization, other

  init(name: String) {
    switch name {
    case "InnerProduct": self = .innerProduct
    case "BatchNorm": self = .batchNormalization
    default: self = .other
    }
  }

  /// By number, as models before 2015 have it.
  init(oldNumber: UInt64) {
    let innerProduct: UInt64 = 14
    self = oldNumber == innerProduct ? .innerProduct : .other
  }
}

/// Numbers of a layer: where they are in the file.
struct CaffeBlob {
  /// The message.
  var range: Range<Int>
  var shape: [Int]
  var isDouble: Bool
  var count: Int

  var number: StoredNumber { isDouble ? .float64 : .float32 }
}

/// Reads the layers of a Caffe model; see `caffe.proto`, whose numbers of fields these are.
struct CaffeModelReader {
  private var reader: ProtobufReader
  private let bytes: StoredBytes

  private static let layerField = 100
  private static let oldLayerField = 2

  init(_ bytes: StoredBytes) {
    self.bytes = bytes
    reader = ProtobufReader(bytes)
  }

  /// The layers that have learned anything.
  mutating func layers() throws -> [CaffeLayer] {
    var layers: [CaffeLayer] = []
    try reader.forEachField(in: 0..<bytes.count) { reader, field in
      guard case .bytes(let range) = field.content else { return }
      switch field.number {
      case Self.layerField:
        layers.append(try Self.layer(range, &reader, name: 1, type: 2, blobs: 7))
      case Self.oldLayerField:
        layers.append(try Self.layer(range, &reader, name: 4, type: 5, blobs: 6))
      default: break
      }
    }
    return layers.filter { !$0.blobs.isEmpty }
  }

  private static func layer(
    _ range: Range<Int>, _ reader: inout ProtobufReader, name: Int, type: Int, blobs: Int
  ) throws -> CaffeLayer {
    var layer = CaffeLayer()
    try reader.forEachField(in: range) { reader, field in
      switch field.content {
      case .bytes(let range) where field.number == name: layer.name = try reader.text(in: range)
      case .bytes(let range) where field.number == type:
        layer.type = CaffeLayerType(name: try reader.text(in: range))
      case .integer(let value) where field.number == type:
        layer.type = CaffeLayerType(oldNumber: value)
      case .bytes(let range) where field.number == blobs:
        do {
          layer.blobs.append(try blob(range, &reader))
        } catch let error as InputError {
          throw error.within("layer \(quoted(layer.name)), blob \(layer.blobs.count)")
        }
      default: break
      }
    }
    return layer
  }

  private static func blob(
    _ range: Range<Int>, _ reader: inout ProtobufReader
  ) throws -> CaffeBlob {
    var (shape, old): ([UInt64], [Int: UInt64]) = ([], [:])
    var (floats, doubles) = (0, 0)
    let shapeField = 7
    try reader.forEachField(in: range) { reader, field in
      switch field.content {
      case .integer(let size) where (1...4).contains(field.number): old[field.number] = size
      case .bytes(let range) where field.number == shapeField:
        shape += try sizes(range, &reader)
      default:
        floats += try numbers(in: field, isDouble: false)?.count ?? 0
        doubles += try numbers(in: field, isDouble: true)?.count ?? 0
      }
    }
    if !old.isEmpty {
      guard shape.isEmpty else { throw ProtobufReader.malformed("two shapes of one blob") }
      // What is not written is 0 in the schema, as for any number.
      shape = (1...4).map { old[$0] ?? 0 }
    }
    let number: StoredNumber = doubles > 0 ? .float64 : .float32
    let extents = shape.map { Int(truncatingIfNeeded: $0) }
    let (count, _) = try tensorSize(extents, elementSize: number.size)
    let found = doubles > 0 ? doubles : floats
    guard count == found else {
      throw ProtobufReader.malformed("\(found) numbers for a shape of \(count)")
    }
    return CaffeBlob(range: range, shape: extents, isDouble: doubles > 0, count: count)
  }

  /// The sizes in a shape: one after another, or a field each.
  private static func sizes(
    _ range: Range<Int>, _ reader: inout ProtobufReader
  ) throws -> [UInt64] {
    // Caffe's own limit.
    let mostAxes = 32
    var sizes: [UInt64] = []
    try reader.forEachField(in: range) { reader, field in
      guard field.number == 1 else { return }
      switch field.content {
      case .integer(let size): sizes.append(size)
      case .bytes(let range): sizes += try reader.varints(in: range, limit: mostAxes)
      case .fixed: throw ProtobufReader.malformed("a size that is not a whole number")
      }
      guard sizes.count <= mostAxes else { throw ProtobufReader.malformed("too many axes") }
    }
    return sizes
  }

  /// Where the numbers in a field of a blob lie, if it has such.
  static func numbers(
    in field: ProtobufReader.Field, isDouble: Bool
  ) throws -> (start: Int, count: Int)? {
    guard field.number == (isDouble ? 8 : 5) else { return nil }
    let size = isDouble ? 8 : 4
    switch field.content {
    case .fixed(let start, size): return (start, 1)
    case .bytes(let range) where range.count.isMultiple(of: size):
      return (range.lowerBound, range.count / size)
    default: throw ProtobufReader.malformed("numbers that are not of \(size) bytes each")
    }
  }
}
