import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("files of MATLAB")
struct MATTests {
  private func decode(_ bytes: [UInt8], member: String? = nil) throws -> NumericArray {
    try bytes.withUnsafeBytes { try MAT.decode($0, name: "x.mat", member: member) }
  }

  @Test("axes are MATLAB's, whose first runs fastest", arguments: [false, true])
  func order(isBigEndian: Bool) throws {
    let mat = MATBytes(isBigEndian: isBigEndian)
    // 2 × 3 × 2; the number is 100·i + 10·j + k.
    var stored: [Float] = []
    for k in 0..<2 {
      for j in 0..<3 {
        for i in 0..<2 { stored.append(Float(100 * i + 10 * j + k)) }
      }
    }
    let array = try decode(
      mat.file(mat.array("scores", shape: [2, 3, 2], type: 7, stored: mat.singles(stored))))
    #expect(array.shape == [2, 3, 2])
    #expect(array.values == [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121])
  }

  @Test("doubles may be stored in fewer bytes, and short names beside their size")
  func compact() throws {
    let mat = MATBytes()
    let file = mat.file(
      mat.array("abc", shape: [1, 3], type: 1, stored: [0, 5, 0xFF], isSmall: true))
    #expect(try decode(file).values == [0, 5, -1])
  }

  @Test("of several arrays one is named, and what is none is passed over")
  func members() throws {
    let mat = MATBytes()
    let one = mat.array("one", shape: [1, 2], type: 7, stored: mat.singles([1, 2]))
    let two = mat.array("two", shape: [2, 1], type: 7, stored: mat.singles([3, 4]))
    // A cell, and a complex array.
    let cell = mat.array("cell", shape: [1, 1], type: 7, stored: mat.singles([0]), flags: 1)
    let complex = mat.array(
      "z", shape: [1, 1], type: 7, stored: mat.singles([0]), flags: 0x0800 | 6)
    #expect(try decode(mat.file(cell, one, complex)).values == [1, 2])
    #expect(try decode(mat.file(one, two), member: "two").values == [3, 4])
    #expect(throws: InputError.self) { try decode(mat.file(one, two)) }
    #expect(throws: InputError.self) { try decode(mat.file(one, two), member: "three") }
    #expect(throws: InputError.self) { try decode(mat.file(cell)) }
  }

  @Test("a file that is cut short is refused, wherever that is")
  func cutShort() throws {
    let mat = MATBytes()
    let file = mat.file(
      mat.array("scores", shape: [2, 2], type: 7, stored: mat.singles([1, 2, 3, 4])))
    for count in 0..<file.count {
      #expect(throws: InputError.self, "\(count) bytes") { try decode(Array(file.prefix(count))) }
    }
  }

  @Test(
    "sizes that the numbers do not have are refused",
    arguments: [[2, 3], [-2, -2], [1 << 30, 4]])
  func sizes(shape: [Int]) throws {
    let mat = MATBytes()
    let file = mat.file(mat.array("s", shape: shape, type: 7, stored: mat.singles([1, 2, 3, 4])))
    #expect(throws: InputError.self) { try decode(file) }
  }

  @Test("of the Caffe release labels come first, and what pads a picture to a square is cut off")
  func caffe() throws {
    let mat = MATBytes()
    let folder = try TemporaryFolder()
    // 3 × 3, of which 3 × 2 (width × height) are the picture's; the number is 100·l + 10·x + y.
    var (stored, part): ([Float], [Float]) = ([], [])
    for label in 0..<2 {
      for y in 0..<3 {
        for x in 0..<3 {
          stored.append(Float(100 * label + 10 * x + y))
          if y < 2 { part.append(stored[stored.count - 1]) }
        }
      }
    }
    let bytes = mat.file(
      mat.array("data", shape: [3, 3, 2], type: 7, stored: mat.singles(stored)))
    let (scores, image) = (try folder.write(bytes, as: "s.mat"), folder.file("i.png"))
    try PNG.write(
      Image(width: 3, height: 2, rgb: [UInt8](repeating: 7, count: 18)), to: image)
    var reading = ScoreReading()
    #expect(throws: InputError.self) {
      try reading.load(ScoreFiles(scores: scores, image: image))
    }
    reading.order = .caffe
    let energies = try reading.load(ScoreFiles(scores: scores, image: image)).energies
    // What an array of the picture's part gives, labels first.
    let turned = folder.file("s.npy")
    try NPY.write(NumericArray(shape: [2, 2, 3], values: part), to: turned)
    let expected = try ScoreReading().load(ScoreFiles(scores: turned, image: image)).energies
    #expect(energies.grid == expected.grid)
    #expect(energies.values.rows() == expected.values.rows())
    let opened = try reading.open(ScoreFiles(scores: scores, image: image))
    let all = try opened.energies(GridRegion(allOf: energies.grid))
    #expect(all.values.rows() == energies.values.rows())
  }
}
