import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite struct NPYTests {
  private static let orders = ["<", ">"]
  private static let numberTypes = ["f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8"]
  static let types = orders.flatMap { order in numberTypes.map { order + $0 } } + ["|i1", "|u1"]

  private static func decode(_ bytes: [UInt8]) throws -> NumericArray {
    try bytes.withUnsafeBytes { try NPY.decode($0, name: "test.npy") }
  }

  /// Small whole numbers, exact in every type; below zero where the type has a sign.
  private static func numbers(_ count: Int, type: String) -> [Double] {
    (0..<count).map { Double($0 % 113) - (type.contains("u") ? 0 : 50) }
  }

  @Test(arguments: types, [false, true])
  func everyTypeAndOrderGivesTheSameArray(type: String, fortranOrder: Bool) throws {
    let shape = [3, 4, 5]
    let values = Self.numbers(60, type: type)
    var stored = values
    if fortranOrder {
      for (index, value) in values.enumerated() {
        stored[index / 20 + 3 * (index / 5 % 4) + 12 * (index % 5)] = value
      }
    }
    let bytes = NPYBytes.file(
      type: type, shape: shape, fortranOrder: fortranOrder,
      data: NPYBytes.data(stored, type: type))
    let array = try Self.decode(bytes)
    #expect(array.shape == shape)
    #expect(array.values == values.map { Float($0) })
  }

  /// More than a block of 1 MiB, and a first axis that blocks cut in the middle.
  @Test func booleansAreLabelsButNoScores() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      NPYBytes.file(type: "|b1", shape: [2, 2], data: [0, 1, 1, 0]), as: "x.npy")
    #expect(try LabelFile.read(path).labels == [0, 1, 1, 0])
    let regions = try LabelFile.regions(path)
    #expect(try regions.read(GridRegion(allOf: regions.grid)).labels == [0, 1, 1, 0])
    let error = #expect(throws: InputError.self) { try ArrayFile.read(path) }
    #expect(error?.problem.contains("booleans") == true)
    #expect(throws: InputError.self) { try ArrayFile.boxes(path) }
  }

  @Test(arguments: ["<f4", ">f8", "<f2", "|u1"], [false, true])
  func arraysOfSeveralBlocksAreWhole(type: String, fortranOrder: Bool) throws {
    let (rows, columns) = (1009, 1201)
    let values = Self.numbers(rows * columns, type: type)
    var stored = values
    if fortranOrder {
      for row in 0..<rows {
        for column in 0..<columns {
          stored[column * rows + row] = values[row * columns + column]
        }
      }
    }
    let folder = try TemporaryFolder()
    let path = try folder.write(
      NPYBytes.file(
        type: type, shape: [rows, columns], fortranOrder: fortranOrder,
        data: NPYBytes.data(stored, type: type)), as: "a.npy")
    let array = try NPY.read(path)
    #expect(array.values == values.map { Float($0) })
  }

  @Test func everyHalfPrecisionNumberIsConvertedExactly() {
    let wrong = (UInt16.min...UInt16.max).first { bits in
      let expected = Float(Float16(bitPattern: bits))
      let number = Float.half(bits: bits)
      return expected.isNaN
        ? !number.isNaN : number.bitPattern != expected.bitPattern || number.halfBits != bits
    }
    #expect(wrong == nil)
  }

  @Test func roundingToHalfPrecisionIsToTheNearestEven() {
    var generator = SeededGenerator(seed: 7)
    let wrong = (0..<1_000_000).lazy
      .map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
      .first { !$0.isNaN && $0.halfBits != Float16($0).bitPattern }
    #expect(wrong == nil)
  }

  @Test(arguments: [[], [1], [7], [2, 3], [2, 3, 4, 5]])
  func whatIsWrittenIsRead(shape: [Int]) throws {
    let count = shape.reduce(1, *)
    let array = try NumericArray(
      shape: shape, values: (0..<count).map { Float($0) / 7 - 3 })
    let folder = try TemporaryFolder()
    try NPY.write(array, to: folder.file("a.npy"))
    #expect(try NPY.read(folder.file("a.npy")) == array)
    try NPY.write(array, to: folder.file("a.npy"), type: .float16)
    let rounded = try NPY.read(folder.file("a.npy"))
    #expect(rounded.values == array.values.map { Float(Float16($0)) })
    #expect(try folder.contents() == ["a.npy"])
  }

  @Test func dataStartAtAMultipleOf64Bytes() throws {
    let folder = try TemporaryFolder()
    for length in 1...40 {
      let shape = [Int](repeating: 1, count: length)
      try NPY.write(NumericArray(shape: shape, values: [1]), to: folder.file("a.npy"))
      #expect(try folder.bytes(of: "a.npy").count % 64 == 4)
    }
  }

  @Test func aNumberTooLargeForHalfPrecisionIsNamed() throws {
    let folder = try TemporaryFolder()
    let array = try NumericArray(shape: [2, 3], values: [0, 1, 2, 3, 65520, 5])
    let error = #expect(throws: InputError.self) {
      try NPY.write(array, to: folder.file("a.npy"), type: .float16)
    }
    #expect(error?.problem.contains("(1, 1)") == true, "\(String(describing: error))")
    #expect(try folder.contents() == [])
  }

  @Test(arguments: [false, true])
  func aDoubleTooLargeForFloatIsNamed(fortranOrder: Bool) throws {
    var values = [Double](repeating: 0, count: 6)
    values[fortranOrder ? 3 : 4] = 1e300
    let bytes = NPYBytes.file(
      type: "<f8", shape: [2, 3], fortranOrder: fortranOrder,
      data: NPYBytes.data(values, type: "<f8"))
    let error = #expect(throws: InputError.self) { try Self.decode(bytes) }
    #expect(error?.problem.contains("1e+300 at (1, 1)") == true, "\(String(describing: error))")
  }

  @Test func infinityAndNaNArePassedOn() throws {
    for type in ["<f2", "<f4", "<f8"] {
      let values = [Double.infinity, -.infinity, .nan]
      let array = try Self.decode(
        NPYBytes.file(type: type, shape: [3], data: NPYBytes.data(values, type: type)))
      #expect(array.values[0] == .infinity)
      #expect(array.values[1] == -.infinity)
      #expect(array.values[2].isNaN)
    }
  }

  @Test(arguments: [
    "{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}",
    "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2,)}",
    "{'descr':'<f4','fortran_order':False,'shape':(2,),}",
    "  { 'descr' : '<f4' ,\n 'fortran_order' : False , 'shape' : ( 2L , ) , }  ",
    "{'descr': 'f4', 'fortran_order': True, 'shape': (1, 2)}",
  ])
  func headersMayBeSpelledInSeveralWays(header: String) throws {
    for version: UInt8 in 1...3 {
      let bytes = NPYBytes.file(
        header: header, version: version, data: NPYBytes.data([1, 2], type: "<f4"))
      #expect(try Self.decode(bytes).values == [1, 2])
    }
  }

  @Test(arguments: [
    "", "{", "{}", "[]", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 2}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1+1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': Fals",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} or 1",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f3', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (4611686018427387904,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
  ])
  func otherHeadersAreRefusedByName(header: String) {
    let bytes = NPYBytes.file(header: header, data: NPYBytes.data([1, 2], type: "<f4"))
    let error = #expect(throws: InputError.self) { try Self.decode(bytes) }
    #expect(error?.place == "test.npy")
    #expect(error?.kind == .data)
  }

  @Test func everyShorterFileIsRefused() {
    let bytes = NPYBytes.file(type: "<f4", shape: [2], data: NPYBytes.data([1, 2], type: "<f4"))
    for length in bytes.indices {
      #expect(throws: InputError.self) { try Self.decode(Array(bytes[..<length])) }
    }
    #expect(throws: InputError.self) { try Self.decode(bytes + [0]) }
  }

  @Test func filesThatAreNoneAreNamed() throws {
    let folder = try TemporaryFolder()
    let missing = #expect(throws: InputError.self) { try NPY.read(folder.file("none.npy")) }
    #expect(missing?.kind == .noInput)
    #expect(missing?.place == folder.file("none.npy"))
    let directory = #expect(throws: InputError.self) { try NPY.read(folder.path) }
    #expect(directory?.kind == .noInput)
    let device = #expect(throws: InputError.self) { try NPY.read("/dev/null") }
    #expect(device?.problem.contains("an empty file") == true)
  }

  /// As from `<(command)` in a shell: the size shows only at the end.
  @Test(arguments: [false, true], [-1, 0, 1])
  func aPipeIsReadToItsEnd(fortranOrder: Bool, surplus: Int) throws {
    var bytes = NPYBytes.file(
      type: "<f8", shape: [2, 2], fortranOrder: fortranOrder,
      data: NPYBytes.data([1, 2, 3, 4], type: "<f8"))
    if surplus < 0 { bytes.removeLast() } else if surplus > 0 { bytes.append(0) }
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
    try pipe.fileHandleForWriting.close()
    let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
    guard surplus == 0 else {
      let error = #expect(throws: InputError.self) { try NPY.read(path) }
      #expect(error?.problem.contains("needs 32 bytes of data") == true)
      return
    }
    #expect(try NPY.read(path).values == (fortranOrder ? [1, 3, 2, 4] : [1, 2, 3, 4]))
  }
}
