import LatticeSupport
import Unaries

/// What the header of an NPY file says.
struct NPYHeader: Equatable {
  var number: StoredNumber
  var isBigEndian: Bool
  /// First axis fastest in the file.
  var isFortranOrder: Bool
  /// The length of each axis; all at least 1 unless empty arrays are taken.
  var shape: [Int]
  /// The product of `shape`.
  var count: Int
  /// Bytes that follow the header.
  var byteCount: Int

  /// Longer headers belong to structured arrays, which cannot be read anyway.
  private static let longestHeader = 1 << 16
  /// As many axes as NumPy has.
  private static let mostAxes = 64

  /// Reads the preamble and the header, up to the first byte of data.
  ///
  /// - Parameters:
  ///   - source: of which nothing has been read yet.
  ///   - takesEmpty: whether an array without numbers is accepted.
  ///   - takesBooleans: whether booleans are, as 0 and 1: scores and images are none.
  init(
    from source: some ByteSource, takesEmpty: Bool = false, takesBooleans: Bool = false
  ) throws {
    let preamble = try source.bytes(upTo: 8)
    guard case .npy = FileKind(prefix: preamble), preamble.count == 8 else {
      throw try Self.notNPY(preamble, source)
    }
    let version = preamble[6]
    guard (1...3).contains(version) else {
      throw InputError(
        .data, "NPY format version \(version).\(preamble[7]) is unknown; 1.0, 2.0 and 3.0 are",
        remedy: "save the array with numpy.save(path, array)")
    }
    // Little endian; two bytes in version 1, four since.
    let lengthBytes = try source.bytes(upTo: version == 1 ? 2 : 4)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.longestHeader else {
      throw InputError(
        .data, "its NPY header claims \(length) bytes; at most \(Self.longestHeader) are read",
        remedy: "the file is damaged, or holds a structured array: save it as plain float32")
    }
    let text = try source.bytes(upTo: length)
    guard lengthBytes.count == (version == 1 ? 2 : 4), text.count == length else {
      throw InputError(
        .data, "ends inside its NPY header", remedy: "the file was cut short: save or copy it again"
      )
    }
    try self.init(dictionary: text, takesEmpty: takesEmpty)
    guard takesBooleans || number != .bool else {
      throw Self.unsupportedType("holds booleans, which are masks or labels")
    }
  }

  /// Takes the header's dictionary apart: `{'descr': '<f4', 'fortran_order': False, 'shape': (2,
  /// 3)}`.
  init(dictionary text: [UInt8], takesEmpty: Bool = false) throws {
    let entries = try NPYDictionary(text)
    let (number, isBigEndian) = try Self.number(of: entries.descriptor)
    try self.init(
      number, isBigEndian: isBigEndian, isFortranOrder: entries.isFortranOrder,
      shape: entries.shape, takesEmpty: takesEmpty)
  }

  /// An array of which that is known, from a header of another format.
  ///
  /// - Throws: `InputError` where it is empty, or larger than any memory.
  init(
    _ number: StoredNumber, isBigEndian: Bool, isFortranOrder: Bool, shape: [Int],
    takesEmpty: Bool = false
  ) throws {
    self.number = number
    self.isBigEndian = isBigEndian
    self.isFortranOrder = isFortranOrder
    self.shape = shape
    guard takesEmpty || !shape.contains(0) else {
      throw InputError(
        .data, "is an empty array, of shape \(NPY.text(shape))",
        remedy: "check the program that wrote it: at least one number is needed")
    }
    (count, byteCount) = try Self.size(of: shape, elementSize: number.size)
  }

  private static func notNPY(_ preamble: [UInt8], _ source: some ByteSource) throws -> InputError {
    let prefix = try preamble + source.bytes(upTo: FileKind.prefixLength)
    if case .npy = FileKind(prefix: prefix) {
      return InputError(
        .data, "ends inside its NPY header", remedy: "the file was cut short: save or copy it again"
      )
    }
    let kind = FileKind(prefix: prefix)
    return InputError(
      .data, "is not an NPY array but seems to be \(kind.words)",
      remedy: kind.remedy ?? "save the array with numpy.save(path, array.astype('float32'))")
  }

  /// The element type behind a code like `<f4`.
  private static func number(of descriptor: String) throws -> (StoredNumber, isBigEndian: Bool) {
    var code = Substring(descriptor)
    var isBigEndian = false
    if let order = code.first, "<>|=".contains(order) {
      code = code.dropFirst()
      isBigEndian = order == ">" || order == "=" && 1.bigEndian == 1
    }
    if let number = numbers[String(code)] { return (number, isBigEndian) }
    let what =
      switch code.first {
      case "O": "Python objects, which only running the pickle inside could read"
      case "c": "complex numbers"
      case "S", "U", "a": "strings"
      case "V": "structured or raw data"
      case "M", "m": "dates or times"
      case "f" where code == "f16" || code == "f12": "extended-precision floats"
      default: "a type that is not known"
      }
    throw unsupportedType("holds \(what) (type \(quoted(descriptor)))")
  }

  static func unsupportedType(_ problem: String) -> InputError {
    InputError(
      .data, problem + "; floats of 16, 32 or 64 bits and integers of 8 to 64 bits are supported",
      remedy: "save it with numpy.save(path, array.astype('float32'))")
  }

  private static let numbers: [String: StoredNumber] = [
    "f2": .float16, "f4": .float32, "f8": .float64,
    "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
    "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
  ]

  private static func size(of shape: [Int], elementSize: Int) throws -> (Int, bytes: Int) {
    let text = NPY.text(shape)
    guard shape.count <= mostAxes else {
      throw InputError(.data, "has \(shape.count) axes; NumPy's limit is \(mostAxes)")
    }
    var count = 1
    // Floats in memory and stored elements in the file must both have a size.
    let unit = max(elementSize, MemoryLayout<Float>.size)
    // Those of an empty array too: multiplying them from the left must not overflow.
    for extent in shape where extent != 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= Int.max / unit else {
        throw InputError(
          .data, "claims the shape \(text), more numbers than any memory holds",
          remedy: "the file is damaged: save the array again")
      }
      count = product
    }
    return shape.contains(0) ? (0, 0) : (count, count * elementSize)
  }
}
