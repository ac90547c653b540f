import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Volumes in NIfTI files.
struct NIfTITests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static let rows: [Float] = [2, 0, 0, -10, 0, 3, 0, -20, 0, 0, 4, 5]

  private func refuses(_ bytes: [UInt8], as name: String = "bad.nii") throws -> String {
    let path = try folder.write(bytes, as: name)
    let error = #expect(throws: InputError.self) { try NIfTI.read(path) }
    #expect(error?.place == path)
    return error.map { "\($0)" } ?? ""
  }

  /// The bytes of the file are an array in C order with the axes turned round.
  @Test func theFastestAxisOfTheFileIsTheLastOfTheArray() throws {
    let values = (0..<24).map { Float($0) }
    let path = try folder.write(
      NIfTIBytes(extents: [2, 3, 4], floats: values).bytes, as: "v.nii")
    let array = try NIfTI.read(path).array
    #expect(array.shape == [4, 3, 2] && array.values == values)
  }

  @Test func volumesInTimeOrOfComponentsComeFirst() throws {
    let values = (0..<24).map { Float($0) }
    for extents in [[2, 3, 2, 2], [2, 3, 2, 1, 2]] {
      let path = try folder.write(
        NIfTIBytes(extents: extents, floats: values).bytes, as: "v.nii")
      #expect(try NIfTI.read(path).array.shape == [2, 2, 3, 2])
    }
    let both = NIfTIBytes(extents: [1, 1, 1, 2, 2], floats: [1, 2, 3, 4]).bytes
    #expect(try refuses(both).contains("points in time"))
  }

  @Test func storedNumbersAreScaled() throws {
    var file = NIfTIBytes(
      extents: [4, 1, 1], type: (4, 2), voxels: [1, 0, 255, 255, 0, 128, 2, 1])
    file.slope = 0.5
    file.intercept = 10
    let path = try folder.write(file.bytes, as: "v.nii")
    // 1, -1, -32768 and 258.
    #expect(try NIfTI.read(path).array.values == [10.5, 9.5, -16374, 139])
    // A slope of 0 means that nothing is scaled, whatever the intercept is.
    file.slope = 0
    let plain = try folder.write(file.bytes, as: "w.nii")
    #expect(try NIfTI.read(plain).array.values == [1, -1, -32768, 258])
  }

  @Test func bigEndianFilesAreRead() throws {
    var file = NIfTIBytes(extents: [2, 1, 1], type: (4, 2), voxels: [0, 1, 1, 0])
    file.isBigEndian = true
    let path = try folder.write(file.bytes, as: "v.nii")
    #expect(try NIfTI.read(path).array.values == [1, 256])
  }

  @Test func labelsKeepTheirPlaceAndComeBack() throws {
    var file = NIfTIBytes(extents: [3, 2, 2], floats: [Float](repeating: 0, count: 12))
    file.rows = Self.rows
    file.spacing = [2, 3, 4]
    let geometry = try NIfTI.read(folder.write(file.bytes, as: "v.nii")).geometry
    #expect(geometry.affine == Self.rows.map { Double($0) } && geometry.spacing == [4, 3, 2])
    for (name, offset) in [("l.nii", 0), ("l.nii.gz", 0), ("wide.nii.gz", 300)] {
      let map = try LabelMap(
        grid: GridShape([2, 2, 3]), labels: (0..<12).map { UInt16($0 + offset) })
      try NIfTI.write(map, at: geometry, to: folder.file(name))
      let volume = try NIfTI.read(folder.file(name))
      #expect(volume.geometry == geometry)
      #expect(try LabelFile.read(folder.file(name)) == map)
    }
    // No time is noted, so that the same labels give the same bytes.
    let map = try LabelFile.read(folder.file("l.nii.gz"))
    try NIfTI.write(map, at: geometry, to: folder.file("again.nii.gz"))
    #expect(try folder.bytes(of: "l.nii.gz") == folder.bytes(of: "again.nii.gz"))
  }

  @Test func probabilitiesAreVolumesOfFloats() throws {
    let grid = try GridShape([1, 2, 2])
    let field = ChannelField(
      points: 4, channels: 2, rows: [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6])
    let mask = try PointMask(grid: grid, isCounted: [true, false, true, true])
    try NIfTI.write(field, over: grid, at: nil, mask: mask, to: folder.file("q.nii.gz"))
    let array = try NIfTI.read(folder.file("q.nii.gz")).array
    #expect(array.shape == [2, 1, 2, 2])
    #expect(array.values[1].isNaN && array.values[5].isNaN)
    #expect(array.values[0] == 0.1 && array.values[4] == 0.9 && array.values[7] == 0.6)
  }

  @Test func damagedFilesAreRefused() throws {
    let good = NIfTIBytes(extents: [2, 2, 2], floats: [Float](repeating: 1, count: 8)).bytes
    #expect(try refuses(Array(good.dropLast())).contains("32 bytes"))
    #expect(try refuses(Array(good.prefix(200))).contains("ends inside"))
    func changed(_ bytes: [UInt8], at offset: Int) -> [UInt8] {
      var file = good
      file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      return file
    }
    #expect(try refuses(changed([0, 0], at: 40)).contains("0 axes"))
    #expect(try refuses(changed([255, 255], at: 42)).contains("-1 voxels"))
    #expect(try refuses(changed([0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F], at: 42)).contains("bytes"))
    #expect(try refuses(changed([32, 0], at: 70)).contains("complex"))
    // 100.0 in float32.
    #expect(try refuses(changed([0, 0, 0xC8, 0x42], at: 108)).contains("begin at byte"))
    #expect(try refuses(changed([0x58], at: 344)).contains("magic"))
    #expect(try refuses(Array("text".utf8)).contains("not a NIfTI volume"))
  }

  @Test func aStreamThatEndsEarlyOrIsDamagedIsRefused() throws {
    let map = try LabelMap(grid: GridShape([4, 8, 8]), labels: (0..<256).map { UInt16($0 % 7) })
    try NIfTI.write(map, at: nil, to: folder.file("l.nii.gz"))
    let bytes = try folder.bytes(of: "l.nii.gz")
    #expect(try refuses(Array(bytes.dropLast(12)), as: "cut.nii.gz").contains("gzip"))
    var wrong = bytes
    wrong[bytes.count - 6] ^= 0xFF
    #expect(try refuses(wrong, as: "wrong.nii.gz").contains("gzip"))
  }
}
