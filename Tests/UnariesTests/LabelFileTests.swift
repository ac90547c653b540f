import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

struct LabelFileTests {
  private let folder: TemporaryFolder
  private let grid = GridShape(width: 4, height: 3)

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: ["labels.png", "labels.npy", "labels"], [UInt16(2), 255, 256, 65535])
  func labelsReadBackAsTheyWere(name: String, largest: UInt16) throws {
    let map = try LabelMap(grid: grid, labels: (0..<12).map { $0 == 5 ? largest : $0 % 3 })
    try LabelFile.write(map, palette: .voc, to: folder.file(name))
    #expect(try LabelFile.read(folder.file(name)) == map)
  }

  @Test func volumesAreKeptInArraysOnly() throws {
    let map = try LabelMap(grid: GridShape([2, 2, 3]), labels: (0..<12).map { $0 })
    try LabelFile.write(map, to: folder.file("volume.npy"))
    #expect(try LabelFile.read(folder.file("volume.npy")) == map)
    #expect(throws: InputError.self) { try LabelFile.write(map, to: folder.file("volume.png")) }
    #expect(try folder.contents() == ["volume.npy"])
  }

  @Test(arguments: ["labels.jpg", "labels.txt", "labels.npz"])
  func otherFormatsAreNotWritten(name: String) throws {
    let map = try LabelMap(grid: grid, labels: .init(repeating: 0, count: 12))
    let error = #expect(throws: InputError.self) {
      try LabelFile.write(map, to: folder.file(name))
    }
    #expect(error?.kind == .usage)
    #expect(try folder.contents().isEmpty)
  }

  @Test(arguments: [Float(0.5), -1, 65536, .nan])
  func numbersThatAreNoLabelsAreRefused(number: Float) throws {
    try NPY.write(NumericArray(shape: [2, 1], values: [1, number]), to: folder.file("a.npy"))
    let error = #expect(throws: InputError.self) { try LabelFile.read(folder.file("a.npy")) }
    #expect(error?.place == folder.file("a.npy"))
  }

  @Test func fieldsAreWrittenPlaneByPlane() throws {
    let planes = (0..<60).map(Float.init)
    let field = ChannelField(points: 12, channels: 5, planes: planes)
    try NPY.write(field, over: grid, to: folder.file("field.npy"))
    #expect(
      try NPY.read(folder.file("field.npy")) == NumericArray(shape: [5, 3, 4], values: planes))
  }

  @Test func arraysAreReadByTheirContents() throws {
    let array = try NumericArray(shape: [2], values: [1, 2])
    try NPY.write(array, to: folder.file("misnamed.npz"))
    #expect(try ArrayFile.read(folder.file("misnamed.npz")) == array)
    let error = #expect(throws: InputError.self) {
      try ArrayFile.read(folder.file("misnamed.npz"), member: "arr_0")
    }
    #expect(error?.kind == .usage)
  }
}

struct OverlayTests {
  private let palette = Palette(colors: [.init(0, 0, 0), .init(200, 100, 0)])

  private func picture(_ overlay: Overlay) throws -> [UInt8] {
    let map = try LabelMap(grid: GridShape(width: 3, height: 1), labels: [0, 1, 1])
    let image = try Image(width: 3, height: 1, rgb: .init(repeating: 100, count: 9))
    guard
      case .bytes(let bytes) = try overlay.picture(of: map, over: image, palette: palette).pixels
    else { return [] }
    return bytes
  }

  @Test func coloursAreBlendedByTheOpacity() throws {
    let blended = try picture(Overlay(opacity: 0.5, outline: nil))
    #expect(blended == [50, 50, 50, 150, 100, 50, 150, 100, 50])
    #expect(try picture(Overlay(opacity: 0, outline: nil)) == .init(repeating: 100, count: 9))
  }

  @Test func outlinesAreDrawnWhereLabelsChange() throws {
    let outlined = try picture(Overlay(opacity: 1, outline: .init(1, 2, 3)))
    #expect(outlined == [1, 2, 3, 200, 100, 0, 200, 100, 0])
  }

  @Test func otherSizesAndVolumesAreRefused() throws {
    let image = try Image(width: 2, height: 1, rgb: .init(repeating: 0, count: 6))
    let map = try LabelMap(grid: GridShape(width: 3, height: 1), labels: [0, 1, 1])
    #expect(throws: InputError.self) {
      try Overlay().picture(of: map, over: image, palette: palette)
    }
    let floats = try Image(grid: map.grid, channels: 1, pixels: .floats([0, 0, 0]))
    #expect(throws: InputError.self) {
      try Overlay().picture(of: map, over: floats, palette: palette)
    }
  }
}
